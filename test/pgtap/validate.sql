-- argo_validate(): clean readings pass every rule, a planted fault is found by its rule and named, and mended it passes again.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(408);

SET LOCAL TimeZone = 'UTC';
\set as_of '''2025-04-02 12:02+00'''

CREATE FUNCTION pg_temp.attempt(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;

SELECT is((SELECT state FROM pg_temp.attempt(call)), '55000', call || ' before argo_setup() is refused')
FROM unnest(ARRAY['SELECT argo_validate()', 'SELECT argo_gate(''A'')']) AS call;
SELECT matches((SELECT hint FROM pg_temp.attempt('SELECT argo_validate()')), 'argo_setup\(\)',
    'and the hint says what to type');
DO $$ BEGIN PERFORM argo_setup(); END $$;

SELECT is((SELECT count(*) FROM argo_validate(as_of => :as_of)), 0::bigint, 'without a site there is nothing to judge');
SELECT is((SELECT state FROM pg_temp.attempt(call)), '22023', call || ' is refused')
FROM unnest(ARRAY['SELECT argo_validate(''nowhere'')', 'SELECT argo_gate(''nowhere'')', 'SELECT argo_gate(NULL)',
                  'SELECT argo_validate(as_of => ''infinity'')']) AS call;

-- Two sites, 30 days: the clocks of both change.
\ir ../suites/validate_data.sql
CALL clean.add_site('A', 'Mill', 'America/New_York', 101, 4);
CALL clean.add_site('B', 'Hall', 'Europe/London', 201, 4);
CALL clean.fill('A', '2025-03-03', :as_of);
CALL clean.fill('B', '2025-03-03', :as_of);
CALL clean.keep();

CREATE TEMP TABLE now_is AS SELECT :as_of::timestamptz AS as_of;
CREATE TEMP TABLE validated (site_id text, rule text, severity text, status text, observed float8, threshold float8, meters_affected integer, detail text);
CREATE FUNCTION pg_temp.validate(site text DEFAULT NULL, since timestamptz DEFAULT NULL, shift interval DEFAULT '0') RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM validated;
    INSERT INTO validated SELECT v.* FROM argo_validate(site, since, (SELECT as_of FROM now_is) + shift) AS v;
    RETURN ARRAY(SELECT v.site_id || ' ' || v.rule FROM validated AS v WHERE v.status <> 'pass' ORDER BY v.site_id, v.rule COLLATE "C");
END $$;

SELECT is(pg_temp.validate(), '{}', 'clean readings pass');
CREATE TEMP TABLE rules (rule text PRIMARY KEY, severity text, threshold float8);
INSERT INTO rules VALUES
    ('tables_present', 'error', NULL), ('timestamptz_columns', 'error', NULL), ('site_present', 'error', NULL), ('time_zone', 'warning', NULL),
    ('completeness', 'error', 90), ('gaps', 'warning', 1), ('freshness_warning', 'warning', 6), ('freshness_error', 'error', 24),
    ('freshness_pipeline', 'error', 48), ('duplicates', 'error', NULL), ('negative_values', 'error', NULL), ('non_finite_values', 'error', NULL),
    ('off_grid_timestamps', 'error', NULL), ('future_timestamps', 'error', NULL), ('ancient_timestamps', 'warning', NULL),
    ('voltage_low', 'warning', 50), ('voltage_high', 'warning', 600), ('power_factor', 'warning', 1), ('power_high', 'error', 5000),
    ('flatline', 'warning', 6), ('unit_jump', 'error', 30), ('energy_mismatch', 'warning', 5), ('failed_pulls', 'error', NULL),
    ('missing_pulls', 'warning', 1), ('empty_run', 'error', 4), ('clock_skew', 'warning', 60);
SELECT bag_eq('SELECT site_id, rule, severity FROM validated',
    $$SELECT s, rule, severity FROM rules, unnest(ARRAY['A', 'B']) AS s$$,
    'a row for each rule and site');
SELECT is_empty($$SELECT v.rule, v.threshold FROM validated AS v JOIN rules AS r ON r.rule = v.rule AND r.threshold <> v.threshold$$,
    'with the threshold that counted');
SELECT is((SELECT sum(meters_affected) FROM validated), 0::bigint, 'and no meter affected');
SELECT results_eq('SELECT site_id, state FROM circuit_breakers ORDER BY 1', $$VALUES ('A', 'closed'), ('B', 'closed')$$,
    'both breakers are closed');
SELECT is_empty('SELECT * FROM argo_findings(''A'', as_of => (SELECT as_of FROM now_is))', 'nothing is found');
SELECT is((SELECT count(*) FROM data_quality_history), 52::bigint, 'all of it is in the history');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT is(pg_temp.validate(), '{}', 'after a refresh they pass too');
SELECT is((SELECT count(*) FROM _argo_dirty) + (SELECT count(*) FROM _argo_unvalidated), 0::bigint,
    'and no mark is left');

-- What a rule must find, and what else must fail; then it is mended.
CREATE FUNCTION pg_temp.finds(
    name text, plant text, rule text, severity text, meters integer, low float8, high float8, pattern text,
    others text[] DEFAULT '{}', undo text DEFAULT '', site text DEFAULT 'A'
) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    v record;
BEGIN
    EXECUTE plant;
    RETURN NEXT is(pg_temp.validate(), ARRAY(SELECT f FROM unnest(others || (site || ' ' || rule)) AS f ORDER BY split_part(f, ' ', 1), f COLLATE "C"),
                   name || ': ' || rule || ' fails' || CASE WHEN others = '{}' THEN ', and nothing else' ELSE ', and what follows from it' END);
    SELECT x.* INTO v FROM validated AS x WHERE x.rule = finds.rule AND x.site_id = site;
    RETURN NEXT is((v.severity, v.meters_affected), (severity, meters), name || ': ' || severity || ', meters affected');
    RETURN NEXT ok(CASE WHEN low IS NULL THEN true ELSE v.observed BETWEEN low AND high END, name || ': observed ' || coalesce(v.observed::text, 'NULL'));
    RETURN NEXT matches(v.detail, pattern, name || ': the detail names it');
    EXECUTE undo;
    CALL clean.mend();
    RETURN NEXT is(pg_temp.validate(), '{}', name || ': mended, it passes');
    -- So that the next validation looks at what changes next, and no more.
    PERFORM argo_refresh();
EXCEPTION WHEN OTHERS THEN
    RETURN NEXT fail(name || ': ' || SQLERRM);
END $$;
-- What looks like a fault and is none.
CREATE FUNCTION pg_temp.passes(name text, plant text, undo text DEFAULT '') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE plant;
    RETURN NEXT is(pg_temp.validate(), '{}', name || ' passes');
    EXECUTE undo;
    CALL clean.mend();
    PERFORM pg_temp.validate();
    PERFORM argo_refresh();
EXCEPTION WHEN OTHERS THEN
    RETURN NEXT fail(name || ': ' || SQLERRM);
END $$;
-- gone(meter, from, to): deletes readings of a stretch, half open.
CREATE FUNCTION pg_temp.gone(meter integer, low text, high text DEFAULT 'infinity') RETURNS text LANGUAGE sql AS $$
    SELECT format('DELETE FROM readings WHERE channel_id = %s AND "timestamp" >= %L AND "timestamp" < %L;', meter, low, high)
$$;
CREATE FUNCTION pg_temp.set(meter integer, assignment text, low text, high text DEFAULT NULL) RETURNS text LANGUAGE sql AS $$
    SELECT format('UPDATE readings SET %s WHERE channel_id = %s AND "timestamp" BETWEEN %L AND %L;', assignment, meter, low, coalesce(high, low))
$$;

-- Completeness: 24 h of local time.
SELECT pg_temp.finds('a thin day', $$
    DELETE FROM readings WHERE channel_id = 102 AND "timestamp" IN (SELECT '2025-03-20 05:00Z'::timestamptz + n * interval '45 minutes' FROM generate_series(1, 19) AS n)$$,
    'completeness', 'error', 1, 80.2, 80.21, '^102 Cold room 102: 80\.2.*2025-03-20.*19 of 96');
SELECT pg_temp.finds('evening hours that are the next day in UTC',
    pg_temp.gone(102, '2025-03-21 00:00Z', '2025-03-21 04:00Z'),
    'completeness', 'error', 1, 83.3, 83.34, '2025-03-20.*16 of 96', '{A gaps}');
SELECT pg_temp.finds('the short day',
    $$DELETE FROM readings WHERE channel_id = 101 AND "timestamp" IN (SELECT '2025-03-09 05:00Z'::timestamptz + n * interval '1 hour' FROM generate_series(1, 10) AS n)$$,
    'completeness', 'error', 1, 89.1, 89.14, '^101 Main 101: 89\.1.*2025-03-09.*10 of 92');
SELECT pg_temp.passes('a tenth less than a tenth of the short day missing',
    $$DELETE FROM readings WHERE channel_id = 101 AND "timestamp" IN (SELECT '2025-03-09 05:00Z'::timestamptz + n * interval '1 hour' FROM generate_series(1, 9) AS n)$$);
SELECT pg_temp.finds('a day without any reading', pg_temp.gone(203, '2025-03-30 00:00Z', '2025-03-30 23:00Z'),
    'completeness', 'error', 1, 0, 0, '^203 Lights 203: 0.*2025-03-30.*92 of 92', '{B gaps}', site => 'B');

SELECT pg_temp.finds('a gap of five quarters', pg_temp.gone(103, '2025-03-20 15:00Z', '2025-03-20 16:15Z'),
    'gaps', 'warning', 1, 1.25, 1.25,
    '^103 Lights 103: .*1\.25? ?h.*2025-03-20|^103 Lights 103: .*2025-03-20.*1\.25? ?h');
SELECT pg_temp.passes('a gap of an hour', pg_temp.gone(103, '2025-03-20 15:00Z', '2025-03-20 16:00Z'));
SELECT pg_temp.finds('a gap over midnight', pg_temp.gone(103, '2025-03-21 03:15Z', '2025-03-21 04:30Z'), 'gaps',
    'warning', 1, 1.25, 1.25, '2025-03-2[01]');
SELECT pg_temp.finds('a gap over the hour that the clock skips',
    pg_temp.gone(103, '2025-03-09 06:00Z', '2025-03-09 08:00Z'), 'gaps', 'warning', 1, 2, 2, '2025-03-09');
SELECT pg_temp.finds('gaps of two meters, the longest first',
    pg_temp.gone(103, '2025-03-20 15:00Z', '2025-03-20 16:15Z')
    || pg_temp.gone(104, '2025-03-22 15:00Z', '2025-03-22 17:00Z'),
    'gaps', 'warning', 2, 2, 2, '^104 Exhaust fan 104: .*103 Lights 103: ');

-- Freshness. The day has begun at 04:00 UTC.
SELECT pg_temp.finds('a meter silent since this morning', pg_temp.gone(102, '2025-04-02 05:00Z'),
    'freshness_warning', 'warning', 1, 7, 7.1, '^102 Cold room 102: .*7(\.\d+)? h');
SELECT pg_temp.finds('a meter silent since yesterday', pg_temp.gone(102, '2025-04-01 11:00Z'),
    'freshness_error', 'error', 1, 25, 25.1, '^102 Cold room 102: .*25(\.\d+)? h',
    '{A freshness_warning,A gaps,A completeness}');
SELECT pg_temp.passes('a meter five hours behind', pg_temp.gone(102, '2025-04-02 07:15Z'));
SELECT pg_temp.finds('a silent site',
    $$DELETE FROM readings WHERE channel_id > 200 AND "timestamp" >= '2025-04-02 05:00Z'$$,
    'freshness_warning', 'warning', 0, 7, 7.1, '7(\.\d+)? h', site => 'B');
SELECT is((SELECT count(*) FROM (SELECT pg_temp.validate(NULL, NULL, '49 hours')) AS v, argo_findings('A', 'freshness_pipeline', as_of => (SELECT as_of + interval '49 hours' FROM now_is)) AS f
           WHERE f.meter_id IS NULL), 1::bigint, 'two days later the whole pipeline is stale');
SELECT results_eq($$SELECT site_id, rule, severity, meters_affected FROM validated WHERE rule ~ 'freshness' AND status = 'fail' ORDER BY site_id, rule$$,
    $$SELECT s, 'freshness_' || r, v, 0 FROM unnest(ARRAY['A', 'B']) AS s, (VALUES ('error', 'error'), ('pipeline', 'error'), ('warning', 'warning')) AS r (r, v) ORDER BY s, r$$,
    'and each site is, as a whole');
SELECT is(pg_temp.validate(), '{}', 'judged for its time it passes again');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (105, 'Old main', 'A'), (106, 'Spare', 'A');
CALL clean.keep();
SELECT is(pg_temp.validate(), '{}', 'a meter that never had a reading passes');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT 105, r."timestamp", r.energy_kwh, r.power_kw FROM clean.readings(105, 'America/New_York', '2025-01-10 05:00Z', '2025-03-02 05:00Z') AS r;
SELECT is(pg_temp.validate(), '{}', 'a meter that is silent for over a month was taken out, and passes');
SELECT ok(bool_or(detail ~ '105|retired|silent'), 'which freshness tells') FROM validated
    WHERE site_id = 'A' AND rule LIKE 'freshness%' AND status = 'pass';
DELETE FROM readings WHERE channel_id = 105;
DELETE FROM channels WHERE channel_id IN (105, 106);
SELECT is(pg_temp.validate(), '{}', 'nor is it missed once it is deleted');

-- Readings that cannot be right.
SELECT pg_temp.finds('a reading twice', $$
    ALTER TABLE readings DROP CONSTRAINT idx_readings_unique;
    INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) SELECT channel_id, "timestamp", energy_kwh, power_kw
    FROM readings WHERE channel_id = 101 AND "timestamp" = '2025-03-15 10:15Z'$$,
    'duplicates', 'error', 1, 1, 1, '^101 Main 101: 1 reading .*2025-03-15 06:15-04:00');
