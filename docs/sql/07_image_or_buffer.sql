-- On which devices is an image read faster than a buffer, at the first level of cache and in memory?
WITH images AS (
    SELECT device, replace(replace(key, 'image.', ''), '.read_bandwidth', '') AS level,
           avg(value) AS bandwidth
    FROM findings
    WHERE key IN ('image.l1.read_bandwidth', 'image.memory.read_bandwidth')
      AND status = 'measured'
    GROUP BY device, key
), buffers AS (
    SELECT device, replace(replace(key, 'buffer.', ''), '.read_bandwidth', '') AS level,
           avg(value) AS bandwidth
    FROM findings
    WHERE key IN ('buffer.l1.read_bandwidth', 'buffer.memory.read_bandwidth')
      AND status = 'measured'
    GROUP BY device, key
)
SELECT device, level, images.bandwidth / buffers.bandwidth AS image_to_buffer,
       images.bandwidth / 1e9 AS image_gb_s, buffers.bandwidth / 1e9 AS buffer_gb_s
FROM images JOIN buffers USING (device, level)
ORDER BY image_to_buffer DESC, device, level;
