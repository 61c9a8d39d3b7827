-- argo_setup() on the database of the older system: what stays, what is replaced, what is refused.
\set QUIET on
SET client_min_messages = error;
SET timezone = 'Asia/Tokyo';
BEGIN;
SELECT plan(102);

CREATE ROLE argo_test_reports;
CREATE ROLE argo_test_analyst;
CREATE ROLE argo_test_etl;
CREATE ROLE argo_test_owner;
CREATE FUNCTION pg_temp.attempt(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
-- Types the statements of a hint.
CREATE FUNCTION pg_temp.obey(hint text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN EXECUTE regexp_replace(hint, '^(Type |Keep what they are[^\n]*)', ''); END $$;
CREATE FUNCTION pg_temp.catalog() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', 'class', oid, xmin, relfilenode, relname) FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'trigger', t.oid, t.xmin, t.tgname) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'rewrite', r.oid, r.xmin) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL SELECT concat_ws(' ', 'proc', oid, xmin, proname) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
$$;
CREATE TEMP TABLE older_tables (oid oid);
-- What the tables are made of, but for triggers, which Argo adds.
CREATE FUNCTION pg_temp.tables() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', c.oid, c.relfilenode, c.relname, pg_get_indexdef(i.indexrelid)) FROM pg_class c LEFT JOIN pg_index i ON i.indexrelid = c.oid
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'i', 'S')
      AND coalesce(i.indrelid, c.oid) IN (SELECT oid FROM older_tables)
    UNION ALL SELECT concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum WHERE attrelid IN (SELECT oid FROM older_tables) AND attnum > 0
    UNION ALL SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(oid)) FROM pg_constraint WHERE conrelid IN (SELECT oid FROM older_tables)
$$;

CREATE FUNCTION pg_temp.refusal(state text, detail text, name text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    before text[] := ARRAY(SELECT c FROM pg_temp.catalog() AS c ORDER BY 1);
    dry record;
    real record;
BEGIN
    SELECT * INTO dry FROM pg_temp.attempt('SELECT public.argo_setup(dry_run => true)');
    SELECT * INTO real FROM pg_temp.attempt('SELECT public.argo_setup()');
    RETURN NEXT is(real.state, $1, name || ' is refused');
    RETURN NEXT matches(real.detail, $2 || '.*Nothing was changed', name || ' is named');
    RETURN NEXT ok(real = dry AND before = ARRAY(SELECT c FROM pg_temp.catalog() AS c ORDER BY 1), name || ': a dry run says the same, nothing changes');
    IF real.hint ~ '^(Type|Keep)' AND real.hint !~ 'ROLLBACK|SET ROLE' THEN
        PERFORM pg_temp.obey(real.hint);
        RETURN NEXT is((SELECT count(*) FROM public._argo_schema_version), 1::bigint, name || ': the hint mends it');
    END IF;
END $$;

-- 1. The tables and views of the seeds.
\set time timestamptz
\ir ../older/tables.sql
\ir ../older/views.sql
INSERT INTO older_tables SELECT oid FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname !~ '^(_argo|pg_|tap_)';
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('23271', 'Wilson Center', 'America/New_York'),
    ('k', 'Kathmandu', 'asia/kathmandu'), ('x', 'Nowhere', 'Nope');
INSERT INTO devices (device_id, device_name, organization_id, serial_number) VALUES (7, 'Gateway', '23271', 'A-7');
INSERT INTO channels (channel_id, channel_name, device_id, organization_id) VALUES (1, 'Main', 7, '23271'), (2, 'AHU', 7, '23271'),
    (3, 'Far', NULL, 'k'), (4, 'Lost', NULL, 'x'), (5, 'Nobody''s', NULL, NULL);
INSERT INTO readings (channel_id, timestamp, energy_kwh, power_kw, voltage_v, power_factor)
SELECT c, t, CASE WHEN extract(hour FROM t) = 3 THEN 0 ELSE 1 + c * 0.25 + extract(minute FROM t)::real / 60 END,
       CASE WHEN extract(hour FROM t) = 4 THEN NULL ELSE 4 + c END, 230 + c, 0.9
FROM generate_series(1, 5) AS c, generate_series('2025-03-08 00:00Z'::timestamptz, '2025-03-11 00:00Z', '15 minutes') AS t;
INSERT INTO readings (channel_id, timestamp, energy_kwh, power_kw) SELECT 1, t, 2, 8
FROM generate_series('2025-11-02 00:00Z'::timestamptz, '2025-11-03 12:00Z', '15 minutes') AS t;
INSERT INTO data_sync_status (organization_id, last_sync_timestamp, sync_status) VALUES ('23271', '2025-03-11 00:00Z', 'success');
INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, readings_fetched)
VALUES ('23271', 1, '2025-03-08 00:00Z', '2025-03-09 00:00Z', 96);
REFRESH MATERIALIZED VIEW mv_hourly_usage;
SET standard_conforming_strings = off;
SELECT is((SELECT count(*) FROM argo_setup(true)), (SELECT count(*) + 1 FROM _argo_setup_steps()), 'strings of another standard do not matter');
SET standard_conforming_strings = on;
SAVEPOINT older;

