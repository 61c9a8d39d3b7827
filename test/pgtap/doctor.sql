-- argo_doctor() names what is wrong, and what it says to type, typed as it stands, mends it. What a transaction that is
-- rolled back cannot hold is in suites/doctor.
\set QUIET on
SET client_min_messages = error;
SET TIME ZONE 'Asia/Kathmandu';
SET jit = off;
BEGIN;
SELECT plan(251);
\setenv NO_CLOCK '{"now": -1}'
\! curl -sf -X POST "$SIM_URL/_sim/now" -d "$NO_CLOCK" >/dev/null

CREATE TEMP TABLE shown (check_name text, status text, detail text, cure text);

-- The row of a check, as a role sees it.
CREATE FUNCTION look(checked text, site text DEFAULT NULL, server text DEFAULT 'eniscope', as_role text DEFAULT 'none')
RETURNS shown LANGUAGE plpgsql AS $$
DECLARE
    found shown;
    answers shown[];
BEGIN
    PERFORM set_config('role', as_role, true);
    SELECT array_agg(ROW(d.*)::shown) INTO answers FROM argo_doctor(site, server) AS d;
    PERFORM set_config('role', 'none', true);
    INSERT INTO shown SELECT a.* FROM unnest(answers) AS a;
    SELECT a.* INTO STRICT found FROM unnest(answers) AS a WHERE a.check_name = checked;
    RETURN found;
END
$$;

-- Breaks something and looks; then types the cure with what the user knows in place of each "...", and looks again.
CREATE FUNCTION breaks(what text, breaking text, checked text, status text, detail text, known text[] DEFAULT '{}',
                       site text DEFAULT NULL, server text DEFAULT 'eniscope', as_role text DEFAULT 'none')
RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    found shown;
    typed text;
    word text;
BEGIN
    EXECUTE breaking;
    found := look(checked, site, server, as_role);
    RETURN NEXT is(found.status, status, format('%s: the check "%s" says so', what, checked));
    RETURN NEXT alike(found.detail, detail, format('%s: and names it', what));
    typed := replace(found.cure, 'https://core.eniscope.com', current_setting('test.url'));
    FOREACH word IN ARRAY known LOOP
        typed := overlay(typed PLACING word FROM position('...' IN typed) FOR 3);
    END LOOP;
    EXECUTE typed;
    found := look(checked, site, server, as_role);
    RETURN NEXT is(found.status, 'OK', format('%s: its cure mends it', what));
    RETURN NEXT is(found.cure, NULL, format('%s: then there is nothing to type', what));
END
$$;

SELECT set_config('test.url', :'sim_url', true) AS url, set_config('test.key', :'api_key', true) AS key,
       set_config('test.email', :'email', true) AS email, set_config('test.password', :'password', true) AS password \g /dev/null
CREATE FUNCTION login() RETURNS text[] LANGUAGE sql AS
$$ SELECT ARRAY[current_setting('test.key'), current_setting('test.email'), current_setting('test.password')] $$;

-- Nothing set up.
SELECT results_eq('SELECT check_name FROM argo_doctor()', ARRAY['extension', 'data schema', 'server', 'mapping', 'usage', 'dns', 'connect',
    'tls', 'login', 'clock skew', 'rights', 'zones', 'pg_cron', 'indexes', 'triggers', 'dirty backlog', 'last sync', 'validation', 'breaker',
    'disk growth'], 'one row a check, in one order');
SELECT set_eq('SELECT status FROM argo_doctor()', ARRAY['OK', 'WARN', 'FAIL'], 'with nothing set up it works');
SELECT is_empty($$SELECT * FROM argo_doctor() WHERE (status = 'OK') <> (cure IS NULL) OR detail IS NULL$$, 'a cure wherever something is wrong');
SELECT is_empty($$SELECT * FROM argo_doctor('23272') WHERE (status = 'OK') <> (cure IS NULL) OR detail IS NULL$$, 'for a site too');
SELECT alike((look('last sync', NULL)).detail, 'could not be checked: organizations, data_sync_status, v_ingest_progress missing', 'what cannot be checked says why');
SELECT breaks('nothing set up', '', 'data schema', 'FAIL', 'no tables yet');