ALTER TABLE readings ADD CONSTRAINT idx_readings_unique PRIMARY KEY (channel_id, "timestamp");
SELECT pg_temp.finds('negative energy', pg_temp.set(101, 'energy_kwh = -2', '2025-03-15 10:15Z'), 'negative_values',
    'error', 1, 1, 1, '^101 Main 101: 1 reading .*2025-03-15 06:15-04:00.*-2 kWh');
SELECT pg_temp.finds('negative power', pg_temp.set(101, 'power_kw = -2', '2025-03-15 10:15Z', '2025-03-15 10:45Z'),
    'negative_values', 'error', 1, 3, 3, '^101 Main 101: 3 readings .*2025-03-15 06:15-04:00.*-2 kW');
SELECT pg_temp.finds(v || ' as ' || c, pg_temp.set(103, format('%s = %L', c, v), '2025-03-15 10:15Z'),
    'non_finite_values', 'error', 1, 1, 1, '^103 Lights 103: 1 reading .*2025-03-15 06:15-04:00.*' || v)
    FROM unnest(ARRAY['energy_kwh', 'power_kw', 'voltage_v']) AS c, unnest(ARRAY['NaN', 'Infinity']) AS v;
SELECT pg_temp.finds('off the grid',
    pg_temp.set(103, '"timestamp" = "timestamp" + interval ''7 minutes''', '2025-03-15 10:15Z'),
    'off_grid_timestamps', 'error', 1, 1, 1, '^103 Lights 103: .*2025-03-15.*:22');
