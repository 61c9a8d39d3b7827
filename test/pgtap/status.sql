-- v_site_status, argo_gaps() and what a monitor reads, at a time that is given.
\set QUIET on
SET client_min_messages = error;
SET TIME ZONE 'Asia/Kathmandu';
BEGIN;
SELECT plan(95);

DO $$ BEGIN PERFORM argo_setup(); END $$;
-- Of the host without the library, too, these are what cures name.
DO $$ BEGIN
    IF to_regproc('argo_sync') IS NULL THEN
        CREATE PROCEDURE argo_sync(site text, days integer) LANGUAGE sql AS 'SELECT';
        CREATE PROCEDURE argo_backfill(site text, start_date date, end_date date) LANGUAGE sql AS 'SELECT';
    END IF;
END $$;
CREATE OR REPLACE VIEW _argo_clock AS SELECT timestamptz '2026-03-11 12:05:00Z' AS as_of;
\set now '''2026-03-11 12:05:00Z'''

-- Quarter-hours of a meter from low to high.
CREATE FUNCTION pg_temp.fill(meter integer, low timestamptz, high timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
    SELECT meter, t, 0, 0 FROM generate_series(low, high - interval '15 minutes', '15 minutes') AS t
    ON CONFLICT DO NOTHING
$$;
CREATE FUNCTION pg_temp.pull(site text, meter integer, low timestamptz, high timestamptz, asked timestamptz, error text DEFAULT NULL, rejected integer DEFAULT 0)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, status, error_message, readings_rejected, created_at)
    VALUES (site, meter, low, high, CASE WHEN error IS NULL THEN 'success' ELSE 'failure' END, error, rejected, asked)
$$;
CREATE FUNCTION pg_temp.run(site text, status text, begun timestamptz, message text DEFAULT NULL) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ingest_runs (organization_id, kind, started_at, updated_at, finished_at, status, message)
    VALUES (site, 'ingest', begun, begun + interval '1 minute', begun + interval '1 minute', status, message)
$$;
CREATE FUNCTION pg_temp.breaker(site text, state text, flags jsonb DEFAULT '[]', validated timestamptz DEFAULT '2026-03-11 11:30Z') RETURNS void LANGUAGE sql AS $$
    INSERT INTO circuit_breakers (site_id, state, since, validated_at, flags, rules_digest, announced_state)
    VALUES (site, state, '2026-03-10 06:00Z', validated, flags, '', state)
    ON CONFLICT (site_id) DO UPDATE SET state = excluded.state, flags = excluded.flags, validated_at = excluded.validated_at
$$;
CREATE FUNCTION pg_temp.problem(site text, OUT problem text, OUT cure text) LANGUAGE sql AS $$
    SELECT v.problem, v.cure FROM v_site_status AS v WHERE v.site_id = site
$$;

INSERT INTO organizations (organization_id, organization_name, timezone) VALUES
    ('a', 'Alpha', 'America/New_York'), ('b', 'Beta', 'Europe/London'), ('e', 'Empty', 'UTC'), ('n', 'No readings', NULL);
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES
    (1, 'Main', 'a'), (2, 'Cold room', 'a'), (3, 'Retired', 'a'), (4, 'New', 'a'), (5, 'Silent', 'a'), (20, 'B', 'b'), (30, 'N', 'n');

-- The newest slot that can be there began at 11:30.
SELECT pg_temp.fill(1, '2026-02-01 00:00Z', '2026-03-11 11:45Z'), pg_temp.fill(2, '2026-02-01 00:00Z', '2026-03-11 11:45Z') \g /dev/null
SELECT results_eq($$SELECT meters, last_reading, age_hours, completeness_24h, completeness_7d FROM v_site_status WHERE site_id = 'a'$$,
    $$VALUES (5::bigint, '2026-03-11 11:30Z'::timestamptz, 0.33, 100.00, 100.00)$$, 'zeros are data, and what no meter ever had is not expected');
INSERT INTO readings (channel_id, "timestamp", energy_kwh) VALUES (1, '2026-03-11 12:00Z', 1), (1, '2026-03-11 13:00Z', 1);
SELECT results_eq($$SELECT last_reading, age_hours, completeness_24h FROM v_site_status WHERE site_id = 'a'$$,
    $$VALUES ('2026-03-11 12:00Z'::timestamptz, 0.00, 100.00)$$, 'what comes early, or from the future, counts for nothing');
