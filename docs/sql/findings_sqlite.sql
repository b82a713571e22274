-- The same table for sqlite3's shell, which reads files itself: of reports that are not packed
-- (gunzip -k reports/*.gz), best of summaries, as each is held in memory while it is read.
CREATE TABLE findings AS
WITH reports AS (
    SELECT name AS report, CAST(readfile(name) AS TEXT) AS text
    FROM fsdir('reports')
    WHERE name LIKE '%.json'
)
SELECT report,
       json_extract(d.value, '$.device.slug') AS device,
       json_extract(d.value, '$.device.name') AS name,
       json_extract(d.value, '$.device.platform') || ' ' ||
           json_extract(d.value, '$.device.driver_version') AS driver,
       json_extract(text, '$.started') AS date,
       json_extract(p.value, '$.profile') AS profile,
       json_extract(p.value, '$.probe') AS probe,
       json_extract(f.value, '$.key') AS key,
       CAST(json_extract(f.value, '$.value') AS REAL) AS value,
       json_extract(f.value, '$.unit') AS unit,
       CAST(json_extract(f.value, '$.interval[0]') AS REAL) AS low,
       CAST(json_extract(f.value, '$.interval[1]') AS REAL) AS high,
       json_extract(f.value, '$.status') AS status,
       json_extract(f.value, '$.better') AS better,
       json_extract(f.value, '$.note') AS note
FROM reports, json_each(text, '$.devices') AS d, json_each(d.value, '$.probes') AS p,
     json_each(p.value, '$.findings') AS f
WHERE json_extract(text, '$.schema_version') IS NOT NULL;