CREATE TEMP TABLE rows_before AS SELECT * FROM readings;
CREATE TEMP TABLE tables_before AS SELECT * FROM pg_temp.tables() AS entry;
CREATE TEMP TABLE catalog_before AS SELECT * FROM pg_temp.catalog() AS entry;
CREATE TEMP TABLE locks_before AS SELECT locktype, relation, mode, objid FROM pg_locks WHERE pid = pg_backend_pid();
CREATE TEMP TABLE foretold AS SELECT * FROM argo_setup(dry_run => true) WITH ORDINALITY;
SELECT is_empty($$(SELECT locktype, relation::regclass, mode, objid FROM pg_locks WHERE pid = pg_backend_pid() AND mode <> 'AccessShareLock'
    AND coalesce(relation, 0) NOT IN ('foretold'::regclass, 'locks_before'::regclass)
    AND coalesce(relation::regclass::text, '') !~ '^(pg_toast|pg_temp)' AND locktype IN ('relation', 'advisory')
    AND coalesce(relation, 20000) > 16383)
    EXCEPT SELECT locktype, relation::regclass, mode, objid FROM locks_before$$, 'a dry run takes no lock but ACCESS SHARE');
SELECT set_eq('SELECT * FROM catalog_before', 'SELECT * FROM pg_temp.catalog()', 'and changes nothing');
SELECT is((SELECT count(*) FROM foretold), (SELECT count(*) FROM foretold WHERE detail ~ '^dry run'), 'every row says that it was one');

CREATE TEMP TABLE done AS SELECT * FROM argo_setup() WITH ORDINALITY;
SELECT results_eq('SELECT object_kind, object_name, action, detail FROM done ORDER BY ordinality',
    $$SELECT object_kind, object_name, action, nullif(regexp_replace(detail, '^dry run(; )?', ''), '') FROM foretold ORDER BY ordinality$$,
    'it does what the dry run foretold');
SELECT results_eq($$SELECT object_name FROM done WHERE action = 'adopted' ORDER BY 1$$, ARRAY['channels', 'data_sync_status', 'devices',
    'idx_channels_org', 'idx_devices_org', 'idx_ingestion_logs_time', 'idx_readings_timestamp', 'idx_sync_status_org', 'ingestion_logs',
    'organizations', 'readings'], 'tables and their indexes are adopted');
SELECT set_eq($$SELECT object_name FROM done WHERE action = 'replaced' AND object_name <> '_argo_zones'$$,
    'SELECT view_name FROM _argo_adoptable_views()', 'the nine views are replaced');
SELECT is((SELECT detail FROM done WHERE object_name = 'mv_hourly_usage'), 'no longer with index idx_mv_hourly_usage_meter_hour', 'the index that goes is named');
SELECT is((SELECT detail FROM done WHERE object_name = '_argo_zones' AND action = 'replaced'), 'time zones of 3 organizations', 'zones are verified');
SELECT set_eq('SELECT * FROM tables_before', 'SELECT * FROM pg_temp.tables()', 'tables, columns, keys, indexes and sequences stay as they are');
SELECT bag_eq('SELECT * FROM rows_before', 'SELECT * FROM readings', 'and so do readings');
SELECT ok(to_regclass('public.playing_with_neon') IS NOT NULL, 'and tables that Argo does not know');
SELECT results_eq('SELECT version FROM _argo_schema_version', 'SELECT _argo_setup_version()', 'the version is recorded');
SELECT is_empty('SELECT * FROM _argo_dirty', 'no mark is left: the views are filled once, by the right zones');
SELECT results_eq('SELECT organization_id, timezone, is_valid FROM _argo_zones ORDER BY 1', $$VALUES ('23271', 'America/New_York', true),
    ('k', 'Asia/Kathmandu', true), ('x', 'America/New_York', false)$$, 'an unknown zone counts as America/New_York');