DELETE FROM readings WHERE "timestamp" > '2026-03-11 11:45Z';
DELETE FROM readings WHERE channel_id = 1 AND "timestamp" = '2026-03-11 11:15Z';
SELECT results_eq($$SELECT completeness_24h, completeness_7d FROM v_site_status WHERE site_id = 'a'$$,
    $$VALUES (trunc(100 * 191 / 192.0, 2), trunc(100 * 1343 / 1344.0, 2))$$, 'one slot of two meters is missing');
INSERT INTO readings (channel_id, "timestamp", energy_kwh) VALUES (1, '2026-03-11 11:17Z', 1), (1, '2026-03-11 11:20Z', 1);
SELECT is(completeness_24h, 100.00, 'a slot holds a reading off the grid, and only one') FROM v_site_status WHERE site_id = 'a';
DELETE FROM readings WHERE channel_id = 1 AND "timestamp" BETWEEN '2026-03-11 11:16Z' AND '2026-03-11 11:29Z';
DELETE FROM readings WHERE channel_id = 2 AND "timestamp" >= '2026-03-06 11:45Z' AND "timestamp" < '2026-03-06 17:45Z';
SELECT results_eq($$SELECT completeness_24h, completeness_7d FROM v_site_status WHERE site_id = 'a'$$,
    $$VALUES (trunc(100 * 191 / 192.0, 2), trunc(100 * 1319 / 1344.0, 2))$$, 'six hours of last week');
SELECT pg_temp.fill(3, '2026-01-01 00:00Z', '2026-02-09 12:00Z') \g /dev/null
SELECT is(completeness_24h, trunc(100 * 191 / 192.0, 2), 'a meter silent for 30 days is retired') FROM v_site_status WHERE site_id = 'a';
SELECT pg_temp.fill(3, '2026-01-01 00:00Z', '2026-02-09 12:30Z') \g /dev/null
SELECT is(completeness_24h, trunc(100 * 191 / 288.0, 2), 'one silent for less is not') FROM v_site_status WHERE site_id = 'a';
SELECT results_eq($$SELECT DISTINCT meter_id FROM _argo_missing('a', '2026-03-10', '2026-03-11 12:05Z') AS m WHERE upper(expected) > '2026-03-01' ORDER BY 1$$,
    $$VALUES (1), (2), (3)$$, 'as the rules have it');
DELETE FROM readings WHERE channel_id = 3 AND "timestamp" >= '2026-02-09 12:00Z';
SELECT pg_temp.fill(4, '2026-03-11 10:45Z', '2026-03-11 11:15Z') \g /dev/null
SELECT is(completeness_24h, trunc(100 * 193 / 196.0, 2), 'a new meter is expected from its first reading') FROM v_site_status WHERE site_id = 'a';
DELETE FROM readings WHERE channel_id = 4;
SELECT results_eq($$SELECT site_id, meters, last_reading, age_hours, completeness_24h, completeness_7d FROM v_site_status WHERE site_id IN ('e', 'n') ORDER BY 1$$,
    $$VALUES ('e', 0::bigint, NULL::timestamptz, NULL::numeric, NULL::numeric, NULL::numeric), ('n', 1, NULL, NULL, NULL, NULL)$$,
    'sites without meters or readings');
