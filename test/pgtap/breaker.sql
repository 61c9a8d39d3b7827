-- The circuit breaker: its transitions, what argo_gate() lets through, overrides, and what is kept of it all.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(106);

SET LOCAL TimeZone = 'UTC';
DO $$ BEGIN PERFORM argo_setup(); END $$;
\ir ../suites/validate_data.sql
\set as_of '''2025-04-02 12:02+00'''
CALL clean.add_site('A', 'Mill', 'America/New_York', 101, 4);
CALL clean.add_site('B', 'Hall', 'Europe/London', 201, 4);
CALL clean.fill('A', '2025-03-03', :as_of);
CALL clean.fill('B', '2025-03-03', :as_of);
CALL clean.keep();

CREATE FUNCTION pg_temp.attempt(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
-- The clock is that of the data: 12:02 UTC and some minutes.
CREATE FUNCTION pg_temp.at(minutes double precision) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS $$
    SELECT timestamptz '2025-04-02 12:02+00' + minutes * interval '1 minute'
$$;
CREATE FUNCTION pg_temp.fails(site text, minutes double precision) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(string_agg(v.rule, ' ' ORDER BY v.rule COLLATE "C"), '') FROM argo_validate(site, NULL, pg_temp.at(minutes)) AS v WHERE v.status = 'fail'
$$;
CREATE FUNCTION pg_temp.breaker(site text) RETURNS text LANGUAGE sql AS $$
    SELECT format('%s since %s', b.state, extract(epoch FROM b.since - pg_temp.at(0))::integer / 60) FROM circuit_breakers AS b WHERE b.site_id = site
$$;
-- What the gate says: the state and the rules that are flagged, or the error.
CREATE FUNCTION pg_temp.gate(site text, minutes double precision) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT concat_ws(' ', g.state, (SELECT string_agg(f ->> 'rule', ' ' ORDER BY (f ->> 'rule') COLLATE "C") FROM jsonb_array_elements(g.flags) AS f), g.override_reason)
            FROM argo_gate(site, pg_temp.at(minutes)) AS g);
EXCEPTION WHEN SQLSTATE 'ZA005' THEN
    RETURN 'ZA005';
