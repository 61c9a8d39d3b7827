-- What goes wrong in one place stays there: views that fail, that are others', times at the end of all time.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(31);

DO $$ BEGIN PERFORM argo_setup(); END $$;
SET LOCAL TimeZone = 'UTC';
CREATE ROLE argo_test_owner;
CREATE ROLE argo_test_reader;
CREATE SCHEMA lab AUTHORIZATION argo_test_owner;
CREATE SCHEMA reports;
GRANT USAGE ON SCHEMA reports TO argo_test_reader;
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('a', 'A', 'Asia/Kolkata');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (1, 'One', 'a'), (2, 'Two', NULL);
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, 1, 4 FROM generate_series(1, 2) AS c, generate_series('2025-06-01 00:00Z', '2025-06-10 23:45Z', interval '15 minutes') AS t;

-- Of several views the one that fails is alone.
CREATE FUNCTION lab.failing(range_start timestamptz, range_end timestamptz) RETURNS TABLE (meter_id integer, day date) LANGUAGE plpgsql STABLE
    AS 'BEGIN RETURN QUERY SELECT 1, date ''2025-06-01''; END';
CREATE MATERIALIZED VIEW lab.fails AS SELECT * FROM lab.failing('-infinity', 'infinity');
CREATE UNIQUE INDEX ON lab.fails (day);
CREATE OR REPLACE FUNCTION lab.failing(range_start timestamptz, range_end timestamptz) RETURNS TABLE (meter_id integer, day date) LANGUAGE plpgsql STABLE
    AS 'BEGIN RETURN QUERY SELECT 1 / 0, date ''2025-06-01''; END';
SELECT argo_register_matview('lab.fails', 'day', 'day', 'lab.failing') \g /dev/null
UPDATE _argo_refreshed_views SET source_digest = md5(pg_get_functiondef('lab.failing'::regproc)), relfilenode = pg_relation_filenode(matview) WHERE matview = 'lab.fails'::regclass;
SELECT set_eq('SELECT view, strategy, reason FROM argo_refresh()', $$VALUES ('mv_hourly_usage', 'full', '100 % of it changed'),
    ('mv_daily_usage', 'full', '100 % of it changed'), ('lab.fails', 'failed', 'division by zero')$$, 'a view that fails says so, and the others are refreshed');
SELECT is((SELECT array_agg(DISTINCT matview::text) FROM _argo_dirty), ARRAY['lab.fails'], 'its marks wait');
SELECT is((SELECT count(*) FROM refresh_log WHERE strategy = 'failed'), 1::bigint, 'the log has it');
SELECT throws_ok($$SELECT argo_refresh(views => ARRAY['lab.fails'])$$, '22012', NULL, 'asked for by name it raises');
SELECT results_eq('SELECT view, strategy FROM argo_refresh()', $$VALUES ('mv_hourly_usage', 'skipped'), ('mv_daily_usage', 'skipped'), ('lab.fails', 'failed')$$,
    'and it is tried again');
CREATE OR REPLACE FUNCTION lab.failing(range_start timestamptz, range_end timestamptz) RETURNS TABLE (meter_id integer, day date) LANGUAGE plpgsql STABLE
    AS 'BEGIN RETURN QUERY SELECT 1, date ''2025-06-01''; END';
SELECT is((SELECT strategy FROM argo_refresh() WHERE view = 'lab.fails'), 'full', 'until it is mended');
SELECT is_empty('SELECT FROM _argo_dirty', 'and the marks are gone');

-- A view of somebody else is left out, unless it is asked for.
GRANT SELECT, INSERT, UPDATE, DELETE ON _argo_refreshed_views, _argo_dirty, _argo_unvalidated, refresh_log TO argo_test_owner;
GRANT SELECT ON readings, channels, _argo_zones, v_clean_readings, _argo_exact_hours TO argo_test_owner;
GRANT EXECUTE ON FUNCTION _argo_overtaken TO argo_test_owner;
ALTER MATERIALIZED VIEW mv_hourly_usage OWNER TO argo_test_owner;
ALTER MATERIALIZED VIEW mv_daily_usage OWNER TO argo_test_owner;
UPDATE readings SET power_kw = 5 WHERE channel_id = 1 AND "timestamp" = '2025-06-02 12:00Z';
SET LOCAL ROLE argo_test_owner;
SELECT set_eq('SELECT view, strategy, reason FROM argo_refresh()', $$VALUES ('mv_hourly_usage', 'incremental', NULL), ('mv_daily_usage', 'incremental', NULL),
    ('lab.fails', 'skipped', 'permission denied')$$, 'a view of another owner is left out');
SELECT throws_ok($$SELECT argo_refresh(views => ARRAY['lab.fails'])$$, '42501', NULL, 'asked for by name it is refused');
SELECT throws_ok($$SELECT argo_unregister_matview('lab.fails')$$, '42501', NULL, 'and it stays registered');
RESET ROLE;
SELECT is((SELECT array_agg(DISTINCT matview::text) FROM _argo_dirty), ARRAY['lab.fails'], 'its marks wait for its owner');
SELECT unalike((SELECT strategy FROM argo_refresh() WHERE view = 'lab.fails'), 'skipped', 'who takes them');