SELECT pg_temp.finds('ahead of the clock',
    $$INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (101, '2025-04-04 13:00Z', 1, 4)$$,
    'future_timestamps', 'error', 1, 1, 1, '^101 Main 101: .*2025-04-04');
SELECT pg_temp.finds('ahead by ages',
    $$INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (101, '2525-04-04 13:00Z', 1, 4)$$,
    'future_timestamps', 'error', 1, 1, 1, '^101 Main 101: .*2525-04-04');
SELECT pg_temp.finds('at the end of time',
    $$INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (101, 'infinity', 1, 4)$$,
    'future_timestamps', 'error', 1, 1, 1, '^101 Main 101: .*infinity');
SELECT pg_temp.finds('of 1970',
    $$INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (101, '1970-01-01 00:00Z', 1, 4)$$,
    'ancient_timestamps', 'warning', 1, 1, 1, '^101 Main 101: .*(1970-01-01|1969-12-31)');
SELECT pg_temp.finds('at the beginning of time',
    format($$INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (101, %L, 1, 4)$$, beginning),
    'ancient_timestamps', 'warning', 1, 1, 1, '^101 Main 101: .*' || left(beginning, 9))
-- No chunk of a hypertable holds -infinity.
FROM (SELECT CASE WHEN :is_hypertable = 1 THEN '1800-06-15' ELSE '-infinity' END) AS t (beginning);

-- Values out of their range.
SELECT pg_temp.finds('low voltage', pg_temp.set(101, 'voltage_v = 30', '2025-03-15 10:15Z'), 'voltage_low', 'warning',
    1, 30, 30, '^101 Main 101: .*30.*2025-03-15|^101 Main 101: .*2025-03-15.*30');
SELECT pg_temp.finds('0 V beside power', pg_temp.set(101, 'voltage_v = 0', '2025-03-15 10:15Z'), 'voltage_low',
    'warning', 1, 0, 0, '2025-03-15');
SELECT pg_temp.passes('0 V without power',
    pg_temp.set(101, 'voltage_v = 0, power_kw = 0, energy_kwh = 0', '2025-03-15 10:15Z'));
SELECT pg_temp.finds('high voltage', pg_temp.set(101, 'voltage_v = 700', '2025-03-15 10:15Z'), 'voltage_high',
    'warning', 1, 700, 700, '^101 Main 101: .*700.*2025-03-15|^101 Main 101: .*2025-03-15.*700');
SELECT pg_temp.finds('power factor ' || f, pg_temp.set(101, 'power_factor = ' || f, '2025-03-15 10:15Z'),
    'power_factor', 'warning', 1, 1.2, 1.2001, '^101 Main 101: .*1\.2.*2025-03-15|^101 Main 101: .*2025-03-15.*1\.2')
    FROM unnest(ARRAY['1.2', '-1.2']) AS f;
SELECT pg_temp.passes('a power factor of 1', pg_temp.set(101, 'power_factor = 1', '2025-03-15 10:15Z')
    || pg_temp.set(101, 'power_factor = -1', '2025-03-15 10:30Z'));
SELECT pg_temp.finds('too much power', pg_temp.set(101, 'power_kw = 6000, energy_kwh = 1500', '2025-03-15 10:15Z'),
    'power_high', 'error', 1, 6000, 6000,
    '^101 Main 101: .*6,?000.*2025-03-15|^101 Main 101: .*2025-03-15.*6,?000', '{A unit_jump}');
SELECT pg_temp.finds('a thousand times as much',
    pg_temp.set(101, 'power_kw = 4000, energy_kwh = 1000', '2025-03-15 10:15Z'), 'unit_jump', 'error', 1, 200, 260,
    '^101 Main 101: .*4,?000 kW.*2025-03-15 06:15-04:00');
SELECT pg_temp.finds('a day a thousand times less',
    pg_temp.set(101, 'power_kw = power_kw / 1000, energy_kwh = energy_kwh / 1000', '2025-03-15 04:00Z', '2025-03-16 03:45Z'),
    'unit_jump', 'error', 1, 500, 2000, '^101 Main 101: .*0\.01\d* kW.*2025-03-15');
SELECT pg_temp.finds('a thousand times as much for good',
    pg_temp.set(101, 'power_kw = power_kw * 1000, energy_kwh = energy_kwh * 1000', '2025-03-10 04:00Z', 'infinity'),
    'unit_jump', 'error', 1, 500, 2000, '^101 Main 101: .* kW on 2025-03-', '{A power_high}');