END $$;
CREATE FUNCTION pg_temp.set(meter integer, assignment text, low text, high text DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('UPDATE readings SET %s WHERE channel_id = %s AND "timestamp" BETWEEN %L AND %L', assignment, meter, low, coalesce(high, low));
END $$;

-- Transitions.
SELECT is(pg_temp.breaker('A'), NULL, 'before the first validation there is no state');
SELECT is(pg_temp.gate('A', 0), 'closed', 'the gate has the site validated');
SELECT is(pg_temp.breaker('A'), 'closed since 0', 'closed');
SELECT is(pg_temp.breaker('B'), NULL, 'the other site is not looked at');
SELECT is(pg_temp.fails('A', 1), '', 'again');
SELECT is(pg_temp.breaker('A'), 'closed since 0', 'closed since the first time');
SELECT pg_temp.set(101, 'voltage_v = 700', '2025-03-15 10:15Z');
SELECT is(pg_temp.fails('A', 2), 'voltage_high', 'a warning');
SELECT is(pg_temp.breaker('A'), 'degraded since 2', 'degraded');
SELECT is(pg_temp.fails('A', 3), 'voltage_high', 'still');
SELECT is(pg_temp.breaker('A'), 'degraded since 2', 'since the first of them');
SELECT pg_temp.set(102, 'power_factor = 1.5', '2025-03-15 10:15Z');
SELECT is(pg_temp.fails('A', 4), 'power_factor voltage_high', 'a second warning');
SELECT is(pg_temp.breaker('A'), 'degraded since 2', 'is the same state');
SELECT is((SELECT count(DISTINCT failing_since) FROM data_quality_history WHERE site_id = 'A' AND rule = 'voltage_high' AND failing_since = pg_temp.at(2)),
    1::bigint, 'the history knows since when a rule fails');
SELECT is((SELECT failing_since FROM data_quality_history WHERE site_id = 'A' AND rule = 'power_factor' ORDER BY id DESC LIMIT 1),
    pg_temp.at(4), 'each its own');
SELECT pg_temp.set(101, 'power_kw = -3', '2025-03-16 10:15Z');
SELECT is(pg_temp.fails('A', 5), 'negative_values power_factor voltage_high',
    'an error of integrity, of one meter of four');
SELECT is(pg_temp.breaker('A'), 'open since 5', 'open');
SELECT is(pg_temp.fails('A', 6), 'negative_values power_factor voltage_high', 'still');
SELECT is(pg_temp.breaker('A'), 'open since 5', 'since the first of them');
SELECT is(pg_temp.fails('B', 6), '', 'the other site passes');
SELECT is(pg_temp.breaker('B'), 'closed since 6', 'and is closed');
SELECT pg_temp.set(101, 'power_kw = energy_kwh * 4', '2025-03-16 10:15Z');
SELECT is(pg_temp.fails('A', 7), 'power_factor voltage_high', 'the error is mended');
SELECT is(pg_temp.breaker('A'), 'degraded since 7', 'degraded again');
CALL clean.mend();
SELECT is(pg_temp.fails('A', 8), '', 'all is mended');
SELECT is(pg_temp.breaker('A'), 'closed since 8', 'closed by itself');
SELECT is(pg_temp.gate('A', 8), 'closed', 'and the gate with it');
SELECT pg_temp.set(101, 'power_kw = -3', '2025-03-16 10:15Z');
SELECT is(pg_temp.fails('A', 9) || ' ' || pg_temp.breaker('A'), 'negative_values open since 9',
    'from closed to open at once');
CALL clean.mend();
SELECT is(pg_temp.fails('A', 10) || pg_temp.breaker('A'), 'closed since 10', 'and back');

-- One meter out, or most of them.
DELETE FROM readings WHERE channel_id = 101 AND "timestamp" >= '2025-04-01 04:00Z';
SELECT is(pg_temp.fails('A', 11), 'completeness freshness_error freshness_warning gaps', 'one meter of four is out');
SELECT is(pg_temp.breaker('A'), 'degraded since 11', 'degraded');
SELECT is(pg_temp.gate('A', 11), 'degraded completeness freshness_error freshness_warning gaps',
    'the gate tells what to flag');
SELECT is((SELECT jsonb_agg(f - 'detail' - 'since' - 'observed' - 'threshold') FROM argo_gate('A', pg_temp.at(11)) AS g, jsonb_array_elements(g.flags) AS f WHERE f ->> 'rule' IN ('gaps', 'freshness_error')),
    '[{"rule": "freshness_error", "severity": "error", "opens": false, "meters_affected": 1}, {"rule": "gaps", "severity": "warning", "opens": false, "meters_affected": 1}]',
    'with severity and meters');
SELECT matches((SELECT f ->> 'detail' FROM argo_gate('A', pg_temp.at(11)) AS g, jsonb_array_elements(g.flags) AS f WHERE f ->> 'rule' = 'freshness_error'),
    '^101 Main 101: ', 'and which');
DELETE FROM readings WHERE channel_id = 102 AND "timestamp" >= '2025-04-01 04:00Z';
SELECT is(pg_temp.fails('A', 12) <> '' AND pg_temp.breaker('A') = 'degraded since 11', true,
    'two of four are not more than half');
DELETE FROM readings WHERE channel_id = 103 AND "timestamp" >= '2025-04-01 04:00Z';
SELECT is(pg_temp.fails('A', 13) <> '' AND pg_temp.breaker('A') = 'open since 13', true, 'three are');
INSERT INTO validation_rules (name, site_id, open_share) VALUES ('completeness', 'A', 0.8), ('freshness_error', 'A', 0.8);
SELECT is(pg_temp.fails('A', 14) <> '' AND pg_temp.breaker('A') = 'degraded since 14', true,
    'how many, the site may say');
DELETE FROM validation_rules WHERE site_id = 'A';
CALL clean.mend();
DELETE FROM readings AS r USING (VALUES (101, '2025-03-10'), (102, '2025-03-12'), (103, '2025-03-14')) AS d (meter, day)
WHERE r.channel_id = d.meter AND r."timestamp" BETWEEN d.day::timestamptz + interval '6 hours' AND d.day::timestamptz + interval '12 hours';
SELECT is(pg_temp.fails('A', 15) || ' ' || pg_temp.breaker('A'), 'completeness gaps degraded since 14',
    'three meters, each on another day, are not most of them');
CALL clean.mend();
DELETE FROM readings WHERE channel_id BETWEEN 101 AND 103 AND "timestamp" BETWEEN '2025-03-10 06:00Z' AND '2025-03-10 12:00Z';
SELECT is(pg_temp.fails('A', 16) || ' ' || pg_temp.breaker('A'), 'completeness gaps open since 16',
    'on one day they are');
CALL clean.mend();
DELETE FROM readings WHERE channel_id < 200 AND "timestamp" >= '2025-04-01 04:00Z';
SELECT matches(pg_temp.fails('A', 17) || ' ' || pg_temp.breaker('A'), 'freshness_error.* open since 16',
    'all of the site is silent');
CALL clean.mend();
SELECT is(pg_temp.fails('A', 20) || pg_temp.breaker('A'), 'closed since 20', 'mended');

INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, status, error_message, created_at)
SELECT 'A', 101, t, t + interval '4 hours', 'failure', 'HTTP 500', pg_temp.at(20)
FROM generate_series('2025-03-20 08:00Z'::timestamptz, '2025-03-20 20:00Z', interval '4 hours') AS t;
SELECT is(pg_temp.fails('A', 20) || ' ' || pg_temp.breaker('A'), 'failed_pulls degraded since 20',
    'four findings of one meter are not four meters');