-- Server, mapping, and the way to the API.
SELECT breaks('no server', '', 'server', 'FAIL', 'server eniscope does not exist');
SELECT alike((look('dns')).detail, 'not tried: see the check "mapping"', 'without a login nothing is asked');
SELECT breaks('no mapping', '', 'mapping', 'FAIL', 'role postgres has no user mapping on server eniscope', login());
SELECT results_eq($$SELECT check_name FROM argo_doctor() WHERE check_name IN ('dns', 'connect', 'tls', 'login', 'clock skew') AND status = 'OK'$$,
    ARRAY['dns', 'connect', 'tls', 'login', 'clock skew'], 'then the API answers');
SELECT breaks('a mapping without a key', $$
    UPDATE pg_user_mapping SET umoptions = ARRAY(SELECT o FROM unnest(umoptions) AS o WHERE o NOT LIKE 'api_key=%')$$,
    'mapping', 'FAIL', '%lacks api_key', (login())[1:1]);
SELECT breaks('a mapping without anything', 'UPDATE pg_user_mapping SET umoptions = NULL', 'mapping', 'FAIL', '%lacks api_key, email, password', login());
SELECT breaks('a cure typed with its dots', $$ALTER USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (SET api_key '...', SET password '...')$$,
    'mapping', 'FAIL', '%has ... for api_key, password', (login())[1:1] || (login())[3:3]);
SELECT breaks('a wrong password', $$ALTER USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (SET password 'secret-wrong-password')$$,
    'login', 'FAIL', 'the API refused the login: HTTP 401%', login());
SELECT breaks('a wrong hash', format($$ALTER USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (DROP password, ADD password_md5 %L)$$, md5('wrong')),
    'login', 'FAIL', 'the API refused the login: HTTP 401%', (login())[1:2] || md5((login())[3]));
SELECT breaks('an unknown host', format('ALTER SERVER eniscope OPTIONS (SET url %L)', 'https://' || repeat('x', 70) || '.invalid'),
    'dns', 'FAIL', '%resolve%');
SELECT breaks('a closed port', $$ALTER SERVER eniscope OPTIONS (SET url 'http://127.0.0.1:1')$$, 'connect', 'FAIL', '%127.0.0.1:1%');
ALTER SERVER eniscope OPTIONS (SET url 'http://127.0.0.1:1');
SELECT results_eq($$SELECT status, left(regexp_replace(detail, '[0-9]+ ms', 'N ms'), 28) FROM argo_doctor() WHERE check_name IN ('dns', 'tls', 'login', 'clock skew')$$,
    $$VALUES ('OK', 'resolved in N ms'), ('WARN', 'not reached: connect failed'), ('WARN', 'not reached: connect failed'),
             ('WARN', 'not reached: connect failed')$$, 'what lies behind is not reached');