-- 7 days are 168 hours, whatever the clocks of the site and of the session did on 8 March.
CREATE FUNCTION pg_temp.under(zone text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('TimeZone', zone, true);
    RETURN (SELECT string_agg(concat_ws('|', site_id, extract(epoch FROM last_reading), age_hours, completeness_24h, completeness_7d, problem, cure), E'\n')
            FROM v_site_status)
           || (SELECT md5(string_agg(concat_ws('|', meter_id, extract(epoch FROM gap_start), extract(epoch FROM gap_end), slots, status, message), E'\n'))
               FROM argo_gaps('a', as_of => '2026-03-11 12:05Z'));
END $$;
SELECT is((SELECT count(DISTINCT pg_temp.under(z)) FROM unnest(ARRAY['UTC', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'Pacific/Apia', 'Europe/London']) AS z),
    1::bigint, 'six session zones see the same');
SET TIME ZONE 'Asia/Kathmandu';

-- Problems, from the least to the worst, each hiding the ones before.
SELECT pg_temp.fill(1, '2026-02-01 00:00Z', '2026-03-11 11:45Z'), pg_temp.fill(2, '2026-02-01 00:00Z', '2026-03-11 11:45Z'),
       pg_temp.run('a', 'success', '2026-03-11 02:00Z'), pg_temp.breaker('a', 'closed') \g /dev/null
UPDATE _argo_refreshed_views SET refreshed_at = '2026-03-11 11:00Z';
CREATE TEMP TABLE jobs (site_id text, command text, active boolean, next_run timestamptz);
GRANT SELECT ON jobs TO PUBLIC;
CREATE TEMP TABLE cron AS SELECT 'here'::text AS state;
GRANT SELECT ON cron TO PUBLIC;
-- What pg_cron itself says is for the suite that runs it.
CREATE OR REPLACE FUNCTION _argo_jobs(as_of timestamptz)
RETURNS TABLE (jobid bigint, site_id text, job text, schedule text, command text, owner text, active boolean, next_run timestamptz,
               last_run timestamptz, last_outcome text)
LANGUAGE plpgsql STABLE AS $$ BEGIN
    RETURN QUERY SELECT 1::bigint, j.site_id, ''::text, ''::text, j.command, ''::text, j.active, j.next_run, NULL::timestamptz, ''::text FROM pg_temp.jobs AS j;
END $$;
CREATE OR REPLACE FUNCTION _argo_cron(OUT state text, OUT database text, OUT timezone text, OUT host text, OUT is_logged boolean,
    OUT is_launching boolean, OUT needs_both_days boolean)
LANGUAGE plpgsql STABLE AS $$ BEGIN SELECT c.state INTO state FROM pg_temp.cron AS c; END $$;
INSERT INTO jobs VALUES ('a', 'CALL public.argo_sync(''a'', 7)', true, '2026-03-12 02:00Z'), ('a', 'SELECT public.argo_validate(''a'')', true, '2026-03-11 13:00Z');

SELECT results_eq($$SELECT breaker, breaker_since, last_run, last_run_status, next_run, problem, cure FROM v_site_status WHERE site_id = 'a'$$,
    $$VALUES ('closed', '2026-03-10 06:00Z'::timestamptz, '2026-03-11 02:00Z'::timestamptz, 'success', '2026-03-12 02:00Z'::timestamptz, NULL::text, NULL::text)$$, 'all is well');
UPDATE _argo_refreshed_views SET refreshed_at = '2026-03-09 12:00Z' WHERE matview = 'mv_daily_usage'::regclass;
SELECT is((p.problem, p.cure)::text, ('changes of 5 meters wait for a refresh, and none has taken any for two days', 'SELECT * FROM public.argo_refresh();')::text, 'a backlog') FROM pg_temp.problem('a') AS p;
INSERT INTO ingest_runs (organization_id, kind, started_at, updated_at, finished_at, status, message)
VALUES ('a', 'ingest', '2026-03-11 02:00Z', '2026-03-11 02:01Z', '2026-03-11 02:01Z', 'partial', 'HTTP 500');
SELECT is((p.problem, p.cure)::text, ('some pulls of the last run failed: HTTP 500', 'CALL public.argo_sync(''a'', 7);')::text, 'a partial run') FROM pg_temp.problem('a') AS p;
SELECT pg_temp.breaker('a', 'closed', validated => '2026-03-10 12:00Z') \g /dev/null
SELECT is((p.problem, p.cure)::text, ('the site was last validated at 2026-03-10 12:00 UTC', 'SELECT * FROM public.argo_validate(''a'');')::text, 'an old validation') FROM pg_temp.problem('a') AS p;
DELETE FROM circuit_breakers;
SELECT is((p.problem, p.cure)::text, ('the site was never validated', 'SELECT * FROM public.argo_validate(''a'');')::text, 'none') FROM pg_temp.problem('a') AS p;
SELECT is(breaker, NULL, 'and no breaker') FROM v_site_status WHERE site_id = 'a';
SELECT pg_temp.breaker('a', 'degraded', '[{"rule": "gaps", "severity": "warning", "opens": false, "since": "2026-03-01T00:00Z", "detail": "2 Cold room: no reading"},
    {"rule": "negative_values", "severity": "error", "opens": false, "since": "2026-03-09T00:00Z", "detail": "1 Main: -3"}]') \g /dev/null
SELECT is((p.problem, p.cure)::text, ('negative_values: 1 Main: -3', 'SELECT * FROM public.argo_findings(''a'', ''negative_values'');')::text, 'of rules, errors first') FROM pg_temp.problem('a') AS p;
SELECT pg_temp.breaker('a', 'open', '[{"rule": "negative_values", "severity": "error", "opens": true, "since": "2026-03-09T00:00Z", "detail": "1 Main: -3"}]') \g /dev/null
UPDATE circuit_breakers SET override_reason = 'being mended', override_until = '2026-03-11 13:00Z', override_by = 'x';
SELECT is((p.problem, p.cure)::text, ('reports pass only by an override until 2026-03-11 13:00 UTC: being mended', 'SELECT * FROM public.argo_findings(''a'', ''negative_values'');')::text, 'an override') FROM pg_temp.problem('a') AS p;
SELECT results_eq($$SELECT breaker, override_until FROM v_site_status WHERE site_id = 'a'$$, $$VALUES ('degraded', '2026-03-11 13:00Z'::timestamptz)$$, 'shows as degraded');
UPDATE jobs SET command = 'SELECT 1' WHERE command LIKE 'CALL%';
SELECT is((p.problem, p.cure)::text, ('nothing is scheduled', 'SELECT * FROM public.argo_schedule(''a'');')::text, 'no job') FROM pg_temp.problem('a') AS p;
UPDATE cron SET state = 'elsewhere';
SELECT matches((p.problem), '^reports pass', 'where pg_cron is elsewhere, a run yesterday says that something runs it') FROM pg_temp.problem('a') AS p;
UPDATE ingest_runs SET started_at = started_at - interval '1 day';
SELECT is(p.problem, 'nothing is scheduled', 'an older one does not') FROM pg_temp.problem('a') AS p;
UPDATE cron SET state = 'hidden';
SELECT matches((p.problem), '^reports pass', 'and what cannot be seen is not missed') FROM pg_temp.problem('a') AS p;
UPDATE cron SET state = 'here';
UPDATE jobs SET command = 'CALL public.argo_sync(''a'', 7)', active = false WHERE command = 'SELECT 1';
SELECT is((p.problem, p.cure)::text, ('pg_cron starts no sync of the site: its job is paused', 'SELECT * FROM public.argo_schedule(''a'');')::text, 'a paused job') FROM pg_temp.problem('a') AS p;
SELECT is(next_run, NULL, 'has no next run') FROM v_site_status WHERE site_id = 'a';
SAVEPOINT paused;
UPDATE jobs SET active = true, next_run = NULL;
SELECT matches((p.problem), 'the time of its job never comes', 'nor has one for 30 February') FROM pg_temp.problem('a') AS p;
ROLLBACK TO paused;
SELECT pg_temp.run('a', 'interrupted', '2026-03-11 03:00Z') \g /dev/null
SELECT is((p.problem, p.cure)::text, ('the last run was interrupted', 'CALL public.argo_sync(''a'', 7);')::text, 'an interrupted run') FROM pg_temp.problem('a') AS p;
SELECT pg_temp.run('a', 'failed', '2026-03-11 04:00Z', 'the API refused the login') \g /dev/null
SELECT is((p.problem, p.cure)::text, ('the last run failed: the API refused the login', 'SELECT * FROM public.argo_doctor(''a'');')::text, 'a failed one') FROM pg_temp.problem('a') AS p;
DELETE FROM readings WHERE "timestamp" > '2026-03-10 11:00Z';
SELECT is((p.problem, p.cure)::text, ('no reading for 24.8 h, the newest is of 2026-03-10 11:00 UTC', 'CALL public.argo_sync(''a'', 7);')::text, 'stale data') FROM pg_temp.problem('a') AS p;
INSERT INTO validation_rules (name, site_id, threshold) VALUES ('freshness_error', 'a', 30);
SELECT matches(p.problem, '^the last run failed', 'how stale, the site''s own rule may say') FROM pg_temp.problem('a') AS p;
UPDATE validation_rules SET threshold = NULL, enabled = false WHERE site_id = 'a';
SELECT matches(p.problem, '^the last run failed', 'or that it does not matter') FROM pg_temp.problem('a') AS p;
DELETE FROM validation_rules WHERE site_id = 'a';
SELECT is((p.problem, p.cure)::text, ('no meter has a reading', 'CALL public.argo_sync(''n'', 7);')::text, 'no readings') FROM pg_temp.problem('n') AS p;
SELECT is((p.problem, p.cure)::text, ('the site has no meters', 'CALL public.argo_sync(''e'', 7);')::text, 'no meters') FROM pg_temp.problem('e') AS p;
UPDATE circuit_breakers SET override_until = '2026-03-11 12:00Z';
SELECT is((p.problem, p.cure)::text, ('reports are blocked: negative_values has failed since 2026-03-09 00:00 UTC: 1 Main: -3', 'SELECT * FROM public.argo_findings(''a'', ''negative_values'');')::text, 'an open breaker, its override over') FROM pg_temp.problem('a') AS p;
UPDATE circuit_breakers SET flags = jsonb_set(flags, '{0,rule}', '"freshness_error"');
SELECT is(p.cure, 'CALL public.argo_sync(''a'', 7);', 'one that a sync closes') FROM pg_temp.problem('a') AS p;
SELECT pg_temp.fill(20, '2026-03-01 00:00Z', '2026-03-11 11:45Z'), pg_temp.breaker('b', 'closed'), pg_temp.run('b', 'success', '2026-03-11 02:00Z') \g /dev/null
INSERT INTO jobs VALUES ('b', 'CALL public.argo_sync(''b'', 7)', true, '2026-03-12 02:00Z');
UPDATE _argo_refreshed_views SET refreshed_at = '2026-03-11 11:00Z';
SELECT results_eq('SELECT site_id FROM v_site_status', ARRAY['a', 'e', 'n', 'b'], 'worst first');
-- Scripts that keep no ledger.
INSERT INTO data_sync_status (organization_id, channel_id, last_sync_timestamp, sync_status, error_message)
VALUES ('b', NULL, '2026-03-11 05:00Z', 'failed', 'no route'), ('b', 20, '2026-03-11 05:00Z', 'success', NULL);
SELECT results_eq($$SELECT last_run, last_run_status, problem FROM v_site_status WHERE site_id = 'b'$$,
    $$VALUES ('2026-03-11 05:00Z'::timestamptz, 'failed', 'the last run failed: no route')$$, 'a later sync of other scripts counts');
UPDATE data_sync_status SET last_sync_timestamp = '2026-03-11 02:00:30Z';
SELECT results_eq($$SELECT last_run, last_run_status, problem FROM v_site_status WHERE site_id = 'b'$$,
    $$VALUES ('2026-03-11 02:00Z'::timestamptz, 'success', NULL::text)$$, 'what an ingest noted itself does not');
DELETE FROM ingest_runs WHERE organization_id = 'b';
SELECT is(last_run_status, 'failed', 'without a ledger it does') FROM v_site_status WHERE site_id = 'b';

-- Rights: SELECT on the view is all a dashboard needs.
CREATE ROLE argo_dashboard;
CREATE ROLE argo_monitor;
GRANT pg_monitor TO argo_monitor;
GRANT SELECT ON v_site_status TO argo_dashboard;
CREATE TEMP TABLE seen AS SELECT * FROM v_site_status;
GRANT SELECT ON seen TO PUBLIC;
SET LOCAL ROLE argo_dashboard;
SELECT results_eq('SELECT site_id, last_reading, completeness_7d, breaker, last_run_status FROM v_site_status',
    'SELECT site_id, last_reading, completeness_7d, breaker, last_run_status FROM seen', 'a dashboard reads the status with no other right');
SELECT throws_ok('SELECT FROM ' || relation, '42501', NULL, 'and not ' || relation)
FROM unnest(ARRAY['readings', 'circuit_breakers', '_argo_site_coverage', 'v_connections', 'v_long_queries', 'v_refresh_status']) AS relation;
SET LOCAL ROLE argo_monitor;
SELECT lives_ok('SELECT * FROM ' || relation, 'a member of pg_monitor reads ' || relation)
FROM unnest(ARRAY['v_connections', 'v_long_queries', 'v_refresh_status']) AS relation;
SELECT throws_ok('SELECT FROM ' || relation, '42501', NULL, 'and not ' || relation)
FROM unnest(ARRAY['readings', 'v_site_status', '_argo_dirty']) AS relation;
SELECT cmp_ok((SELECT sum(connections) FROM v_connections WHERE role = session_user AND state = 'active'), '>=', 1::numeric, 'it sees the states of others'' sessions');
RESET ROLE;
UPDATE cron SET state = 'here';
UPDATE jobs SET command = 'SELECT 1' WHERE site_id = 'b';
UPDATE data_sync_status SET sync_status = 'success', error_message = NULL;
SELECT is(p.problem, 'nothing is scheduled', 'who sees all jobs misses one') FROM pg_temp.problem('b') AS p;
SET LOCAL ROLE argo_dashboard;
SELECT is(problem, NULL, 'who sees only its own does not') FROM v_site_status WHERE site_id = 'b';
RESET ROLE;

-- What the server does.
SELECT results_eq('SELECT DISTINCT total_connections, max_connections, percent_used FROM v_connections',
    $$SELECT count(*), current_setting('max_connections')::integer, round(100.0 * count(*) / current_setting('max_connections')::integer, 1)
      FROM pg_stat_activity WHERE backend_type = 'client backend'$$, 'how many connections of how many');
SELECT is((SELECT sum(connections) FROM v_connections), (SELECT max(total_connections)::numeric FROM v_connections), 'in all rows together');
SELECT is_empty('SELECT * FROM v_long_queries WHERE pid = pg_backend_pid()', 'whoever asks is not shown');
SELECT has_column('v_refresh_status', 'duration_ms', 'refreshes tell how long they took');

-- Gaps: an odd history of one meter, the others complete but for theirs.
DELETE FROM readings;
SELECT pg_temp.fill(1, '2026-03-01 05:00Z', '2026-03-11 11:45Z'), pg_temp.fill(2, '2026-03-01 05:00Z', '2026-03-11 11:45Z'),
       pg_temp.fill(3, '2026-01-01 00:00Z', '2026-02-01 00:00Z') \g /dev/null
CREATE FUNCTION pg_temp.gaps(meter integer, low timestamptz, high timestamptz) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', to_char(gap_start AT TIME ZONE 'UTC', 'DD HH24:MI'), to_char(gap_end AT TIME ZONE 'UTC', 'DD HH24:MI'), slots, status,
                     to_char(last_asked_at AT TIME ZONE 'UTC', 'DD HH24:MI'))
    FROM argo_gaps('a', low, high, '2026-03-11 12:05Z') WHERE meter_id = meter ORDER BY gap_start