-- A reader of a view on a view sees the same whether marks wait or not.
CREATE VIEW reports.hours AS SELECT * FROM v_readings_hourly;
CREATE VIEW reports.latest AS SELECT * FROM v_latest_readings;
CREATE VIEW reports.days AS SELECT * FROM v_readings_daily;
GRANT SELECT ON ALL TABLES IN SCHEMA reports TO argo_test_reader;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO argo_test_owner;
UPDATE readings SET power_kw = 6 WHERE channel_id = 1 AND "timestamp" = '2025-06-02 12:00Z';
SET LOCAL ROLE argo_test_reader;
SELECT (SELECT count(*) FROM reports.hours) || ' ' || (SELECT count(*) FROM reports.latest) || ' ' || (SELECT count(*) FROM reports.days) AS seen \gset
RESET ROLE;
SELECT is(:'seen'::text, '481 2 22', 'without any right on Argo''s schema');

-- Times that no meter has.
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, 'infinity', 1, 1);
\if :is_hypertable
\else
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '-infinity', 1, 1);
\endif
SELECT lives_ok('SELECT * FROM v_refresh_status', 'a reading at infinity: the status shows');
SELECT is((SELECT count(*) FROM argo_refresh() WHERE strategy IN ('incremental', 'full')), 3::bigint, 'it is refreshed');
DELETE FROM readings WHERE NOT isfinite("timestamp");
SELECT is((SELECT count(*) FROM argo_refresh() WHERE strategy <> 'failed'), 3::bigint, 'and goes');
UPDATE organizations SET timezone = 'UTC';
SELECT lives_ok('SELECT * FROM argo_refresh()', 'all of a meter is marked meanwhile');
-- The last week of all time is no chunk's on every version.
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
VALUES (2, CASE WHEN :is_hypertable = 1 THEN '294200-12-31 23:45Z' ELSE '294276-12-31 23:45Z' END::timestamptz, 1, 1);
SELECT lives_ok('SELECT * FROM v_readings_hourly', 'the last quarter of time: hours, marked');
SELECT lives_ok('SELECT * FROM v_latest_readings', 'the newest reading');
SELECT lives_ok('SELECT * FROM v_readings_daily', 'and days');
SELECT is((SELECT count(*) FROM argo_refresh() WHERE strategy IN ('incremental', 'full')), 3::bigint, 'it is refreshed too');
SELECT lives_ok('SELECT * FROM v_latest_readings', 'and the newest reading shows');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (2, '4713-01-01 00:00Z BC', 1, 1);
SELECT lives_ok('SELECT * FROM v_readings_hourly', 'the first quarter of time');
SELECT is((SELECT count(*) FROM argo_refresh() WHERE strategy IN ('incremental', 'full')), 3::bigint, 'is refreshed');
DELETE FROM readings WHERE "timestamp" > '2100-01-01' OR "timestamp" < '1900-01-01';
SELECT argo_refresh() \g /dev/null
SELECT is((SELECT count(*) FROM v_readings_hourly), 480::bigint, 'afterwards all is as before');
-- Moments that the clock of the site cannot show; nor are they in a chunk.
\if :is_hypertable
SELECT skip('a hypertable has no such chunks', 2);
\else
UPDATE organizations SET timezone = 'America/New_York';
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (2, '4714-11-24 00:01Z BC', 1, 1);
DELETE FROM readings WHERE "timestamp" < '1900-01-01';
SELECT is((SELECT count(*) FROM argo_refresh() WHERE strategy IN ('incremental', 'full')), 3::bigint, 'the first of all moments leaves no mark that cannot be taken');
UPDATE organizations SET timezone = 'Pacific/Kiritimati';
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (2, '294276-12-31 23:59Z', 1, 1);
DELETE FROM readings WHERE "timestamp" > '2100-01-01';
SELECT is((SELECT count(*) FROM argo_refresh() WHERE strategy IN ('incremental', 'full')), 3::bigint, 'nor does the last');
\endif

-- Others' publications.
SET LOCAL client_min_messages = error;
CREATE PUBLICATION argo_test_all FOR ALL TABLES;
UPDATE readings SET power_kw = 7 WHERE channel_id = 1 AND "timestamp" = '2025-06-02 12:00Z';
SELECT is((SELECT count(*) FROM argo_refresh() WHERE strategy IN ('incremental', 'full')), 3::bigint, 'a publication of all tables is not in the way');
SELECT is((SELECT count(*) FROM _argo_dirty), 0::bigint, 'of marks either');
SELECT is((SELECT max(peak_kw) FROM mv_hourly_usage WHERE meter_id = 1), 7::real, 'and the views follow');
SELECT throws_ok('SELECT argo_refresh(''incremental'', 2000000000)', '22023', NULL, 'days have an end');

SELECT * FROM finish();
ROLLBACK;