CREATE TEMP VIEW expected_hours AS
SELECT r.channel_id AS meter_id, date_trunc('hour', r.timestamp, coalesce(z.timezone, 'America/New_York')) AS hour,
       sum(r.energy_kwh::float8) AS total_kwh, count(*) AS reading_count
FROM readings r JOIN channels c USING (channel_id) LEFT JOIN _argo_zones z USING (organization_id)
WHERE r.energy_kwh <> 0 AND r.power_kw <> 0 GROUP BY 1, 2;
CREATE TEMP VIEW expected_days AS
SELECT r.channel_id AS meter_id, (r.timestamp AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS reading_date, count(*) AS reading_count
FROM readings r JOIN channels c USING (channel_id) LEFT JOIN _argo_zones z USING (organization_id)
WHERE r.energy_kwh <> 0 AND r.power_kw <> 0 GROUP BY 1, 2;
SELECT bag_eq('SELECT * FROM expected_hours', 'SELECT meter_id, hour, total_kwh, reading_count FROM mv_hourly_usage', 'the hours are filled');
SELECT bag_eq('SELECT meter_id, reading_date, reading_count FROM v_readings_daily', 'SELECT * FROM expected_days', 'and the days');
SELECT cmp_ok((SELECT count(*) FROM expected_hours), '>', 250::bigint, 'and there are some');
CREATE TEMP TABLE catalog_after AS SELECT * FROM pg_temp.catalog() AS entry;
SELECT results_eq('SELECT DISTINCT action FROM argo_setup()', ARRAY['unchanged'], 'a second call finds all unchanged');
SELECT results_eq('SELECT DISTINCT action, detail FROM argo_setup(true)', $$VALUES ('unchanged', 'dry run')$$, 'and a dry run, too');
SELECT set_eq('SELECT * FROM catalog_after', 'SELECT * FROM pg_temp.catalog()', 'and changes nothing');
SELECT set_eq('SELECT view_name, columns FROM _argo_adoptable_views()', $$
    SELECT c.relname::text, array_agg(a.attname::text ORDER BY a.attnum) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relnamespace = 'public'::regnamespace AND c.relname IN (SELECT view_name FROM _argo_adoptable_views()) GROUP BY c.relname$$,
    'the columns that an adopted view will have are those that it has');

-- The older system goes on beside Argo.
SELECT lives_ok($$INSERT INTO readings (channel_id, timestamp, energy_kwh, power_kw) VALUES (1, '2025-03-12 10:00Z', 3, 12), (1, '2025-03-08 00:00Z', 9, 9)
    ON CONFLICT (channel_id, timestamp) DO NOTHING$$, 'its insert that leaves what is there');
SELECT results_eq('SELECT meter_id, first_reading, last_reading FROM _argo_dirty', $$VALUES (1, '2025-03-12 10:00Z'::timestamptz, '2025-03-12 10:00Z'::timestamptz)$$,
    'marks what it inserted');
SELECT lives_ok($$INSERT INTO readings (channel_id, timestamp, energy_kwh, power_kw) VALUES (2, '2025-03-12 11:00Z', 3, 12), (2, '2025-03-08 00:00Z', 9, 9)
    ON CONFLICT (channel_id, timestamp) DO UPDATE SET energy_kwh = EXCLUDED.energy_kwh, power_kw = EXCLUDED.power_kw$$, 'its upsert');
SELECT set_eq('SELECT meter_id, first_reading FROM _argo_dirty WHERE meter_id = 2', $$VALUES (2, '2025-03-12 11:00Z'::timestamptz), (2, '2025-03-08 00:00Z')$$,
    'marks what it inserted and what it changed');
SELECT bag_eq('SELECT * FROM expected_hours', 'SELECT meter_id, hour, total_kwh, reading_count FROM v_readings_hourly', 'the views show it at once');
SELECT bag_eq('SELECT meter_id, reading_date, reading_count FROM v_readings_daily', 'SELECT * FROM expected_days', 'days, too');
SELECT lives_ok('REFRESH MATERIALIZED VIEW CONCURRENTLY mv_hourly_usage', 'its refresh works');
SELECT bag_eq('SELECT * FROM expected_hours', 'SELECT meter_id, hour, total_kwh, reading_count FROM mv_hourly_usage', 'and takes it in');
SELECT lives_ok('SELECT * FROM argo_refresh()', 'so does argo_refresh()');
SELECT is_empty('SELECT * FROM _argo_dirty', 'which takes the marks');
SELECT bag_eq('SELECT * FROM expected_hours', 'SELECT meter_id, hour, total_kwh, reading_count FROM mv_hourly_usage', 'and leaves the same');
SELECT lives_ok($$INSERT INTO organizations (organization_id, organization_name) VALUES ('23271', 'Renamed')
    ON CONFLICT (organization_id) DO UPDATE SET organization_name = EXCLUDED.organization_name, updated_at = CURRENT_TIMESTAMP$$, 'its upsert of sites');
SELECT lives_ok($$INSERT INTO channels (channel_id, channel_name, device_id, organization_id) VALUES (6, 'New', 7, '23271')
    ON CONFLICT (channel_id) DO UPDATE SET channel_name = EXCLUDED.channel_name$$, 'and of meters');
SELECT lives_ok($$INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time) VALUES ('23271', 6, now(), now())$$, 'its log');
SELECT results_eq($$SELECT site_name, meter_name, device_uuid FROM v_meters WHERE meter_id = 6$$, $$VALUES ('Renamed', 'New', 'A-7')$$, 'its reads of meters');
SELECT is((SELECT timestamp FROM v_latest_readings WHERE meter_id = 2), '2025-03-12 11:00Z', 'of the latest readings');
SELECT lives_ok('SELECT * FROM argo_validate(''23271'', as_of => ''2025-11-03 12:30Z'')', 'argo_validate() judges it');
SELECT is((SELECT count(*) FROM data_quality_days WHERE meter_id = 1), (SELECT count(DISTINCT (timestamp AT TIME ZONE 'America/New_York')::date)
    FROM readings WHERE channel_id = 1), 'every day of it');