$$;
SELECT is_empty($$SELECT * FROM argo_gaps('a', '2026-03-01 05:00Z', NULL, '2026-03-11 12:05Z') WHERE meter_id IN (1, 2)$$, 'no gap, up to what can be there');
DELETE FROM readings WHERE channel_id = 2 AND "timestamp" >= '2026-03-05 00:00Z' AND "timestamp" < '2026-03-06 00:00Z';
SELECT results_eq($$SELECT * FROM pg_temp.gaps(2, '2026-03-01 05:00Z', '2026-03-11 11:45Z')$$, ARRAY['05 00:00 06 00:00 96 never asked'], 'never asked');
SELECT is(message, 'CALL public.argo_backfill(''a'', ''2026-03-04'', ''2026-03-05'');', 'what to type, with days of the site')
FROM argo_gaps('a', '2026-03-01 05:00Z', as_of => :now) WHERE meter_id = 2;
SELECT pg_temp.pull('a', 2, '2026-03-05 06:00Z', '2026-03-05 12:00Z', '2026-03-06 02:00Z'),
       pg_temp.pull('a', 2, '2026-03-05 09:00Z', '2026-03-05 18:00Z', '2026-03-07 02:00Z'),
       pg_temp.pull('a', 2, '2026-03-05 17:00Z', '2026-03-05 20:00Z', '2026-03-07 03:00Z', 'HTTP 500') \g /dev/null
