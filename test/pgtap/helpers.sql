-- The helpers of the ingest: its range, the site it stores, what it logs.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(57);

DO $$ BEGIN PERFORM argo_setup(); END $$;

-- Ranges: local midnight, the 15-minute grid, whole bins only.
SELECT results_eq(format('SELECT * FROM _argo_ingest_range(%L, %s, %L)', zone, days, as_of),
    format('VALUES (%L::timestamptz, %L::timestamptz)', range_start, range_end), what)
FROM (VALUES
    ('America/New_York', 7, '2025-06-10 12:29:59Z', '2025-06-03 04:00Z', '2025-06-10 12:00Z', 'a bin that ended less than a margin ago waits'),
    ('America/New_York', 7, '2025-06-10 12:30:00Z', '2025-06-03 04:00Z', '2025-06-10 12:15Z', 'and comes when the margin is over'),
    ('America/New_York', 1, '2025-06-10 03:59:00Z', '2025-06-08 04:00Z', '2025-06-10 03:30Z', 'days are counted on the site''s calendar'),
    ('America/New_York', 1, '2025-11-03 12:00Z', '2025-11-02 04:00Z', '2025-11-03 11:45Z', 'from before the autumn change'),
    ('America/New_York', 2, '2025-11-04 12:00Z', '2025-11-02 04:00Z', '2025-11-04 11:45Z', 'over the autumn change'),
    ('America/New_York', 1, '2025-03-10 12:00Z', '2025-03-09 05:00Z', '2025-03-10 11:45Z', 'over the spring change'),
    ('Asia/Kolkata', 1, '2025-06-10 12:00Z', '2025-06-08 18:30Z', '2025-06-10 11:45Z', 'midnight in Kolkata'),
    ('Asia/Kathmandu', 1, '2025-06-10 12:00Z', '2025-06-08 18:15Z', '2025-06-10 11:45Z', 'midnight in Kathmandu'),
    ('america/sao_paulo', 1, '2018-11-05 12:00Z', '2018-11-04 03:00Z', '2018-11-05 11:45Z', 'a midnight that the clock skips'),
    ('America/Havana', 1, '2024-11-04 12:00Z', '2024-11-03 04:00Z', '2024-11-04 11:45Z', 'the first of two midnights'),
    ('Africa/Monrovia', 1, '1971-06-10 12:00Z', '1971-06-09 00:30Z', '1971-06-10 11:45Z', 'an offset with seconds is rounded down to the grid'),
    ('Mars/Olympus', 1, '2025-06-10 12:00Z', '2025-06-09 04:00Z', '2025-06-10 11:45Z', 'an unknown zone counts as New York'),
    (NULL, 1, '2025-06-10 12:00Z', '2025-06-09 04:00Z', '2025-06-10 11:45Z', 'so does NULL')
) AS r (zone, days, as_of, range_start, range_end, what);
SELECT is((_argo_ingest_range('UTC', 1, '2025-06-10 12:07Z', '0')).range_end, '2025-06-10 12:00Z'::timestamptz, 'without a margin');
SELECT throws_ok('SELECT _argo_ingest_range(''UTC'', ' || days || ', ''2025-06-10 12:00Z'')', '22023', NULL, days || ' days are refused')
FROM unnest(ARRAY['0', '-1', '1000000000', 'NULL']) AS days;
SELECT throws_ok($$SELECT _argo_ingest_range('UTC', 1, '2025-06-10 12:00Z', '-1 minute')$$, '22023', NULL, 'a negative margin is refused');
SELECT throws_ok($$SELECT _argo_ingest_range('UTC', 1, 'infinity')$$, '22023', NULL, 'an infinite time is refused');

