-- What caches does each device have? A row a level, as its latency and its bandwidth show it.
WITH levels AS (
    SELECT device, replace(replace(key, 'buffer.', ''), '.latency', '') AS level,
           avg(value) AS latency
    FROM findings
    WHERE key LIKE 'buffer.%.latency' AND unit = 's' AND status = 'measured'
    GROUP BY device, key
), sizes AS (
    SELECT device, replace(replace(key, 'buffer.', ''), '.size', '') AS level, avg(value) AS size
    FROM findings
    WHERE key LIKE 'buffer.%.size' AND unit = 'B' AND status = 'measured'
    GROUP BY device, key
), bandwidths AS (
    SELECT device, replace(replace(key, 'buffer.', ''), '.read_bandwidth', '') AS level,
           avg(value) AS bandwidth
    FROM findings
    WHERE key LIKE 'buffer.%.read_bandwidth' AND status = 'measured'
    GROUP BY device, key
)
SELECT device, level, size / 1024 AS kib, latency * 1e9 AS ns, bandwidth / 1e9 AS gb_s
FROM levels LEFT JOIN sizes USING (device, level) LEFT JOIN bandwidths USING (device, level)
ORDER BY device, ns;