SELECT results_eq($$SELECT * FROM pg_temp.gaps(2, '2026-03-01 05:00Z', '2026-03-11 11:45Z')$$, ARRAY[
    '05 00:00 05 06:00 24 never asked', '05 06:00 05 09:00 12 answered without 06 02:00', '05 09:00 05 12:00 12 confirmed absent 07 02:00',
    '05 12:00 05 17:00 20 answered without 07 02:00', '05 17:00 05 20:00 12 failed 07 03:00', '05 20:00 06 00:00 16 never asked'], 'split where its history differs');
SELECT is(message, 'HTTP 500; CALL public.argo_backfill(''a'', ''2026-03-05'', ''2026-03-05'');', 'a failure tells its error')
FROM argo_gaps('a', as_of => :now) WHERE status = 'failed';
SELECT pg_temp.pull('a', 2, '2026-03-05 17:00Z', '2026-03-05 19:00Z', '2026-03-07 04:00Z') \g /dev/null
SELECT results_eq($$SELECT * FROM pg_temp.gaps(2, '2026-03-05 16:00Z', '2026-03-05 20:00Z')$$, ARRAY[
    '05 16:00 05 19:00 12 answered without 07 04:00', '05 19:00 05 20:00 4 failed 07 03:00'], 'the newest pull counts, and neighbours of one history are one row');