SELECT breaks('http where https is spoken to', format('ALTER SERVER eniscope OPTIONS (SET url %L)', replace(:'sim_url', 'http:', 'https:')), 'tls', 'FAIL', '%SSL%');
ALTER SERVER eniscope OPTIONS (ADD ca_file '/none.pem');
SELECT set_config('test.https', replace(:'sim_url', 'http:', 'https:'), true) \g /dev/null
DO $$ BEGIN EXECUTE format('ALTER SERVER eniscope OPTIONS (SET url %L)', current_setting('test.https')); END $$;
SELECT alike((look('tls')).cure, 'ALTER SERVER eniscope OPTIONS (DROP ca_file);%', 'a ca_file that cannot be read');
ALTER SERVER eniscope OPTIONS (DROP ca_file);
DO $$ BEGIN EXECUTE format('ALTER SERVER eniscope OPTIONS (SET url %L)', current_setting('test.url')); END $$;
SELECT breaks('another path', format('ALTER SERVER eniscope OPTIONS (SET url %L)', :'sim_url' || '/nowhere'), 'login', 'FAIL', 'this is not the API: HTTP 404%');
SELECT breaks('a url for a shell', $$ALTER SERVER eniscope OPTIONS (SET url 'http://127.0.0.1:1/$(x)''y;')$$, 'connect', 'FAIL', '%127.0.0.1:1%');
DO $$ BEGIN ALTER SERVER eniscope OPTIONS (SET url 'http://127.0.0.1:1/$(x)''y;'); END $$;
SELECT alike((look('connect')).cure, $$%: curl -v 'http://127.0.0.1:1/$(x)'\\''y;'$$, 'is one word to it');
DO $$ BEGIN EXECUTE format('ALTER SERVER eniscope OPTIONS (SET url %L)', current_setting('test.url')); END $$;
SELECT breaks('no url', 'UPDATE pg_foreign_server SET srvoptions = NULL', 'server', 'FAIL', 'server eniscope has no url');
CREATE FOREIGN DATA WRAPPER other;
CREATE SERVER stranger FOREIGN DATA WRAPPER other;
SELECT is((look('server', NULL, 'stranger')).detail, 'server stranger belongs to the wrapper other, not to eniscope', 'a server of another wrapper');
SELECT is((look('server', NULL, 'it''s')).cure, $$CREATE SERVER "it's" FOREIGN DATA WRAPPER eniscope OPTIONS (url 'https://core.eniscope.com');$$, 'a name to quote');

-- What the API says; no statement mends it.
CREATE FUNCTION told(status text, detail text, cure text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    found shown := look('login');
BEGIN
    RETURN NEXT is(found.status, status, detail || ': the login says so');
    RETURN NEXT alike(found.detail, detail, detail || ': and names it');
    RETURN NEXT alike(found.cure, cure, detail || ': and says what to do');
END
$$;
\setenv FAULT '[{"path": "*", "fault": "status", "status": 402, "times": 1}]'
\! curl -sf -X POST "$SIM_URL/_sim/faults" -d "$FAULT" >/dev/null
SELECT told('FAIL', 'the API''s subscription has expired%', '-- Renew%');
\setenv FAULT '[{"path": "*", "fault": "status", "status": 403, "times": 1, "body": "key secret-key-7f3a of secret-email-7f3a@example.com"}]'
\! curl -sf -X POST "$SIM_URL/_sim/faults" -d "$FAULT" >/dev/null
SELECT told('FAIL', 'the API refuses this key%HTTP 403: key *** of ***', 'ALTER USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (SET api_key ''...'')%');
\setenv FAULT '[{"path": "*", "fault": "status", "status": 429, "times": 1}]'
\! curl -sf -X POST "$SIM_URL/_sim/faults" -d "$FAULT" >/dev/null
SELECT told('WARN', 'the API''s rate limit%', '-- Wait%');
\setenv FAULT '[{"path": "*", "fault": "status", "status": 503, "times": 1}]'
\! curl -sf -X POST "$SIM_URL/_sim/faults" -d "$FAULT" >/dev/null
SELECT told('FAIL', 'the API fails: HTTP 503%', '-- Wait%');
\setenv FAULT '[{"path": "*", "fault": "html", "times": 1}]'
\! curl -sf -X POST "$SIM_URL/_sim/faults" -d "$FAULT" >/dev/null
SELECT told('FAIL', 'this is not the API: HTTP 200: <%', 'ALTER SERVER eniscope OPTIONS (SET url ''https://core.eniscope.com'');%');
SELECT is((look('login')).status, 'OK', 'then it is well again');
\setenv AHEAD '{"offset_s": 3600}'
\! curl -sf -X POST "$SIM_URL/_sim/date" -d "$AHEAD" >/dev/null
SELECT is((look('clock skew')).status, 'WARN', 'clocks an hour apart');
SELECT matches((look('clock skew')).detail, '^this machine''s clock is (3599|3600|3601) s behind the API''s$', 'are named');
SELECT alike((look('clock skew')).cure, '-- Set this machine''s clock%', 'and what to do');
\setenv AHEAD '{"offset_s": 0}'
\! curl -sf -X POST "$SIM_URL/_sim/date" -d "$AHEAD" >/dev/null
SELECT is((look('clock skew')).status, 'OK', 'then they agree');

-- Roles.
CREATE ROLE doctor_writer;
CREATE USER MAPPING FOR doctor_writer SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');
SELECT is((look('login', NULL, 'eniscope', 'doctor_writer')).detail, 'not tried: see the check "usage"', 'who may not use the server asks nothing');
SELECT breaks('no right to use the server', '', 'usage', 'FAIL', 'role doctor_writer may not use server eniscope;%argo_ingest%', as_role => 'doctor_writer');
SELECT is((look('login', NULL, 'eniscope', 'doctor_writer')).status, 'OK', 'then it logs in');
REVOKE EXECUTE ON FUNCTION _argo_probe FROM doctor_writer;
SELECT is((look('usage', NULL, 'eniscope', 'doctor_writer')).status, 'WARN', 'who may not probe');
SELECT results_eq($$SELECT (look('dns', NULL, 'eniscope', 'doctor_writer')).status$$, ARRAY['WARN'], 'is not probed for');
GRANT EXECUTE ON FUNCTION _argo_probe TO doctor_writer;
SELECT breaks('missing grants', '', 'rights', 'WARN', '%may not ingest: it lacks %INSERT%readings%may not validate%', as_role => 'doctor_writer');
CREATE ROLE doctor_prober;
CREATE USER MAPPING FOR doctor_prober SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');
GRANT EXECUTE ON FUNCTION _argo_probe TO doctor_prober;
SELECT is((look('login', NULL, 'eniscope', 'doctor_prober')).detail, 'not tried: see the check "usage"', 'without the server nobody asks');
GRANT USAGE ON FOREIGN SERVER eniscope TO doctor_prober;
SELECT is((look('login', NULL, 'eniscope', 'doctor_prober')).status, 'OK', 'who may probe, and ingest nothing, does');
SELECT is((look('usage', NULL, 'eniscope', 'doctor_prober')).status, 'FAIL', 'and hears what it may not');
-- As adopted tables have it.
CREATE SEQUENCE readings_serial;
ALTER SEQUENCE readings_serial OWNED BY readings.channel_id;
SELECT breaks('no right on the sequence of a serial id', '', 'rights', 'WARN', 'role doctor_writer may not ingest: it lacks USAGE on readings_serial', as_role => 'doctor_writer');
DROP SEQUENCE readings_serial;
CREATE ROLE doctor_reader;
SELECT is((look('last sync', NULL, 'eniscope', 'doctor_reader')).detail,
    'could not be checked: role doctor_reader may not read organizations, data_sync_status, v_ingest_progress', 'who may read nothing is told what');
SELECT breaks('who may read nothing', '', 'breaker', 'FAIL', 'could not be checked: role doctor_reader%', as_role => 'doctor_reader');

-- Sites: one is kept up, one is not.
SELECT status FROM argo_ingest('23272', 3) \g /dev/null
SELECT count(*) FROM argo_validate('23272') \g /dev/null
SELECT breaks('no validation', $$DELETE FROM circuit_breakers$$, 'validation', 'WARN', 'site 23272: never validated');
SELECT breaks('an old validation', $$UPDATE circuit_breakers SET validated_at = now() - interval '2 days'$$, 'validation', 'WARN', 'validated 48%h ago', site => '23272');
SELECT breaks('an open breaker', $$UPDATE circuit_breakers SET state = 'open', flags = '[{"rule": "gaps", "opens": true}]'$$,
    'breaker', 'FAIL', 'site 23272: open since % for gaps');
SELECT breaks('an overridden one', $$UPDATE circuit_breakers SET state = 'open', flags = '[{"rule": "gaps", "opens": true}]', override_until = now() + interval '1 day',
    override_reason = 'a test', override_by = 'me'$$, 'breaker', 'WARN', 'open for gaps, and overridden until %: a test', site => '23272');
SELECT breaks('an unknown zone', $$UPDATE organizations SET timezone = 'Mars/Phobos'$$, 'zones', 'WARN', 'site 23272: zone "Mars/Phobos" is unknown%');
SELECT breaks('no zone', $$UPDATE organizations SET timezone = NULL$$, 'zones', 'WARN', 'site 23272: no zone%');
SELECT breaks('a zone restored without triggers', $$DELETE FROM _argo_zones$$, 'zones', 'FAIL', 'site 23272: its zone was never verified');
SELECT breaks('a failed sync', $$UPDATE data_sync_status SET sync_status = 'failed', error_message = 'no way' WHERE channel_id IS NULL$$,
    'last sync', 'FAIL', 'site 23272: the last sync failed: no way%');
SELECT breaks('failed pulls', $$UPDATE data_sync_status SET sync_status = 'partial', error_message = '1 of 2 pulls failed' WHERE channel_id IS NULL$$,
    'last sync', 'WARN', 'site 23272: pulls of the last sync failed: 1 of 2%');
SELECT breaks('no sync for days', $$UPDATE data_sync_status SET last_sync_timestamp = last_sync_timestamp - interval '3 days', last_reading_timestamp
    = last_reading_timestamp - interval '3 days'$$, 'last sync', 'FAIL', 'no reading for two days, begun 72%h ago, newest reading 7%', site => '23272');
SELECT breaks('no sync for a day', $$UPDATE data_sync_status SET last_sync_timestamp = last_sync_timestamp - interval '27 hours'$$,
    'last sync', 'WARN', 'site 23272: no sync for over a day, begun 27%h ago%');
SELECT breaks('a run that died', $$INSERT INTO ingest_runs (organization_id, kind, process_id) VALUES ('23272', 'backfill', 1)$$,
    'last sync', 'WARN', 'site 23272: the last run was interrupted%');
SELECT breaks('a site never synced', '', 'last sync', 'WARN', 'never synced', site => '23276');
INSERT INTO organizations (organization_id, organization_name) SELECT 'site ' || i, 'x' FROM generate_series(1, 15) AS i;
UPDATE data_sync_status SET sync_status = 'failed' WHERE organization_id = '23276';
SELECT alike((look('last sync')).detail, 'site 23276: the last sync failed%; site site 1: never synced; %; and 6 more', 'of many sites the worst first');
SELECT is(cardinality(string_to_array((look('last sync')).cure, E'\n')), 16, 'and the cures of all');
DELETE FROM organizations WHERE organization_id LIKE 'site %';

SELECT breaks('no rule', 'UPDATE validation_rules SET enabled = false', 'validation', 'WARN', '%no rule is enabled, so that every site passes%');
SAVEPOINT rules;
DELETE FROM validation_rules;
SELECT alike((look('validation')).cure, '-- %dump.', 'rules that are gone');
ROLLBACK TO rules;

-- Names from outside stay names, in comments too.
INSERT INTO organizations (organization_id, organization_name) VALUES (E'x\nSELECT 1/0; --''', 'x');
INSERT INTO circuit_breakers (site_id, state, since, validated_at, rules_digest, announced_state)
VALUES (E'x\nSELECT 1/0; --''', 'open', now(), now() - interval '3 days', '', 'open');
UPDATE _argo_zones SET is_valid = false WHERE organization_id LIKE 'x%';
SELECT alike(cure, E'%\'x\nSELECT 1/0; --\'\'\'%', 'a hostile id is quoted in the cure of ' || check_name)
FROM argo_doctor(E'x\nSELECT 1/0; --''') WHERE check_name IN ('zones', 'last sync', 'validation', 'breaker');
SELECT is_empty($$
    SELECT l.line FROM argo_doctor() AS d, string_to_table(replace(d.cure, E'\'x\nSELECT 1/0; --\'\'\'', 'quoted'), E'\n') AS l (line)
    WHERE l.line ~ '1/0'
$$, 'and ends no comment');
DELETE FROM organizations WHERE organization_id LIKE 'x%';

-- What argo_setup() made.
SELECT breaks('an older data schema', 'DELETE FROM _argo_schema_version', 'data schema', 'FAIL', 'data schema version 0 is older than the % of this argo');
INSERT INTO _argo_schema_version VALUES (99);
SELECT alike((look('data schema')).detail, 'data schema version 99 is newer than the % of this argo', 'a newer data schema');
SELECT is((look('data schema')).cure, 'ALTER EXTENSION argo UPDATE;', 'needs a newer argo');
DELETE FROM _argo_schema_version WHERE version = 99;
SAVEPOINT naive;
ALTER TABLE ingestion_logs ADD COLUMN local_time timestamp;
SELECT is((look('data schema')).cure, E'SELECT * FROM public.argo_migrate_timestamps(''America/New_York'');\n-- with the zone whose local times they are',
    'a time without a zone: the cure names the zone it takes');
ROLLBACK TO naive;
SELECT breaks('a missing view', 'DROP VIEW v_readings_monthly', 'data schema', 'FAIL', 'missing: v_readings_monthly');
SELECT breaks('a missing index', 'DROP INDEX idx_readings_timestamp', 'indexes', 'WARN', 'idx_readings_timestamp is missing');
SELECT breaks('no key of readings', 'ALTER TABLE readings DROP CONSTRAINT idx_readings_unique', 'indexes', 'FAIL', 'readings has no unique index on%');
-- The index that holds the keys: of a hypertable, that of a chunk.
SELECT i.indexrelid::regclass AS key_index, c.relname AS key_name, t.relname AS keyed
FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid JOIN pg_class AS t ON t.oid = i.indrelid
WHERE i.indisunique AND i.indrelid = (SELECT r.tableoid FROM readings AS r ORDER BY r."timestamp" LIMIT 1) \gset
SELECT breaks('an invalid index', format('UPDATE pg_index SET indisvalid = false WHERE indexrelid IN (''idx_channels_org''::regclass, %L::regclass)', :'key_index'),
    'indexes', 'FAIL', format('%I on %I is invalid; idx_channels_org on channels is invalid', :'key_name', :'keyed'));
CREATE INDEX idx_devices_org_ccnew ON devices (organization_id);
SELECT breaks('the rest of a REINDEX', $$UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'idx_devices_org_ccnew'::regclass$$,
    'indexes', 'WARN', 'idx_devices_org_ccnew on devices is invalid');
-- As TimescaleDB leaves one that it made chunk by chunk, and could not finish.
CREATE INDEX readings_power ON readings (power_kw);
SELECT breaks('an unfinished index of readings', $$UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'readings_power'::regclass$$,
    'indexes', 'WARN', 'readings_power on readings is invalid');
DROP INDEX readings_power;
SELECT breaks('a missing trigger', 'DROP TRIGGER _argo_readings_updated ON readings; UPDATE readings SET power_kw = power_kw + 1', 'triggers', 'FAIL',
    '_argo_readings_updated on public.readings is missing; changes meanwhile left no marks%');
SELECT set_eq('SELECT * FROM mv_hourly_usage', 'SELECT u.* FROM channels AS c, _argo_hourly_usage(c.channel_id, ''-infinity'', ''infinity'') AS u',
    'a missing trigger: then the views are right');
SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'timescaledb' AND extversion LIKE '2.19.%') AS keeps_triggers \gset
\if :keeps_triggers
SELECT skip('TimescaleDB 2.19 lets no trigger of a hypertable be disabled', 4);
\else
SELECT breaks('disabled triggers', 'ALTER TABLE readings DISABLE TRIGGER USER', 'triggers', 'FAIL', '_argo_readings_inserted on public.readings is disabled; %');
\endif
SELECT breaks('a trigger of replicas only', 'ALTER TABLE channels ENABLE REPLICA TRIGGER _argo_channels_updated', 'triggers', 'FAIL', '%is disabled; %');
SELECT breaks('many marks', $$INSERT INTO _argo_dirty (meter_id, first_reading, last_reading)
    SELECT 60101, now() - i * interval '1 day', now() - i * interval '1 day' FROM generate_series(1, 100000) AS i$$,
    'dirty backlog', 'WARN', '100000 marks wait; last refreshed %');
SELECT breaks('marks that nobody takes', $$UPDATE _argo_refreshed_views SET refreshed_at = now() - interval '3 days'; UPDATE readings SET power_kw = power_kw + 1$$,
    'dirty backlog', 'WARN', '% marks wait; last refreshed 72%h ago', site => '23272');
INSERT INTO equipment (site_id, equipment_name) VALUES ('23272', 'AHU 2');
SELECT FROM argo_refresh();
SELECT breaks('marks of costs that nobody takes', $$UPDATE _argo_refreshed_views SET refreshed_at = now() - interval '3 days' WHERE key_kind = 'equipment';
    INSERT INTO equipment_meters (equipment_id, meter_id, utility) SELECT e.equipment_id, 60101, 'electricity' FROM equipment AS e$$,
    'dirty backlog', 'WARN', '% marks of costs wait; last refreshed 72%h ago', site => '23272');
UPDATE equipment_meters SET share = 0.5;
SELECT alike((look('dirty backlog', site => '23272')).detail, '%; 3 marks of costs wait; last refreshed %', 'fresh marks of costs are counted');
SELECT matches((look('dirty backlog', site => '23276')).detail, '^0 marks wait; last refreshed [^;]+$', 'but those of another site are not');
SELECT FROM argo_refresh();
SELECT breaks('an empty materialized view', 'REFRESH MATERIALIZED VIEW mv_daily_usage WITH NO DATA', 'dirty backlog', 'FAIL', '%mv_daily_usage is not populated%');

-- pg_cron works in another database here.
SELECT is((look('pg_cron')).status, 'WARN', 'pg_cron elsewhere');
SELECT alike((look('pg_cron')).cure, E'-- Type%\nSELECT cron.schedule_in_database(''argo sync 23272 at %''argo sync 23276 at %', 'the lines for all sites');
INSERT INTO ingest_runs (organization_id, kind, started_at, status)
SELECT s, 'ingest', now() - d * interval '1 day', 'success' FROM unnest('{23272,23276}'::text[]) AS s, generate_series(0.5, 2.5) AS d;
SELECT alike((look('pg_cron')).detail, 'pg_cron works in database postgres; %; something calls Argo day by day', 'but where something syncs all is well');
SELECT matches((look('disk growth')).detail, '^readings [0-9]+ kB, its indexes [0-9]+ kB; [0-9]+ rows a day over four weeks, so 0\.[0-9]+ GB a year$', 'the growth');

SAVEPOINT no_library;
UPDATE pg_proc SET probin = '/nowhere/argo' WHERE proname = '_argo_library_version';
SELECT alike((look('extension')).detail, 'the library could not be loaded: %/nowhere/argo%', 'no library');
SELECT alike((look('extension')).cure, '-- %make install', 'is to be installed again');
ROLLBACK TO no_library;

SELECT is_empty($$SELECT * FROM argo_doctor() WHERE status <> 'OK' AND check_name NOT IN ('breaker', 'last sync', 'validation')$$, 'all is mended');
-- Before MAINTAIN none but the owner refreshes.
SELECT current_setting('server_version_num')::integer >= 170000 AS has_maintain \gset
\if :has_maintain
    SELECT breaks('equipment, and no right to its costs', $$INSERT INTO equipment (site_id, equipment_name) VALUES ('23272', 'AHU 1')$$,
        'rights', 'WARN', 'role doctor_writer may not refresh the costs: it lacks %DELETE, SELECT on _argo_dirty_equipment; SELECT on equipment; MAINTAIN%mv_monthly_ahu_costs%',
        as_role => 'doctor_writer');
\else
    SELECT skip('MAINTAIN comes with PostgreSQL 17', 4);
\endif

SELECT is_empty($$SELECT * FROM shown WHERE shown::text ~ 'secret|7f3a'$$, 'no secret was shown');
SELECT is_empty(format($$SELECT * FROM shown WHERE strpos(shown::text, %L) > 0$$, md5(:'password')), 'nor the hash of the password');

SELECT * FROM finish();
ROLLBACK;
