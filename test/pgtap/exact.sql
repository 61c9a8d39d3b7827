-- The views are exact at every moment: whatever was refreshed or not, they equal plain aggregates over
-- v_clean_readings, hours bit for bit, in every zone of site and session.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(132);

DO $$ BEGIN PERFORM argo_setup(); END $$;

INSERT INTO organizations (organization_id, organization_name, timezone) VALUES
    ('ny', 'New York', 'America/New_York'), ('kolkata', 'Kolkata', 'Asia/Kolkata'), ('kathmandu', 'Kathmandu', 'Asia/Kathmandu'),
    ('howe', 'Lord Howe', 'Australia/Lord_Howe'), ('bad', 'Nowhere', 'Mars/Olympus'),
    ('west', 'Two midnights in autumn', 'America/Havana');
-- Two meters a site, and two of no site.
INSERT INTO channels (channel_id, channel_name, organization_id)
SELECT row_number() OVER (ORDER BY o.organization_id, n), format('%s %s', o.organization_id, n), o.organization_id
FROM (SELECT organization_id FROM organizations UNION ALL SELECT NULL) AS o, generate_series(1, 2) AS n;
-- Readings as meters give them, some of them zero, NULL or NaN.
CREATE FUNCTION pg_temp.measure(meters integer[], since timestamptz, until timestamptz) RETURNS void LANGUAGE sql AS $$
    INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw, voltage_v, power_factor)
    SELECT c, t,
           CASE h % 17 WHEN 0 THEN 0 WHEN 1 THEN NULL WHEN 2 THEN 'NaN' WHEN 3 THEN -0.3 ELSE (h % 97 + 1) * 0.1 END,
           CASE h % 19 WHEN 0 THEN 0 WHEN 1 THEN NULL WHEN 2 THEN 'NaN' ELSE (h % 89 + 1) * 0.4 END,
           CASE WHEN h % 5 > 0 THEN 220 + h % 31 + h % 7 * 0.1 END, CASE WHEN h % 7 > 0 THEN (h % 10) * 0.1 END
    FROM unnest($1) AS c, generate_series($2, $3 - interval '15 minutes', interval '15 minutes') AS t,
         LATERAL (SELECT abs(hashint8((extract(epoch FROM t) / 900)::bigint * 1000 + c)::bigint)) AS f (h)
    ON CONFLICT (channel_id, "timestamp") DO UPDATE SET energy_kwh = excluded.energy_kwh + 1, power_kw = excluded.power_kw + 1
$$;

-- What the views should show: plain aggregates, which know neither marks nor verified zones nor matviews.
CREATE TEMP TABLE known_zones AS SELECT name FROM pg_timezone_names;
CREATE TEMP VIEW sited AS
SELECT r.*, c.channel_name, c.device_id, o.organization_id, o.organization_name, coalesce(k.name, 'America/New_York') AS zone
FROM v_clean_readings AS r
JOIN channels AS c USING (channel_id)
LEFT JOIN organizations AS o USING (organization_id)
LEFT JOIN known_zones AS k ON k.name = o.timezone;
CREATE TEMP VIEW true_hours AS
SELECT channel_id AS meter_id, channel_name AS meter_name, organization_id AS site_id, organization_name AS site_name,
       device_id, NULL::text AS device_name, date_trunc('hour', "timestamp", zone) AS hour,
       avg(power_kw::float8) AS avg_kw, sum(energy_kwh::float8) AS total_kwh, count(*) AS reading_count
FROM sited GROUP BY 1, 2, 3, 4, 5, 6, 7;
CREATE TEMP VIEW true_days AS
SELECT channel_id AS meter_id, channel_name AS meter_name, organization_id AS site_id, organization_name AS site_name,
       ("timestamp" AT TIME ZONE zone)::date AS reading_date, sum(energy_kwh::float8) AS total_energy_kwh,
       avg(power_kw::float8) AS avg_power_kw, max(power_kw) AS peak_power_kw, avg(voltage_v::float8) AS avg_voltage_v,
       min(voltage_v) AS min_voltage_v, max(voltage_v) AS max_voltage_v, avg(power_factor::float8) AS avg_power_factor,
       count(*) AS reading_count
