-- Which findings are known worst, so that a longer profile or a quieter machine would pay?
-- Half-widths in per cent of the value, the mean over all reports.
SELECT probe, key, 100 * avg((high - low) / 2 / value) AS half_width_percent, count(*) AS reports
FROM findings
WHERE status = 'measured' AND better <> 'none' AND value > 0
GROUP BY probe, key
ORDER BY half_width_percent DESC, key;