SELECT lives_ok('SELECT * FROM argo_refresh(''full'')', 'a full refresh');

-- Somebody runs the script that makes the older system's views again, over Argo's.
\ir ../older/views.sql
CREATE VIEW my_report AS SELECT * FROM v_readings_daily;
SELECT matches((SELECT state || hint FROM pg_temp.attempt('SELECT argo_setup()')), '^2BP01.*DROP VIEW public.my_report;.*argo_setup\(\)',
    'the older views again: what depends on them');
SELECT is((pg_temp.attempt('SELECT argo_setup(true)')).state, '2BP01', 'says a dry run, too');
DROP VIEW my_report;
GRANT SELECT ON v_readings_monthly TO argo_test_reports;
CREATE TEMP TABLE foretold_again AS SELECT * FROM argo_setup(true) WITH ORDINALITY;
CREATE TEMP TABLE done_again AS SELECT * FROM argo_setup() WITH ORDINALITY;
SELECT set_eq($$SELECT object_name FROM done_again WHERE action = 'replaced'$$, 'SELECT view_name FROM _argo_adoptable_views()',
    'they are replaced again');
SELECT results_eq('SELECT object_kind, object_name, action, detail FROM done_again ORDER BY ordinality',
    $$SELECT object_kind, object_name, action, nullif(regexp_replace(detail, '^dry run(; )?', ''), '') FROM foretold_again ORDER BY ordinality$$,
    'as a dry run foretold');
SELECT set_has('SELECT DISTINCT action FROM done_again', $$VALUES ('created'), ('unchanged')$$, 'and what went with them is made again');
SELECT ok(has_table_privilege('argo_test_reports', 'v_readings_monthly', 'SELECT'), 'with grants');
SELECT results_eq('SELECT DISTINCT action FROM argo_setup()', ARRAY['unchanged'], 'then all is unchanged');
SELECT bag_eq('SELECT meter_id, hour, total_kwh FROM v_readings_hourly', 'SELECT meter_id, hour, total_kwh FROM mv_hourly_usage', 'and shown');
SELECT lives_ok('SELECT * FROM argo_refresh()', 'and refreshed');
ROLLBACK TO older;

