-- How did the memory's read bandwidth of each board go over time, and what had been installed then?
-- Beside each run its change against the run before it on the same board.
SELECT device, date, driver, value / 1e9 AS gb_s,
       100 * (value / lag(value) OVER (PARTITION BY device ORDER BY date, report) - 1) AS percent
FROM findings
WHERE key = 'buffer.memory.read_bandwidth' AND status = 'measured'
ORDER BY device, date, report;
