-- How much of a run does each driver carry, and how much fails? A row a driver.
SELECT driver, count(DISTINCT device) AS devices, count(DISTINCT report) AS reports,
       count(*) AS findings,
       sum(CASE WHEN status = 'measured' THEN 1 ELSE 0 END) AS measured,
       sum(CASE WHEN status = 'suspect' THEN 1 ELSE 0 END) AS suspect,
       sum(CASE WHEN status = 'inconclusive' THEN 1 ELSE 0 END) AS inconclusive,
       sum(CASE WHEN status = 'unsupported' THEN 1 ELSE 0 END) AS unsupported,
       sum(CASE WHEN status = 'failed' THEN 1 ELSE 0 END) AS failed
FROM findings
GROUP BY driver
ORDER BY driver;