SELECT pg_temp.finds('a thousand times less for good',
    pg_temp.set(101, 'power_kw = power_kw / 1000, energy_kwh = energy_kwh / 1000', '2025-03-10 04:00Z', 'infinity'),
    'unit_jump', 'error', 1, 500, 2000, '^101 Main 101: .*0\.01\d* kW on 2025-03-');
SELECT pg_temp.passes('a meter that gives energy only', pg_temp.set(101, 'power_kw = NULL, current_a = NULL', '-infinity', 'infinity'));
SELECT pg_temp.finds('Wh for kWh of such a meter', pg_temp.set(101, 'power_kw = NULL, current_a = NULL', '-infinity', 'infinity')
    || pg_temp.set(101, 'energy_kwh = 1000', '2025-03-15 10:15Z'),
    'unit_jump', 'error', 1, 200, 260, '^101 Main 101: .*4,?000 kW at 2025-03-15 06:15-04:00');
SELECT pg_temp.passes('ten times as much',
    pg_temp.set(101, 'power_kw = power_kw * 10, energy_kwh = energy_kwh * 10', '2025-03-15 04:00Z', '2025-03-16 03:45Z'));
SELECT pg_temp.passes('a machine that is off for days',
    pg_temp.set(104, 'power_kw = 0, energy_kwh = 0, voltage_v = 230', '2025-03-15 04:00Z', '2025-03-19 03:45Z'));
SELECT pg_temp.passes('a machine on standby on Sundays', $$
    UPDATE readings SET power_kw = 0.02 + 0.01 * clean.chance(104, "timestamp", 12), energy_kwh = 0.005 + 0.0025 * clean.chance(104, "timestamp", 12), voltage_v = 230
    WHERE channel_id = 104 AND extract(isodow FROM "timestamp" AT TIME ZONE 'America/New_York') = 7$$);
SELECT pg_temp.passes('a machine that ran once a week', $$
    UPDATE readings SET power_kw = 0, energy_kwh = 0 WHERE channel_id = 104 AND extract(isodow FROM "timestamp" AT TIME ZONE 'America/New_York') <> 3$$);
SELECT pg_temp.finds('energy that is not power times time',
    pg_temp.set(101, 'energy_kwh = power_kw / 4 * 1.25', '2025-03-15 16:15Z'), 'energy_mismatch', 'warning', 1, 19.9,
    20.1,
    '^101 Main 101: .*20.*2025-03-15|^101 Main 101: .*2025-03-15.*20');
SELECT pg_temp.finds('Wh for kWh', pg_temp.set(101, 'energy_kwh = energy_kwh * 1000', '2025-03-15 16:15Z'),
    'energy_mismatch', 'warning', 1, 99, 100, '2025-03-15');
SELECT pg_temp.finds('a flat line',
    pg_temp.set(101, 'power_kw = 7.5, energy_kwh = 1.875', '2025-03-15 10:00Z', '2025-03-15 16:45Z'), 'flatline',
    'warning', 1, 6.75, 7, '^101 Main 101: .*7\.5 kW.*2025-03-15 06:00');
SELECT pg_temp.finds('a flat line over midnight',
    pg_temp.set(101, 'power_kw = 7.5, energy_kwh = 1.875', '2025-03-15 22:00Z', '2025-03-17 04:00Z'), 'flatline',
    'warning', 1, 30, 30.25, '^101 Main 101: .*2025-03-1[567]');
SELECT pg_temp.passes('five hours and a half of one value',
    pg_temp.set(101, 'power_kw = 7.5, energy_kwh = 1.875', '2025-03-15 10:00Z', '2025-03-15 15:30Z'));
SELECT pg_temp.passes('stand-by',
    pg_temp.set(101, 'power_kw = 0.09, energy_kwh = 0.0225', '2025-03-15 10:00Z', '2025-03-15 22:00Z'));
SELECT pg_temp.passes('a sensor of temperature only',
    $$INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (107, 'Freezer', 'A');
    INSERT INTO readings (channel_id, "timestamp", temperature_c) SELECT 107, r."timestamp", -18 FROM readings AS r WHERE r.channel_id = 101$$,
    'DELETE FROM readings WHERE channel_id = 107; DELETE FROM channels WHERE channel_id = 107');

-- Pulls and runs.
CREATE FUNCTION pg_temp.pull(meter integer, low text, high text, status text, fetched integer, inserted integer, at text) RETURNS text LANGUAGE sql AS $$
    SELECT format($i$INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, status, readings_fetched, readings_inserted, error_message, created_at)
        VALUES ('A', %s, %L, %L, %L, %s, %s, %L, %L);$i$, meter, low, high, status, fetched, inserted, CASE status WHEN 'failure' THEN 'HTTP 503' END, at)
$$;
\set forget '''DELETE FROM ingestion_logs; DELETE FROM ingest_runs'''
SELECT pg_temp.finds('a failed pull',
    pg_temp.pull(101, '2025-03-15 04:00Z', '2025-03-16 04:00Z', 'failure', 0, 0, '2025-03-16 05:00Z'),
    'failed_pulls', 'error', 1, 1, 1,
    '^101 Main 101: .*2025-03-15.*HTTP 503',
    undo => :forget);
SELECT pg_temp.passes('one that a later pull made up for',
    pg_temp.pull(101, '2025-03-15 04:00Z', '2025-03-16 04:00Z', 'failure', 0, 0, '2025-03-16 05:00Z')
    || pg_temp.pull(101, '2025-03-15 00:00Z', '2025-03-17 00:00Z', 'success', 192, 0, '2025-03-17 05:00Z'), :forget);
SELECT pg_temp.passes('one that two later pulls made up for',
    pg_temp.pull(101, '2025-03-15 04:00Z', '2025-03-16 04:00Z', 'failure', 0, 0, '2025-03-16 05:00Z')
    || pg_temp.pull(101, '2025-03-15 00:00Z', '2025-03-15 12:00Z', 'success', 48, 0, '2025-03-17 05:00Z')
    || pg_temp.pull(101, '2025-03-15 12:00Z', '2025-03-17 00:00Z', 'success', 144, 0, '2025-03-17 05:00Z'), :forget);
SELECT pg_temp.finds('one made up for in part',
    pg_temp.pull(101, '2025-03-15 04:00Z', '2025-03-16 04:00Z', 'failure', 0, 0, '2025-03-16 05:00Z')
    || pg_temp.pull(101, '2025-03-15 00:00Z', '2025-03-15 12:00Z', 'success', 48, 0, '2025-03-17 05:00Z'),
    'failed_pulls', 'error', 1, 1, 1, '^101 Main 101: ', undo => :forget);
