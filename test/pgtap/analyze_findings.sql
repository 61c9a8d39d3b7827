-- What the analysis finds in weeks that were worked out by hand: a week of 167 hours at a site in New York.
BEGIN;
SELECT plan(35);
SET client_min_messages = error;
SELECT count(*) FROM argo_setup() \g /dev/null
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('ny', 'New York', 'America/New_York'), ('empty', 'Empty', 'UTC');
INSERT INTO channels (channel_id, channel_name, organization_id)
SELECT m, 'Meter ' || m, 'ny' FROM generate_series(1, 7) AS m;

-- 2 % of noise: half of the readings of every hour are above, half below.
CREATE FUNCTION pg_temp.fill(meter integer, starts timestamptz, ends timestamptz, office double precision, otherwise double precision) RETURNS void LANGUAGE sql AS $$
    INSERT INTO readings (channel_id, "timestamp", power_kw, energy_kwh)
    SELECT meter, t, kw.kw, kw.kw / 4
    FROM generate_series(starts, ends - interval '1 second', '15 minutes') AS t
    CROSS JOIN LATERAL (SELECT t AT TIME ZONE 'America/New_York' AS clock) AS c
    CROSS JOIN LATERAL (SELECT CASE WHEN extract(isodow FROM c.clock) < 6 AND extract(hour FROM c.clock) BETWEEN 7 AND 17 THEN office ELSE otherwise END
                               * (1 + 0.02 * (1 - 2 * (extract(epoch FROM t)::bigint / 900 % 2))) AS kw) AS kw
$$;
-- The week and the four before it, one meter each way.
SELECT pg_temp.fill(1, '2026-02-02 05:00Z', '2026-03-09 04:00Z', 10, 2) \g /dev/null
SELECT pg_temp.fill(2, '2026-02-02 05:00Z', '2026-03-09 04:00Z', 0, 0) \g /dev/null
-- So much that none of them is the site's main meter.
SELECT pg_temp.fill(3, '2026-02-02 05:00Z', '2026-03-02 05:00Z', 14, 2.8) \g /dev/null
SELECT pg_temp.fill(5, '2026-01-20 05:00Z', '2026-01-21 05:00Z', 10, 2) \g /dev/null
INSERT INTO readings (channel_id, "timestamp", power_kw, energy_kwh) VALUES (6, '2026-03-04 12:00Z', 1, 0.25);
SELECT pg_temp.fill(7, '2026-03-02 05:00Z', '2026-03-09 04:00Z', 10, 10) \g /dev/null
UPDATE readings SET power_kw = 5 WHERE channel_id = 7 AND "timestamp" >= '2026-03-03 00:00Z' AND "timestamp" < '2026-03-03 08:00Z';
UPDATE readings SET power_kw = NULL WHERE channel_id = 7 AND "timestamp" = '2026-03-07 00:00Z';
DELETE FROM readings WHERE channel_id = 7
    AND (("timestamp" >= '2026-03-04 00:00Z' AND "timestamp" < '2026-03-04 02:45Z') OR ("timestamp" >= '2026-03-05 00:00Z' AND "timestamp" < '2026-03-05 02:30Z')
         OR ("timestamp" >= '2026-03-06 00:00Z' AND "timestamp" < '2026-03-06 00:30Z') OR "timestamp" = '2026-03-06 06:00Z');
-- Wednesday 10:00 to 11:00; Thursday 10:00 to 10:30 and 12:00; Friday 10:00 to 10:30 and, two hours later, 12:30.
UPDATE readings SET power_kw = 30, energy_kwh = 7.5 WHERE channel_id = 1
    AND "timestamp" IN ('2026-03-04 15:00Z', '2026-03-04 15:15Z', '2026-03-04 15:30Z', '2026-03-04 15:45Z', '2026-03-05 15:00Z', '2026-03-05 15:15Z',
                        '2026-03-05 17:00Z', '2026-03-06 15:00Z', '2026-03-06 15:15Z', '2026-03-06 17:30Z');