-- Sites.
CREATE FUNCTION pg_temp.site(changes jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql AS $$
    SELECT '{"organization": {"organization_id": 23271, "organization_name": "Wilson Center", "city": "Brookline", "timezone": "america/new_york"},
        "devices": [{"device_id": "10", "device_name": "Gateway", "serial_number": "uuid", "last_seen": "2025-06-10T12:00:00Z"}],
        "channels": [{"channel_id": "1", "channel_name": "Main", "device_id": 10, "unit": "kWh"},
                     {"channel_id": 2, "channel_name": "AHU", "device_id": 11},
                     {"channel_id": 3, "device_id": null}]}'::jsonb || changes
$$;
CREATE FUNCTION pg_temp.zone(zone text) RETURNS integer LANGUAGE sql AS $$
    SELECT _argo_store_site(jsonb_build_object('organization', jsonb_build_object('organization_id', '23271', 'timezone', zone)))
$$;
SELECT is(_argo_store_site(pg_temp.site()), 6, 'a new site: organization, two devices, three channels');
SELECT results_eq('SELECT organization_id, organization_name, city, timezone FROM organizations',
    $$VALUES ('23271', 'Wilson Center', 'Brookline', 'America/New_York')$$, 'the organization, its zone in IANA spelling');
SELECT results_eq('SELECT device_id, device_name, organization_id, serial_number, last_seen FROM devices ORDER BY 1',
    $$VALUES (10, 'Gateway', '23271', 'uuid', '2025-06-10 12:00Z'::timestamptz), (11, NULL, '23271', NULL, NULL)$$,
    'the devices, one of them only mentioned');
SELECT results_eq('SELECT channel_id, channel_name, device_id, organization_id, unit FROM channels ORDER BY 1',
    $$VALUES (1, 'Main', 10, '23271', 'kWh'), (2, 'AHU', 11, '23271', NULL), (3, 'channel 3', NULL, '23271', NULL)$$, 'the channels');

UPDATE organizations SET updated_at = '2020-01-01';
UPDATE devices SET updated_at = '2020-01-01';
UPDATE channels SET updated_at = '2020-01-01';
CREATE VIEW pg_temp.rows_now AS
    SELECT ctid::text AS place, xmin::text AS writer, xmax::text AS locker, organization_id AS id FROM organizations
    UNION ALL SELECT ctid::text, xmin::text, xmax::text, device_id::text FROM devices
    UNION ALL SELECT ctid::text, xmin::text, xmax::text, channel_id::text FROM channels;
CREATE TEMP TABLE rows_before AS SELECT * FROM rows_now;
SELECT is(_argo_store_site(pg_temp.site()), 0, 'the same again changes nothing');
SELECT set_eq('SELECT * FROM rows_before', 'SELECT * FROM rows_now', 'and neither writes nor locks a row');
SELECT is(_argo_store_site('{"organization": {"organization_id": "23271", "organization_name": "", "city": null},
    "devices": [{"device_id": 10, "device_name": null, "last_seen": "2025-06-09T12:00:00Z"}], "channels": null}'), 0,
    'NULL, empty and older values take nothing away');
SELECT is(_argo_store_site(pg_temp.site('{"channels": [{"channel_id": 1, "device_id": 12}, {"channel_id": 2, "unit": "m3"}]}')), 3,
    'a channel moves to a device not seen before, another gets a unit');
SELECT results_eq('SELECT channel_id, channel_name, device_id, unit, updated_at > ''2020-01-01'' FROM channels ORDER BY 1',
    $$VALUES (1, 'Main', 12, 'kWh', true), (2, 'AHU', 11, 'm3', true), (3, 'channel 3', NULL, NULL, false)$$,
    'only what changed is marked as changed');