SELECT pg_temp.finds('one after a good one',
    pg_temp.pull(101, '2025-03-15 00:00Z', '2025-03-17 00:00Z', 'success', 192, 0, '2025-03-17 05:00Z')
    || pg_temp.pull(101, '2025-03-15 04:00Z', '2025-03-16 04:00Z', 'failure', 0, 0, '2025-03-18 05:00Z'),
    'failed_pulls', 'error', 1, NULL, NULL, '^101 Main 101: ', undo => :forget);
SELECT pg_temp.finds('a stretch that nobody asked for', pg_temp.gone(102, '2025-03-20 15:00Z', '2025-03-20 17:00Z')
    || pg_temp.pull(102, '2025-03-01 00:00Z', '2025-03-20 15:00Z', 'success', 9, 9, '2025-03-21 05:00Z')
    || pg_temp.pull(102, '2025-03-20 17:00Z', '2025-04-02 12:00Z', 'success', 9, 9, '2025-04-02 12:00Z'),
    'missing_pulls', 'warning', 1, 2, 2, '^102 Cold room 102: .*2025-03-20', '{A gaps}', :forget);
SELECT pg_temp.finds('a stretch that was asked for in vain', pg_temp.gone(102, '2025-03-20 15:00Z', '2025-03-20 17:00Z')
    || pg_temp.pull(102, '2025-03-01 00:00Z', '2025-04-02 12:00Z', 'success', 9, 9, '2025-04-02 12:00Z'),
    'gaps', 'warning', 1, 2, 2, '^102 Cold room 102: ', undo => :forget);
SELECT pg_temp.finds('half a day confirmed absent, which is told, and is not incomplete',
    pg_temp.gone(102, '2025-03-20 15:00Z', '2025-03-21 03:00Z')
    || pg_temp.pull(102, '2025-03-20 04:00Z', '2025-03-21 04:00Z', 'success', 48, 48, '2025-03-31 05:00Z')
    || pg_temp.pull(102, '2025-03-20 04:00Z', '2025-03-21 04:00Z', 'success', 48, 0, '2025-04-01 06:00Z'),
    'gaps', 'warning', 1, 12, 12, '^102 Cold room 102: .*2025-03-20.*confirmed absent', undo => :forget);
SELECT pg_temp.finds('half a day asked for twice on one day',
    pg_temp.gone(102, '2025-03-20 15:00Z', '2025-03-21 03:00Z')
    || pg_temp.pull(102, '2025-03-20 04:00Z', '2025-03-21 04:00Z', 'success', 48, 48, '2025-04-01 05:00Z')
    || pg_temp.pull(102, '2025-03-20 04:00Z', '2025-03-21 04:00Z', 'success', 48, 0, '2025-04-01 16:00Z'),
    'completeness', 'error', 1, 50, 50, '^102 Cold room 102: 50(\.0)? %.*48 of 96', '{A gaps}', :forget);
SELECT pg_temp.finds('a thin day, some of it confirmed absent', $$
    DELETE FROM readings WHERE channel_id = 102 AND "timestamp" IN (SELECT '2025-03-20 04:00Z'::timestamptz + n * interval '45 minutes' FROM generate_series(0, 22) AS n);$$
    || pg_temp.pull(102, '2025-03-20 04:00Z', '2025-03-20 07:00Z', 'success', 8, 8, '2025-03-31 05:00Z')
    || pg_temp.pull(102, '2025-03-20 04:00Z', '2025-03-20 07:00Z', 'success', 8, 0, '2025-04-01 06:00Z'),
    'completeness', 'error', 1, 80.2, 80.21, '^102 Cold room 102: 80\.2.*2025-03-20.*19 of 96.*4 .*absent',
    undo => :forget);
SELECT pg_temp.finds('a run that brought nothing',
    string_agg(pg_temp.pull(m, '2025-04-02 04:00Z', '2025-04-02 12:00Z', 'success', 0, 0, '2025-04-02 12:01Z'), ''),
    'empty_run', 'error', 0, 128, 128, '.', undo => :forget) FROM generate_series(101, 104) AS m;
SELECT pg_temp.passes('a run that brought something',
    string_agg(pg_temp.pull(m, '2025-04-02 04:00Z', '2025-04-02 12:00Z', 'success', m % 2, m % 2, '2025-04-02 12:01Z'), ''),
    :forget) FROM generate_series(101, 104) AS m;
SELECT pg_temp.passes('a run that brought what is known',
    string_agg(pg_temp.pull(m, '2025-04-02 04:00Z', '2025-04-02 12:00Z', 'success', 32, 0, '2025-04-02 12:01Z'), ''),
    :forget) FROM generate_series(101, 104) AS m;
SELECT pg_temp.passes('a run of two slots that brought nothing',
    pg_temp.pull(101, '2025-04-02 11:30Z', '2025-04-02 12:00Z', 'success', 0, 0, '2025-04-02 12:01Z'), :forget);
CREATE FUNCTION pg_temp.run(skew text, at text) RETURNS text LANGUAGE sql AS $$
    SELECT format($i$INSERT INTO ingest_runs (organization_id, kind, started_at, updated_at, finished_at, status, clock_skew_s)
        VALUES ('A', 'ingest', %1$L, %1$L, %1$L, 'success', %2$s);$i$, at, skew)
$$;
SELECT pg_temp.finds('clock off by ' || s, pg_temp.run('0', '2025-04-01 11:00Z') || pg_temp.run(s, '2025-04-02 11:00Z'),
    'clock_skew', 'warning', 0, 90, 90, '90', undo => :forget) FROM unnest(ARRAY['90', '-90']) AS s;
SELECT pg_temp.passes('a clock that is right again', pg_temp.run('90', '2025-04-01 11:00Z')
    || pg_temp.run('2', '2025-04-02 11:00Z') || pg_temp.run('NULL', '2025-04-02 11:30Z'), :forget);

-- The site itself.
SELECT pg_temp.finds('an unknown zone',
    $$UPDATE organizations SET timezone = 'Mars/Olympus_Mons' WHERE organization_id = 'A'$$, 'time_zone', 'warning', 0,
    NULL, NULL, 'Mars/Olympus_Mons',
    undo => $$UPDATE organizations SET timezone = 'America/New_York' WHERE organization_id = 'A'$$);
SELECT pg_temp.finds('a site without meters',
    $$INSERT INTO organizations (organization_id, organization_name) VALUES ('C', 'Empty')$$, 'site_present', 'error',
    0, NULL, NULL, 'meter|channel',
    undo => $$DELETE FROM organizations WHERE organization_id = 'C'$$, site => 'C');
SELECT pg_temp.finds('a site without readings',
    $$INSERT INTO organizations (organization_id, organization_name) VALUES ('C', 'Empty');
    INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (301, 'New', 'C')$$, 'site_present',
    'error', 0, NULL, NULL, 'reading',
    undo => $$DELETE FROM channels WHERE organization_id = 'C'; DELETE FROM organizations WHERE organization_id = 'C'$$,
    site => 'C');