-- Sensors: 668 quarter-hours in that week.
SELECT results_eq($$SELECT meter_id, issue, severity, start_time, end_time, round(value::numeric, 4) FROM argo_sensor_health('ny', '2026-03-02') WHERE meter_id <> 1$$,
    $$VALUES (3, 'completeness', 'high', '2026-03-02 05:00Z'::timestamptz, '2026-03-09 04:00Z'::timestamptz, 0.0000),
        (3, 'gap', 'high', '2026-03-02 05:00Z', '2026-03-09 04:00Z', 668.0000), (3, 'stale', 'high', '2026-03-02 05:00Z', '2026-03-09 04:00Z', 167.0000),
        (6, 'completeness', 'high', '2026-03-04 12:00Z', '2026-03-09 04:00Z', 0.2232), (6, 'gap', 'high', '2026-03-04 12:15Z', '2026-03-09 04:00Z', 447.0000),
        (6, 'stale', 'high', '2026-03-04 12:15Z', '2026-03-09 04:00Z', 111.7500), (7, 'gap', 'high', '2026-03-04 00:00Z', '2026-03-04 02:45Z', 11.0000),
        (7, 'flatline', 'medium', '2026-03-03 00:00Z', '2026-03-03 08:00Z', 8.0000), (7, 'gap', 'medium', '2026-03-05 00:00Z', '2026-03-05 02:30Z', 10.0000),
        (7, 'gap', 'medium', '2026-03-06 00:00Z', '2026-03-06 00:30Z', 2.0000)$$,
    'gaps, a flat stretch, meters without readings; zeros are data, and so is a reading without power');
SELECT results_eq($$SELECT issue, severity, start_time, value FROM argo_sensor_health('ny', '2026-03-02') WHERE meter_id = 1$$,
    $$VALUES ('flatline', 'high', '2026-03-06 23:00Z'::timestamptz, 53::double precision), ('flatline', 'medium', '2026-03-02 05:00Z', 7),
        ('flatline', 'medium', '2026-03-02 23:00Z', 13), ('flatline', 'medium', '2026-03-03 23:00Z', 13), ('flatline', 'medium', '2026-03-04 23:00Z', 13),
        ('flatline', 'medium', '2026-03-05 23:00Z', 13)$$, '2 % of 2 kW have a variance below the limit: nights and a weekend');
SELECT results_eq($$SELECT m.meter_id, m.expected, m.received, m.judged FROM jsonb_to_recordset(_argo_analysis('ny', '2026-03-02', NULL, NULL) -> 'meters')
    AS m (meter_id integer, expected integer, received integer, judged boolean)$$,
    $$VALUES (1, 668, 668, true), (2, 668, 668, true), (3, 668, 0, true), (4, 0, 0, false), (5, 0, 0, false), (6, 448, 1, true), (7, 668, 644, true)$$,
    'a meter that never had a reading, or none for 30 days, is not judged');
SELECT results_eq($$SELECT meter_id, issue, severity, round(value::numeric, 2) FROM argo_sensor_health('ny', '2026-03-02', as_of => '2026-03-02 08:00Z')$$,
    $$VALUES (3, 'completeness', 'high', 0.00), (3, 'gap', 'high', 12.00), (3, 'stale', 'medium', 3.00)$$, 'as of three hours into the week');
UPDATE readings SET power_kw = 5 WHERE channel_id = 7 AND "timestamp" >= '2026-03-03 08:00Z' AND "timestamp" < '2026-03-04 00:00Z';
SELECT results_eq($$SELECT severity, value FROM argo_sensor_health('ny', '2026-03-02') WHERE issue = 'flatline' AND meter_id = 7$$,
    $$VALUES ('high', 24::double precision)$$, 'a day without change is severe');
UPDATE readings SET power_kw = 5 + 0.06 * (extract(epoch FROM "timestamp")::bigint / 900 % 2) WHERE channel_id = 7
    AND "timestamp" >= '2026-03-03 00:00Z' AND "timestamp" < '2026-03-04 00:00Z';
SELECT isnt_empty($$SELECT FROM argo_sensor_health('ny', '2026-03-02') WHERE issue = 'flatline' AND meter_id = 7$$, 'so is one with a variance below the limit');
INSERT INTO site_config (site_id, config) VALUES ('ny', '{"sensor_health": {"flatline_variation": 0.01}}');
SELECT isnt_empty($$SELECT FROM argo_sensor_health('ny', '2026-03-02') WHERE issue = 'flatline' AND meter_id = 7$$, 'a standard deviation of 0.6 % of the mean is below 1 %');
UPDATE readings SET power_kw = 5 + 0.12 * (extract(epoch FROM "timestamp")::bigint / 900 % 2) WHERE channel_id = 7
    AND "timestamp" >= '2026-03-03 00:00Z' AND "timestamp" < '2026-03-04 00:00Z';
