-- argo_migrate_timestamps(): local times without zone, across both changes of the clock, become instants.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(68);

CREATE FUNCTION pg_temp.attempt(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
CREATE FUNCTION pg_temp.catalog() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', 'class', oid, xmin, relfilenode, relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'attribute', attrelid, attname, a.xmin) FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'public'::regnamespace
$$;
-- A statement that is refused, by the code and what it names, and changes nothing.
CREATE FUNCTION pg_temp.refusal(state text, detail text, name text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    before text[] := ARRAY(SELECT c FROM pg_temp.catalog() AS c ORDER BY 1);
    real record;
BEGIN
    SELECT * INTO real FROM pg_temp.attempt('SELECT public.argo_migrate_timestamps()');
    RETURN NEXT is(real.state, $1, name || ' is refused');
    RETURN NEXT matches(real.detail, $2 || '.*Nothing was changed', name || ' is named');
    RETURN NEXT ok(real = pg_temp.attempt('SELECT public.argo_migrate_timestamps(dry_run => true)')
                   AND before = ARRAY(SELECT c FROM pg_temp.catalog() AS c ORDER BY 1), name || ': a dry run says the same, nothing changes');
    IF real.hint ~ '^(Type|Keep)' THEN
        EXECUTE regexp_replace(real.hint, '^(Type |Keep what they are[^\n]*)', '');
        RETURN NEXT is((SELECT count(*) FROM public._argo_schema_version), 1::bigint, name || ': the hint mends it');
    END IF;
END $$;

\set time timestamp
\ir ../older/tables.sql
\ir ../older/views.sql
CREATE VIEW over_values AS SELECT channel_id, sum(energy_kwh) AS energy FROM readings GROUP BY 1;
ALTER TABLE readings ADD received timestamp DEFAULT (now() AT TIME ZONE 'utc');
ALTER TABLE devices ADD due timestamp DEFAULT '2026-07-01 12:00';
INSERT INTO organizations (organization_id, organization_name, created_at) VALUES ('23271', 'Wilson Center', '2025-01-15 08:00');
INSERT INTO devices (device_id, device_name, organization_id, last_seen) VALUES (7, 'Gateway', '23271', '2025-07-01 12:00');
INSERT INTO channels (channel_id, channel_name, organization_id, created_at) VALUES (1, 'Main', '23271', '2025-01-15 08:00'), (2, 'AHU', '23271', '2025-11-02 01:30'),
    (3, 'Lone', NULL, NULL);
-- 96 local quarters on every day, those that the clock skips in spring too: meter 1 has all, 2 only the skipped hour,
-- 3 the skipped hour and half of the one after it.
INSERT INTO readings (channel_id, timestamp, energy_kwh, power_kw, created_at)
SELECT 1, t, 1, extract(hour FROM t) + 1, t FROM generate_series('2025-03-08 00:00'::timestamp, '2025-03-10 23:45', '15 minutes') AS t
UNION ALL SELECT 1, t, 2, extract(hour FROM t) + 1, t FROM generate_series('2025-11-01 00:00'::timestamp, '2025-11-03 23:45', '15 minutes') AS t
UNION ALL SELECT 2, t, 3, 12, NULL FROM generate_series('2025-03-09 02:00'::timestamp, '2025-03-09 02:45', '15 minutes') AS t
UNION ALL SELECT 3, t, 4, 16, NULL FROM generate_series('2025-03-09 02:00'::timestamp, '2025-03-09 03:15', '15 minutes') AS t;
INSERT INTO data_sync_status (organization_id, last_sync_timestamp, last_reading_timestamp, sync_status) VALUES ('23271', '2025-07-01 00:00', NULL, 'success');
INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time) VALUES ('23271', 1, '2025-03-09 00:00', '2025-03-10 00:00');
GRANT SELECT ON v_sites TO PUBLIC;
COMMENT ON VIEW v_sites IS 'Our sites';
CREATE TEMP TABLE local AS SELECT * FROM readings;
SAVEPOINT naive;

SELECT is(state, '55000', 'argo_setup() refuses times without zone') FROM pg_temp.attempt('SELECT argo_setup()');
SELECT matches(detail, '^Nobody can tell .*: organizations.created_at.*readings."timestamp".*ingestion_logs.start_time.* Nothing was changed', 'by name')
FROM pg_temp.attempt('SELECT argo_setup(dry_run => true)');
SELECT matches(hint, $$^Type SELECT \* FROM "?public"?.argo_migrate_timestamps\('America/New_York'\);$$, 'with the cure') FROM pg_temp.attempt('SELECT argo_setup()');
SELECT results_eq(format($$SELECT state FROM pg_temp.attempt('SELECT argo_migrate_timestamps(%s)')$$, zone), ARRAY['22023'], zone || ' is no zone')
FROM unnest(ARRAY['''''Nowhere/City''''', '''''EST5XYZ''''', '''''posixrules''''', 'NULL']) AS zone;

CREATE TEMP TABLE catalog_before AS SELECT * FROM pg_temp.catalog() AS entry;
CREATE TEMP TABLE foretold AS SELECT * FROM argo_migrate_timestamps(dry_run => true) WITH ORDINALITY;
SELECT set_eq('SELECT * FROM catalog_before', 'SELECT * FROM pg_temp.catalog()', 'a dry run changes nothing');
SELECT bag_eq('SELECT * FROM local', 'SELECT * FROM readings', 'no reading either');
SELECT set_eq($$SELECT table_name, column_name, rows FROM foretold WHERE detail = 'dry run: local times of America/New_York'$$, $$VALUES
    ('organizations', 'created_at', 1::bigint), ('organizations', 'updated_at', 1), ('devices', 'last_seen', 1), ('devices', 'created_at', 1),
    ('devices', 'updated_at', 1), ('devices', 'due', 1), ('channels', 'created_at', 2), ('channels', 'updated_at', 3), ('readings', 'timestamp', 586),
    ('readings', 'created_at', 576), ('readings', 'received', 586), ('data_sync_status', 'last_sync_timestamp', 1),
    ('data_sync_status', 'last_reading_timestamp', 0), ('data_sync_status', 'created_at', 1), ('ingestion_logs', 'start_time', 1),
    ('ingestion_logs', 'end_time', 1), ('ingestion_logs', 'created_at', 1)$$, 'a row for every column, with the rows that have a value');
SELECT results_eq($$SELECT table_name, column_name, rows, substring(detail FROM '^dry run: ([a-z]+):') FROM foretold WHERE detail ~ ': .*:' ORDER BY ordinality$$,
    $$VALUES ('readings', 'timestamp', 12::bigint, 'moved'), ('readings', 'timestamp', 6, 'collisions'), ('readings', 'timestamp', 4, 'ambiguous')$$,
    'and what the changes of the clock do to readings');

-- The session's zone must not matter.
CREATE FUNCTION pg_temp.result(session_zone text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE it text;
BEGIN
    PERFORM set_config('TimeZone', session_zone, true);
    PERFORM argo_migrate_timestamps();
    SET LOCAL TimeZone = 'UTC';
    SELECT md5(string_agg(r, '|')) INTO it FROM (
        SELECT (SELECT string_agg(concat_ws(' ', channel_id, "timestamp", created_at), ',' ORDER BY channel_id, "timestamp") FROM readings) AS r
        UNION ALL SELECT string_agg(concat_ws(' ', organization_id, created_at), ',') FROM organizations
        UNION ALL SELECT string_agg(concat_ws(' ', device_id, last_seen), ',') FROM devices
        UNION ALL SELECT string_agg(concat_ws(' ', start_time, end_time), ',') FROM ingestion_logs
        UNION ALL SELECT string_agg(concat_ws(' ', meter_id, hour, total_kwh), ',' ORDER BY meter_id, hour) FROM mv_hourly_usage
        UNION ALL SELECT string_agg(concat_ws(' ', ts_received, raw ->> 'timestamp', reason), ',' ORDER BY channel_id, ts_received) FROM rejected_readings) AS x;
    RAISE EXCEPTION '%', it USING ERRCODE = 'P0001';
END $$;
CREATE TEMP TABLE results (zone text, result text);
INSERT INTO results SELECT zone, message FROM unnest(ARRAY['UTC', 'America/New_York', 'Asia/Tokyo', 'Europe/London', 'Australia/Lord_Howe', 'Asia/Kathmandu']) AS zone,
    pg_temp.attempt(format('SELECT pg_temp.result(%L)', zone));
SELECT is((SELECT count(DISTINCT result) FROM results WHERE result ~ '^[0-9a-f]{32}$'), 1::bigint, 'the result is the same whatever the zone of the session');
SELECT is((SELECT count(*) FROM results WHERE result ~ '^[0-9a-f]{32}$'), 6::bigint, 'in six zones');

SET LOCAL timezone = 'Asia/Tokyo';
CREATE TEMP TABLE done AS SELECT * FROM argo_migrate_timestamps() WITH ORDINALITY;
SELECT results_eq('SELECT table_name, column_name, rows, detail FROM done ORDER BY ordinality',
    $$SELECT table_name, column_name, rows, regexp_replace(detail, '^dry run: ', '') FROM foretold ORDER BY ordinality$$, 'it does what the dry run foretold');
SELECT is_empty($$SELECT attrelid::regclass, attname FROM pg_attribute JOIN pg_class ON oid = attrelid
    WHERE relnamespace = 'public'::regnamespace AND atttypid = 'timestamp'::regtype AND relkind = 'r'$$, 'no time is without zone any more');
SELECT results_eq($$SELECT created_at FROM organizations$$, $$VALUES ('2025-01-15 13:00Z'::timestamptz)$$, 'a winter''s time is five hours behind');
SELECT results_eq($$SELECT last_seen FROM devices$$, $$VALUES ('2025-07-01 16:00Z'::timestamptz)$$, 'a summer''s four');
SELECT results_eq($$SELECT created_at FROM channels WHERE channel_id = 2$$, $$VALUES ('2025-11-02 06:30Z'::timestamptz)$$, 'of a time that comes twice it is the second');
SELECT results_eq($$SELECT start_time, end_time FROM ingestion_logs$$, $$VALUES ('2025-03-09 05:00Z'::timestamptz, '2025-03-10 04:00Z'::timestamptz)$$, 'a pull of a day of 23 hours');
SELECT is((SELECT count(*) FROM readings), (SELECT count(*) - 6 FROM local), 'no reading is lost but those that collide');
-- Written out, not by the function under test: where local times exist once they are the instants that show them.
SELECT is_empty($$SELECT l.id FROM local l JOIN readings r USING (id)
    WHERE l.timestamp NOT BETWEEN '2025-03-09 02:00' AND '2025-03-09 02:45' AND r.timestamp AT TIME ZONE 'America/New_York' <> l.timestamp$$,
    'every other reading shows its local time');
SELECT is_empty($$SELECT * FROM readings r JOIN local l USING (id) WHERE l.timestamp BETWEEN '2025-03-09 02:00' AND '2025-03-09 02:45' AND r.channel_id = 1$$,
    'where the skipped hour collides, the row whose local time exists wins');
SELECT results_eq($$SELECT power_kw FROM readings WHERE channel_id = 1 AND timestamp = '2025-03-09 07:30Z'$$, $$VALUES (4::real)$$, 'with its values');
SELECT results_eq($$SELECT timestamp FROM readings WHERE channel_id = 2 ORDER BY 1$$,
    $$SELECT t FROM generate_series('2025-03-09 07:00Z'::timestamptz, '2025-03-09 07:45Z', '15 minutes') t$$, 'where none is in the way they move by an hour');
SELECT results_eq($$SELECT timestamp, (SELECT l.timestamp FROM local l WHERE l.id = r.id) FROM readings r WHERE channel_id = 3 ORDER BY 1$$,
    $$VALUES ('2025-03-09 07:00Z'::timestamptz, '2025-03-09 03:00'::timestamp), ('2025-03-09 07:15Z', '2025-03-09 03:15'), ('2025-03-09 07:30Z', '2025-03-09 02:30'),
    ('2025-03-09 07:45Z', '2025-03-09 02:45')$$, 'and each by itself');
SELECT is((SELECT count(*) FROM readings WHERE channel_id = 1 AND timestamp >= '2025-11-02 05:00Z' AND timestamp < '2025-11-02 06:00Z'), 0::bigint,
    'of autumn''s hour the first is empty');
SELECT is((SELECT count(*) FROM readings WHERE channel_id = 1 AND timestamp >= '2025-11-02 06:00Z' AND timestamp < '2025-11-02 07:00Z'), 4::bigint, 'and the second has the readings');
SELECT results_eq($$SELECT organization_id, channel_id, ts_received, (raw ->> 'energy_kwh')::real, raw ->> 'timestamp' FROM rejected_readings ORDER BY 2, 3$$, $$VALUES
    ('23271', 1, '2025-03-09T02:00:00', 1::real, '2025-03-09T02:00:00'), ('23271', 1, '2025-03-09T02:15:00', 1, '2025-03-09T02:15:00'),
    ('23271', 1, '2025-03-09T02:30:00', 1, '2025-03-09T02:30:00'), ('23271', 1, '2025-03-09T02:45:00', 1, '2025-03-09T02:45:00'),
    ('unknown', 3, '2025-03-09T02:00:00', 4, '2025-03-09T02:00:00'), ('unknown', 3, '2025-03-09T02:15:00', 4, '2025-03-09T02:15:00')$$, 'the others are kept with their values');
SELECT is((SELECT reason FROM rejected_readings ORDER BY id LIMIT 1),
    'local time 2025-03-09 02:00:00 does not exist in America/New_York; where the clock was then, at 2025-03-09 07:00:00 UTC, there is a reading of its own', 'and the reason');

-- And then it is adopted.
SELECT is_empty($$SELECT * FROM argo_setup() WHERE action <> 'unchanged'$$, 'all is set up');
SELECT is_empty('SELECT * FROM _argo_dirty', 'the views are fresh');
SELECT set_eq('SELECT meter_id FROM _argo_unvalidated', ARRAY[1, 2, 3], 'and all is to be validated');
SELECT bag_eq('SELECT meter_id, hour, total_kwh FROM v_readings_hourly', $$SELECT channel_id, date_trunc('hour', timestamp, 'America/New_York'), sum(energy_kwh::float8)
    FROM readings GROUP BY 1, 2$$, 'hours');
SELECT results_eq('SELECT reading_date, reading_count FROM v_readings_daily WHERE meter_id = 1 ORDER BY 1', $$VALUES ('2025-03-08'::date, 96::bigint), ('2025-03-09', 92),
    ('2025-03-10', 96), ('2025-11-01', 96), ('2025-11-02', 96), ('2025-11-03', 96)$$, 'days: in spring 92 quarters, in autumn four of 100 were never told apart');
SELECT ok(has_table_privilege('public', 'v_sites', 'SELECT') AND obj_description('v_sites'::regclass) = 'Our sites', 'grants and comments of views are kept');
SELECT set_has($$SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'readings'::regclass$$, $$VALUES
    ('CREATE UNIQUE INDEX idx_readings_unique ON public.readings USING btree (channel_id, "timestamp")'),
    ('CREATE INDEX idx_readings_timestamp ON public.readings USING btree ("timestamp" DESC)'),
    ('CREATE INDEX idx_readings_channel_timestamp ON public.readings USING btree (channel_id, "timestamp" DESC)')$$, 'indexes are the same');
SELECT is(md5(pg_get_viewdef('over_values'::regclass)), md5(pg_get_viewdef('over_values'::regclass)), 'a view over other columns stays');
SET LOCAL timezone = 'Asia/Tokyo';
INSERT INTO readings (channel_id, timestamp, energy_kwh, power_kw) VALUES (1, '2025-12-01 00:00Z', 1, 4);
INSERT INTO devices (device_id) VALUES (8);
SELECT results_eq($$SELECT created_at = now(), received = now() FROM readings WHERE timestamp = '2025-12-01 00:00Z'$$, 'VALUES (true, true)', 'defaults that say now still do');
SELECT results_eq($$SELECT due, created_at = now() FROM devices WHERE device_id = 8$$, $$VALUES ('2026-07-01 16:00Z'::timestamptz, true)$$, 'one that is a local time is of the zone');
SELECT isnt_empty($$SELECT * FROM _argo_dirty WHERE meter_id = 1$$, 'writers leave marks');
SELECT lives_ok('REFRESH MATERIALIZED VIEW CONCURRENTLY mv_hourly_usage', 'the older system''s refresh works');
CREATE TEMP TABLE catalog_after AS SELECT * FROM pg_temp.catalog() AS entry;
SELECT is_empty('SELECT * FROM argo_migrate_timestamps()', 'a second call has nothing to convert');
SELECT set_eq('SELECT * FROM catalog_after', 'SELECT * FROM pg_temp.catalog()', 'and changes nothing');
ALTER TABLE channels ADD checked timestamp DEFAULT '2025-07-01 12:00';
SELECT results_eq('SELECT table_name, column_name, rows FROM argo_migrate_timestamps()', $$VALUES ('channels', 'checked', 3::bigint)$$, 'a column that came later is converted');
SELECT results_eq('SELECT DISTINCT checked FROM channels', $$VALUES ('2025-07-01 16:00Z'::timestamptz)$$, 'by itself');
ROLLBACK TO naive;

-- In a zone that changes by half an hour the skipped stretch is half an hour.
INSERT INTO readings (channel_id, timestamp) VALUES (2, '2025-10-05 02:15'), (2, '2025-10-05 02:45'), (2, '2025-04-06 01:45');
SELECT results_eq($$SELECT rows, substring(detail FROM '[a-z]+') FROM argo_migrate_timestamps('australia/lord_howe') WHERE detail ~ '^[a-z]+:'$$,
    $$VALUES (1::bigint, 'moved'), (1, 'collisions'), (1, 'ambiguous')$$, 'Lord Howe''s half-hour');
SELECT results_eq($$SELECT timestamp FROM readings WHERE channel_id = 2 AND extract(month FROM timestamp AT TIME ZONE 'UTC') IN (4, 10) ORDER BY 1$$,
    $$VALUES ('2025-04-05 15:15Z'::timestamptz), ('2025-10-04 15:45Z')$$, 'is found');
ROLLBACK TO naive;

-- Refusals.
CREATE VIEW my_days AS SELECT channel_id, timestamp::date AS day FROM readings;
CREATE INDEX my_index ON readings ((timestamp::date));
CREATE FUNCTION my_newest() RETURNS timestamp BEGIN ATOMIC SELECT max(timestamp) FROM readings; END;
SELECT pg_temp.refusal('2BP01', 'function public.my_newest\(\) \(readings."timestamp"\), index public.my_index \(readings."timestamp"\), view public.my_days',
    'what depends on the columns');
ROLLBACK TO naive;
CREATE TABLE notes (reading bigint REFERENCES readings (id) ON DELETE CASCADE);
INSERT INTO notes SELECT id FROM readings;
SELECT pg_temp.refusal('2BP01', 'public.notes \(FOREIGN KEY \(reading\) REFERENCES public.readings\(id\) ON DELETE CASCADE\)',
    'rows that would go with readings that move');
SELECT is((SELECT count(*) FROM notes), (SELECT count(*) FROM local), 'none went');
ROLLBACK TO naive;
CREATE VIEW my_report AS SELECT * FROM v_readings_daily;
SELECT pg_temp.refusal('2BP01', 'view public.my_report', 'what depends on the nine views');
ROLLBACK TO naive;
ALTER TABLE readings DROP temperature_c CASCADE;
SELECT pg_temp.refusal('42P07', 'column temperature_c of public.readings is missing', 'a missing column');
ROLLBACK TO naive;
CREATE TABLE refresh_log (mine text);
SELECT pg_temp.refusal('42P07', 'refresh_log', 'a name of Argo''s own');
ROLLBACK TO naive;
SELECT bag_eq('SELECT * FROM local', 'SELECT * FROM readings', 'all is as it was');

SELECT * FROM finish();
ROLLBACK;