-- 2. A later schema: more columns, other tables, roles that read, owners, comments, options.
DROP VIEW v_readings_daily, v_readings_monthly, v_readings_hourly, v_latest_readings, v_readings_enriched;
DROP MATERIALIZED VIEW mv_hourly_usage;
DROP VIEW v_clean_readings, v_sites, v_meters;
ALTER TABLE readings ADD energy_kwh_l1 real, ADD energy_kwh_l2 real, ADD energy_kwh_l3 real, ADD quality text NOT NULL DEFAULT 'raw';
ALTER TABLE organizations ADD contact varchar(80), ALTER city TYPE varchar(80);
CREATE INDEX readings_l1 ON readings (energy_kwh_l1) WHERE energy_kwh_l1 > 0;
CREATE TABLE alerts (id serial PRIMARY KEY, channel_id integer REFERENCES channels, reading_id bigint REFERENCES readings (id), note text);
INSERT INTO alerts (channel_id, reading_id) SELECT channel_id, id FROM readings LIMIT 1;
CREATE VIEW per_phase AS SELECT channel_id, timestamp, energy_kwh_l1 + energy_kwh_l2 + energy_kwh_l3 AS energy FROM readings;
\ir ../older/views.sql
CREATE OR REPLACE VIEW v_clean_readings AS SELECT id, channel_id, timestamp, energy_kwh, power_kw, voltage_v, current_a, power_factor,
    reactive_power_kvar, temperature_c, relative_humidity, created_at, energy_kwh_l1, quality FROM readings WHERE energy_kwh <> 0 AND power_kw <> 0;
GRANT SELECT ON v_sites, v_meters, v_readings_enriched, v_latest_readings, v_readings_hourly, v_readings_daily, v_readings_monthly, mv_hourly_usage TO argo_test_reports;
GRANT SELECT ON v_readings_daily TO argo_test_analyst WITH GRANT OPTION;
SET ROLE argo_test_analyst;
GRANT SELECT ON v_readings_daily TO argo_test_etl;
RESET ROLE;
GRANT SELECT (id, energy_kwh, quality), UPDATE (energy_kwh) ON v_clean_readings TO argo_test_reports;
GRANT SELECT (site_id) ON v_sites TO PUBLIC;
REVOKE TRUNCATE, TRIGGER ON v_sites FROM CURRENT_USER;
COMMENT ON VIEW v_sites IS 'Our sites, it''s said';
COMMENT ON COLUMN v_sites.site_name IS 'Name on the door';
COMMENT ON MATERIALIZED VIEW mv_hourly_usage IS 'Hours';
COMMENT ON COLUMN mv_hourly_usage.avg_kw IS 'kW';
ALTER VIEW v_meters SET (security_barrier = true);
ALTER MATERIALIZED VIEW mv_hourly_usage SET (autovacuum_enabled = false);
GRANT CREATE, USAGE ON SCHEMA public TO argo_test_owner;
GRANT SELECT ON readings, channels, organizations, devices, v_clean_readings, v_meters, v_readings_enriched TO argo_test_owner;
ALTER VIEW v_readings_enriched OWNER TO argo_test_owner;
ALTER VIEW v_readings_hourly OWNER TO argo_test_owner;
ALTER VIEW v_clean_readings OWNER TO argo_test_owner;
GRANT INSERT, SELECT ON readings TO argo_test_etl;
GRANT USAGE ON SEQUENCE readings_id_seq TO argo_test_etl;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, DELETE ON TABLES TO argo_test_etl;
CREATE FUNCTION pg_temp.grants() RETURNS TABLE (relation regclass, owner name, "column" name, grantee oid, privilege text, grantable boolean) LANGUAGE sql AS $$
    SELECT c.oid::regclass, pg_get_userbyid(relowner), NULL::name, a.grantee, a.privilege_type, a.is_grantable
    FROM pg_class c, aclexplode(coalesce(relacl, acldefault('r', relowner))) a
    WHERE relnamespace = 'public'::regnamespace AND relname IN (SELECT view_name FROM _argo_adoptable_views())
    UNION SELECT c.oid::regclass, pg_get_userbyid(relowner), attname, a.grantee, a.privilege_type, a.is_grantable
    FROM pg_class c JOIN pg_attribute t ON t.attrelid = c.oid, aclexplode(attacl) a
    WHERE relnamespace = 'public'::regnamespace AND relname IN (SELECT view_name FROM _argo_adoptable_views())