DELETE FROM ingestion_logs;
SELECT is(pg_temp.fails('A', 20) || pg_temp.breaker('A'), 'closed since 20', 'mended again');

-- The gate validates where the last validation does not speak for now.
SELECT pg_temp.set(102, 'energy_kwh = ''NaN''', '2025-03-16 10:15Z');
SELECT is(pg_temp.gate('A', 20), 'ZA005', 'a reading was changed: the gate sees it without a validation');
SELECT is(pg_temp.gate('B', 20), 'closed', 'the other site''s does not');
CREATE TEMP TABLE refusal AS SELECT * FROM pg_temp.attempt('SELECT argo_gate(''A'', pg_temp.at(21))');
SELECT is(state, 'ZA005', 'an open breaker has an SQLSTATE') FROM refusal;
SELECT matches(message, 'site A .*non_finite_values.*2025-04-02 12:23', 'the message names site, rule and since when')
    FROM refusal;
SELECT matches(detail, '102 Cold room 102', 'the detail the meter') FROM refusal;
SELECT matches(hint, 'argo_(findings|validate|override_breaker)', 'the hint what to type') FROM refusal;
SELECT is(pg_temp.fails('A', 22), 'non_finite_values', 'validated');
SELECT matches((pg_temp.attempt('SELECT argo_gate(''A'', pg_temp.at(40))')).message, '2025-04-02 12:24',
    'later it still says since when');
