-- The extension comes and goes; the data is the user's and stays.
BEGIN;
SELECT plan(30);
SET client_min_messages = error;

SELECT set_eq($$
    SELECT DISTINCT d.classid::regclass::text FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid
    WHERE e.extname = 'argo' AND d.deptype = 'e'
$$, ARRAY['pg_proc', 'pg_foreign_data_wrapper'], 'members are functions and the wrapper only');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid JOIN pg_proc AS p ON p.oid = d.objid
    WHERE e.extname = 'argo' AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND p.proname !~ '^_?argo_'
      AND p.proname <> 'refresh_materialized_views_smart'
$$, 'whose names begin with argo_ or _argo_, but for one that schedules call');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid JOIN pg_proc AS p ON p.oid = d.objid
    WHERE e.extname = 'argo' AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
      AND p.proname <> 'argo_eniscope_validator' AND p.prokind <> 'p' AND p.prosqlbody IS NULL AND p.proconfig IS NULL
$$, 'with a fixed search_path, but for procedures that commit and what must inline');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid JOIN pg_proc AS p ON p.oid = d.objid
    WHERE e.extname = 'argo' AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e' AND obj_description(p.oid, 'pg_proc') IS NULL
$$, 'and a comment each');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc AS p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proname ~ '^_?argo_|^refresh_'
      AND p.prosrc ~* ('\mpg_(try_)?advisory_(un)?lock|\mset_config\([^;]*, false\)|\mPREPARE\M|\m(UN)?LISTEN\M'
                           || '|\mCREATE TEMP|(EXECUTE|PERFORM) ''SET (?!CONSTRAINTS|LOCAL)')
$$, 'none leaves anything in its session, which through a pooler is the next client''s');
SELECT ok(NOT has_function_privilege('public', 'argo_ingest(text, integer, text, boolean, boolean, text, integer, integer, timestamptz)', 'EXECUTE'), 'what sends requests is revoked from PUBLIC');

CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');
SELECT is((SELECT status FROM argo_ingest('23272', 2, as_of => to_timestamp(:now))), 'success', 'two statements give a first result');
SELECT is_empty($$
    SELECT c.oid::regclass FROM pg_class AS c JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
    JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'argo'
$$, 'the tables and views it made are no members');
CREATE TEMP TABLE kept AS SELECT * FROM readings;
CREATE TEMP TABLE kept_days AS SELECT * FROM v_readings_daily;
SELECT cmp_ok((SELECT count(*) FROM kept), '>', 300::bigint, 'there are readings');

SELECT throws_ok('DROP EXTENSION argo', '2BP01', NULL, 'servers that the user made are not dropped unasked');
DROP SERVER eniscope CASCADE;
SELECT lives_ok('DROP EXTENSION argo', 'without them the extension goes without CASCADE');
SELECT set_eq('SELECT * FROM readings', 'SELECT * FROM kept', 'no reading is lost');
SELECT set_eq('SELECT * FROM v_readings_daily', 'SELECT * FROM kept_days', 'the views still work');
SELECT lives_ok('REFRESH MATERIALIZED VIEW CONCURRENTLY ' || matview, 'so does ' || matview)
FROM unnest(ARRAY['mv_hourly_usage', 'mv_daily_usage', 'mv_daily_ahu_costs', 'mv_daily_ahu_kwh', 'mv_monthly_ahu_costs']) AS matview;
SELECT lives_ok($$UPDATE organizations SET timezone = 'Europe/London'$$, 'so do the triggers');
SELECT lives_ok('CREATE EXTENSION argo', 'the extension comes back');
SELECT is_empty($$SELECT * FROM argo_setup() WHERE action <> 'unchanged'$$, 'and takes up the tables as they are');

CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');
SELECT is((SELECT inserted FROM argo_ingest('23272', 2, as_of => to_timestamp(:now))), 0::bigint, 'an ingest finds all of it');
SELECT bag_eq('SELECT meter_id, day, total_kwh FROM mv_daily_usage', $$SELECT u.meter_id, u.day, u.total_kwh
    FROM channels AS c, _argo_daily_usage(c.channel_id, '-infinity', 'infinity') AS u$$, 'and the refresh what changed without it');

-- In a schema of another name, with a caller whose search_path knows nothing of it.
DROP SERVER eniscope CASCADE;
DROP EXTENSION argo;
CREATE SCHEMA "my argo";
SELECT lives_ok('CREATE EXTENSION argo SCHEMA "my argo"', 'a schema of its own');
CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');
SET search_path = pg_catalog;
SELECT status FROM "my argo".argo_ingest('23272', 2, as_of => to_timestamp(:now)) \gset
RESET search_path;
SELECT is(:'status'::text, 'success', 'an ingest there');
SELECT set_eq('SELECT channel_id, "timestamp", energy_kwh, power_kw FROM "my argo".readings',
              'SELECT channel_id, "timestamp", energy_kwh, power_kw FROM kept', 'stores the same there');
SELECT set_eq('SELECT * FROM "my argo".' || matview,
              format('SELECT u.* FROM "my argo".channels AS c, "my argo".%s(c.channel_id, ''-infinity'', ''infinity'') AS u', source),
              'and refreshes ' || matview || ' there')
FROM (VALUES ('mv_hourly_usage', '_argo_hourly_usage'), ('mv_daily_usage', '_argo_daily_usage')) AS v (matview, source);
SELECT results_eq('SELECT view, strategy FROM "my argo".argo_refresh(''full'')',
                  $$VALUES ('mv_hourly_usage', 'full'), ('mv_daily_usage', 'full')$$, 'by the names that they have there');

-- Tables of the same names that others made are refused.
DROP SERVER eniscope CASCADE;
DROP EXTENSION argo;
CREATE SCHEMA taken;
CREATE TABLE taken.readings (note text);
CREATE EXTENSION argo SCHEMA taken;
CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');
SELECT throws_ok($$SELECT taken.argo_ingest('23272', 2)$$, '42P07', 'schema taken already has relations with names that argo needs', 'tables that Argo did not make');

SELECT * FROM finish();
ROLLBACK;