$$;
CREATE TEMP TABLE grants_before AS SELECT relation::text, owner, "column", grantee, privilege, grantable FROM pg_temp.grants();
DELETE FROM older_tables;
INSERT INTO older_tables SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'S') AND relname !~ '^(_argo|pg_|tap_)';
CREATE TEMP TABLE tables_before AS SELECT * FROM pg_temp.tables() AS entry;
SELECT is((SELECT detail FROM argo_setup(true) WHERE object_name = 'v_clean_readings'),
    'dry run; no longer with columns energy_kwh_l1, quality', 'columns that a view of Argo''s lacks are named');
SAVEPOINT later;
CREATE TEMP TABLE done AS SELECT * FROM argo_setup();
SELECT set_eq('SELECT * FROM tables_before', 'SELECT * FROM pg_temp.tables()', 'more columns, indexes, tables and keys stay');
SELECT lives_ok('SELECT * FROM per_phase', 'and a view over them');
SELECT set_eq($$SELECT * FROM grants_before WHERE "column" IS DISTINCT FROM 'quality'$$,
    $$SELECT relation::text, owner, "column", grantee, privilege, grantable FROM pg_temp.grants()
      WHERE NOT (grantee = (SELECT oid FROM pg_roles WHERE rolname = current_user) AND owner = 'argo_test_owner' AND privilege = 'SELECT')$$,
    'owners and grants are what they were, of columns, too, and default privileges add none');
SELECT is(obj_description('v_sites'::regclass), 'Our sites, it''s said', 'the comment of a view');
SELECT is(col_description('v_sites'::regclass, 2), 'Name on the door', 'of its column');
SELECT is(obj_description('mv_hourly_usage'::regclass) || col_description('mv_hourly_usage'::regclass, 3), 'HourskW', 'and of the materialized one');
SELECT is(obj_description('v_meters'::regclass) IS NOT NULL, true, 'Argo''s own stay where there was none');
SELECT is((SELECT array_agg(o ORDER BY o) FROM pg_class, unnest(reloptions) o WHERE oid IN ('v_meters'::regclass, 'mv_hourly_usage'::regclass)),
    ARRAY['autovacuum_enabled=false', 'security_barrier=true'], 'options');
SET ROLE argo_test_reports;
SELECT lives_ok('SELECT * FROM ' || v, 'the reporting role reads ' || v) FROM unnest(ARRAY['v_sites', 'v_meters', 'v_readings_enriched', 'v_latest_readings',
    'v_readings_hourly', 'v_readings_daily', 'v_readings_monthly', 'mv_hourly_usage']) AS v;
SELECT throws_ok('SELECT * FROM v_readings_all', '42501', NULL, 'and nothing else');
RESET ROLE;
SET ROLE argo_test_etl;
SELECT lives_ok($$INSERT INTO readings (channel_id, timestamp, energy_kwh, power_kw) VALUES (1, '2025-03-12 10:00Z', 3, 12)
    ON CONFLICT (channel_id, timestamp) DO NOTHING$$, 'another writer needs no new right');
RESET ROLE;
SELECT isnt_empty('SELECT * FROM _argo_dirty', 'and leaves its mark');
SELECT lives_ok('SELECT * FROM v_readings_hourly', 'a view of another owner reads what Argo added');
SELECT is((SELECT count(*) FROM argo_refresh() WHERE strategy <> 'skipped'), 2::bigint, 'and the materialized views read theirs');
SELECT results_eq('SELECT DISTINCT action FROM argo_setup()', ARRAY['unchanged'], 'a second call finds all unchanged');
ROLLBACK TO older;

-- 3. Refusals: nothing is changed, and what the hint says mends it.
ALTER TABLE readings DROP relative_humidity CASCADE, DROP created_at CASCADE;
ALTER TABLE ingestion_logs DROP readings_rejected;
ALTER TABLE channels ADD must text; UPDATE channels SET must = ''; ALTER TABLE channels ALTER must SET NOT NULL;
DROP INDEX idx_readings_unique;
SELECT pg_temp.refusal('42P07', 'column created_at of public.readings is missing; column relative_humidity of public.readings is missing; '
    'column readings_rejected of public.ingestion_logs is missing; column must of public.channels .*; '
    'public.readings has no plain unique index on \(channel_id, "timestamp"\)', 'a missing column and key');
