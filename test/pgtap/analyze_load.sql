-- Loads worked out by hand: time of use, demand, start-up and shut-down, the main meter, weeks in which the clock changes.
BEGIN;
SELECT plan(22);
SET client_min_messages = error;
SELECT count(*) FROM argo_setup() \g /dev/null
INSERT INTO organizations (organization_id, organization_name, timezone)
VALUES ('flat', 'Flat', 'UTC'), ('shift', 'Shift', 'UTC'), ('main', 'Main', 'UTC'), ('ny', 'New York', 'America/New_York'), ('howe', 'Howe', 'Australia/Lord_Howe');
INSERT INTO channels (channel_id, channel_name, organization_id)
VALUES (10, 'Flat', 'flat'), (20, 'Machine', 'shift'), (30, 'Feeder', 'main'), (31, 'Left', 'main'), (32, 'Right', 'main'), (40, 'Clock', 'ny'), (50, 'Clock', 'howe');
CREATE FUNCTION pg_temp.fill(meter integer, starts timestamptz, ends timestamptz, first_hour integer, end_hour integer, kw double precision, otherwise double precision)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO readings (channel_id, "timestamp", power_kw, energy_kwh)
    SELECT meter, t, x.kw, x.kw / 4 FROM generate_series(starts, ends - interval '1 second', '15 minutes') AS t
    CROSS JOIN LATERAL (SELECT CASE WHEN extract(hour FROM t AT TIME ZONE 'UTC') BETWEEN first_hour AND end_hour - 1 THEN fill.kw ELSE otherwise END AS kw) AS x
$$;
SELECT pg_temp.fill(10, '2026-02-02 00:00Z', '2026-03-09 00:00Z', 0, 24, 4, 4) \g /dev/null
SELECT pg_temp.fill(20, '2026-02-02 00:00Z', '2026-03-02 00:00Z', 8, 17, 10, 1) \g /dev/null
SELECT pg_temp.fill(20, '2026-03-02 00:00Z', '2026-03-09 00:00Z', 7, 18, 12, 2) \g /dev/null
SELECT pg_temp.fill(30, '2026-02-02 00:00Z', '2026-03-09 00:00Z', 0, 24, 10, 10) \g /dev/null
SELECT pg_temp.fill(31, '2026-02-02 00:00Z', '2026-03-09 00:00Z', 0, 24, 4, 4) \g /dev/null
SELECT pg_temp.fill(32, '2026-02-02 00:00Z', '2026-03-09 00:00Z', 0, 24, 4, 4) \g /dev/null

-- Time of use: 5 days of 4 hours of 4 kW are 80 of 672 kWh.
INSERT INTO site_config (site_id, config) VALUES ('flat', '{"demand_charge_per_kw": 10, "time_of_use": [
    {"name": "peak", "weekdays": [1, 2, 3, 4, 5], "start": 13, "end": 17, "rate_per_kwh": 0.3},
    {"name": "never", "weekdays": [1], "start": 14, "end": 15, "rate_per_kwh": 99}]}');
SELECT results_eq($$SELECT meter_id, energy_kwh, round(cost::numeric, 6), baseline_energy_kwh, change_percent, avg_kw, peak_kw, peak_at, load_factor, base_load_kw,
        baseline_base_load_kw, base_load_drift_kw, startup_time, demand_cost FROM argo_load_summary('flat', '2026-03-02')$$,
    $$VALUES (NULL::integer, 672::double precision, 95.040000, 672::double precision, 0::double precision, 4::double precision, 4::double precision,
              '2026-03-02 00:00Z'::timestamptz, 1::double precision, 4::double precision, 4::double precision, 0::double precision, NULL::time, 40::double precision),
             (10, 672, 95.040000, 672, 0, 4, 4, '2026-03-02 00:00Z', 1, 4, 4, 0, NULL, NULL)$$,
    'the first period of time of use that fits counts, and the tariff elsewhere; the demand charge is the site''s');
