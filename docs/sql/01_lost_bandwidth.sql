-- Which boards lost bandwidth between Mesa 25.0 and 25.1?
-- A mean over the runs of each, at least 5 % lower, and no run of the one inside the interval of any
-- run of the other. `clprobe compare` decides with known error rates what this finds to look at.
WITH old AS (
    SELECT device, key, avg(value) AS value, min(low) AS low
    FROM findings
    WHERE driver LIKE 'rusticl 25.0.%' AND unit = 'B/s' AND status = 'measured'
    GROUP BY device, key
), new AS (
    SELECT device, key, avg(value) AS value, max(high) AS high
    FROM findings
    WHERE driver LIKE 'rusticl 25.1.%' AND unit = 'B/s' AND status = 'measured'
    GROUP BY device, key
)
SELECT device, key, old.value / 1e9 AS old_gb_s, new.value / 1e9 AS new_gb_s,
       100 * (new.value / old.value - 1) AS percent
FROM old JOIN new USING (device, key)
WHERE new.value < 0.95 * old.value AND new.high < old.low
ORDER BY percent, device, key;