SELECT is_empty($$SELECT FROM argo_sensor_health('ny', '2026-03-02') WHERE issue = 'flatline' AND meter_id = 7$$, 'one of 1.2 % is not, although its variance is below the limit');
DELETE FROM site_config;
SELECT isnt_empty($$SELECT FROM argo_sensor_health('ny', '2026-03-02') WHERE issue = 'flatline' AND meter_id = 7$$, 'which by default is enough');
UPDATE readings SET power_kw = CASE WHEN "timestamp" < '2026-03-03 06:00Z' THEN 5 WHEN "timestamp" < '2026-03-03 06:15Z' THEN 5.3 ELSE 5.02 END
    WHERE channel_id = 7 AND "timestamp" >= '2026-03-03 00:00Z' AND "timestamp" < '2026-03-04 00:00Z';
SELECT results_eq($$SELECT start_time, end_time FROM argo_sensor_health('ny', '2026-03-02') WHERE issue = 'flatline' AND meter_id = 7$$,
    $$VALUES ('2026-03-03 00:00Z'::timestamptz, '2026-03-04 00:00Z'::timestamptz)$$, 'a step of 0.3 kW leaves each window with it a variance below the limit');
UPDATE readings SET power_kw = CASE WHEN "timestamp" = '2026-03-03 06:00Z' THEN 5.6 ELSE 5 END
    WHERE channel_id = 7 AND "timestamp" >= '2026-03-03 00:00Z' AND "timestamp" < '2026-03-04 00:00Z';
SELECT results_eq($$SELECT start_time, end_time FROM argo_sensor_health('ny', '2026-03-02') WHERE issue = 'flatline' AND meter_id = 7$$,
    $$VALUES ('2026-03-03 00:00Z'::timestamptz, '2026-03-03 06:00Z'::timestamptz), ('2026-03-03 06:15Z', '2026-03-04 00:00Z')$$,
    'one of 0.6 kW does not, and parts two flat stretches');
UPDATE readings SET power_kw = 0.05 WHERE channel_id = 7 AND "timestamp" >= '2026-03-03 00:00Z' AND "timestamp" < '2026-03-04 00:00Z';
SELECT is_empty($$SELECT FROM argo_sensor_health('ny', '2026-03-02') WHERE issue = 'flatline' AND meter_id = 7$$, 'nor is standby');

-- After hours: 55 hours of business, 112 others.
SELECT results_eq($$SELECT meter_id, round(base_load_kw::numeric, 4), round(after_hours_kwh::numeric, 4), round(excess_kwh::numeric, 4), is_significant,
        after_hours_intervals, baseline_intervals FROM argo_after_hours('ny', '2026-03-02') WHERE meter_id < 7$$,
    $$VALUES (1, 1.9600, 224.0000, 4.4800, false, 448::bigint, 1808::bigint), (2, NULL, 0.0000, NULL, false, 448, 1808), (6, NULL, NULL, NULL, false, 0, 0)$$,
    'noise above the base load is not significant; zeros have no base load, and one reading has no baseline');
SELECT is((SELECT round((share * 100)::numeric, 3) FROM argo_after_hours('ny', '2026-03-02') WHERE meter_id = 1),
          round(22400 / 823.9, 3), 'the share of the energy used outside business hours');
