-- argo_setup(): what it makes, makes again, refuses, and leaves standing without Argo.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(47);

CREATE ROLE argo_test_user;
CREATE ROLE argo_test_other;

-- Runs a statement as a role under an empty search_path; what it raised, or NULLs.
CREATE FUNCTION pg_temp.attempt(role text, statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', role, true), set_config('search_path', '', true);
    EXECUTE statement;
    PERFORM set_config('role', 'none', true), set_config('search_path', 'public', true);
EXCEPTION WHEN OTHERS THEN
    -- The failed block has put role and search_path back.
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
-- Every relation, function, trigger and constraint of a schema, with what a needless DDL would change.
CREATE FUNCTION pg_temp.catalog(schema text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', 'class', oid, xmin, relfilenode, relname) FROM pg_class WHERE relnamespace = $1::regnamespace
    UNION ALL SELECT concat_ws(' ', 'proc', oid, xmin, proname) FROM pg_proc
    WHERE pronamespace = $1::regnamespace AND proname ~ '^_?argo_'
    UNION ALL SELECT concat_ws(' ', 'trigger', t.oid, t.xmin, t.tgname) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = $1::regnamespace
    UNION ALL SELECT concat_ws(' ', 'rewrite', r.oid, r.xmin) FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE c.relnamespace = $1::regnamespace
$$;

SELECT is_empty($$SELECT c.relname FROM pg_class c JOIN _argo_setup_steps() s ON s.object_name = c.relname
    WHERE c.relnamespace = 'public'::regnamespace$$, 'installing Argo makes no data objects');

CREATE TEMP TABLE foretold AS SELECT * FROM argo_setup(dry_run => true) WITH ORDINALITY;
SELECT is_empty($$SELECT c.relname FROM pg_class c JOIN _argo_setup_steps() s ON s.object_name = c.relname
    WHERE c.relnamespace = 'public'::regnamespace$$, 'nor does a dry run');
SELECT is((SELECT count(*) FROM argo_setup(NULL)), (SELECT count(*) FROM foretold WHERE detail = 'dry run'), 'and NULL is one');

CREATE TEMP TABLE first_call AS SELECT * FROM argo_setup() WITH ORDINALITY;
SELECT results_eq($$SELECT object_kind, object_name, action, detail FROM first_call ORDER BY ordinality$$,
    $$SELECT object_kind, object_name, 'created', NULL::text FROM _argo_setup_steps() ORDER BY step$$,
    'the first call makes every object');
SELECT results_eq($$SELECT object_kind, object_name, action FROM first_call ORDER BY ordinality$$,
    $$SELECT object_kind, object_name, action FROM foretold ORDER BY ordinality$$, 'as the dry run foretold');
SELECT set_has($$SELECT object_name FROM first_call$$, $$VALUES ('organizations'), ('devices'), ('channels'), ('readings'),
    ('data_sync_status'), ('ingestion_logs'), ('v_clean_readings'), ('mv_hourly_usage'), ('v_sites'), ('v_meters'),
    ('v_readings_enriched'), ('v_readings_all'), ('v_latest_readings'), ('v_readings_hourly'), ('v_readings_daily'),
    ('v_readings_monthly'), ('mv_daily_usage'), ('refresh_log'), ('v_refresh_status')$$, 'all of the contract among them');
SELECT results_eq('SELECT version FROM _argo_schema_version', 'SELECT _argo_setup_version()', 'the version is recorded');

CREATE TEMP TABLE before_call AS SELECT * FROM pg_temp.catalog('public') AS entry;
CREATE TEMP TABLE second_call AS SELECT * FROM argo_setup();
SELECT results_eq($$SELECT DISTINCT action FROM second_call$$, ARRAY['unchanged'], 'the second call finds everything unchanged');
SELECT is((SELECT count(*) FROM second_call), (SELECT count(*) FROM first_call), 'and names every object again');
SELECT is_empty($$(SELECT * FROM before_call EXCEPT ALL SELECT * FROM pg_temp.catalog('public')) UNION ALL
    (SELECT * FROM pg_temp.catalog('public') EXCEPT ALL SELECT * FROM before_call)$$, 'and touches no catalog row');
SELECT is((pg_temp.attempt('argo_test_other', 'SELECT public.argo_setup()')).state, NULL, 'it needs no right');
SELECT is((SELECT count(*) FROM _argo_schema_version), 1::bigint, 'the version is recorded once');

DROP VIEW v_readings_daily;
SELECT results_eq($$SELECT object_name, action FROM argo_setup() WHERE action <> 'unchanged'$$,
    $$VALUES ('v_readings_daily', 'created')$$, 'a lost view comes back alone');

-- As after an older version, and after restoring a dump of the schema without its rows.
GRANT SELECT ON v_sites TO argo_test_other;
CREATE TEMP TABLE files AS SELECT oid, relfilenode FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'm', 'i');
DELETE FROM _argo_schema_version;
SELECT results_eq($$SELECT DISTINCT object_kind, action FROM argo_setup() ORDER BY 1$$, $$VALUES
    ('function', 'replaced'), ('index', 'unchanged'), ('materialized view', 'unchanged'), ('table', 'unchanged'),
    ('trigger', 'replaced'), ('view', 'replaced')$$, 'of an older data schema, what can be replaced is replaced');
SELECT is_empty($$SELECT f.oid FROM files f LEFT JOIN pg_class c ON c.oid = f.oid AND c.relfilenode = f.relfilenode WHERE c.oid IS NULL$$,
    'and no table is rewritten');
SELECT ok(has_table_privilege('argo_test_other', 'v_sites', 'SELECT'), 'and grants stay');
SELECT results_eq('SELECT version FROM _argo_schema_version', 'SELECT _argo_setup_version()', 'the version is recorded again');

INSERT INTO _argo_schema_version VALUES (_argo_setup_version() + 1);
CREATE TEMP TABLE newer AS SELECT * FROM pg_temp.attempt('none', 'SELECT public.argo_setup()');
SELECT is(state, '55000', 'a newer data schema is refused') FROM newer;
SELECT matches(hint, 'ALTER EXTENSION argo UPDATE', 'with the cure') FROM newer;
SELECT is((pg_temp.attempt('none', 'SELECT public.argo_setup(true)')).state, '55000', 'by a dry run, too');
DELETE FROM _argo_schema_version WHERE version > _argo_setup_version();

ALTER TABLE organizations DISABLE TRIGGER USER;
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('k', 'K', 'asia/kolkata'), ('x', 'X', 'Nope');
ALTER TABLE organizations ENABLE TRIGGER USER;
SELECT results_eq($$SELECT object_name, action, detail FROM argo_setup(true) WHERE action <> 'unchanged'$$,
    $$VALUES ('_argo_zones', 'replaced', 'dry run; time zones of 2 organizations')$$, 'zones that no trigger saw are found by a dry run');
SELECT results_eq($$SELECT object_name, action, detail FROM argo_setup() WHERE action <> 'unchanged'$$,
    $$VALUES ('_argo_zones', 'replaced', 'time zones of 2 organizations')$$, 'zones that no trigger saw are verified');
SELECT results_eq($$SELECT organization_id, timezone, is_valid FROM _argo_zones ORDER BY 1$$,
    $$VALUES ('k', 'Asia/Kolkata', true), ('x', 'America/New_York', false)$$, 'and kept');

-- The same functions in a schema whose name needs quotes.
CREATE SCHEMA "my argo";
GRANT USAGE ON SCHEMA "my argo" TO argo_test_user, argo_test_other;
SET LOCAL check_function_bodies = off;
DO $$
DECLARE definition text;
BEGIN
    FOR definition IN
        SELECT regexp_replace(pg_get_functiondef(p.oid), '"public"|\mpublic\M', '"my argo"', 'g')
        FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE p.pronamespace = 'public'::regnamespace AND p.proname ~ '^_?argo_' AND l.lanname IN ('sql', 'plpgsql')
          AND p.proname NOT IN (SELECT object_name FROM _argo_setup_steps() WHERE object_kind = 'function')
    LOOP
        EXECUTE definition;
    END LOOP;
END $$;
\set stand_ins `sed 's/@extschema@/"my argo"/g' sql/refresh/merge_by_refresh.sql`
:stand_ins
SET LOCAL check_function_bodies = on;

CREATE TABLE "my argo".readings (mine text);
CREATE VIEW "my argo".v_sites AS SELECT 'mine' AS site;
CREATE TEMP TABLE before_refusal AS SELECT * FROM pg_temp.catalog('"my argo"') AS entry;
CREATE TEMP TABLE refused AS SELECT * FROM pg_temp.attempt('none', 'SELECT "my argo".argo_setup()');
SELECT is(state, '42P07', 'names that others have taken are refused') FROM refused;
SELECT is(r::text, d::text, 'by a dry run, too') FROM refused r, pg_temp.attempt('none', 'SELECT "my argo".argo_setup(true)') d;
SELECT matches(detail, 'readings, v_sites\. Nothing was changed', 'by name') FROM refused;
SELECT matches(hint, 'schema of (its|their) own', 'with the cure') FROM refused;
SELECT set_eq('SELECT * FROM before_refusal', $$SELECT * FROM pg_temp.catalog('"my argo"')$$, 'and nothing is made');
DROP TABLE "my argo".readings;
DROP VIEW "my argo".v_sites;

CREATE TEMP TABLE forbidden AS SELECT * FROM pg_temp.attempt('argo_test_user', 'SELECT "my argo".argo_setup()');
SELECT is(state, '42501', 'a role without CREATE on the schema is refused') FROM forbidden;
SELECT matches(detail, 'argo_test_user.*Nothing was changed', 'by name') FROM forbidden;
SELECT is(hint, 'Ask its owner to type GRANT CREATE ON SCHEMA "my argo" TO argo_test_user;', 'with the cure') FROM forbidden;
SELECT is_empty($$SELECT relname FROM pg_class WHERE relnamespace = '"my argo"'::regnamespace$$, 'and nothing is made');

GRANT CREATE ON SCHEMA "my argo" TO argo_test_user;
SELECT is((pg_temp.attempt('argo_test_user', 'SELECT "my argo".argo_setup()')).message, NULL, 'with CREATE it may');
SELECT results_eq($$SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = '"my argo"'::regnamespace$$,
    ARRAY['argo_test_user']::name[], 'and owns everything');
SELECT is((SELECT count(*) FROM _argo_setup_steps()), (SELECT count(*) FROM "my argo".argo_setup() WHERE action = 'unchanged'),
    'all is there');
SELECT is_empty($$
    SELECT d.classid::regclass, d.objid, d.refobjid::regclass FROM pg_depend d
    JOIN pg_class target ON d.refclassid = 'pg_class'::regclass AND target.oid = d.refobjid AND target.relnamespace = 'public'::regnamespace
    WHERE d.objid IN (SELECT oid FROM pg_class WHERE relnamespace = '"my argo"'::regnamespace
                      UNION ALL SELECT r.oid FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class WHERE c.relnamespace = '"my argo"'::regnamespace
                      UNION ALL SELECT oid FROM pg_proc WHERE pronamespace = '"my argo"'::regnamespace
                      UNION ALL SELECT oid FROM pg_constraint WHERE connamespace = '"my argo"'::regnamespace)
    $$, 'and refers to nothing in another schema');

SELECT is((pg_temp.attempt('argo_test_user', $$
    INSERT INTO "my argo".channels (channel_id, channel_name) VALUES (1, 'Main');
    INSERT INTO "my argo".readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-06-01 12:00Z', 1, 4);
    SELECT "my argo".argo_refresh()$$)).message, NULL, 'its owner writes and refreshes under an empty search_path');
SELECT results_eq($$SELECT meter_id, total_kwh FROM "my argo".v_readings_hourly$$, $$VALUES (1, 1::float8)$$, 'and the views show it');

GRANT INSERT ON "my argo".organizations TO argo_test_other;
SELECT is((pg_temp.attempt('argo_test_other', $$INSERT INTO "my argo".organizations (organization_id, organization_name, timezone)
    VALUES ('o', 'O', 'asia/kathmandu')$$)).message, NULL, 'who may only insert organizations needs no other right');
SELECT results_eq($$SELECT organization_id, timezone FROM "my argo"._argo_zones$$, $$VALUES ('o', 'Asia/Kathmandu')$$,
    'and the zone is kept');
SELECT is((pg_temp.attempt('argo_test_other', 'SELECT * FROM "my argo"._argo_zones')).state, '42501', 'which it cannot even read');

-- Without Argo's own functions, as after DROP EXTENSION, the data and its views live on.
SELECT lives_ok($test$DO $do$
    DECLARE member regprocedure;
    BEGIN
        FOR member IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = '"my argo"'::regnamespace
            AND p.proname NOT IN (SELECT object_name FROM public._argo_setup_steps() WHERE object_kind = 'function')
        LOOP
            EXECUTE 'DROP ROUTINE ' || member || ' RESTRICT';
        END LOOP;
    END $do$$test$, 'no data object depends on Argo''s functions');
SELECT set_eq($$SELECT proname FROM pg_proc WHERE pronamespace = '"my argo"'::regnamespace$$,
    $$SELECT object_name::name FROM public._argo_setup_steps() WHERE object_kind = 'function'$$, 'and what they need stays');
SELECT is((pg_temp.attempt('argo_test_user', $$
    INSERT INTO "my argo".organizations (organization_id, organization_name, timezone) VALUES ('p', 'P', 'Nope');
    INSERT INTO "my argo".readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-06-01 13:00Z', 2, 8);
    REFRESH MATERIALIZED VIEW CONCURRENTLY "my argo".mv_hourly_usage;
    REFRESH MATERIALIZED VIEW CONCURRENTLY "my argo".mv_daily_usage$$)).message, NULL, 'one can still write and refresh');
SELECT is((SELECT sum(total_kwh) FROM "my argo".v_readings_hourly), 3::float8, 'and read hours');
SELECT is((SELECT total_energy_kwh FROM "my argo".v_readings_daily), 3::float8, 'and days');
SELECT is((SELECT is_valid FROM "my argo"._argo_zones WHERE organization_id = 'p'), false, 'and zones are still verified');

SELECT * FROM finish();
ROLLBACK;
