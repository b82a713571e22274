-- How many operations a byte does a kernel need, before a device's arithmetic and not its memory
-- limits it? The lower, the sooner a kernel is limited by arithmetic.
WITH rates AS (
    SELECT device, avg(value) AS rate FROM findings
    WHERE key = 'fma.fp32.rate' AND status = 'measured' GROUP BY device
), bandwidths AS (
    SELECT device, avg(value) AS bandwidth FROM findings
    WHERE key = 'buffer.memory.read_bandwidth' AND status = 'measured' GROUP BY device
)
SELECT device, rate / bandwidth AS flop_per_byte, rate / 1e9 AS gflop_s, bandwidth / 1e9 AS gb_s
FROM rates JOIN bandwidths USING (device)
ORDER BY flop_per_byte, device;
