-- argo_site_config(): defaults, merging, and what it refuses; the periods that an analysis takes and refuses.
BEGIN;
SELECT plan(53);
SET client_min_messages = error;
SELECT count(*) FROM argo_setup() \g /dev/null
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('a', 'A', 'America/New_York'), ('b', 'B', 'UTC');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (1, 'One', 'a'), (2, 'Two', 'b');

SELECT is(argo_site_config('a') -> 'business_hours', '{"start": 7, "end": 18, "weekdays": [1, 2, 3, 4, 5]}', 'business hours by default');
SELECT is(argo_site_config('a'), _argo_config_defaults(), 'a site without a row has the defaults');
SELECT set_eq($$SELECT key FROM _argo_config_ranges()
    UNION ALL VALUES ('business_hours.weekdays'), ('holidays'), ('currency'), ('time_of_use')$$,
    $$SELECT CASE WHEN jsonb_typeof(d.value) = 'object' THEN d.key || '.' || k.key ELSE d.key END
      FROM jsonb_each(_argo_config_defaults()) AS d
      LEFT JOIN LATERAL jsonb_object_keys(CASE WHEN jsonb_typeof(d.value) = 'object' THEN d.value ELSE '{}' END) AS k (key) ON true$$,
    'every key has a range, or a check of its own');
INSERT INTO site_config (site_id, config) VALUES ('a', '{"tariff_per_kwh": 0.2, "business_hours": {"start": 9}, "main_meter": 1}');
SELECT is(argo_site_config('a') - 'tariff_per_kwh' - 'business_hours' - 'main_meter',
          _argo_config_defaults() - 'tariff_per_kwh' - 'business_hours' - 'main_meter', 'the rest stays');
SELECT is(argo_site_config('a') -> 'business_hours', '{"start": 9, "end": 18, "weekdays": [1, 2, 3, 4, 5]}', 'objects are merged');
SELECT is(argo_site_config('a') -> 'tariff_per_kwh', '0.2', 'values are replaced');
SELECT is(argo_site_config('b'), _argo_config_defaults(), 'of this site only');

CREATE FUNCTION pg_temp.with_config(config jsonb) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
    UPDATE site_config SET config = with_config.config WHERE site_id = 'a';
    RETURN argo_site_config('a');
END $$;
SELECT throws_ok(format('SELECT pg_temp.with_config(%L)', config), '22023', message, config)
FROM (VALUES
    ('{"tarif": 1}', 'unknown key tarif in site_config'),
    ('{"spikes": {"factr": 2}}', 'unknown key spikes.factr in site_config'),
    ('{"spikes": 2}', 'invalid value for key spikes in site_config: 2'),
    ('[]', 'invalid value for key config in site_config: []'),
    ('{"tariff_per_kwh": -1}', 'invalid value for key tariff_per_kwh in site_config: -1'),
    ('{"tariff_per_kwh": null}', 'invalid value for key tariff_per_kwh in site_config: null'),
    ('{"tariff_per_kwh": "0.1"}', 'invalid value for key tariff_per_kwh in site_config: "0.1"'),
    ('{"tariff_per_kwh": 1e400}', NULL),
    ('{"baseline_weeks": 1.5}', 'invalid value for key baseline_weeks in site_config: 1.5'),
    ('{"baseline_weeks": 4.0}', 'invalid value for key baseline_weeks in site_config: 4.0'),
    ('{"baseline_weeks": 13}', 'invalid value for key baseline_weeks in site_config: 13'),
    ('{"business_hours": {"start": 18}}', 'invalid value for key business_hours.end in site_config: 18'),
    ('{"business_hours": {"weekdays": [0]}}', 'invalid value for key business_hours.weekdays in site_config: [0]'),
    ('{"business_hours": {"weekdays": "1"}}', 'invalid value for key business_hours.weekdays in site_config: "1"'),
    ('{"holidays": ["2026-02-30"]}', 'invalid value for key holidays in site_config: ["2026-02-30"]'),
    ('{"holidays": ["today"]}', 'invalid value for key holidays in site_config: ["today"]'),
    ('{"holidays": "2026-01-01"}', 'invalid value for key holidays in site_config: "2026-01-01"'),
    ('{"currency": "$"}', 'invalid value for key currency in site_config: "$"'),
    ('{"main_meter": 2}', 'invalid value for key main_meter in site_config: 2'),
    ('{"main_meter": 99999999999}', 'invalid value for key main_meter in site_config: 99999999999'),
    ('{"after_hours": {"base_percentile": 5}}', 'invalid value for key after_hours.base_percentile in site_config: 5'),
    ('{"time_of_use": {}}', 'invalid value for key time_of_use in site_config: {}'),
    ('{"time_of_use": [1]}', 'invalid value for key time_of_use in site_config: 1'),
    ('{"time_of_use": [{"name": "x", "start": 5, "end": 5, "weekdays": [1], "rate_per_kwh": 1}]}', NULL),
    ('{"time_of_use": [{"name": "x", "start": 5, "end": 6, "weekdays": [1]}]}', NULL),
    ('{"time_of_use": [{"name": "x", "start": "5", "end": 6, "weekdays": [1], "rate_per_kwh": 1}]}', NULL)
) AS c (config, message);
SELECT lives_ok(format('SELECT pg_temp.with_config(%L)', config), config)
FROM (VALUES ('{}'), ('{"holidays": ["2026-12-25"], "business_hours": {"weekdays": []}, "demand_charge_per_kw": 9.5}'),
             ('{"time_of_use": [{"name": "x", "start": 0, "end": 24, "weekdays": [6, 7], "rate_per_kwh": 0}]}')) AS c (config);