SELECT pg_temp.pull('a', 2, '2026-03-05 17:00Z', '2026-03-05 19:00Z', '2026-03-08 03:59Z') \g /dev/null
SELECT results_eq($$SELECT * FROM pg_temp.gaps(2, '2026-03-05 17:30Z', '2026-03-05 19:00Z')$$, ARRAY['05 17:30 05 18:00 2 confirmed absent 08 03:59',
    '05 18:00 05 19:00 4 answered without 08 03:59'], 'a day apart is a day');
SELECT pg_temp.pull('a', 2, '2026-03-05 17:00Z', '2026-03-05 19:00Z', '2026-03-09 04:00Z', 'HTTP 502') \g /dev/null
SELECT results_eq($$SELECT * FROM pg_temp.gaps(2, '2026-03-05 17:30Z', '2026-03-05 18:00Z')$$, ARRAY['05 17:30 05 18:00 2 confirmed absent 09 04:00'], 'what is confirmed stays so');
SELECT pg_temp.pull('a', 2, '2026-03-05 00:07Z', '2026-03-05 01:07Z', '2026-03-09 05:00Z', rejected => 3) \g /dev/null
SELECT results_eq($$SELECT * FROM pg_temp.gaps(2, '2026-03-05 00:00Z', '2026-03-05 02:00Z')$$, ARRAY[
    '05 00:00 05 00:15 1 never asked', '05 00:15 05 01:15 4 answered without 09 05:00', '05 01:15 05 02:00 3 never asked'], 'a pull asks for the slots that begin in it');