SELECT pg_temp.finds('a timestamp without a zone',
    'ALTER TABLE data_sync_status ALTER COLUMN last_reading_timestamp TYPE timestamp', 'timestamptz_columns', 'error',
    0, NULL, NULL,
    'last_reading_timestamp of table data_sync_status', '{B timestamptz_columns}',
    'ALTER TABLE data_sync_status ALTER COLUMN last_reading_timestamp TYPE timestamptz');
SAVEPOINT whole;
DROP TABLE data_sync_status CASCADE;
SELECT is(pg_temp.validate('A'), '{A tables_present}', 'a table was dropped');
SELECT matches(detail, 'data_sync_status', 'and is named') FROM validated WHERE rule = 'tables_present';
DROP TABLE ingestion_logs CASCADE;
SELECT ok('A tables_present' = ANY (pg_temp.validate('A')), 'a second one was dropped');
SELECT matches(detail, 'ingestion_logs', 'and is named') FROM validated WHERE rule = 'tables_present';
SELECT is((SELECT state FROM pg_temp.attempt('SELECT argo_gate(''A'', ' || quote_literal(:as_of) || ')')), 'ZA005',
    'the gate is closed for reports');
DROP TABLE readings CASCADE;
SELECT ok('A tables_present' = ANY (pg_temp.validate('A')), 'even without readings it can be judged');
SELECT matches(detail, 'readings', 'and they are named') FROM validated WHERE rule = 'tables_present';
SELECT is((SELECT state FROM circuit_breakers WHERE site_id = 'A'), 'open', 'and the breaker opens');
ROLLBACK TO SAVEPOINT whole;
SAVEPOINT whole;
DROP TABLE _argo_dirty CASCADE;
SELECT ok('A tables_present' = ANY (pg_temp.validate('A')), 'even without marks it can be judged');
SELECT matches(detail, '_argo_dirty', 'and they are named') FROM validated WHERE rule = 'tables_present';
ROLLBACK TO SAVEPOINT whole;
SAVEPOINT whole;
DROP TABLE _argo_zones CASCADE;
SELECT ok('A tables_present' = ANY (pg_temp.validate('A')), 'even without zones it can be judged');
SELECT matches(detail, '_argo_zones', 'and they are named') FROM validated WHERE rule = 'tables_present';
ROLLBACK TO SAVEPOINT whole;
SAVEPOINT whole;
ALTER TABLE readings RENAME COLUMN "timestamp" TO naive;
SELECT ok('A timestamptz_columns' = ANY (pg_temp.validate('A')) OR 'A tables_present' = ANY (pg_temp.validate('A')),
    'readings without a timestamp');
ROLLBACK TO SAVEPOINT whole;
SELECT is(pg_temp.validate(), '{}', 'all is there again');

-- Rules are data.
SELECT pg_temp.finds('a stricter threshold', $$UPDATE validation_rules SET threshold = 240 WHERE name = 'voltage_high'$$
    || ';' || pg_temp.set(101, 'voltage_v = 250', '2025-03-15 10:15Z'),
    'voltage_high', 'warning', 1, 250, 250, '^101 Main 101: ',
    undo => $$UPDATE validation_rules SET threshold = 600 WHERE name = 'voltage_high'$$);
CREATE TEMP TABLE two_sites AS SELECT pg_temp.set(101, 'voltage_v = 250', '2025-03-15 10:15Z') || pg_temp.set(201, 'voltage_v = 250', '2025-03-15 10:15Z') AS statement;
SELECT pg_temp.finds('a stricter one for a site',
    $$INSERT INTO validation_rules (name, site_id, threshold) VALUES ('voltage_high', 'B', 240);$$ || statement,
    'voltage_high', 'warning', 1, 250, 250, '^201 Main 201: ',
    undo => 'DELETE FROM validation_rules WHERE site_id IS NOT NULL', site => 'B') FROM two_sites;
SELECT pg_temp.finds('another severity for a site',
    $$INSERT INTO validation_rules (name, site_id, severity) VALUES ('voltage_high', 'A', 'error');$$
    || pg_temp.set(101, 'voltage_v = 700', '2025-03-15 10:15Z'),
    'voltage_high', 'error', 1, 700, 700, '^101 Main 101: ',
    undo => 'DELETE FROM validation_rules WHERE site_id IS NOT NULL');
INSERT INTO validation_rules (name, site_id, enabled) VALUES ('voltage_high', 'A', false);
DO $$ BEGIN EXECUTE replace((SELECT statement FROM two_sites), '250', '700'); END $$;
SELECT is(pg_temp.validate(), '{B voltage_high}', 'a rule can be off at one site');
SELECT is_empty($$SELECT * FROM validated WHERE site_id = 'A' AND rule = 'voltage_high'$$, 'it is not judged there');
UPDATE validation_rules SET enabled = false WHERE name = 'voltage_high' AND site_id IS NULL;
SELECT is(pg_temp.validate(), '{}', 'or everywhere');
UPDATE validation_rules SET enabled = true WHERE site_id = 'A';
SELECT is(pg_temp.validate(), '{A voltage_high}', 'but at one');
DELETE FROM validation_rules WHERE site_id = 'A';
UPDATE validation_rules SET enabled = NULL WHERE name = 'voltage_high';
CALL clean.mend();
SELECT is(pg_temp.validate(), '{}', 'as it was');

-- A rule of the user's own, and what can be wrong with one.
CREATE FUNCTION cold_room_too_warm(site text, since timestamptz, as_of timestamptz, threshold double precision)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE sql STABLE AS $$
    SELECT r.channel_id, r."timestamp"::date, r.temperature_c, true, format('%s °C at %s', r.temperature_c, to_char(r."timestamp", 'YYYY-MM-DD HH24:MI'))
    FROM public.readings AS r JOIN public.channels AS c ON c.channel_id = r.channel_id
    WHERE c.organization_id = site AND r."timestamp" >= since AND r."timestamp" <= as_of AND r.temperature_c > threshold
    ORDER BY r.temperature_c DESC
$$;
INSERT INTO validation_rules (name, severity, threshold, unit, rule_function) VALUES ('too_warm', 'error', 8, '°C', 'public.cold_room_too_warm');
SELECT is(pg_temp.validate(), '{}', 'a rule of one''s own passes');
SELECT ok(count(*) = 2, 'and is judged') FROM validated WHERE rule = 'too_warm' AND threshold = 8;
SELECT pg_temp.finds('a warm cold room', pg_temp.set(202, 'temperature_c = 11.5', '2025-03-15 10:15Z')
    || pg_temp.set(202, 'temperature_c = 9', '2025-03-15 10:30Z'),
    'too_warm', 'error', 1, 11.5, 11.5, '^202 Cold room 202: 11\.5 °C at 2025-03-15 10:15', site => 'B');