CALL clean.mend();
SELECT is(pg_temp.gate('A', 41), 'closed', 'mended, the gate closes without a validation');
SELECT is(pg_temp.breaker('A'), 'closed since 41', 'or rather by its own');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw, voltage_v) VALUES (101, '2025-04-02 12:00Z', 1, 4, 900);
SELECT is(pg_temp.gate('A', 42), 'degraded voltage_high', 'a reading is new');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT is(pg_temp.gate('A', 42), 'degraded voltage_high', 'a refresh changes nothing');
DELETE FROM readings WHERE "timestamp" = '2025-04-02 12:00Z';
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT is(pg_temp.gate('A', 42), 'closed', 'a reading is gone, and a refresh was faster');
UPDATE validation_rules SET threshold = 200 WHERE name = 'voltage_high';
SELECT is(pg_temp.gate('A', 42), 'degraded voltage_high', 'a threshold has changed');
UPDATE validation_rules SET threshold = 600 WHERE name = 'voltage_high';
INSERT INTO validation_rules (name, site_id, threshold, severity) VALUES ('voltage_high', 'A', 200, 'error');
SELECT is(pg_temp.gate('A', 42), 'ZA005', 'for one site');
SELECT is(pg_temp.gate('B', 42), 'closed', 'and not the other');
DELETE FROM validation_rules WHERE site_id = 'A';
SELECT is(pg_temp.gate('A', 42), 'closed', 'as it was');
INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, status, error_message, created_at)
VALUES ('A', 101, '2025-03-20 04:00Z', '2025-03-21 04:00Z', 'failure', 'HTTP 500', pg_temp.at(42));
SELECT isnt(pg_temp.gate('A', 42), 'closed', 'a pull has failed');
DELETE FROM ingestion_logs;
SELECT is(pg_temp.fails('A', 43) || pg_temp.breaker('A'), 'closed since 43', 'or has not');
INSERT INTO ingest_runs (organization_id, kind, started_at, updated_at, finished_at, status, clock_skew_s)
VALUES ('A', 'ingest', pg_temp.at(42), pg_temp.at(43), pg_temp.at(43), 'success', 90);
SELECT is(pg_temp.gate('A', 43), 'degraded clock_skew', 'a run is new');
DELETE FROM ingest_runs;
SELECT is(pg_temp.fails('A', 43) || pg_temp.breaker('A'), 'closed since 43', 'or is not');
SELECT is(pg_temp.gate('A', 5 * 60), 'closed', 'hours later data is fresh enough');
SELECT is(pg_temp.gate('A', 8 * 60), 'degraded freshness_warning', 'then it ages');
SELECT is(pg_temp.gate('A', 30 * 60), 'ZA005', 'and is too old, though nothing was written');
SELECT is(pg_temp.gate('A', 44), 'closed', 'judged for an earlier time it is not');
CREATE TEMP TABLE logged AS SELECT count(*) AS n FROM data_quality_history;
SELECT is(pg_temp.gate('A', 45), 'closed', 'asked again');
SELECT is((SELECT count(*) FROM data_quality_history), (SELECT n FROM logged), 'it is not validated again');

-- Overrides.
SELECT is((pg_temp.attempt(call)).state, state, call) FROM (VALUES
    ('SELECT argo_override_breaker(''nowhere'', ''reason'', now() + interval ''1 hour'')', '22023'),
    ('SELECT argo_override_breaker(''A'', NULL, now() + interval ''1 hour'')', '22023'),
    ('SELECT argo_override_breaker(''A'', ''  '', now() + interval ''1 hour'')', '22023'),
    ('SELECT argo_override_breaker(''A'', ''reason'', NULL)', '22023'),
    ('SELECT argo_override_breaker(''A'', ''reason'', ''infinity'')', '22023'),
    ('SELECT argo_override_breaker(''A'', ''reason'', ''-infinity'')', '22023'),
    ('SELECT argo_override_breaker(''A'', ''reason'', now() + interval ''10 years'')', '22023'),
    ('SELECT argo_override_breaker(''A'', ''reason'', now() - interval ''1 second'')', '22023')) AS refused (call,
    state);
SELECT pg_temp.set(101, 'power_kw = -3', '2025-03-16 10:15Z');
SELECT is(pg_temp.fails('A', 50), 'negative_values', 'an error');
SELECT is(pg_temp.gate('A', 50), 'ZA005', 'blocks');
SELECT argo_override_breaker('A', 'meter 101 was wired the wrong way', now() + interval '1 day');
SELECT is(pg_temp.gate('A', 51), 'degraded negative_values meter 101 was wired the wrong way',
    'an override lets through, flagged, with its reason');
SELECT is((SELECT override_until FROM argo_gate('A', pg_temp.at(51))), now() + interval '1 day', 'and until when');
SELECT is((SELECT override_by FROM circuit_breakers WHERE site_id = 'A'), current_user::text, 'it is known by whom');
SELECT is(pg_temp.fails('A', 52), 'negative_values', 'a validation fails as before');
SELECT is(pg_temp.gate('A', 53), 'degraded negative_values meter 101 was wired the wrong way',
    'and the override lasts');