SELECT matches(message, 'rejected_readings WHERE channel_id = 2 ', 'and may have rejected them') FROM argo_gaps('a', as_of => :now) WHERE gap_start = '2026-03-05 00:15Z';
SELECT results_eq($$SELECT * FROM pg_temp.gaps(1, '2026-03-11 11:00Z', '2026-03-11 13:00Z')$$, ARRAY['11 11:45 11 13:00 5 not due yet'], 'what cannot be there yet');
DELETE FROM readings WHERE channel_id = 1 AND "timestamp" >= '2026-03-11 11:15Z';
SELECT results_eq($$SELECT * FROM pg_temp.gaps(1, '2026-03-11 11:00Z', '2026-03-11 13:00Z')$$, ARRAY['11 11:15 11 11:45 2 never asked', '11 11:45 11 13:00 5 not due yet'], 'and what could');
SELECT results_eq($$SELECT meter_id, gap_start, gap_end, slots, status FROM argo_gaps('a', as_of => '2026-03-11 12:05Z') WHERE meter_id IN (3, 4)$$,
    $$VALUES (3, '2026-02-09 11:45Z'::timestamptz, '2026-03-11 11:45Z'::timestamptz, 2880::bigint, 'never asked'), (4, '2026-02-09 11:45Z', '2026-03-11 11:45Z', 2880, 'never asked')$$,
    'the default is 30 days; a meter that never had a reading is one row');
SELECT pg_temp.pull('a', 4, '2026-03-05 00:00Z', '2026-03-06 00:00Z', '2026-03-06 02:00Z') \g /dev/null
SELECT results_eq($$SELECT * FROM pg_temp.gaps(4, '2026-03-01 00:00Z', '2026-03-12 00:00Z')$$, ARRAY['01 00:00 12 00:00 1056 answered without 06 02:00'], 'whatever was asked of it');
SELECT matches(message, '^no reading of this meter was ever stored: ', 'and says so') FROM argo_gaps('a', as_of => :now) WHERE meter_id = 4;
SELECT pg_temp.pull('b', 4, '2026-03-05 00:00Z', '2026-03-06 00:00Z', '2026-03-06 02:00Z', 'other site'), pg_temp.pull('a', 1, '2026-03-11 11:00Z', '2026-03-11 10:00Z', '2026-03-06 02:00Z', 'backwards'),
       pg_temp.pull('a', 1, '-infinity', '2026-03-11 11:30Z', '2026-03-11 11:59Z', 'from the beginning of time') \g /dev/null
SELECT results_eq($$SELECT * FROM pg_temp.gaps(1, '2026-03-11 11:00Z', '2026-03-11 11:45Z')$$, ARRAY['11 11:15 11 11:30 1 failed 11 11:59', '11 11:30 11 11:45 1 never asked'], 'odd pulls do no harm');
INSERT INTO readings (channel_id, "timestamp", energy_kwh) VALUES (1, '2026-03-11 11:16Z', 1), (1, '2026-03-11 11:31Z', 1), (1, '2026-03-11 11:32Z', 1);
SELECT is_empty($$SELECT * FROM pg_temp.gaps(1, '2026-03-11 11:00Z', '2026-03-11 11:45Z')$$, 'off the grid they are there');
SELECT results_eq($$SELECT * FROM pg_temp.gaps(3, '2026-02-01 00:01Z', '2026-02-01 00:31Z')$$, ARRAY['01 00:15 01 00:45 2 never asked'], 'slots are those that begin in the range');

