-- The weekly report: what is in it, on the site's clock, byte by byte the same, and only as far as the gate lets it through.
\set QUIET on
SET client_min_messages = error;
SET TIME ZONE 'Asia/Kathmandu';
SET jit = off;
BEGIN;
SELECT plan(118);

DO $$ BEGIN PERFORM argo_setup(); END $$;
\ir ../suites/validate_data.sql
-- Monday morning at each site, a day after its clock was changed.
\set spring '''2025-03-10 10:05+00'''
\set autumn '''2024-10-28 06:05+00'''
CALL clean.add_site('A', 'Mill', 'America/New_York', 101, 4);
CALL clean.add_site('B', 'Hall', 'Europe/London', 201, 3);
CALL clean.fill('A', '2025-02-03', :spring);
CALL clean.fill('B', '2024-09-23', :autumn);
CALL clean.keep();

CREATE FUNCTION pg_temp.attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    said text;
    hint text;
BEGIN
    EXECUTE statement;
    RETURN 'done';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    RETURN SQLSTATE || ' ' || SQLERRM || CASE WHEN hint = '' THEN ' (no hint)' ELSE '' END;
END $$;
-- Paths of a JSON value, such as sections.anomalies.summary.
CREATE FUNCTION pg_temp.keys(value jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(k, ' ' ORDER BY k COLLATE "C") FROM jsonb_object_keys(value) AS k
$$;

CREATE TEMP TABLE reports AS
SELECT 'A' AS site, argo_weekly_report('A', generated_at => :spring) AS report
UNION ALL
SELECT 'B', argo_weekly_report('B', generated_at => :autumn);
CREATE FUNCTION pg_temp.report(site text, path text) RETURNS text LANGUAGE sql AS $$
    SELECT r.report #>> path::text[] FROM reports AS r WHERE r.site = $1
$$;

-- What is in it.
SELECT is((SELECT pg_temp.keys(report) FROM reports WHERE site = 'A'), 'charts dataQuality metadata sections summary version', 'the parts of a report');
SELECT is((SELECT pg_temp.keys(report -> 'sections') FROM reports WHERE site = 'A'), 'afterHoursWaste anomalies load quickWins sensorHealth spikes', 'its sections');
SELECT is((SELECT pg_temp.keys(report -> 'charts') FROM reports WHERE site = 'A'), 'afterHoursRanking anomalyTimeline dailyUse heatMap loadProfile', 'its charts');
SELECT is((SELECT pg_temp.keys(report -> 'summary') FROM reports WHERE site = 'A'),
    'baselineEnergyKwh changePercent completenessPercent cost energyKwh headline topOpportunities topRisks totalPotentialSavings', 'its summary');
SELECT is(pg_temp.report('A', '{version}'), '1', 'its version');
SELECT is(pg_temp.report('A', '{metadata,site,name}') || ' in ' || pg_temp.report('A', '{metadata,site,timezone}'), 'Mill in America/New_York', 'its site');
SELECT is(pg_temp.report('A', '{metadata,argoVersion}'), (SELECT extversion FROM pg_extension WHERE extname = 'argo'), 'the version that made it');
SELECT is(pg_temp.report('A', '{metadata,generatedAt}'), '2025-03-10T06:05:00-04:00', 'when it was made, on the site''s clock');
SELECT is(pg_temp.report('A', '{metadata,gate,state}'), 'closed', 'the gate is closed');
SELECT is(pg_temp.report('A', '{metadata,gate,banner}'), NULL, 'nothing stands above it');
SELECT is((SELECT report #> '{metadata,baseline}' FROM reports WHERE site = 'A'), '{"start": "2025-02-03", "end": "2025-03-03", "weeks": 4}', 'what it is compared with');

-- The last complete week, in which the clock is changed.
SELECT is((SELECT report #> '{metadata,period}' FROM reports WHERE site = 'A'),
    '{"start": "2025-03-03", "end": "2025-03-10", "days": 7, "localStart": "2025-03-03T00:00:00-05:00",
      "localEnd": "2025-03-10T00:00:00-04:00", "dataUntil": "2025-03-10T00:00:00-04:00"}', 'spring: the week');
SELECT is(pg_temp.report('A', '{dataQuality,expectedReadings}')::integer, 4 * 167 * 4, 'spring: a week of 167 hours');
SELECT is(pg_temp.report('A', '{dataQuality,receivedReadings}')::integer, 4 * 167 * 4, 'all of which have readings');
SELECT is(pg_temp.report('A', '{summary,completenessPercent}')::float8, 100::float8, 'so the report is complete');
SELECT is((SELECT jsonb_array_length(report #> '{charts,loadProfile,points}') FROM reports WHERE site = 'A'), 167, 'spring: as many points');
SELECT is((SELECT array_agg(jsonb_array_length(r -> 'hours')) FROM reports, jsonb_array_elements(report #> '{charts,heatMap,rows}') AS r WHERE site = 'A'),
    '{24,24,24,24,24,24,23}', 'spring: Sunday has 23 hours');
SELECT is((SELECT string_agg(h ->> 't', ' ' ORDER BY place) FROM reports, jsonb_array_elements(report #> '{charts,heatMap,rows,6,hours}') WITH ORDINALITY AS x (h, place)
    WHERE site = 'A' AND place BETWEEN 2 AND 3), '2025-03-09T01:00:00-05:00 2025-03-09T03:00:00-04:00', 'spring: none at two');
SELECT is(pg_temp.report('B', '{metadata,period,localStart}') || ' ' || pg_temp.report('B', '{metadata,period,localEnd}'),
    '2024-10-21T00:00:00+01:00 2024-10-28T00:00:00+00:00', 'autumn: the week');
SELECT is(pg_temp.report('B', '{dataQuality,expectedReadings}')::integer, 3 * 169 * 4, 'autumn: a week of 169 hours');
SELECT is((SELECT array_agg(jsonb_array_length(r -> 'hours')) FROM reports, jsonb_array_elements(report #> '{charts,heatMap,rows}') AS r WHERE site = 'B'),
    '{24,24,24,24,24,24,25}', 'autumn: Sunday has 25 hours');
SELECT is((SELECT string_agg(h ->> 't', ' ' ORDER BY place) FROM reports, jsonb_array_elements(report #> '{charts,heatMap,rows,6,hours}') WITH ORDINALITY AS x (h, place)
    WHERE site = 'B' AND place BETWEEN 2 AND 3), '2024-10-27T01:00:00+01:00 2024-10-27T01:00:00+00:00', 'autumn: two at one, told apart');
SELECT is((SELECT string_agg(concat_ws(' ', r ->> 'date', r ->> 'weekday', r ->> 'isBusinessDay'), ', ' ORDER BY place)
    FROM reports, jsonb_array_elements(report #> '{charts,dailyUse}') WITH ORDINALITY AS x (r, place) WHERE site = 'A' AND place > 4),
    '2025-03-07 5 true, 2025-03-08 6 false, 2025-03-09 7 false', 'days, and which are business days');

-- The figures are those of the functions, and of the readings.
SELECT is(round(pg_temp.report('A', '{summary,energyKwh}')::numeric, 6), (SELECT round(sum(r.energy_kwh::float8)::numeric, 6) FROM readings AS r
    WHERE r.channel_id BETWEEN 101 AND 104 AND r."timestamp" >= '2025-03-03 05:00Z' AND r."timestamp" < '2025-03-10 04:00Z'), 'energy is that of the readings');
SELECT is(round((SELECT sum((d ->> 'kwh')::float8) FROM reports, jsonb_array_elements(report #> '{charts,dailyUse}') AS d WHERE site = 'A')::numeric, 6),
    round(pg_temp.report('A', '{summary,energyKwh}')::numeric, 6), 'days add up to the week');
SELECT is((SELECT count(*) FROM reports, jsonb_array_elements(report #> '{charts,loadProfile,points}') AS p WHERE site = 'A' AND p ->> 'kw' IS NULL), 0::bigint, 'every hour has its power');
SELECT results_eq($$SELECT (m ->> 'meterId')::integer, (m ->> 'afterHoursKwh')::float8, (m ->> 'excessKwh')::float8, (m ->> 'cost')::float8, (m ->> 'isSignificant')::boolean
    FROM reports, jsonb_array_elements(report #> '{sections,afterHoursWaste,topMeters}') WITH ORDINALITY AS x (m, place) WHERE site = 'A' ORDER BY place$$,
    $$SELECT meter_id, after_hours_kwh, excess_kwh, cost, is_significant
      FROM argo_after_hours('A', '2025-03-03', '2025-03-10') ORDER BY excess_kwh DESC NULLS LAST, meter_id$$, 'after hours are those of argo_after_hours(), most excess first');
SELECT results_eq($$SELECT (m ->> 'meterId')::integer, (m ->> 'energyKwh')::float8, (m ->> 'peakKw')::float8, (m ->> 'changePercent')::float8
    FROM reports, jsonb_array_elements(report #> '{sections,load,meters}') WITH ORDINALITY AS x (m, place) WHERE site = 'A' ORDER BY place$$,
    $$SELECT meter_id, energy_kwh, peak_kw, change_percent FROM argo_load_summary('A', '2025-03-03', '2025-03-10')
      WHERE meter_id IS NOT NULL ORDER BY energy_kwh DESC, meter_id$$, 'loads are those of argo_load_summary(), most energy first');
SELECT is((SELECT count(*) FROM reports, jsonb_array_elements(report #> '{sections,anomalies,timeline}') WHERE site = 'A'),
    (SELECT count(*) FROM argo_anomalies('A', '2025-03-03', '2025-03-10')), 'anomalies are those of argo_anomalies()');
SELECT is((SELECT jsonb_array_length(report #> '{sections,quickWins}') FROM reports WHERE site = 'A')::bigint,
    (SELECT count(*) FROM argo_quick_wins('A', '2025-03-03', '2025-03-10')), 'quick wins are those of argo_quick_wins()');
SELECT is(round(coalesce(pg_temp.report('A', '{summary,totalPotentialSavings,weekly}')::numeric, 0), 9),
    (SELECT round(coalesce(sum(weekly_cost), 0)::numeric, 9) FROM argo_quick_wins('A', '2025-03-03', '2025-03-10')), 'what could be saved is their sum');
SELECT matches(pg_temp.report('A', '{summary,headline}'), '^[0-9,]+ kWh for \$[0-9,.]+ from 3 to 9 March 2025, ', 'the headline has it in a sentence');

-- Words: times as people write them, on the site's clock, wherever they come from; what is to be typed stays.
SELECT is(_argo_report_prose(detail, '{"scope": {"timezone": "America/New_York", "period_end": "2025-03-10"}}'), prose, prose)
FROM (VALUES
    ('the last reading is of 2025-03-04 05:00-05:00', 'the last reading is of Tue 4 Mar, 05:00'),
    ('the last reading is of 2025-03-04T10:00:00Z', 'the last reading is of 2025-03-04T10:00:00Z'),
    ('the last reading is of 2025-03-04T10:00:00.5+00:00.', 'the last reading is of Tue 4 Mar, 05:00.'),
    ('no reading for 5.75 h, 2025-03-04 03:45-05:00 to 2025-03-04 09:30-05:00, confirmed absent', 'no reading for 5.75 h, Tue 4 Mar, 03:45 to 09:30, confirmed absent'),
    ('2025-03-04 23:00-05:00 to 2025-03-05 00:00-05:00; 2024-12-30 01:00-05:00 to 2024-12-30 02:00-05:00',
     'Tue 4 Mar, 23:00 to Wed 5 Mar, 00:00; Mon 30 Dec 2024, 01:00 to 02:00'),
    ('2025-03-09 00:30-05:00 to 2025-03-09 04:30-04:00', 'Sun 9 Mar, 00:30 (UTC-5) to 04:30 (UTC-4)'),
    ('2025-03-09 03:30-04:00 to 2025-03-09 04:30-04:00', 'Sun 9 Mar, 03:30 to 04:30 (UTC-4)'),
    ('76 % on 2025-03-04: 23 of 96 missing', '76 % on Tue 4 Mar: 23 of 96 missing'),
    ('76 % on 2024-03-04: 23 of 96 missing', '76 % on Mon 4 Mar 2024: 23 of 96 missing'),
    ('no pull ever asked for 3 h, 2025-03-04 03:00-05:00 to 2025-03-04 06:00-05:00; type CALL argo_backfill(''A'', ''2025-03-04'', ''2025-03-04'');',
     'no pull ever asked for 3 h, Tue 4 Mar, 03:00 to 06:00; type CALL argo_backfill(''A'', ''2025-03-04'', ''2025-03-04'');'),
    ('the API said 2025-02-31 10:00+00:00, on 2025-99-99', 'the API said 2025-02-31 10:00+00:00, on 2025-99-99'),
    ('no times', 'no times'), (NULL, NULL)
) AS c (detail, prose);
SELECT is(_argo_report_prose('until 2025-03-30 01:15+00:00', '{"scope": {"timezone": "Asia/Kathmandu", "period_end": "2025-04-01"}}'), 'until Sun 30 Mar, 07:00', 'in the zone of the report');
SELECT is(_argo_moment_in_words('2025-04-05 15:30Z', 'Australia/Lord_Howe', 2025), 'Sun 6 Apr, 02:00 (UTC+10:30)', 'an offset with half an hour');
SELECT is(_argo_report_money(amount, currency), money, money)
FROM (VALUES (2613.64, 'USD', '$2,614'), (9.3, 'USD', '$9.30'), (99.996, 'USD', '$100'), (0, 'EUR', U&'\20AC0.00'), (-3.5, 'GBP', U&'-\00A33.50'), (1234567, 'CHF', 'CHF 1,234,567')
) AS c (amount, currency, money);
SELECT is((SELECT string_agg(_argo_report_figure(figure), ' ' ORDER BY place) FROM (VALUES (0, 1), (0.126, 2), (9.994, 3), (9.996, 4), (99.94, 5), (99.96, 6), (12345.6, 7)) AS c (figure, place)),
    '0 0.13 9.99 10.0 99.9 100 12,346', 'figures are rounded as on the page');

SELECT is(_argo_report_headline(jsonb_build_object('completeness', 97, 'daily_use', format('[{"expected": 96, "received": 96}, {"expected": 96, "received": %s}]', received)::jsonb,
        'scope', '{"period_start": "2025-03-03", "period_end": "2025-03-10", "baseline_weeks": 4}'::jsonb),
    '{"energyKwh": 1000, "cost": 120, "changePercent": -30}', 'USD', NULL), '1,000 kWh for $120 from 3 to 9 March 2025, ' || words, words)
FROM (VALUES (48, 'with 25.0 % of the readings missing'), (90, '30.0 % less than in the 4 weeks before')) AS c (received, words);

-- What docs/security.md grants for the analysis alone.
CREATE ROLE argo_test_analyst;
GRANT SELECT ON readings, site_config, _argo_zones, v_sites, v_meters, v_readings_all TO argo_test_analyst;
SET LOCAL ROLE argo_test_analyst;
SELECT lives_ok(format($$SELECT * FROM %I('A', '2025-03-03', '2025-03-10')$$, name), name || ' for a role that may read what it needs')
FROM unnest(ARRAY['argo_sensor_health', 'argo_after_hours', 'argo_hour_profile', 'argo_anomalies', 'argo_spikes', 'argo_load_summary', 'argo_quick_wins']) AS name;
RESET ROLE;

-- Byte by byte.
SELECT is(argo_weekly_report('A', generated_at => :spring)::text, (SELECT report::text FROM reports WHERE site = 'A'), 'again: the same bytes');
SET LOCAL TimeZone = 'America/St_Johns';
SET LOCAL DateStyle = 'SQL, DMY';
SET LOCAL IntervalStyle = 'sql_standard';
SET LOCAL extra_float_digits = -5;
SET LOCAL jit = on;
SET LOCAL search_path = pg_catalog;
SELECT public.argo_weekly_report('A', generated_at => :spring)::text AS elsewhere \gset
SELECT public.argo_weekly_report('A', '2025-03-03', '2025-03-10', generated_at => :spring)::text AS by_dates \gset
SET LOCAL search_path = public;
SET LOCAL DateStyle = 'ISO';
SET LOCAL extra_float_digits = 1;
SET LOCAL jit = off;
SELECT is(:'elsewhere'::text, (SELECT report::text FROM reports WHERE site = 'A'), 'in another session: the same bytes');
SELECT is(:'by_dates'::text, (SELECT report::text FROM reports WHERE site = 'A'), 'asked for by its days: the same bytes');
SELECT set_config('enable_hashagg', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('work_mem', '64kB', true) \gset ignored_
SELECT is(argo_weekly_report('A', generated_at => :spring)::text, (SELECT report::text FROM reports WHERE site = 'A'), 'with other plans: the same bytes');
SELECT set_config('enable_hashagg', 'on', true), set_config('enable_hashjoin', 'on', true), set_config('work_mem', '4MB', true) \gset ignored_

-- Half of the rows go elsewhere in the table, out of their order.
UPDATE readings SET current_a = current_a WHERE channel_id IN (101, 103) AND extract(epoch FROM "timestamp")::bigint / 900 % 2 = 0;
ANALYZE readings;
SELECT is(argo_weekly_report('A', generated_at => :spring)::text, (SELECT report::text FROM reports WHERE site = 'A'), 'with rows elsewhere in the table: the same bytes');

-- Another period, another zone, one that is still running.
SELECT is((argo_weekly_report('A', '2025-03-05', '2025-03-06', :spring) #> '{metadata,period}') - 'dataUntil',
    '{"start": "2025-03-05", "end": "2025-03-06", "days": 1, "localStart": "2025-03-05T00:00:00-05:00", "localEnd": "2025-03-06T00:00:00-05:00"}', 'a day');
SELECT is((argo_weekly_report('A', '2025-03-10', '2025-03-17', :spring) #>> '{metadata,period,dataUntil}'), '2025-03-10T06:05:00-04:00', 'a week that has just begun');
SELECT is((argo_weekly_report('A', '2025-03-10', '2025-03-17', :spring) #>> '{dataQuality,expectedReadings}')::integer, 4 * 25, 'expects what can be there');
SELECT is(argo_weekly_report('A', generated_at => :spring, timezone => 'Asia/Tokyo') #>> '{metadata,period,localStart}', '2025-03-03T00:00:00+09:00', 'another zone has other weeks');
SELECT is(argo_weekly_report('A', generated_at => :spring, timezone => 'Asia/Tokyo') #>> '{metadata,site,timezone}', 'Asia/Tokyo', 'and says so');

-- Bad input.
SELECT is(pg_temp.attempt(statement), said, said)
FROM (VALUES
    ($$SELECT argo_weekly_report(NULL)$$, '22023 a report needs a site and a time at which it is made'),
    ($$SELECT argo_weekly_report('A', generated_at => NULL)$$, '22023 a report needs a site and a time at which it is made'),
    ($$SELECT argo_weekly_report('A', generated_at => 'infinity')$$, '22023 a report needs a site and a time at which it is made'),
    ($$SELECT argo_weekly_report('Z')$$, '22023 unknown site ''Z'''),
    ($$SELECT argo_weekly_report('A', '2025-03-10', '2025-03-03', '2025-03-10 10:05+00')$$, '22023 the period from 2025-03-10 to 2025-03-03 is empty'),
    ($$SELECT argo_weekly_report('A', '2025-03-03', '2025-03-03', '2025-03-10 10:05+00')$$, '22023 the period from 2025-03-03 to 2025-03-03 is empty'),
    ($$SELECT argo_weekly_report('A', '2025-02-01', '2025-03-10', '2025-03-10 10:05+00')$$, '22023 the period from 2025-02-01 to 2025-03-10 is longer than 31 days'),
    ($$SELECT argo_weekly_report('A', '2025-03-17', '2025-03-24', '2025-03-10 10:05+00')$$, '22023 the period from 2025-03-17 to 2025-03-24 has not begun')
) AS c (statement, said);
SELECT matches(pg_temp.attempt($$SELECT argo_weekly_report('A', generated_at => '2025-03-10 10:05+00', timezone => 'Mars/Olympus')$$),
    '^22023 .*Mars/Olympus.*[^)]$', 'an unknown zone, with a hint');

-- The gate: rules that fail are shown, or block.
UPDATE readings SET voltage_v = 700 WHERE channel_id = 101 AND "timestamp" = '2025-03-05 10:15Z';
SELECT argo_weekly_report('A', generated_at => :spring) AS report \gset
SELECT is(:'report'::jsonb #>> '{metadata,gate,state}', 'degraded', 'a warning degrades it');
SELECT is((SELECT string_agg(f ->> 'rule', ' ') FROM jsonb_array_elements(:'report'::jsonb #> '{metadata,gate,flags}') AS f), 'voltage_high', 'which says what failed');
SELECT matches(:'report'::jsonb #>> '{metadata,gate,banner}', '^Validation fails: voltage_high\. ', 'and has a banner');
SELECT is((SELECT string_agg(concat_ws(' ', f ->> 'rule', f ->> 'severity', f ->> 'meterId', f ->> 'meterName', f ->> 'day'), ', ')
    FROM jsonb_array_elements(:'report'::jsonb #> '{dataQuality,openFindings}') AS f), 'voltage_high warning 101 Main 101 2025-03-05', 'and the finding');
UPDATE readings SET power_kw = -3 WHERE channel_id = 101 AND "timestamp" = '2025-03-06 10:15Z';
SELECT throws_ok(format($$SELECT argo_weekly_report('A', generated_at => %L)$$, :spring), 'ZA005', NULL, 'an error blocks it');
SELECT count(*) FROM argo_validate('A', as_of => :spring) \gset ignored_
UPDATE circuit_breakers SET override_reason = 'meter 101 is being replaced.', override_until = '2025-03-12 10:05Z' WHERE site_id = 'A';
SELECT argo_weekly_report('A', generated_at => :spring) AS report \gset
SELECT is(:'report'::jsonb #>> '{metadata,gate,state}', 'degraded', 'unless it is overridden');
SELECT is(:'report'::jsonb #>> '{metadata,gate,banner}',
    'The circuit breaker of this site is open, and overridden: meter 101 is being replaced. Judge the figures with care.', 'which stands above it');
SELECT is(:'report'::jsonb #>> '{metadata,gate,overrideUntil}', '2025-03-12T06:05:00-04:00', 'with its end');
UPDATE circuit_breakers SET override_reason = NULL, override_until = NULL;
CALL clean.mend();
SELECT is(argo_weekly_report('A', generated_at => :spring)::text, (SELECT report::text FROM reports WHERE site = 'A'), 'mended: the same bytes as before');

-- A standby reports as long as the last validation speaks for it.
SELECT count(*) FROM argo_refresh(), argo_validate('A', as_of => :spring) \gset ignored_
SAVEPOINT standby;
SET LOCAL transaction_read_only = on;
SELECT is(argo_weekly_report('A', generated_at => :spring)::text, (SELECT report::text FROM reports WHERE site = 'A'), 'in a read-only transaction: the same bytes');
SELECT matches(pg_temp.attempt($$SELECT argo_weekly_report('A', generated_at => '2025-03-10 11:05+00')$$), '^25006 site A must be validated', 'where it cannot validate it says so');
ROLLBACK TO standby;

-- Gaps are found, counted and shown.
DELETE FROM readings WHERE channel_id = 102 AND "timestamp" >= '2025-03-05 06:00Z' AND "timestamp" < '2025-03-05 10:00Z';
SELECT argo_weekly_report('A', generated_at => :spring) AS report \gset
SELECT is((SELECT string_agg(concat_ws(' ', i ->> 'meterId', i ->> 'issue', i ->> 'severity', i ->> 'start', i ->> 'end', i ->> 'value', i ->> 'unit'), ', ')
    FROM jsonb_array_elements(:'report'::jsonb #> '{sections,sensorHealth,issues}') AS i WHERE i ->> 'issue' = 'gap'),
    '102 gap high 2025-03-05T01:00:00-05:00 2025-03-05T05:00:00-05:00 16 intervals', 'a gap on the site''s clock');
SELECT is(:'report'::jsonb #>> '{sections,sensorHealth,summary,high}', '1', 'is counted');
SELECT is((:'report'::jsonb #>> '{dataQuality,receivedReadings}')::integer, 4 * 167 * 4 - 16, 'as are the readings');
SELECT is(:'report'::jsonb #>> '{dataQuality,meters,0,meterId}', '102', 'the least complete meter is first');
SELECT is(round((:'report'::jsonb #>> '{sections,anomalies,summary,completenessPercent}')::numeric, 6), round(100 * (2672 - 16) / 2672.0, 6), 'every section has its completeness');
SELECT is((SELECT count(*) FROM jsonb_array_elements(:'report'::jsonb #> '{charts,heatMap,rows,2,hours}') AS h WHERE (h ->> 'completenessPercent')::float8 < 100), 4::bigint, 'and every hour');
SELECT matches(:'report'::jsonb #>> '{summary,topRisks,0,text}', '^Cold room 102: ', 'it is a risk');
CALL clean.mend();

-- Sites without what a report is about.
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('E', 'Empty', 'Europe/Paris'), ('S', 'Silent', 'Europe/Paris');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (301, $$<b>"O'Brien" & Söhne</b> 🏭 מד$$, 'S');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (301, '2025-03-05 10:00Z', 1, 4);
SELECT throws_ok(format($$SELECT argo_weekly_report('E', generated_at => %L)$$, :spring), 'ZA005', NULL, 'a site without meters is blocked');
SELECT count(*) FROM unnest(ARRAY['E', 'S']) AS s (site), argo_validate(s.site, as_of => :spring) \gset ignored_
UPDATE circuit_breakers SET override_reason = 'a test', override_until = '2025-03-12 10:05Z' WHERE site_id IN ('E', 'S');
SELECT argo_weekly_report('E', generated_at => :spring) AS report \gset
SELECT is(:'report'::jsonb #>> '{summary,headline}', 'No reading arrived from 3 to 9 March 2025', 'overridden it has a small report');
SELECT is(:'report'::jsonb #>> '{summary,completenessPercent}', NULL, 'nothing was expected');
SELECT is(jsonb_array_length(:'report'::jsonb #> '{charts,dailyUse}'), 7, 'its days are there');
SELECT is(argo_report_html(:'report'::jsonb) ~* '<html', true, 'it can be looked at');
SELECT argo_weekly_report('S', generated_at => :spring) AS report \gset
SELECT is(:'report'::jsonb #>> '{summary,energyKwh}', '1', 'one reading is a report');
SELECT is(:'report'::jsonb #>> '{summary,changePercent}', NULL, 'with nothing to compare it with');
SELECT is(:'report'::jsonb #>> '{dataQuality,meters,0,meterName}', $$<b>"O'Brien" & Söhne</b> 🏭 מד$$, 'a name is what it is');
SELECT is(position('<b>"' IN argo_report_html(:'report'::jsonb)), 0, 'and no markup of the page');

-- The page.
SELECT argo_report_html(report) AS page FROM reports WHERE site = 'A' \gset
SELECT ok(:'page'::text ~* '^<!doctype html>', 'a page');
SELECT is(:'page'::text ~* '<script|https?://(?!www\.w3\.org)', false, 'without scripts, and nothing from elsewhere');
SELECT cmp_ok(octet_length(:'page'::text), '<', 300 * 1024, 'that is small');
SELECT ok((SELECT argo_report_html(report) FROM reports WHERE site = 'A') = :'page'::text, 'the same report gives the same bytes');
SELECT is(argo_report_html(NULL), NULL, 'no report is no page');
SELECT matches(pg_temp.attempt(format('SELECT argo_report_html(%L)', no_report)), '^22023 .*[^)]$', 'no report: ' || no_report)
FROM unnest(ARRAY['{}', '[]', '1', '{"version": 2}']) AS no_report;

SELECT * FROM finish();
ROLLBACK;