UPDATE validation_rules SET window_days = 10 WHERE name = 'too_warm';
SELECT pg_temp.passes('a warm cold room longer ago than the rule looks',
    pg_temp.set(202, 'temperature_c = 11.5', '2025-03-15 10:15Z'));
DO $$ BEGIN EXECUTE pg_temp.set(202, 'temperature_c = 11.5', '2025-03-15 10:15Z'); END $$;
SELECT is(pg_temp.validate('B', '2025-03-15 00:00Z'), '{B too_warm}', 'since says how far to look instead');
SELECT is(pg_temp.validate('B', '2025-03-16 00:00Z'), '{}', 'and how far not to');
CALL clean.mend();
CREATE OR REPLACE FUNCTION cold_room_too_warm(site text, since timestamptz, as_of timestamptz, threshold double precision)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE AS $$ BEGIN IF site = 'A' THEN PERFORM 1 / 0; END IF; END $$;
SELECT is(pg_temp.validate(), '{A too_warm}', 'a rule that raises fails, of the others none');
SELECT matches(detail, 'could not be checked: .*division by zero', 'and says why') FROM validated
    WHERE rule = 'too_warm' AND site_id = 'A';
UPDATE validation_rules SET rule_function = 'public.no_such_function' WHERE name = 'too_warm';
SELECT is(pg_temp.validate('A'), '{A too_warm}', 'so does one without its function');
SELECT matches(detail, 'could not be checked: .*no_such_function', 'and says so') FROM validated
    WHERE rule = 'too_warm';
SELECT is((SELECT state FROM circuit_breakers WHERE site_id = 'A'), 'open',
    'an error rule that cannot be checked opens the breaker');
CREATE FUNCTION with_other_columns(site text, since timestamptz, as_of timestamptz, threshold double precision) RETURNS TABLE (n integer) LANGUAGE sql AS 'SELECT 1';
UPDATE validation_rules SET rule_function = 'public.with_other_columns', severity = 'warning' WHERE name = 'too_warm';
SELECT is(pg_temp.validate('A'), '{A too_warm}', 'so does one that returns something else');
SELECT is((SELECT state FROM circuit_breakers WHERE site_id = 'A'), 'degraded', 'a warning only degrades');
UPDATE validation_rules SET rule_function = 'public.f(); DROP TABLE readings; --' WHERE name = 'too_warm';
SELECT is(pg_temp.validate('A'), '{A too_warm}', 'the name of a function is nothing else');
CREATE ROLE argo_test_stranger;
CREATE FUNCTION of_a_stranger(site text, since timestamptz, as_of timestamptz, threshold double precision)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE sql STABLE AS $$ SELECT NULL::integer, NULL::date, NULL::float8, false, 'ran as ' || current_user $$;
UPDATE validation_rules SET rule_function = 'public.of_a_stranger' WHERE name = 'too_warm';
SELECT is(pg_temp.validate('A'), '{}', 'a function of one''s own runs');
ALTER FUNCTION of_a_stranger OWNER TO argo_test_stranger;
CREATE ROLE argo_test_validator IN ROLE pg_read_all_data;
GRANT ALL ON ALL TABLES IN SCHEMA public TO argo_test_validator;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO argo_test_validator;
GRANT ALL ON validated, now_is TO argo_test_validator;
SET LOCAL ROLE argo_test_validator;
SELECT is(pg_temp.validate('A'), '{A too_warm}', 'one of a role that is not trusted does not');
SELECT matches(detail, 'could not be checked: .*argo_test_stranger', 'and its owner is named') FROM validated
    WHERE rule = 'too_warm';
RESET ROLE;
SELECT is(pg_temp.validate('A'), '{A too_warm}', 'nor for a superuser');
GRANT argo_test_validator TO argo_test_stranger;
SET LOCAL ROLE argo_test_stranger;
SELECT is(pg_temp.validate('A'), '{}', 'for the role itself it does');
RESET ROLE;
DELETE FROM validation_rules WHERE name = 'too_warm';
SELECT is(pg_temp.validate(), '{}', 'without it all is well');

-- Who may validate.
CREATE ROLE argo_test_reader IN ROLE pg_read_all_data;
SET LOCAL ROLE argo_test_reader;
SELECT is((SELECT state FROM pg_temp.attempt('SELECT argo_validate(''A'')')), '42501',
    'who may not write what is known of the quality may not validate');
SELECT is((SELECT state FROM pg_temp.attempt('SELECT count(*) FROM argo_findings(''A'', as_of => ''2025-04-02 12:02+00'')')),
    NULL, 'but may look at findings');
RESET ROLE;
SAVEPOINT writable;
SET LOCAL transaction_read_only = on;
SELECT is((SELECT state FROM pg_temp.attempt('SELECT argo_validate(''A'')')), '25006',
    'nor in a read-only transaction');
SELECT is((SELECT state FROM pg_temp.attempt('SELECT argo_gate(''A'', ''2025-04-02 12:03+00'')')), NULL,
    'where the gate says what the last validation found');
SELECT is((SELECT state FROM pg_temp.attempt('SELECT argo_gate(''A'', ''2025-04-02 18:03+00'')')), '25006',
    'unless that is too old');
ROLLBACK TO SAVEPOINT writable;

-- Setting up again leaves the user's rules alone.
UPDATE validation_rules SET threshold = 80 WHERE name = 'completeness';
DELETE FROM validation_rules WHERE name = 'flatline';
DO $$ BEGIN PERFORM argo_setup(); END $$;
SELECT is((SELECT threshold FROM validation_rules WHERE name = 'completeness'), 80::float8,
    'argo_setup() again leaves a threshold');
UPDATE validation_rules SET threshold = 90 WHERE name = 'completeness';