-- Both changes of the clock, against all slots counted one by one.
DELETE FROM readings;
DELETE FROM ingestion_logs;
SELECT pg_temp.fill(1, '2025-11-01 00:00Z', '2025-11-04 00:00Z'), pg_temp.fill(1, '2026-03-07 00:00Z', '2026-03-10 00:00Z') \g /dev/null
DELETE FROM readings WHERE ("timestamp" AT TIME ZONE 'America/New_York')::date IN ('2025-11-02', '2026-03-08');
SELECT results_eq($$SELECT gap_start, gap_end, slots, message FROM argo_gaps('a', '2025-11-01 00:00Z', '2025-11-04 00:00Z', '2026-03-11 12:05Z') WHERE meter_id = 1$$,
    $$VALUES ('2025-11-02 04:00Z'::timestamptz, '2025-11-03 05:00Z'::timestamptz, 100::bigint, 'CALL public.argo_backfill(''a'', ''2025-11-02'', ''2025-11-02'');')$$, 'a day of autumn has 100 slots');
SELECT results_eq($$SELECT gap_start, gap_end, slots, message FROM argo_gaps('a', '2026-03-07 00:00Z', '2026-03-10 00:00Z', '2026-03-11 12:05Z') WHERE meter_id = 1$$,
    $$VALUES ('2026-03-08 05:00Z'::timestamptz, '2026-03-09 04:00Z'::timestamptz, 92::bigint, 'CALL public.argo_backfill(''a'', ''2026-03-08'', ''2026-03-08'');')$$, 'one of spring 92');
DELETE FROM readings WHERE ("timestamp" AT TIME ZONE 'America/New_York')::time BETWEEN '00:45' AND '03:30' OR hashint8(extract(epoch FROM "timestamp")::bigint) % 3 = 0;
SELECT is((SELECT sum(slots) FROM argo_gaps('a', low, high, :now) WHERE meter_id = 1),
    (SELECT count(*)::numeric FROM generate_series(low, high - interval '15 minutes', '15 minutes') AS t
     WHERE NOT EXISTS (SELECT FROM readings WHERE channel_id = 1 AND "timestamp" = t)), 'slot by slot from ' || low)
FROM (VALUES ('2025-11-01 00:00Z'::timestamptz, '2025-11-04 00:00Z'::timestamptz), ('2026-03-07 00:00Z', '2026-03-10 00:00Z')) AS r (low, high);
SELECT is_empty($$SELECT g.* FROM argo_gaps('a', '2026-03-07 00:00Z', '2026-03-10 00:00Z', '2026-03-11 12:05Z') AS g
    JOIN readings AS r ON r.channel_id = g.meter_id AND r."timestamp" >= g.gap_start AND r."timestamp" < g.gap_end$$, 'and no reading lies in a gap');

-- Refusals.
SELECT is_empty($$SELECT * FROM argo_gaps('e', as_of => '2026-03-11 12:05Z')$$, 'a site without meters has no gaps');
SELECT throws_ok('SELECT * FROM argo_gaps(' || arguments || ')', '22023', message, arguments)
FROM (VALUES ('NULL', 'argument site must not be null'), ($$'x'$$, $$unknown site 'x'$$), ($$'a', as_of => 'infinity'$$, 'as_of must be a finite time, not infinity'),
    ($$'a', '2026-03-02Z', '2026-03-01Z'$$, NULL), ($$'a', '2026-03-02Z', '2026-03-02Z'$$, NULL), ($$'a', '-infinity', '2026-03-02Z'$$, NULL),
    ($$'a', '2026-03-02Z', 'infinity'$$, NULL)) AS c (arguments, message);
SET LOCAL ROLE argo_dashboard;
SELECT throws_ok($$SELECT * FROM argo_gaps('a')$$, '42501', NULL, 'a role without rights on readings');
RESET ROLE;

-- The plan: of readings only ranges of the key, and nothing that would be compiled.
SELECT pg_temp.fill(m, '2026-01-01 00:00Z', '2026-03-11 11:45Z') FROM generate_series(1, 5) AS m \g /dev/null
ANALYZE readings;
SET LOCAL enable_seqscan = off;
CREATE FUNCTION pg_temp.plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END $$;
SELECT is_empty($$SELECT p FROM pg_temp.plan('SELECT * FROM v_site_status') AS p
    WHERE p ~ 'Scan.* (readings|_hyper)' AND p !~ 'Index Only Scan.* \S*idx_readings_unique|ChunkAppend'$$, 'the status reads ranges of the key only');
SELECT is((SELECT count(*) FROM pg_temp.plan('SELECT * FROM v_site_status') AS p
           WHERE p ~ CASE WHEN :is_hypertable = 1 THEN 'ChunkAppend' ELSE 'idx_readings_unique' END), 3::bigint, 'three a meter');
SELECT is_empty($$SELECT p FROM pg_temp.plan('SELECT * FROM v_site_status') AS p WHERE p ~ '^ *JIT'$$, 'and is not compiled');

SELECT * FROM finish();
ROLLBACK;