FROM sited GROUP BY 1, 2, 3, 4, 5;
CREATE TEMP VIEW true_months AS
SELECT channel_id AS meter_id, channel_name AS meter_name, organization_id AS site_id, organization_name AS site_name,
       date_trunc('month', "timestamp" AT TIME ZONE zone)::date AS reading_month, sum(energy_kwh::float8) AS total_energy_kwh,
       avg(power_kw::float8) AS avg_power_kw, max(power_kw) AS peak_power_kw, count(*) AS reading_count
FROM sited GROUP BY 1, 2, 3, 4, 5;
CREATE TEMP VIEW true_latest AS
SELECT DISTINCT ON (channel_id) channel_id AS meter_id, channel_name AS meter_name, organization_id AS site_id,
       organization_name AS site_name, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor
FROM sited ORDER BY channel_id, "timestamp" DESC;

-- Rows, as text, of one query and not of the other; float8 has as many digits there as tell any two apart.
CREATE FUNCTION pg_temp.differ(a text, b text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint;
BEGIN
    EXECUTE format('WITH a AS MATERIALIZED (SELECT x::text FROM (%s) AS x), b AS MATERIALIZED (SELECT x::text FROM (%s) AS x)
        SELECT count(*) FROM ((TABLE a EXCEPT ALL TABLE b) UNION ALL (TABLE b EXCEPT ALL TABLE a)) AS d', a, b) INTO result;
    RETURN result;
END $$;
CREATE FUNCTION pg_temp.near(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT a IS NOT DISTINCT FROM b OR coalesce(abs(a - b) <= 1e-12 * greatest(abs(a), abs(b), 1), false)
$$;
-- How far the views are from the truth, in a session of the zone.
CREATE FUNCTION pg_temp.errors(zone text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hours bigint; days bigint; months bigint; latest bigint;
BEGIN
    PERFORM set_config('TimeZone', zone, true);
    hours := pg_temp.differ('TABLE v_readings_hourly', 'TABLE true_hours');
    latest := pg_temp.differ('TABLE v_latest_readings', 'TABLE true_latest');
    SELECT count(*) INTO days FROM v_readings_daily AS a FULL JOIN true_days AS b USING (meter_id, reading_date)
    WHERE (a.meter_name, a.site_id, a.site_name, a.peak_power_kw, a.min_voltage_v, a.max_voltage_v, a.reading_count)
          IS DISTINCT FROM (b.meter_name, b.site_id, b.site_name, b.peak_power_kw, b.min_voltage_v, b.max_voltage_v, b.reading_count)
       OR NOT (pg_temp.near(a.total_energy_kwh, b.total_energy_kwh) AND pg_temp.near(a.avg_power_kw, b.avg_power_kw)
               AND pg_temp.near(a.avg_voltage_v, b.avg_voltage_v) AND pg_temp.near(a.avg_power_factor, b.avg_power_factor));
    SELECT count(*) INTO months FROM v_readings_monthly AS a FULL JOIN true_months AS b USING (meter_id, reading_month)
    WHERE (a.meter_name, a.site_id, a.site_name, a.peak_power_kw, a.reading_count)
          IS DISTINCT FROM (b.meter_name, b.site_id, b.site_name, b.peak_power_kw, b.reading_count)
       OR NOT (pg_temp.near(a.total_energy_kwh, b.total_energy_kwh) AND pg_temp.near(a.avg_power_kw, b.avg_power_kw));
    PERFORM set_config('TimeZone', 'UTC', true);
    RETURN format('%s hours, %s days, %s months, %s latest', hours, days, months, latest);
END $$;
CREATE FUNCTION pg_temp.exact(what text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT is(pg_temp.errors(zone), '0 hours, 0 days, 0 months, 0 latest', what || ', in ' || zone)
    FROM unnest(ARRAY['UTC', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns']) AS zone
$$;
-- How many buckets the matviews miss, have too many or have otherwise.
CREATE FUNCTION pg_temp.stale(matview text) RETURNS bigint LANGUAGE sql AS $$
    SELECT pg_temp.differ('TABLE ' || matview, format('SELECT u.* FROM channels AS c, %s(c.channel_id, ''-infinity'', ''infinity'') AS u',
                                                      replace(matview, 'mv', '_argo')))
$$;

SELECT pg_temp.measure(ARRAY(SELECT channel_id FROM channels), since, until)
FROM (VALUES ('2025-02-27 00:00Z'::timestamptz, '2025-03-02 00:00Z'::timestamptz), ('2025-03-08 00:00Z', '2025-03-10 12:00Z'),
             ('2025-04-05 00:00Z', '2025-04-07 00:00Z'), ('2025-10-04 00:00Z', '2025-10-06 00:00Z'),
             ('2025-11-01 12:00Z', '2025-11-03 12:00Z')) AS w (since, until) \g /dev/null
SELECT is(pg_temp.stale('mv_hourly_usage') > 2000 AND pg_temp.stale('mv_daily_usage') > 100, true, 'the matviews know nothing yet');
SELECT pg_temp.exact('never refreshed');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT is_empty('SELECT 1 FROM _argo_dirty', 'nothing is dirty');
SELECT is(pg_temp.stale('mv_hourly_usage') + pg_temp.stale('mv_daily_usage'), 0::bigint, 'the matviews have all');
SELECT pg_temp.exact('refreshed');

-- Across the changes of the clock, beside them, and in hours that were there before.
SELECT pg_temp.measure(ARRAY[1, 3, 5, 7, 9, 11], since, until)
FROM (VALUES ('2025-03-09 06:45Z'::timestamptz, '2025-03-09 07:15Z'::timestamptz), ('2025-03-10 11:30Z', '2025-03-10 13:30Z'),
             ('2025-04-05 14:45Z', '2025-04-05 15:15Z'), ('2025-10-04 15:15Z', '2025-10-04 15:45Z'),
             ('2025-11-02 05:45Z', '2025-11-02 06:15Z'), ('2025-02-28 18:00Z', '2025-02-28 19:00Z')) AS w (since, until) \g /dev/null
DELETE FROM readings WHERE channel_id IN (1, 6) AND "timestamp" BETWEEN '2025-04-05 13:00Z' AND '2025-04-05 14:30Z';
UPDATE readings SET "timestamp" = "timestamp" + interval '5 minutes' WHERE channel_id = 4 AND "timestamp" >= '2025-11-03 11:00Z';
SELECT cmp_ok(pg_temp.stale('mv_hourly_usage'), '>', 50::bigint, 'the matviews are behind');
SELECT ok((SELECT count(DISTINCT meter_id) FROM _argo_dirty) BETWEEN 8 AND 9, 'some meters are dirty and some are clean');
SELECT pg_temp.exact('inserted, changed and deleted since');

-- A refresh of one view leaves the other behind.
DO $$ BEGIN PERFORM argo_refresh(views => ARRAY['mv_hourly_usage']); END $$;
SELECT is(pg_temp.stale('mv_hourly_usage'), 0::bigint, 'the hours are refreshed');
SELECT cmp_ok(pg_temp.stale('mv_daily_usage'), '>', 10::bigint, 'and the days are not');
SELECT pg_temp.exact('only the hours refreshed');
UPDATE readings SET power_kw = power_kw + 1 WHERE channel_id IN (2, 8) AND "timestamp" BETWEEN '2025-11-02 05:00Z' AND '2025-11-02 07:00Z';
DO $$ BEGIN PERFORM argo_refresh(views => ARRAY['mv_daily_usage']); END $$;
SELECT cmp_ok(pg_temp.stale('mv_hourly_usage'), '>', 2::bigint, 'the hours are behind');
SELECT is(pg_temp.stale('mv_daily_usage'), 0::bigint, 'and the days are refreshed');
SELECT pg_temp.exact('only the days refreshed');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT is(pg_temp.stale('mv_hourly_usage') + pg_temp.stale('mv_daily_usage'), 0::bigint, 'both refreshed');
SELECT pg_temp.exact('both refreshed, one after the other');

-- Clocks and sites change.
UPDATE organizations SET timezone = 'Asia/Kathmandu' WHERE organization_id = 'kolkata';
UPDATE organizations SET timezone = 'Nowhere' WHERE organization_id = 'howe';
UPDATE organizations SET timezone = 'Australia/Lord_Howe' WHERE organization_id = 'bad';
UPDATE channels SET organization_id = 'kolkata', channel_name = 'moved' WHERE channel_id = 3;
UPDATE channels SET organization_id = NULL WHERE channel_id = 8;
UPDATE channels SET organization_id = 'howe' WHERE channel_id = 12;
SELECT cmp_ok(pg_temp.stale('mv_hourly_usage'), '>', 1000::bigint, 'with other clocks the matviews are of no use');
SELECT pg_temp.exact('zones changed and meters moved');
SELECT pg_temp.measure(ARRAY[3, 12], '2025-04-05 14:00Z', '2025-04-05 16:00Z') \g /dev/null
DO $$ BEGIN PERFORM argo_refresh('incremental', days => 1, views => ARRAY['mv_daily_usage']); END $$;
SELECT is(pg_temp.stale('mv_daily_usage'), 0::bigint, 'the days are refreshed');
SELECT pg_temp.exact('the days refreshed from hours of another clock');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT is(pg_temp.stale('mv_hourly_usage') + pg_temp.stale('mv_daily_usage'), 0::bigint, 'all refreshed');
SELECT pg_temp.exact('all refreshed');

-- The newest reading, where it is not in the newest hour of the matview.
UPDATE readings SET energy_kwh = 0 WHERE channel_id = 1 AND "timestamp" >= '2025-04-06';
DELETE FROM readings WHERE channel_id = 2 AND "timestamp" >= '2025-11-03 10:10Z';
UPDATE readings SET power_kw = NULL WHERE channel_id = 3;
DELETE FROM readings WHERE channel_id = 4;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT 5, t, 0, 0 FROM generate_series('2025-11-04 00:00Z'::timestamptz, '2025-11-20 00:00Z', interval '15 minutes') AS t;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES
    (6, '2025-11-19 00:00Z', 1, 1), (6, '2025-11-19 00:15Z', 0, 1), (7, '2024-01-01 00:00Z', 1, 1);
SELECT results_eq($$SELECT meter_id, "timestamp" FROM v_latest_readings WHERE meter_id IN (3, 4, 6)$$,
    $$VALUES (6, '2025-11-19 00:00Z'::timestamptz)$$, 'meters without a clean reading have no newest one');
SELECT pg_temp.exact('newest readings zero, deleted or new');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT pg_temp.exact('and refreshed');

-- A reader with no right but to the views, clean and dirty.
CREATE ROLE argo_test_reader;
GRANT SELECT ON v_readings_hourly, v_readings_daily, v_readings_monthly, v_latest_readings TO argo_test_reader;
CREATE FUNCTION pg_temp.readable() RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', (SELECT sum(reading_count) FROM v_readings_hourly), (SELECT sum(reading_count) FROM v_readings_daily),
                     (SELECT sum(reading_count) FROM v_readings_monthly), (SELECT count(*) FROM v_latest_readings))
$$;
SELECT concat_ws(' ', n, n, n, meters) AS expected
FROM (SELECT count(*) AS n, count(DISTINCT channel_id) AS meters FROM v_clean_readings) AS r \gset
SET LOCAL ROLE argo_test_reader;
SELECT is(pg_temp.readable(), :'expected'::text, 'a reader of the views alone reads them, nothing dirty');
SELECT throws_ok('SELECT FROM ' || relation, '42501', NULL, 'but not ' || relation)
FROM unnest(ARRAY['readings', 'mv_hourly_usage', 'mv_daily_usage', '_argo_exact_hours', '_argo_dirty']) AS relation;
RESET ROLE;
UPDATE readings SET energy_kwh = energy_kwh + 1 WHERE channel_id IN (5, 9, 10) AND energy_kwh > 1;
UPDATE organizations SET timezone = 'UTC' WHERE organization_id = 'ny';
SELECT isnt_empty('SELECT 1 FROM _argo_dirty', 'readings and a zone changed');
SET LOCAL ROLE argo_test_reader;
SELECT is(pg_temp.readable(), :'expected'::text, 'a reader of the views alone reads them, much dirty');
RESET ROLE;

TRUNCATE readings;
SELECT is(pg_temp.stale('mv_hourly_usage') > 1000, true, 'truncated, the matviews still have all');
SELECT pg_temp.exact('truncated');
SELECT pg_temp.measure(ARRAY[1, 7], '2025-04-05 12:00Z', '2025-04-06 12:00Z') \g /dev/null
SELECT pg_temp.exact('truncated and filled again');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT pg_temp.exact('and refreshed');
TRUNCATE channels CASCADE;
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (1, 'Another', 'ny'), (20, 'New', 'howe');
SELECT pg_temp.measure(ARRAY[1, 20], '2025-04-06 00:00Z', '2025-04-06 06:00Z') \g /dev/null
SELECT pg_temp.exact('meters truncated with their readings, and ids given anew');

-- Clocks that skipped a day, or went back over midnight by two hours, three, or half an hour.
CREATE TEMP TABLE moved (zone text, at timestamptz);
INSERT INTO moved VALUES ('Pacific/Apia', '2011-12-30 10:00Z'), ('Asia/Chita', '2014-10-25 16:00Z'), ('Antarctica/Casey', '2023-03-08 16:00Z'),
    ('Asia/Colombo', '2006-04-14 18:30Z'), ('America/Juneau', '1983-10-30 09:00Z'), ('America/Caracas', '2007-12-09 07:00Z'),
    ('America/Sao_Paulo', '2018-02-18 02:00Z'), ('Asia/Amman', '2013-10-24 22:00Z'), ('Asia/Pyongyang', '2018-05-04 15:00Z');
INSERT INTO organizations (organization_id, organization_name, timezone) SELECT zone, zone, zone FROM moved;
INSERT INTO channels (channel_id, channel_name, organization_id) SELECT 100 + row_number() OVER (ORDER BY zone), zone, zone FROM moved;
SELECT pg_temp.measure(ARRAY[channel_id], date_trunc('hour', at) - interval '28 hours', date_trunc('hour', at) + interval '28 hours')
FROM moved JOIN channels ON organization_id = zone \g /dev/null
SELECT pg_temp.exact('clocks that moved at midnight');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT pg_temp.exact('and refreshed');
UPDATE readings SET energy_kwh = energy_kwh + 1 FROM moved JOIN channels AS c ON c.organization_id = zone
WHERE readings.channel_id = c.channel_id AND "timestamp" BETWEEN at - interval '3 hours' AND at + interval '1 hour';
SELECT pg_temp.exact('a few hours dirty there');
DO $$ BEGIN PERFORM argo_refresh('incremental', days => 1); END $$;
SELECT is(pg_temp.stale('mv_hourly_usage') + pg_temp.stale('mv_daily_usage'), 0::bigint, 'and refreshed in place');

SELECT * FROM finish();
ROLLBACK;