-- Incrementally and anew, the facts are the same.
CREATE TEMP TABLE incremental AS SELECT * FROM data_quality_days LIMIT 0;
ALTER TABLE incremental DROP COLUMN created_at;
CREATE FUNCTION pg_temp.differing(what text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    n bigint;
    columns CONSTANT text := (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute AS a
        WHERE a.attrelid = 'incremental'::regclass AND a.attnum > 0 AND NOT a.attisdropped);
BEGIN
    PERFORM pg_temp.validate();
    TRUNCATE incremental;
    EXECUTE format('INSERT INTO incremental SELECT %s FROM data_quality_days', columns);
    PERFORM pg_temp.validate(NULL, '-infinity');
    EXECUTE format($q$SELECT count(*) FROM ((SELECT %1$s FROM incremental EXCEPT SELECT %1$s FROM data_quality_days)
        UNION ALL (SELECT %1$s FROM data_quality_days EXCEPT SELECT %1$s FROM incremental)) AS d$q$, columns) INTO n;
    RETURN is(n, 0::bigint, what || ': the facts equal those computed anew');
END $$;
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT pg_temp.differing('at first');
SELECT setseed(0.25);
CREATE PROCEDURE pg_temp.scribble() LANGUAGE plpgsql AS $$
DECLARE
    meter integer := (ARRAY[101, 102, 103, 104, 201, 202, 203, 204])[1 + floor(random() * 8)];
    low timestamptz := timestamptz '2025-03-03 00:00Z' + floor(random() * 2900) * interval '15 minutes';
    high timestamptz := low + floor(random() * 40) * interval '15 minutes';
BEGIN
    CASE floor(random() * 7)::integer
    WHEN 0 THEN DELETE FROM readings AS r WHERE r.channel_id = meter AND r."timestamp" BETWEEN low AND high;
    WHEN 1 THEN UPDATE readings AS r SET power_kw = 5, energy_kwh = 1.25 WHERE r.channel_id = meter AND r."timestamp" BETWEEN low AND high;
    WHEN 2 THEN UPDATE readings AS r SET voltage_v = 20, power_kw = -1 WHERE r.channel_id = meter AND r."timestamp" = low;
    WHEN 3 THEN UPDATE readings AS r SET energy_kwh = 'NaN', power_kw = r.power_kw * 1000 WHERE r.channel_id = meter AND r."timestamp" = low;
    WHEN 4 THEN UPDATE readings AS r SET "timestamp" = r."timestamp" + interval '3 minutes'
        WHERE r.channel_id = meter AND r."timestamp" BETWEEN low AND high AND extract(minute FROM r."timestamp")::integer % 15 = 0;
    WHEN 5 THEN INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) SELECT meter, t, 1, 4 FROM generate_series(low, high, interval '15 minutes') AS t ON CONFLICT DO NOTHING;
    ELSE UPDATE readings AS r SET voltage_v = r.voltage_v + 1 WHERE r.channel_id = meter AND r."timestamp" = low;
    END CASE;
END $$;
CREATE PROCEDURE pg_temp.scribble_much(n integer) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..n LOOP
        CALL pg_temp.scribble();
        IF i % 10 = 0 THEN PERFORM argo_validate(as_of => (SELECT as_of FROM now_is)); END IF;
        IF i % 25 = 0 THEN PERFORM argo_refresh(); END IF;
    END LOOP;
END $$;
CALL pg_temp.scribble_much(120);
SELECT pg_temp.differing('random writes');
-- A stretch of one value that ends with the first reading of a day, and then something else of that day.
UPDATE readings SET power_kw = 6, energy_kwh = 1.5 WHERE channel_id = 101 AND "timestamp" BETWEEN '2025-03-18 22:00Z' AND '2025-03-19 04:00Z';
DO $$ BEGIN PERFORM argo_refresh(); PERFORM pg_temp.validate(); END $$;
UPDATE readings SET voltage_v = 231 WHERE channel_id = 101 AND "timestamp" = '2025-03-19 20:00Z';
SELECT pg_temp.differing('a stretch that ends with the first reading of a day');
-- One that goes on into the next day, and then ends in the evening.
UPDATE readings SET power_kw = 6, energy_kwh = 1.5 WHERE channel_id = 101 AND "timestamp" BETWEEN '2025-03-18 22:00Z' AND '2025-03-19 06:00Z';
DO $$ BEGIN PERFORM argo_refresh(); PERFORM pg_temp.validate(); END $$;
UPDATE readings SET power_kw = 7 WHERE channel_id = 101 AND "timestamp" = '2025-03-19 01:00Z';
SELECT pg_temp.differing('a stretch over midnight that is broken before');
UPDATE organizations SET timezone = 'Asia/Kolkata' WHERE organization_id = 'A';
SELECT pg_temp.differing('another zone');
UPDATE organizations SET timezone = NULL WHERE organization_id = 'B';
SELECT pg_temp.differing('no zone');
UPDATE channels SET organization_id = 'B' WHERE channel_id = 102;
SELECT pg_temp.differing('a meter that moved');
SELECT is((SELECT count(*) FROM data_quality_days AS d JOIN readings AS r ON r.channel_id = d.meter_id AND r."timestamp" <@ d.range
           WHERE (r."timestamp" AT TIME ZONE 'America/New_York')::date <> d.day AND d.meter_id IN (102, 201)),
    0::bigint, 'days are those of its new site');
DELETE FROM readings WHERE channel_id = 103;
SELECT pg_temp.differing('a meter without readings');
SELECT is((SELECT count(*) FROM data_quality_days WHERE meter_id = 103), 0::bigint, 'has no days');
DELETE FROM channels WHERE channel_id = 103;
SELECT pg_temp.differing('a meter that is gone');
DELETE FROM readings WHERE channel_id = 104;
DELETE FROM channels WHERE channel_id = 104;
UPDATE channels SET organization_id = NULL WHERE channel_id = 203;
SELECT pg_temp.differing('one that is gone with its readings, and one that belongs to no site');
DO $$ BEGIN PERFORM argo_refresh(); PERFORM pg_temp.validate(); END $$;
SELECT is((SELECT count(*) FROM data_quality_days WHERE meter_id IN (104, 203)), 0::bigint, 'neither is judged');
SELECT is((SELECT count(*) FROM _argo_unvalidated), 0::bigint, 'nor does a mark of theirs stay');
UPDATE channels SET organization_id = 'B' WHERE channel_id = 203;
SELECT pg_temp.differing('it belongs to one again');
TRUNCATE readings;
SELECT pg_temp.differing('nothing left');
SELECT is((SELECT count(*) FROM data_quality_days), 0::bigint, 'no days either');
CALL clean.fill('A', '2025-03-03', :as_of);
SELECT pg_temp.differing('filled again');
SELECT is((SELECT sum(readings) FROM data_quality_days), (SELECT count(*) FROM readings), 'every reading is in a day');

-- The history is bounded.
INSERT INTO data_quality_history (validated_at, site_id, rule, severity, status, meters_affected)
SELECT :as_of, 'B', 'gaps', 'warning', 'pass', 0 FROM generate_series(1, 10100);
DO $$ BEGIN PERFORM pg_temp.validate('B'); END $$;
SELECT is((SELECT count(*) FROM data_quality_history WHERE site_id = 'B'), 10000::bigint,
    'the history keeps 10,000 rows a site');
SELECT is((SELECT count(*) FROM data_quality_history WHERE site_id = 'B' AND id > (SELECT max(id) - 60 FROM data_quality_history) AND rule = 'completeness'),
    1::bigint, 'the newest ones');

SELECT * FROM finish();
ROLLBACK;