SELECT is(pg_temp.zone('Asia/Kolkata'), 1, 'a known zone replaces a known one');
SELECT is(pg_temp.zone('Mars/Olympus'), 0, 'an unknown one does not');
SELECT is(pg_temp.zone(NULL), 0, 'nor does NULL');
SELECT is((SELECT timezone FROM organizations), 'Asia/Kolkata', 'the known zone stays');
UPDATE organizations SET timezone = 'Nope';
SELECT is(pg_temp.zone('Mars/Olympus'), 1, 'an unknown zone replaces an unknown one');
SELECT is(pg_temp.zone(NULL), 0, 'NULL does not');
SELECT is(_argo_store_site('{"organization": {"organization_id": "7"}, "devices": [{"device_id": 10}], "channels": [{"channel_id": 3}]}'), 3,
    'a device and a channel that moved to another organization');
SELECT results_eq($$SELECT organization_name, timezone FROM organizations WHERE organization_id = '7'$$, $$VALUES ('7', 'America/New_York')$$,
    'a site without name and zone');
SELECT is((SELECT organization_id FROM channels WHERE channel_id = 3), '7', 'the channel is there');
SELECT results_eq('SELECT organization_id, device_name, serial_number, last_seen FROM devices WHERE device_id = 10',
    $$VALUES ('7', 'Gateway', 'uuid', '2025-06-10 12:00Z'::timestamptz)$$, 'the device is there, with all that was known');
SELECT throws_ok($$SELECT _argo_store_site('{"organization": {"organization_name": "x"}}')$$, '22023', NULL, 'a site needs an id');
SELECT throws_ok($$SELECT _argo_store_site(NULL)$$, '22023', NULL, 'and must not be NULL');

