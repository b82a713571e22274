-- Which devices do the most multiply-adds, by type, and with which driver was that?
SELECT key, device, driver, max(value) / 1e9 AS gflop_s
FROM findings
WHERE key LIKE 'fma.%.rate' AND status = 'measured'
GROUP BY key, device, driver
ORDER BY key, gflop_s DESC, device, driver;
