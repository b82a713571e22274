-- What could not be measured, for which reason, and on how many devices?
SELECT probe, status, note, count(DISTINCT device) AS devices, count(*) AS findings
FROM findings
WHERE value IS NULL
GROUP BY probe, status, note
ORDER BY devices DESC, findings DESC, probe, status, note;