-- Logs.
SELECT is(_argo_log_pulls('23271', '[{"channel_id": 1, "start": 1748736000, "end": 1748822400.0, "fetched": 96, "inserted": 90, "rejected": 6, "status": "success"},
    {"channel_id": 2, "start": 1748736000, "end": 1748822400, "status": "failure", "error": "HTTP 500"}]'), 2, 'two pulls');
SELECT results_eq($$SELECT organization_id, channel_id, start_time, end_time, readings_fetched, readings_inserted, readings_rejected, status,
    error_message FROM ingestion_logs ORDER BY id$$, $$VALUES
    ('23271', 1, '2025-06-01 00:00Z'::timestamptz, '2025-06-02 00:00Z'::timestamptz, 96, 90, 6, 'success', NULL),
    ('23271', 2, '2025-06-01 00:00Z', '2025-06-02 00:00Z', 0, 0, 0, 'failure', 'HTTP 500')$$, 'two rows of ingestion_logs');

SELECT is(_argo_log_rejects('23271', '[{"channel_id": 1, "ts": "1748736000", "raw": {"P": -5}, "reason": "negative power"},
    {"channel_id": null, "ts": null, "raw": "?", "reason": "no timestamp"}]'), 2, 'two rejects');
SELECT is(_argo_log_rejects('23271', '[{"channel_id": 1, "ts": "1748736000", "raw": {"P": -5}, "reason": "negative power"},
    {"channel_id": null, "ts": null, "raw": "?", "reason": "no timestamp"}, {"channel_id": 1, "ts": "1748736900", "raw": {"P": -5}, "reason": "negative power"}]'),
    1, 'the same again are kept once');
SELECT results_eq($$SELECT channel_id, ts_received, raw, reason FROM rejected_readings ORDER BY 1, 2$$, $$VALUES
    (1, '1748736000', '{"P": -5}'::jsonb, 'negative power'), (1, '1748736900', '{"P": -5}', 'negative power'),
    (NULL, NULL, '"?"', 'no timestamp')$$, 'with what came');
SELECT is(_argo_log_rejects('pulls', '[{"channel_id": 5, "ts": "1", "raw": {}, "reason": "x", "start": 1748736000, "end": 1748822400}]'), 1, 'a reject of a pull');
SELECT results_eq($$SELECT pull_start, pull_end FROM rejected_readings WHERE organization_id = 'pulls'$$,
    $$VALUES ('2025-06-01 00:00+00'::timestamptz, '2025-06-02 00:00+00'::timestamptz)$$, 'knows its pull');
DELETE FROM rejected_readings WHERE organization_id = 'pulls';
UPDATE rejected_readings SET received_at = '2025-01-01'::timestamptz + id * interval '1 day';
SET LOCAL argo.rejects_kept = 2;
SELECT is(_argo_log_rejects('other', '[{"channel_id": 9, "ts": "1", "raw": 1, "reason": "x"}]'), 1, 'another site has its own bound');
SELECT is(_argo_log_rejects('23271', '[{"channel_id": 9, "ts": "1", "raw": 1, "reason": "x"}]'), 1, 'over the bound');
RESET argo.rejects_kept;
SELECT results_eq($$SELECT organization_id, ts_received FROM rejected_readings ORDER BY 1, 2$$,
    $$VALUES ('23271', '1'), ('23271', '1748736900'), ('other', '1')$$, 'the oldest go');

-- State of the sync, over an older history with several rows a channel.
INSERT INTO readings (channel_id, "timestamp") VALUES (1, '2025-06-01 00:00Z'), (1, '2025-06-01 00:15Z'), (1, '2025-06-01 00:20Z'),
    (2, '2025-06-01 01:00Z'), (3, '2025-06-09 00:00Z');
INSERT INTO data_sync_status (id, organization_id, channel_id, last_sync_timestamp, sync_status) VALUES
    (-1, '23271', 1, '2025-01-02', 'failed'), (-2, '23271', 1, '2025-01-01', 'failed'),
    (-3, '23271', NULL, '2025-01-01', 'failed'), (-4, '23271', NULL, '2025-01-02', 'failed'), (-5, '7', NULL, '2025-01-02', 'failed');
SELECT is(_argo_log_sync('23271', '2025-06-10 12:00Z', '[{"channel_id": 1, "inserted": 2, "status": "success"},
    {"channel_id": 2, "inserted": 1, "status": "failed", "error": "HTTP 500"}]', 'partial', '1 of 2 pulls failed'), 3, 'two channels and their site');
SELECT results_eq($$SELECT id, channel_id, last_sync_timestamp, last_reading_timestamp, readings_count, sync_status, error_message
    FROM data_sync_status WHERE organization_id = '23271' AND id < 0 ORDER BY id$$, $$VALUES
    (-4, NULL::integer, '2025-06-10 12:00Z'::timestamptz, '2025-06-01 01:00Z'::timestamptz, 3, 'partial', '1 of 2 pulls failed'),
    (-3, NULL, '2025-01-01', NULL, NULL, 'failed', NULL), (-2, 1, '2025-01-01', NULL, NULL, 'failed', NULL),
    (-1, 1, '2025-06-10 12:00Z', '2025-06-01 00:20Z', 2, 'success', NULL)$$, 'the newest row of each is kept up');
SELECT is(_argo_log_sync('23271', '2025-06-11 12:00Z', NULL, 'failed', 'login refused'), 1, 'a sync that reached no channel');
SELECT is((SELECT count(*) FROM data_sync_status), 6::bigint, 'one row a channel at most is added');
SELECT results_eq($$SELECT channel_id, sync_status, error_message FROM data_sync_status WHERE organization_id = '23271' AND id > 0$$,
    $$VALUES (2, 'failed', 'HTTP 500')$$, 'for the channel that had none');

SELECT is(_argo_count_missing(jsonb_build_array(
    jsonb_build_object('channel_id', 1, 'start', extract(epoch FROM '2025-06-01 00:00Z'::timestamptz)::bigint, 'end', extract(epoch FROM '2025-06-01 01:00Z'::timestamptz)::bigint),
    jsonb_build_object('channel_id', 2, 'start', extract(epoch FROM '2025-06-01 00:00Z'::timestamptz)::bigint, 'end', extract(epoch FROM '2025-06-01 01:00Z'::timestamptz)::bigint))),
    6::bigint, 'slots missing: on the grid, half open');

SELECT * FROM finish();
ROLLBACK;