SELECT is((SELECT count(created_at) FROM readings), 0::bigint, 'nobody claims that its rows were made now');
ROLLBACK TO older;

DROP VIEW v_readings_monthly, v_readings_daily, v_readings_hourly, v_latest_readings, v_readings_enriched;
DROP MATERIALIZED VIEW mv_hourly_usage;
DROP VIEW v_clean_readings;
ALTER TABLE readings ALTER voltage_v TYPE double precision;
\ir ../older/views.sql
SELECT pg_temp.refusal('42P07', 'column voltage_v of public.readings is double precision, not real', 'another type');
ROLLBACK TO older;

CREATE VIEW my_report AS SELECT site_name, count(*) FROM v_readings_daily GROUP BY site_name;
CREATE MATERIALIZED VIEW my_summary AS SELECT * FROM my_report;
CREATE FUNCTION my_sites() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM v_sites; END;
CREATE FUNCTION my_meter(m v_meters) RETURNS text LANGUAGE sql AS 'SELECT m.meter_name';
CREATE TABLE notes (meter integer);
CREATE POLICY my_policy ON notes USING (meter IN (SELECT meter_id FROM v_meters));
CREATE RULE my_rule AS ON DELETE TO v_sites DO INSTEAD NOTHING;
CREATE FUNCTION my_insert() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER my_trigger INSTEAD OF INSERT ON v_meters FOR EACH ROW EXECUTE FUNCTION my_insert();
CREATE STATISTICS my_statistics ON meter_id, hour FROM mv_hourly_usage;
ALTER VIEW v_sites ALTER site_name SET DEFAULT 'New';
SELECT matches((SELECT hint FROM pg_temp.attempt('SELECT argo_setup()')), 'pg_get_triggerdef.*DROP TRIGGER my_trigger', 'what a trigger was is shown');
SELECT pg_temp.refusal('2BP01', 'materialized view public.my_summary, .*my_policy on public.notes, rule my_rule on public.v_sites, .*my_meter.*view public.my_report, .*my_sites', 'what depends on the views');
ROLLBACK TO older;

ALTER VIEW v_sites SET (security_invoker = true);
SELECT pg_temp.refusal('42P07', 'view public.v_sites works with the rights of its reader', 'a view with the rights of its reader');
ROLLBACK TO older;

CREATE TABLE refresh_log (mine text);
CREATE VIEW v_readings_all AS SELECT 1 AS one;
SELECT pg_temp.refusal('42P07', 'refresh_log, v_readings_all', 'a name of Argo''s own');
ROLLBACK TO older;

GRANT CREATE ON SCHEMA public TO argo_test_owner;
ALTER TABLE readings OWNER TO argo_test_owner;
SET ROLE argo_test_etl;
SELECT matches((SELECT hint FROM pg_temp.attempt('SELECT argo_setup()')), E'-- As a superuser or a member of argo_test_owner and argo_test_etl:\n'
    'ALTER TABLE public.readings OWNER TO argo_test_etl;\n', 'who may not type the cure reads who may');
RESET ROLE;
SELECT pg_temp.refusal('42501', 'public.readings belongs to argo_test_owner', 'a table of another owner');
ROLLBACK TO older;

GRANT CREATE ON SCHEMA public TO argo_test_owner;
DO $$
DECLARE statement text;
BEGIN
    FOR statement IN SELECT format('ALTER %s %s OWNER TO argo_test_owner', CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END, oid::regclass)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'v', 'm') AND relname !~ '^(tap|pg)_'
    LOOP EXECUTE statement; END LOOP;
END $$;
SELECT is((SELECT state || ' ' || split_part(hint, E'\n', 1) FROM pg_temp.attempt('SELECT argo_setup()')), '42501 Type SET ROLE argo_test_owner;',
    'where all are another''s, become that role');
SET ROLE argo_test_owner;
SELECT lives_ok('SELECT argo_setup()', 'which may adopt them without being a superuser');
SELECT results_eq($$SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class JOIN _argo_setup_steps() ON object_name = relname
    WHERE relnamespace = 'public'::regnamespace$$, ARRAY['argo_test_owner']::name[], 'and owns everything');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