SELECT throws_ok($$SELECT argo_site_config('nowhere')$$, '22023', 'unknown site ''nowhere''', 'an unknown site');
SELECT throws_ok($$SELECT argo_site_config(NULL)$$, '22023', 'unknown site NULL', 'no site');

-- Periods.
CREATE FUNCTION pg_temp.period(site text, period_start date, period_end date, as_of timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', s ->> 'period_start', s ->> 'period_end', s ->> 'starts', s ->> 'ends', s ->> 'effective_end', s ->> 'baseline_start')
    FROM (SELECT _argo_analysis(site, period_start, period_end, as_of, ARRAY['none']) -> 'scope' AS s) AS x
$$;
SELECT is(pg_temp.period('a', NULL, NULL, '2026-03-16 03:59Z'),
    '2026-03-02 2026-03-09 2026-03-02T05:00:00+00:00 2026-03-09T04:00:00+00:00 2026-03-09T04:00:00+00:00 2026-02-02',
    'the last complete week: at the site it is still Sunday, and its clock changed in that week');
SELECT is(pg_temp.period('a', NULL, NULL, '2026-03-16 04:00Z'),
    '2026-03-09 2026-03-16 2026-03-09T04:00:00+00:00 2026-03-16T04:00:00+00:00 2026-03-16T04:00:00+00:00 2026-02-09', 'on Monday it is the next');
SELECT is(pg_temp.period('b', '2026-03-03', NULL, '2026-03-04 12:00Z'),
    '2026-03-03 2026-03-10 2026-03-03T00:00:00+00:00 2026-03-10T00:00:00+00:00 2026-03-04T12:00:00+00:00 2026-02-03', 'a running week from a day on');
SELECT is(pg_temp.period('b', NULL, '2026-03-03', NULL),
    '2026-02-24 2026-03-03 2026-02-24T00:00:00+00:00 2026-03-03T00:00:00+00:00 2026-03-03T00:00:00+00:00 2026-01-27', 'a week up to a day');
SELECT throws_ok(format('SELECT * FROM argo_spikes(%s)', arguments), '22023', message, arguments)
FROM (VALUES ($$'nowhere'$$, 'unknown site ''nowhere'''),
    ($$'b', '2026-03-03', '2026-03-03'$$, 'the period from 2026-03-03 to 2026-03-03 is empty'),
    ($$'b', '2026-03-03', '2026-03-01'$$, 'the period from 2026-03-03 to 2026-03-01 is empty'),
    ($$'b', '-infinity', '2026-03-01'$$, 'the period from -infinity to 2026-03-01 is empty'),
    ($$'b', '1999-12-31', '2000-01-02'$$, 'the period from 1999-12-31 to 2000-01-02 begins before 2000'),
    ($$'b', '2026-01-01', '2026-02-02'$$, 'the period from 2026-01-01 to 2026-02-02 is longer than 31 days'),
    ($$'b', '2026-03-03', '2026-03-04', '2026-03-03 00:00Z'$$, 'the period from 2026-03-03 to 2026-03-04 has not begun'),
    ($$'b', '9999-01-01', '9999-01-02'$$, 'the period from 9999-01-01 to 9999-01-02 has not begun'),
    ($$'b', as_of => 'infinity'$$, 'as_of must be a finite time, not infinity')) AS a (arguments, message);
SELECT throws_ok($$SELECT _argo_analysis('b', NULL, NULL, NULL, NULL, 'Mars/Olympus')$$, '22023', 'unknown time zone ''Mars/Olympus''',
    'an unknown zone');
SELECT is(_argo_analysis('b', '2026-03-03', '2026-03-04', NULL, ARRAY['none'], 'asia/kolkata') #>> '{scope,starts}',
    '2026-03-02T18:30:00+00:00', 'another zone than the site''s');

SELECT * FROM finish();
ROLLBACK;