SELECT results_eq($$SELECT energy_kwh, round(baseline_energy_kwh::numeric, 6), round(change_percent::numeric, 6) FROM argo_load_summary('flat', '2026-03-02', as_of => '2026-03-03 12:00Z')
    WHERE meter_id = 10$$, $$VALUES (144::double precision, 144.000000, 0.000000)$$, 'a running week is compared with as much of the others');
SELECT results_eq($$SELECT energy_kwh, baseline_energy_kwh FROM argo_load_summary('flat', '2026-03-02', '2026-03-04') WHERE meter_id = 10$$,
    $$VALUES (192::double precision, 192::double precision)$$, 'two days with two sevenths of a week');
UPDATE readings SET power_kw = 1, energy_kwh = 0.25 WHERE channel_id = 10 AND "timestamp" >= '2026-02-09 00:00Z' AND "timestamp" < '2026-02-16 00:00Z';
DELETE FROM readings WHERE channel_id = 10 AND "timestamp" >= '2026-02-02 00:00Z' AND "timestamp" < '2026-02-03 00:00Z';
SELECT is((SELECT baseline_energy_kwh FROM argo_load_summary('flat', '2026-03-02') WHERE meter_id = 10), ((168 + 672 + 672) / 3.0)::double precision,
    'a week with six days of readings is no week to compare with');
DELETE FROM readings WHERE channel_id = 10 AND "timestamp" < '2026-02-28 00:00Z';
SELECT results_eq($$SELECT baseline_energy_kwh, change_percent, baseline_base_load_kw FROM argo_load_summary('flat', '2026-03-02') WHERE meter_id = 10$$,
    $$VALUES (NULL::double precision, NULL::double precision, 4::double precision)$$, 'and without one there is no comparison');
DELETE FROM readings WHERE channel_id = 10;
SELECT is_empty($$SELECT FROM argo_load_summary('flat', '2026-03-02')$$, 'no readings, no rows');

-- Start-up at 7 instead of 8, shut-down at 18 instead of 17.
SELECT results_eq($$SELECT startup_time, shutdown_time, startup_drift_minutes, shutdown_drift_minutes, base_load_kw, baseline_base_load_kw, base_load_drift_kw, peak_at
    FROM argo_load_summary('shift', '2026-03-02') WHERE meter_id = 20$$,
    $$VALUES (time '07:00', time '18:00', -60::double precision, 60::double precision, 2::double precision, 1::double precision, 1::double precision, '2026-03-02 07:00Z'::timestamptz)$$,
    'start-up, shut-down and base load have moved');
INSERT INTO site_config (site_id, config) VALUES ('shift', '{"holidays": ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"]}');
SELECT results_eq($$SELECT startup_time, startup_drift_minutes FROM argo_load_summary('shift', '2026-03-02') WHERE meter_id = 20$$,
    $$VALUES (NULL::time, NULL::double precision)$$, 'days off have neither');
DELETE FROM site_config;

-- What never goes off: 7 kW at night against 10 by day, where 0.3 times 10 would do; 672 less 220 quarter-hours are after hours.
UPDATE readings SET power_kw = 7, energy_kwh = 1.75 WHERE channel_id = 20 AND power_kw IN (1, 2);
UPDATE readings SET power_kw = 10, energy_kwh = 2.5 WHERE channel_id = 20 AND power_kw = 12;
INSERT INTO site_config (site_id, config) VALUES ('shift', '{"after_hours": {"significant_kwh": 1000}}');
SELECT results_eq($$SELECT kind, round(weekly_kwh::numeric, 6), round(weekly_cost::numeric, 6), round(yearly_cost::numeric, 6), confidence
    FROM argo_quick_wins('shift', '2026-03-02') WHERE kind = 'base load'$$,
    $$VALUES ('base load', 452.000000, 54.240000, 2820.480000, 'high')$$, 'a load that never goes off is worth a year');
