-- The findings of all reports below reports/, a row each, for DuckDB (1.2 or later). Reports and their
-- summaries may be packed (.json.gz). Only these columns are read: samples are passed over.
-- A report of more than 16 MiB unpacked takes maximum_object_size = 100000000, say, in the call below.
CREATE OR REPLACE VIEW findings AS
WITH reports AS (
    SELECT *
    FROM read_json('reports/**/*.json*', format = 'unstructured', filename = 'report', columns = {
        schema_version: 'VARCHAR',
        started: 'VARCHAR',
        devices: 'STRUCT(
            device STRUCT(slug VARCHAR, name VARCHAR, platform VARCHAR, driver_version VARCHAR),
            probes STRUCT(
                probe VARCHAR, profile VARCHAR,
                findings STRUCT("key" VARCHAR, "value" DOUBLE, unit VARCHAR, "interval" DOUBLE[],
                                status VARCHAR, better VARCHAR, note VARCHAR)[])[])[]'
    })
    WHERE schema_version IS NOT NULL -- else it is no report
), devices AS (
    SELECT report, started, UNNEST(devices) AS of_device FROM reports
), probes AS (
    SELECT report, started, of_device.device AS device, UNNEST(of_device.probes) AS of_probe
    FROM devices
), found AS (
    SELECT report, started, device, of_probe, UNNEST(of_probe.findings) AS finding FROM probes
)
SELECT report,                                    -- the file
       device.slug AS device,                     -- gpu0-mali-g52
       device.name AS name,                       -- as the driver says it
       concat_ws(' ', device.platform, device.driver_version) AS driver, -- rusticl 25.0.7
       started AS date,                           -- 2026-11-22T07:30:00Z
       of_probe.profile AS profile,               -- tiny, quick, standard or thorough
       of_probe.probe AS probe,                   -- memory/buffer_latency
       finding.key AS key,                        -- buffer.l1.latency
       finding.value AS value,                    -- unscaled; NULL where there is none
       finding.unit AS unit,                      -- s, B, B/s, flop/s ...
       finding.interval[1] AS low,                -- where a second run is expected to come out
       finding.interval[2] AS high,
       finding.status AS status,                  -- measured, suspect, inconclusive, unsupported, failed
       finding.better AS better,                  -- higher, lower, none
       finding.note AS note                       -- why it is suspect, or has no value
FROM found;
