-- Reports that are stored: when they are due, the last good one, and nothing while the breaker is open.
\set QUIET on
SET client_min_messages = error;
SET TIME ZONE 'Asia/Kathmandu';
SET jit = off;
BEGIN;
SELECT plan(57);

DO $$ BEGIN PERFORM argo_setup(); END $$;
\ir ../suites/validate_data.sql
\set monday '''2025-03-10 10:05+00'''
CALL clean.add_site('A', 'Mill', 'America/New_York', 101, 4);
CALL clean.add_site('B', 'Hall', 'Europe/London', 201, 2);
CALL clean.fill('A', '2025-02-17', :monday);
CALL clean.keep();

CREATE FUNCTION pg_temp.attempt(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
CREATE FUNCTION pg_temp.stored() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(format('%s %s to %s at %s, %s', site_id, period_start, period_end, to_char(generated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI'), gate_state),
                      '; ' ORDER BY site_id, period_end, period_start) FROM weekly_reports
$$;
CREATE FUNCTION pg_temp.due(site text, report_at text, as_of timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(d.first_day || ' to ' || d.end_day, 'none') FROM _argo_report_is_due(site, report_at, as_of) AS d
$$;

-- Which week should be there.
SELECT is(pg_temp.due(site, report_at, as_of::timestamptz), due, concat_ws(' ', site, report_at, 'at', as_of))
FROM (VALUES
    ('A', 'Mon 06:00', '2025-03-10 09:59Z', '2025-02-24 to 2025-03-03'),
    ('A', 'Mon 06:00', '2025-03-10 10:00Z', '2025-03-03 to 2025-03-10'),
    ('A', 'mon 06:00', '2025-03-14 20:00Z', '2025-03-03 to 2025-03-10'),
    ('A', 'Mon 06:00', '2025-03-17 03:59Z', '2025-03-03 to 2025-03-10'),
    ('B', 'Mon 06:00', '2025-03-10 06:00Z', '2025-03-03 to 2025-03-10'),
    ('B', 'Mon 06:00', '2025-03-31 04:59Z', '2025-03-17 to 2025-03-24'),
    ('B', 'Mon 06:00', '2025-03-31 05:00Z', '2025-03-24 to 2025-03-31'),
    ('A', 'Fri 17:30', '2025-03-14 21:29Z', '2025-02-24 to 2025-03-03'),
    ('A', 'Fri 17:30', '2025-03-14 21:30Z', '2025-03-03 to 2025-03-10'),
    ('A', 'Sun 23:59', '2025-03-16 23:00Z', '2025-02-24 to 2025-03-03'),
    ('A', 'Sun 02:30', '2025-03-09 06:59Z', '2025-02-17 to 2025-02-24'),
    ('A', 'Sun 02:30', '2025-03-09 07:00Z', '2025-02-24 to 2025-03-03')
) AS c (site, report_at, as_of, due);

-- Storing.
CALL argo_publish_report('A', generated_at => :monday);
SELECT is(pg_temp.stored(), 'A 2025-03-03 to 2025-03-10 at 2025-03-10 10:05, closed', 'the last complete week is stored');
SELECT is((SELECT report::text FROM weekly_reports), argo_weekly_report('A', generated_at => :monday)::text, 'and read back as it was');
CALL argo_publish_report('A', generated_at => timestamptz :monday + interval '5 minutes');
SELECT is(pg_temp.stored(), 'A 2025-03-03 to 2025-03-10 at 2025-03-10 10:10, closed', 'stored again it is replaced');
CALL argo_publish_report('A', '2025-03-01', '2025-03-03', :monday);
SELECT is(pg_temp.stored(), 'A 2025-03-01 to 2025-03-03 at 2025-03-10 10:05, closed; A 2025-03-03 to 2025-03-10 at 2025-03-10 10:10, closed', 'another period is another row');
SELECT is((SELECT string_agg(concat_ws(' ', site_id, site_name, period_start, period_end, gate_state, headline = report #>> '{summary,headline}', age = now() - generated_at), '; ' ORDER BY site_id)
    FROM v_last_reports), 'A Mill 2025-03-03 2025-03-10 closed t t; B Hall', 'the view has the latest period of each site');
SELECT is((SELECT argo_report_html(report) ~* '<html' FROM v_last_reports WHERE site_id = 'A'), true, 'which can be looked at');

-- What an hourly job does.
SELECT is(pg_temp.due('A', 'Mon 06:00', :monday), 'none', 'what is there is not due');
CALL argo_publish_report('A', generated_at => timestamptz :monday + interval '55 minutes', report_at => 'Mon 06:00');
SELECT matches(pg_temp.stored(), 'at 2025-03-10 10:10, closed$', 'nor made again');
DELETE FROM weekly_reports;
DELETE FROM readings WHERE "timestamp" >= '2025-03-09 12:00Z';
CALL argo_publish_report('A', '2025-03-03', '2025-03-10', '2025-03-09 12:00Z');
CALL clean.mend();
SELECT is(pg_temp.due('A', 'Mon 06:00', :monday), '2025-03-03 to 2025-03-10', 'a report of the week while it ran is not one of the week');
CALL argo_publish_report('A', generated_at => timestamptz :monday, report_at => 'Mon 06:00');
SELECT is(pg_temp.stored(), 'A 2025-03-03 to 2025-03-10 at 2025-03-10 10:05, closed', 'so it is made');
SELECT is((pg_temp.attempt(format('CALL argo_publish_report(%s)', arguments))).state, '22023', arguments)
FROM unnest(ARRAY[$$NULL$$, $$'Z'$$, $$'Z', report_at => 'Mon 06:00'$$, $$'A', report_at => 'Mon'$$, $$'A', report_at => ''$$, $$'A', report_at => '06:00'$$,
    $$'A', report_at => 'Mon 24:00'$$, $$'A', report_at => 'Mo 06:00'$$, $$'A', report_at => '0 6 * * 1'$$, $$'A', '2025-03-03', report_at => 'Mon 06:00'$$,
    $$'A', timezone => 'Asia/Tokyo', report_at => 'Mon 06:00'$$, $$'A', '2025-03-10', '2025-03-03', '2025-03-10 10:05Z'$$,
    $$'A', generated_at => NULL$$, $$'A', generated_at => 'infinity', report_at => 'Mon 06:00'$$]) AS arguments;
SELECT is((SELECT count(*) FROM unnest(ARRAY[$$NULL$$, $$'A', report_at => 'Mon'$$, $$'A', '2025-03-03', report_at => 'Mon 06:00'$$]) AS a (arguments),
    pg_temp.attempt(format('CALL argo_publish_report(%s)', arguments)) AS x WHERE x.hint <> '' AND x.detail <> ''), 3::bigint, 'each with what to type');

-- The breaker.
SELECT is((pg_temp.attempt(format($$CALL argo_publish_report('B', generated_at => %L)$$, :monday))).detail ~ ' Nothing was stored\. There is no earlier report\.$', true,
    'a site that is blocked from the start has no report');
UPDATE readings SET power_kw = -3 WHERE channel_id = 101 AND "timestamp" = '2025-03-06 10:15Z';
SELECT pg_temp.stored() AS earlier \gset
SELECT x.state, x.message, x.detail, x.hint FROM pg_temp.attempt($$CALL argo_publish_report('A', generated_at => '2025-03-12 10:05Z')$$) AS x \gset
SELECT is(:'state'::text, 'ZA005', 'while the breaker is open it fails');
SELECT matches(:'message'::text, '^the circuit breaker of site A is open: ', 'and says so');
SELECT matches(:'detail'::text, 'Nothing was stored\. The last good report, of 3 to 9 March 2025, was made 2 days before: v_last_reports has it\.$', 'and how old the last good one is');
SELECT matches(:'hint'::text, 'argo_findings', 'and what to type');
SELECT is(pg_temp.stored(), :'earlier'::text, 'nothing is stored');
SELECT is((SELECT period_end FROM v_last_reports WHERE site_id = 'A'), '2025-03-10'::date, 'the last good one stays');
SELECT is((pg_temp.attempt($$CALL argo_publish_report('A', generated_at => '2025-03-17 10:05Z', report_at => 'Mon 06:00')$$)).state, 'ZA005', 'so does the job, in the next week');
SELECT is((pg_temp.attempt($$CALL argo_publish_report('A', generated_at => '2025-03-11 10:05Z', report_at => 'Mon 06:00')$$)).state, NULL, 'but not where there is nothing to make');
CALL clean.mend();
UPDATE readings SET voltage_v = 700 WHERE channel_id = 101 AND "timestamp" = '2025-03-05 10:15Z';
CALL argo_publish_report('A', generated_at => :monday);
SELECT is(pg_temp.stored(), 'A 2025-03-03 to 2025-03-10 at 2025-03-10 10:05, degraded', 'a warning is stored with it');

-- Who may, by docs/security.md.
CREATE ROLE argo_reader;
CREATE ROLE argo_reporter;
GRANT SELECT ON v_last_reports TO argo_reader;
SET LOCAL ROLE argo_reader;
SELECT is((SELECT count(*) FROM v_last_reports WHERE period_end IS NOT NULL), 1::bigint, 'a dashboard needs the view only');
SELECT is((pg_temp.attempt(format($$CALL argo_publish_report('A', generated_at => %L)$$, :monday))).state, '42501', 'who may not validate may not publish');
RESET ROLE;
GRANT SELECT ON organizations, channels, readings, ingestion_logs, ingest_runs TO argo_reporter;
GRANT SELECT ON _argo_zones, _argo_dirty, validation_rules, v_sites TO argo_reporter;
GRANT SELECT, INSERT, DELETE ON data_quality_days, data_quality_history TO argo_reporter;
GRANT SELECT, DELETE ON _argo_unvalidated TO argo_reporter;
GRANT SELECT, INSERT, UPDATE ON circuit_breakers TO argo_reporter;
GRANT SELECT ON organizations, channels, readings, site_config, validation_rules, data_quality_days TO argo_reporter;
GRANT SELECT ON _argo_zones, v_sites, v_meters, v_readings_all TO argo_reporter;
GRANT SELECT, INSERT, UPDATE ON weekly_reports TO argo_reporter;
SET LOCAL ROLE argo_reporter;
SELECT is((pg_temp.attempt(format($$CALL argo_publish_report('A', generated_at => %L)$$, :monday)))::text, '(,,,)', 'these rights are enough');
RESET ROLE;

CALL argo_publish_report('A', '2025-03-01', '2025-03-03', :monday);
DELETE FROM channels WHERE organization_id = 'B';
DELETE FROM devices WHERE organization_id = 'B';
DELETE FROM organizations WHERE organization_id = 'B';
SELECT is((SELECT count(*) FROM v_last_reports), 1::bigint, 'a site that goes takes its line along');
-- With a server, what is missing of the week is asked for first: here since Sunday evening.
CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');
SELECT status FROM argo_ingest('23272', 40, as_of => '2026-03-08 16:32Z') \gset ignored_
CALL argo_publish_report('23272', generated_at => '2026-03-09 01:05Z', report_at => 'Mon 06:00', server => 'none');
SELECT is((SELECT period_end FROM weekly_reports WHERE site_id = '23272'), '2026-03-09'::date, 'where nothing can be asked for, the report is of what is there');
SELECT is((SELECT (report #>> '{dataQuality,expectedReadings}')::integer - (report #>> '{dataQuality,receivedReadings}')::integer FROM weekly_reports WHERE site_id = '23272'),
    2 * 9, 'which lacks the last hours');
DELETE FROM weekly_reports;
CALL argo_publish_report('23272', generated_at => '2026-03-09 01:05Z', report_at => 'Mon 06:00', server => 'eniscope');
SELECT is((SELECT count(*) FROM weekly_reports), 1::bigint, 'where it can, it is asked for');
SELECT is((SELECT (report #>> '{dataQuality,expectedReadings}')::integer - (report #>> '{dataQuality,receivedReadings}')::integer FROM weekly_reports), 0, 'and the report is complete');
SELECT is((SELECT max(started_at) > now() FROM ingest_runs WHERE organization_id = '23272'), true, 'the run is in the ledger');
SELECT count(*) AS runs FROM ingest_runs \gset
CALL argo_publish_report('23272', generated_at => '2026-03-09 02:05Z', report_at => 'Mon 06:00', server => 'eniscope');
SELECT is((SELECT count(*) FROM ingest_runs), :runs::bigint, 'where nothing is due, nothing is asked for');

SELECT * FROM finish();
ROLLBACK;
