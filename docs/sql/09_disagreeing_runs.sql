-- Where do runs of one board with one driver disagree by more than their intervals say?
-- Something changed that the report does not tell: the clock, the temperature, a neighbour.
SELECT device, driver, key, count(*) AS runs, min(value) AS least, max(value) AS most,
       100 * (max(value) / min(value) - 1) AS percent
FROM findings
WHERE status = 'measured' AND better <> 'none' AND value > 0
GROUP BY device, driver, key
HAVING max(low) > min(high)
ORDER BY percent DESC, device, driver, key;