UPDATE circuit_breakers SET override_until = pg_temp.at(54) WHERE site_id = 'A';
SELECT is(pg_temp.gate('A', 53.9), 'degraded negative_values meter 101 was wired the wrong way', 'to its end');
SELECT is(pg_temp.gate('A', 54), 'ZA005', 'where it ends by itself');
SELECT is(pg_temp.fails('A', 55) || ' ' || pg_temp.breaker('A'), 'negative_values open since 50', 'open as before');
SELECT ok(override_reason IS NULL AND override_until IS NULL AND override_by IS NULL, 'and forgotten')
    FROM circuit_breakers WHERE site_id = 'A';
SELECT is(argo_end_override('A'), false, 'there is none to end');
SELECT argo_override_breaker('A', 'again', now() + interval '1 day');
SELECT argo_override_breaker('A', 'for longer', now() + interval '2 days');
SELECT is(pg_temp.gate('A', 56), 'degraded negative_values for longer', 'the last override counts');
SELECT is(argo_end_override('A'), true, 'ended by hand');
SELECT is(pg_temp.gate('A', 57), 'ZA005', 'it blocks again');
SELECT argo_override_breaker('A', 'a third', now() + interval '1 day');
CALL clean.mend();
SELECT is(pg_temp.fails('A', 58) || pg_temp.breaker('A'), 'closed since 58', 'mended while overridden: closed');
SELECT is(pg_temp.gate('A', 58), 'closed', 'and the gate does not speak of an override');
DO $$ BEGIN PERFORM argo_end_override('A'); END $$;
SELECT is(pg_temp.gate('B', 58), 'closed', 'the other site has had none of it');

-- Histories.
SELECT is((pg_temp.attempt(call)).state, '22023', call)
    FROM unnest(ARRAY['SELECT argo_purge_history(NULL)', 'SELECT argo_purge_history(''A'', 0)',
    'SELECT argo_purge_history(''A'', -1)', 'SELECT argo_purge_history(''A'', NULL)']) AS call;
UPDATE data_quality_history SET created_at = now() - interval '100 days' WHERE id IN (SELECT id FROM data_quality_history WHERE site_id = 'A' ORDER BY id LIMIT 70);
UPDATE data_quality_history SET created_at = now() - interval '100 days' WHERE id IN (SELECT id FROM data_quality_history WHERE site_id = 'B' ORDER BY id LIMIT 5);
INSERT INTO ingest_runs (organization_id, kind, started_at, updated_at, finished_at, status)
SELECT s, 'ingest', now() - d * interval '1 day', now() - d * interval '1 day', now() - d * interval '1 day', 'success'
FROM unnest(ARRAY['A', 'B']) AS s, unnest(ARRAY[300, 200, 95, 80, 1]) AS d;
INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, created_at) VALUES ('A', 101, '2020-01-01', '2020-01-02', '2020-01-03');
CREATE TEMP TABLE before AS SELECT site_id, count(*) AS n FROM data_quality_history GROUP BY 1;
SELECT is(argo_purge_history('A', 150), 2::bigint, 'two runs are older than 150 days');
SELECT is(argo_purge_history('A'), 71::bigint, '71 rows are older than 90 days');
SELECT is(argo_purge_history('A'), 0::bigint, 'once');
SELECT results_eq('SELECT site_id, count(*) FROM data_quality_history GROUP BY 1 ORDER BY 1',
    'SELECT site_id, n - CASE site_id WHEN ''A'' THEN 70 ELSE 0 END FROM before ORDER BY 1', 'those of the site only');
SELECT results_eq('SELECT organization_id, count(*) FROM ingest_runs GROUP BY 1 ORDER BY 1',
    $$VALUES ('A', 2::bigint), ('B', 5)$$, 'likewise of its runs');
SELECT is((SELECT count(*) FROM ingestion_logs), 1::bigint, 'what was asked for is never forgotten');
SELECT is(argo_purge_history('B', 1), 9::bigint, 'the last run of a site stays if it is old');
SELECT is((SELECT count(*) FROM circuit_breakers), 2::bigint, 'breakers stay');

SELECT * FROM finish();
ROLLBACK;