SELECT results_eq($$SELECT round(weekly_kwh::numeric, 6) FROM argo_quick_wins('shift', '2026-03-02', as_of => '2026-03-02 02:00Z') WHERE kind = 'base load'$$,
    $$VALUES (8.000000)$$, 'two hours of it are not made a week of');
UPDATE site_config SET config = '{"after_hours": {"significant_kwh": 1000, "always_on_ratio_max": 0.6}}';
SELECT is_empty($$SELECT FROM argo_quick_wins('shift', '2026-03-02') WHERE kind = 'base load'$$, 'what must run always is none');
DELETE FROM site_config;

-- The main meter: 10 kW is at least 0.8 of 4 and 4.
SELECT is(_argo_analysis('main', '2026-03-02', NULL, NULL, ARRAY['none']) #> '{scope,main_meter}', '30', 'found by its energy');
SELECT is((SELECT energy_kwh FROM argo_load_summary('main', '2026-03-02') WHERE meter_id IS NULL), 1680::double precision, 'its energy is the site''s');
UPDATE channels SET channel_name = 'Main switch room' WHERE channel_id = 31;
SELECT is(_argo_analysis('main', '2026-03-02', NULL, NULL, ARRAY['none']) #> '{scope,main_meter}', '30', 'a name needs half of the energy of the others');
UPDATE readings SET power_kw = 4, energy_kwh = 1 WHERE channel_id = 30;
SELECT is(_argo_analysis('main', '2026-03-02', NULL, NULL, ARRAY['none']) #> '{scope,main_meter}', '31', 'which then decides');
UPDATE channels SET channel_name = 'Domain' WHERE channel_id = 31;
SELECT is(_argo_analysis('main', '2026-03-02', NULL, NULL, ARRAY['none']) #> '{scope,main_meter}', 'null', 'three equal meters have none');
SELECT is((SELECT energy_kwh FROM argo_load_summary('main', '2026-03-02') WHERE meter_id IS NULL), 2016::double precision, 'the site''s energy is their sum');
INSERT INTO site_config (site_id, config) VALUES ('main', '{"main_meter": 32}');
SELECT is(_argo_analysis('main', '2026-03-02', NULL, NULL, ARRAY['none']) #> '{scope,main_meter}', '32', 'the configured one counts');

-- Weeks of 169 and 167 hours, and of 167.5 where the clock changes by half an hour.
INSERT INTO readings (channel_id, "timestamp", power_kw, energy_kwh)
SELECT 40, t, 1, 0.25 FROM generate_series('2025-09-25 00:00Z'::timestamptz, '2025-11-04 00:00Z', '15 minutes') AS t;
INSERT INTO readings (channel_id, "timestamp", power_kw, energy_kwh)
SELECT 50, t, 1, 0.25 FROM generate_series('2025-08-25 00:00Z'::timestamptz, '2025-10-08 00:00Z', '15 minutes') AS t;
SELECT is((SELECT energy_kwh FROM argo_load_summary('ny', '2025-10-27') WHERE meter_id = 40), 169::double precision, 'an hour more in autumn');
SELECT results_eq($$SELECT h.t, h.kw, h.expected FROM jsonb_to_recordset(_argo_analysis('ny', '2025-11-02', '2025-11-03', NULL) -> 'load_profile')
    AS h (t timestamptz, kw double precision, expected integer) ORDER BY 1 LIMIT 4$$,
    $$VALUES ('2025-11-02 04:00Z'::timestamptz, 1::double precision, 4), ('2025-11-02 05:00Z', 1, 4), ('2025-11-02 06:00Z', 1, 4), ('2025-11-02 07:00Z', 1, 4)$$,
    'the two hours 01:00 are two');
SELECT is((SELECT intervals FROM argo_hour_profile('ny', '2025-10-27') WHERE meter_id = 40 AND hour = 1), 32::bigint, 'of one hour of the day');
SELECT is((SELECT energy_kwh FROM argo_load_summary('howe', '2025-09-29') WHERE meter_id = 50), 167.5::double precision, 'half an hour less in spring');

SELECT * FROM finish();
ROLLBACK;