INSERT INTO site_config (site_id, config) VALUES ('ny', '{"holidays": ["2026-03-03"], "tariff_per_kwh": 0.5, "after_hours": {"worst_intervals": 3}}');
SELECT results_eq($$SELECT round(after_hours_kwh::numeric, 4), round(excess_kwh::numeric, 4), round(cost::numeric, 4), is_significant, jsonb_array_length(worst),
        (worst #>> '{0,at}')::timestamptz, round((worst #> '{0,powerKw}')::numeric, 4), round((worst #> '{0,excessKwh}')::numeric, 4)
        FROM argo_after_hours('ny', '2026-03-02') WHERE meter_id = 1$$,
    $$VALUES (334.0000, 92.9200, 46.4600, true, 3, '2026-03-03 12:00Z'::timestamptz, 10.2000, 2.0600)$$, 'a holiday on which work went on');
UPDATE site_config SET config = '{"business_hours": {"weekdays": []}}';
SELECT is((SELECT round(after_hours_kwh::numeric, 4) FROM argo_after_hours('ny', '2026-03-02') WHERE meter_id = 1), 823.9000, 'a site without business hours');
DELETE FROM site_config;

-- Hours of the day.
SELECT results_eq($$SELECT hour, round(avg_kw::numeric, 4), round(baseline_avg_kw::numeric, 4), intervals FROM argo_hour_profile('ny', '2026-03-02')
    WHERE meter_id = 1 AND hour IN (1, 2, 6, 8)$$,
    $$VALUES (1, 2.0000, 2.0000, 28::bigint), (2, 2.0000, 2.0000, 24), (6, 2.0000, 2.0000, 28), (8, round((5 * 10 + 2 * 2) / 7.0, 4), round((5 * 10 + 2 * 2) / 7.0, 4), 28)$$,
    'real local hours: 2 o''clock does not exist on the day the clock goes forward');

-- Anomalies: quartiles 9.8 and 10.2, limit 11.4, median 10.
SELECT results_eq($$SELECT meter_id, start_time, end_time, intervals, peak_kw, peak_at, round(expected_kwh::numeric, 4), round(excess_kwh::numeric, 4), is_business,
        round(z_score::numeric, 3), round(cost::numeric, 4) FROM argo_anomalies('ny', '2026-03-02')$$,
    $$VALUES (1, '2026-03-04 15:00Z'::timestamptz, '2026-03-04 16:00Z'::timestamptz, 4::bigint, 30::double precision, '2026-03-04 15:00Z'::timestamptz, 10.0000, 20.0000, true,
              round(20 / (0.2 * sqrt(16.0 / 15)), 3), 2.4000),
             (1, '2026-03-05 15:00Z', '2026-03-05 17:15Z', 3, 30, '2026-03-05 15:00Z', 7.5000, 15.0000, true, round(20 / (0.2 * sqrt(16.0 / 15)), 3), 1.8000)$$,
    'intervals less than two hours apart are one event, and two intervals are none');
INSERT INTO site_config (site_id, config) VALUES ('ny', '{"anomalies": {"min_baseline_values": 17}}');
SELECT is_empty($$SELECT FROM argo_anomalies('ny', '2026-03-02')$$, 'an hour of the week with 16 values of 17 finds nothing');
DELETE FROM site_config;
SELECT is_empty($$SELECT FROM argo_anomalies('ny', '2026-02-02')$$, 'nor does a week without any baseline');

-- Spikes: 1.5 times 10.2 kW.
SELECT results_eq($$SELECT start_time, end_time, intervals, round(threshold_kw::numeric, 4), round(excess_kwh::numeric, 4), is_main FROM argo_spikes('ny', '2026-03-02')$$,
    $$VALUES ('2026-03-04 15:00Z'::timestamptz, '2026-03-04 16:00Z'::timestamptz, 4::bigint, 15.3000, 19.8000, false),
             ('2026-03-05 15:00Z', '2026-03-05 15:30Z', 2, 15.3000, 9.9000, false), ('2026-03-06 15:00Z', '2026-03-06 15:30Z', 2, 15.3000, 9.9000, false),
             ('2026-03-05 17:00Z', '2026-03-05 17:15Z', 1, 15.3000, 4.9500, false), ('2026-03-06 17:30Z', '2026-03-06 17:45Z', 1, 15.3000, 4.9500, false)$$,
    'spikes, the largest first');
INSERT INTO site_config (site_id, config) VALUES ('ny', '{"main_meter": 1, "spikes": {"min_kw_main": 30, "min_kw_meter": 1}}');
SELECT is_empty($$SELECT FROM argo_spikes('ny', '2026-03-02') WHERE meter_id = 1$$, 'a main meter has a limit of its own, and at it is not above it');
UPDATE site_config SET config = '{"main_meter": 1, "spikes": {"min_kw_main": 29.9}}';
SELECT results_eq($$SELECT DISTINCT is_main FROM argo_spikes('ny', '2026-03-02')$$, $$VALUES (true)$$, 'just below, it has spikes, which say so');
UPDATE site_config SET config = '{"spikes": {"join_intervals": 8}}';
SELECT is((SELECT count(*) FROM argo_spikes('ny', '2026-03-02')), 4::bigint, 'starts 7 intervals apart are joined by 8, and 9 are not');
DELETE FROM site_config;

-- Quick wins: no kWh twice, sensors last.
SELECT results_eq($$SELECT rank, kind, meter_id, round(weekly_kwh::numeric, 4), round(weekly_cost::numeric, 4), yearly_cost, confidence FROM argo_quick_wins('ny', '2026-03-02')$$,
    $$VALUES (1, 'anomaly', 1, 35.0000, 4.2000, NULL::double precision, 'high'), (2, 'spike', 1, 14.8500, 1.7820, NULL, 'high'), (3, 'sensor', 1, NULL, NULL, NULL, 'high'),
             (4, 'sensor', 3, NULL, NULL, NULL, 'high'), (5, 'sensor', 6, NULL, NULL, NULL, 'high'), (6, 'sensor', 7, NULL, NULL, NULL, 'high')$$, 'what is in an anomaly is in no spike');
INSERT INTO site_config (site_id, config) VALUES ('ny', '{"holidays": ["2026-03-04", "2026-03-05", "2026-03-06"], "quick_wins": {"max": 1}}');
SELECT results_eq($$SELECT kind, round(weekly_kwh::numeric, 2), round(yearly_cost::numeric, 4) = round((weekly_kwh * 0.12 * 52)::numeric, 4), confidence
    FROM argo_quick_wins('ny', '2026-03-02')$$,
    $$SELECT 'after hours', round(excess_kwh::numeric, 2), true, 'high' FROM argo_after_hours('ny', '2026-03-02') WHERE meter_id = 1$$,
    'what is after hours, where that is significant, is in nothing else; max');
UPDATE site_config SET config = config || '{"quick_wins": {"max": 10}}';
SELECT is_empty($$SELECT FROM argo_quick_wins('ny', '2026-03-02') WHERE kind IN ('anomaly', 'spike')$$, 'so that the events of holidays are not worth it twice');
DELETE FROM readings WHERE channel_id = 1 AND "timestamp" < '2026-02-09 05:00Z';
SELECT results_eq($$SELECT yearly_cost, confidence FROM argo_quick_wins('ny', '2026-03-02') WHERE kind = 'after hours'$$,
    $$VALUES (NULL::double precision, 'medium')$$, 'three weeks are no year');
DELETE FROM site_config;

-- The session matters nowhere.
CREATE TEMP TABLE expected AS SELECT _argo_analysis('ny', '2026-03-02', NULL, NULL)::text AS analysis;
SET LOCAL timezone = 'Asia/Kolkata';
SET LOCAL extra_float_digits = -3;
SET LOCAL datestyle = 'German, DMY';
SET LOCAL intervalstyle = 'sql_standard';
SELECT is(_argo_analysis('ny', '2026-03-02', NULL, NULL)::text, (SELECT analysis FROM expected), 'the same bytes whatever the session');
RESET timezone; RESET extra_float_digits; RESET datestyle; RESET intervalstyle;

-- Meters without values, sites without meters.
UPDATE readings SET power_kw = 'NaN', energy_kwh = NULL WHERE channel_id = 1;
SELECT results_eq($$SELECT base_load_kw, after_hours_kwh, excess_kwh, after_hours_intervals FROM argo_after_hours('ny', '2026-03-02') WHERE meter_id = 1$$,
    $$VALUES (NULL::double precision, NULL::double precision, NULL::double precision, 0::bigint)$$, 'NaN is missing');
SELECT is_empty($$SELECT FROM argo_sensor_health('ny', '2026-03-02') WHERE meter_id = 1$$, 'but for completeness a reading');
SELECT is_empty($$SELECT FROM argo_anomalies('ny', '2026-03-02')$$, 'and nothing unusual');
SELECT is((SELECT jsonb_object_agg(a.key, a.value) FROM jsonb_each(_argo_analysis('empty', '2026-03-02', '2026-03-03', NULL)) AS a
           WHERE a.key NOT IN ('scope', 'load_profile', 'daily_use')),
    '{"meters": [], "sensor_health": [], "after_hours": [], "hour_profile": [], "anomalies": [], "spikes": [], "load_summary": [], "quick_wins": []}',
    'a site without meters has empty lists');
SELECT is(jsonb_array_length(_argo_analysis('empty', '2026-03-02', '2026-03-03', NULL) -> 'load_profile'), 24, 'and 24 hours without power');
SELECT is(_argo_analysis('empty', '2026-03-02', '2026-03-03', NULL) -> 'daily_use',
    '[{"date": "2026-03-02", "kwh": null, "expected": 0, "received": 0}]', 'and a day without readings');

SELECT * FROM finish();
ROLLBACK;
