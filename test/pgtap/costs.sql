-- Tariffs, equipment and their costs: what is refused, what is marked, what a missing tariff does, who may read.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(179);

DO $$ BEGIN PERFORM argo_setup(); END $$;
SET LOCAL TimeZone = 'UTC';
CREATE ROLE argo_test_reader;
CREATE ROLE argo_test_editor;

CREATE FUNCTION pg_temp.attempt(role text, statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE statement;
    PERFORM set_config('role', 'none', true);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
CREATE FUNCTION pg_temp.refuses(statement text, state text, message text, hint text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE a record;
BEGIN
    SELECT * INTO a FROM pg_temp.attempt('none', statement);
    RETURN NEXT is(a.state || ': ' || a.message, state || ': ' || message, message);
    RETURN NEXT ok(a.hint LIKE hint AND a.detail LIKE '%Nothing was written.', 'its hint: ' || coalesce(a.hint, 'none'));
END $$;

-- Without equipment nothing of it is seen.
SELECT results_eq('SELECT view COLLATE "default" FROM argo_refresh()', ARRAY['mv_hourly_usage', 'mv_daily_usage'], 'without equipment a refresh leaves the costs alone');
SELECT results_eq('SELECT view COLLATE "default" FROM v_refresh_status', ARRAY['mv_hourly_usage', 'mv_daily_usage'], 'and the status is silent about them');
SELECT results_eq($$SELECT view COLLATE "default" FROM argo_refresh(views => ARRAY['mv_monthly_ahu_costs'])$$, ARRAY['mv_monthly_ahu_costs'], 'but by name');

INSERT INTO organizations (organization_id, organization_name, timezone) VALUES
    ('ny', 'New York', 'America/New_York'), ('berlin', 'Berlin', 'Europe/Berlin');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES
    (1, 'Steam', 'ny'), (2, 'Chilled water', 'ny'), (3, 'Fans', 'ny'), (4, 'Other site', 'berlin'), (5, 'No site', NULL), (6, 'Spare', 'ny');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, c, 4 * c FROM generate_series(1, 4) AS c, generate_series('2026-03-01 05:00Z'::timestamptz, '2026-04-01 03:45Z', '15 minutes') AS t;
INSERT INTO equipment (equipment_id, site_id, equipment_name) VALUES (1, 'ny', 'AHU 1'), (2, 'ny', 'AHU 2'), (3, 'berlin', 'AHU 3'), (4, 'ny', 'AHU 4');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT results_eq('SELECT view COLLATE "default" FROM v_refresh_status',
    ARRAY['mv_hourly_usage', 'mv_daily_usage', 'mv_daily_ahu_costs', 'mv_daily_ahu_kwh', 'mv_monthly_ahu_costs'], 'with equipment they are kept');
SELECT is_empty('SELECT FROM v_daily_ahu_costs', 'equipment without meters has no costs');
SELECT results_eq('SELECT equipment_id, meter_count, problem FROM v_equipment ORDER BY 1', $$VALUES
    (1, 0::bigint, 'no meters'), (2, 0, 'no meters'), (3, 0, 'no meters'), (4, 0, 'no meters')$$, 'but v_equipment names it');

-- Tariffs that make no sense.
SELECT pg_temp.refuses($$INSERT INTO tariffs (site_id, utility, rate) VALUES ('ny', 'gas', 1)$$, '23514', 'unknown utility ''gas''', 'Use one of: electricity, steam, cold_water.');
SELECT pg_temp.refuses(format('INSERT INTO tariffs (site_id, utility, rate) VALUES (''ny'', ''steam'', %L)', rate), '23514',
    'a rate must be 0, or from 1e-12 to 1e12, not ' || rate, 'Give the price of a unit%') FROM unnest(ARRAY['-0.01', 'NaN', 'Infinity', '-Infinity', '1e+308', '1e-200']) AS rate;
SELECT pg_temp.refuses($$INSERT INTO tariffs (site_id, utility, rate, currency) VALUES ('ny', 'steam', 1, 'usd')$$, '23514',
    'a currency is three capital letters, not ''usd''', 'Use a code of ISO 4217%');
SELECT pg_temp.refuses(format('INSERT INTO tariffs (site_id, utility, rate, valid_from, valid_to) VALUES (''ny'', ''steam'', 1, ''2026-03-02'', %L)', valid_to),
    '23514', 'a tariff must end after it begins, not on ' || valid_to, 'Give a later valid_to%') FROM unnest(ARRAY['2026-03-02', '2026-03-01']) AS valid_to;
SELECT pg_temp.refuses($$INSERT INTO tariffs (site_id, utility, rate, unit) VALUES ('ny', 'steam', 1, 'klb')$$, '23514',
    'unit ''klb'' has no fixed number of kWh', 'Give kwh_per_unit%');
SELECT pg_temp.refuses($$INSERT INTO tariffs (site_id, utility, rate, unit, kwh_per_unit) VALUES ('ny', 'steam', 1, 'klb', 'NaN')$$, '23514',
    'kwh_per_unit must be from 1e-12 to 1e12, not NaN', 'Give the kWh%');
SELECT pg_temp.refuses($$INSERT INTO tariffs (site_id, utility, rate, unit, kwh_per_unit) VALUES ('ny', 'steam', 1, 'MWh', 1)$$, '23514',
    'unit ''MWh'' has 1000 kWh, not 1', 'Leave kwh_per_unit NULL%');
SELECT is((pg_temp.attempt('none', $$INSERT INTO tariffs (site_id, utility, rate) VALUES ('nowhere', 'steam', 1)$$)).state, '23503', 'a site that there is not');
SELECT is((pg_temp.attempt('none', $$INSERT INTO tariffs (site_id, utility) VALUES ('ny', 'steam')$$)).state, '23502', 'a tariff without a rate');
SELECT pg_temp.refuses(format('INSERT INTO tariffs (site_id, utility, rate, time_of_use) VALUES (''ny'', ''steam'', 1, %L)', bands), '23514',
    'invalid time_of_use of a tariff: ' || said, '%')
FROM (VALUES
    ('{}', '{}'), ('[]', '[]'), ('[1]', '1'),
    ('[{"name": "a", "weekdays": [1], "start": 22, "end": 6, "rate": 1}]', '{"end": 6, "name": "a", "rate": 1, "start": 22, "weekdays": [1]}'),
    ('[{"name": "a", "weekdays": [8], "start": 1, "end": 6, "rate": 1}]', '{"end": 6, "name": "a", "rate": 1, "start": 1, "weekdays": [8]}'),
    ('[{"name": "a", "weekdays": [1], "start": 1, "end": 25, "rate": 1}]', '{"end": 25, "name": "a", "rate": 1, "start": 1, "weekdays": [1]}'),
    ('[{"name": "a", "weekdays": [1], "start": 1.5, "end": 6, "rate": 1}]', '{"end": 6, "name": "a", "rate": 1, "start": 1.5, "weekdays": [1]}'),
    ('[{"name": "a", "weekdays": [1], "start": 1, "end": 6, "rate": -1}]', '{"end": 6, "name": "a", "rate": -1, "start": 1, "weekdays": [1]}'),
    ('[{"name": "a", "weekdays": [1], "start": 1, "end": 6}]', '{"end": 6, "name": "a", "start": 1, "weekdays": [1]}')) AS b (bands, said);
SELECT pg_temp.refuses($$INSERT INTO tariffs (site_id, utility, rate, time_of_use) VALUES ('ny', 'steam', 1, '[
    {"name": "day", "weekdays": [1, 2], "start": 6, "end": 22, "rate": 1}, {"name": "peak", "weekdays": [2, 3], "start": 21, "end": 23, "rate": 2}]')$$,
    '23514', 'bands of time_of_use overlap: "day" and "peak"', 'Have one end where the other starts%');
INSERT INTO tariffs (tariff_id, site_id, utility, unit, rate, valid_from, valid_to) VALUES (1, 'ny', 'steam', 'MMBtu', 20, NULL, '2026-03-11');
SELECT pg_temp.refuses(format('INSERT INTO tariffs (site_id, utility, rate, valid_from, valid_to) VALUES (''ny'', ''steam'', 1, %L, %L)', b.valid_from, b.valid_to),
    '23P01', 'two tariffs for steam of site ''ny'' at once', b.hint)
FROM (VALUES ('2026-03-10', NULL, 'First type UPDATE public.tariffs SET valid_to = ''2026-03-10'' WHERE tariff_id = 1;'),
             (NULL, NULL, 'Change that one, or first type DELETE FROM public.tariffs WHERE tariff_id = 1;'),
             ('1999-01-01', '2000-01-01', 'First type UPDATE public.tariffs SET valid_to = ''1999-01-01'' WHERE tariff_id = 1;')) AS b (valid_from, valid_to, hint);
SELECT pg_temp.refuses(format('INSERT INTO tariffs (site_id, utility, rate, valid_from, valid_to) VALUES (''ny'', ''steam'', 1, %L, %L)', b.valid_from, b.valid_to),
    '23514', 'a tariff may begin and end from 0001-01-01 to 9999-12-31, not on ' || coalesce(b.valid_from, b.valid_to), 'Give NULL for valid_from%')
FROM (VALUES ('300000-01-01', NULL), (NULL, '10000-01-01'), ('4714-11-24 BC', NULL)) AS b (valid_from, valid_to);
SELECT lives_ok($$INSERT INTO tariffs (tariff_id, site_id, utility, unit, rate, valid_from) VALUES (2, 'ny', 'steam', 'MMBtu', 30, '2026-03-11')$$,
    'the next tariff begins where the last one ends');
SELECT pg_temp.refuses($$INSERT INTO tariffs (site_id, utility, rate, valid_to) VALUES ('ny', 'steam', 1, '2026-03-12')$$,
    '23P01', 'two tariffs for steam of site ''ny'' at once', 'Change that one, or first type DELETE FROM public.tariffs WHERE tariff_id = 1;');
SELECT pg_temp.refuses($$UPDATE tariffs SET valid_from = '2026-03-01' WHERE tariff_id = 2$$,
    '23P01', 'two tariffs for steam of site ''ny'' at once', 'First type UPDATE public.tariffs SET valid_to = ''2026-03-01'' WHERE tariff_id = 1;');
SELECT pg_temp.refuses($$UPDATE tariffs SET valid_to = NULL WHERE tariff_id = 1$$,
    '23P01', 'two tariffs for steam of site ''ny'' at once', 'Give yours valid_to = ''2026-03-11'', or first type DELETE FROM public.tariffs WHERE tariff_id = 2;');
SELECT lives_ok($$INSERT INTO tariffs (tariff_id, site_id, utility, unit, rate, valid_from) VALUES (2, 'ny', 'steam', 'MMBtu', 31, '2026-03-11')
    ON CONFLICT (tariff_id) DO UPDATE SET rate = excluded.rate - 1$$, 'a script that writes tariffs may run twice');
SELECT is((SELECT rate FROM tariffs WHERE tariff_id = 2), 30::float8, 'and changes what it finds');
-- What the trigger does not see, such as a row of another session, the constraint does.
ALTER TABLE tariffs DISABLE TRIGGER _argo_tariffs_checked;
SELECT throws_ok($$INSERT INTO tariffs (site_id, utility, rate, kwh_per_unit) VALUES ('ny', 'steam', 1, 1)$$, '23P01', NULL, 'the exclusion constraint refuses it as well');
SELECT throws_ok(statement, '23514', NULL, 'and a check: ' || statement) FROM unnest(ARRAY[
    $$INSERT INTO tariffs (site_id, utility, rate, kwh_per_unit) VALUES ('ny', 'gas', 1, 1)$$,
    $$INSERT INTO tariffs (site_id, utility, rate, kwh_per_unit) VALUES ('ny', 'electricity', 'NaN', 1)$$]) AS statement;
ALTER TABLE tariffs ENABLE TRIGGER _argo_tariffs_checked;
SELECT pg_temp.refuses($$INSERT INTO tariffs (site_id, utility, rate, currency) VALUES ('ny', 'electricity', 1, 'EUR')$$, '23514',
    'tariffs of site ''ny'' are in EUR and in USD', 'Give all of them in one currency%');
SELECT lives_ok($$UPDATE tariffs SET currency = 'EUR', rate = rate * 0.9; UPDATE tariffs SET currency = 'USD', rate = rate / 0.9$$, 'all at once may change it');

-- Mappings that make no sense.
SELECT pg_temp.refuses($$INSERT INTO equipment_meters (equipment_id, meter_id, utility) VALUES (1, 1, 'air')$$, '23514', 'unknown utility ''air''', 'Use one of:%');
SELECT pg_temp.refuses($$INSERT INTO equipment_meters (equipment_id, meter_id, utility, coil) VALUES (1, 1, 'steam', 'XCV')$$, '23514', 'unknown coil ''XCV''', 'Use one of: HCV, DH_HCV, CCV, PC_CCV%');
SELECT pg_temp.refuses(format('INSERT INTO equipment_meters (equipment_id, meter_id, utility, share) VALUES (1, 1, ''steam'', %L)', share), '23514',
    'a share must be from 1e-9 to 1, not ' || share, 'Give 1 for all of it.') FROM unnest(ARRAY['0', '-1', '1.0001', 'NaN', '1e-320']) AS share;
SELECT pg_temp.refuses($$INSERT INTO equipment_meters (equipment_id, meter_id, utility, valid_from, valid_to) VALUES (1, 1, 'steam', '2026-03-02', '2026-03-02')$$,
    '23514', 'a mapping must end after it begins, not on 2026-03-02', 'Give a later valid_to%');
SELECT pg_temp.refuses(format('INSERT INTO equipment_meters (equipment_id, meter_id, utility) VALUES (1, %s, ''steam'')', meter), '23514',
    format('meter %s is at another site than equipment 1', meter), 'SELECT meter_id, meter_name FROM public.v_meters WHERE site_id = ''ny''; lists%') FROM unnest(ARRAY[4, 5]) AS meter;
SELECT is((pg_temp.attempt('none', $$INSERT INTO equipment_meters (equipment_id, meter_id, utility) VALUES (99, 1, 'steam')$$)).state, '23503', 'equipment that there is not');
SELECT is((pg_temp.attempt('none', $$INSERT INTO equipment_meters (equipment_id, meter_id, utility) VALUES (1, 99, 'steam')$$)).state, '23503', 'a meter that there is not');
INSERT INTO equipment_meters (mapping_id, equipment_id, meter_id, utility, coil, share, valid_from, valid_to) VALUES (1, 1, 1, 'steam', 'HCV', 0.6, NULL, '2026-03-21');
SELECT pg_temp.refuses($$INSERT INTO equipment_meters (equipment_id, meter_id, utility, coil, share, valid_from) VALUES (1, 1, 'steam', 'DH_HCV', 0.1, '2026-03-20')$$,
    '23P01', 'meter 1 is mapped to equipment 1 twice at once', 'Change it, or first: UPDATE public.equipment_meters SET valid_to = ''2026-03-20'' WHERE mapping_id = 1;');
SELECT pg_temp.refuses($$INSERT INTO equipment_meters (equipment_id, meter_id, utility, share) VALUES (2, 1, 'steam', 0.5)$$,
    '23514', 'shares of meter 1 add up to 1.100000', 'SELECT * FROM public.equipment_meters WHERE meter_id = 1; shows them.%');
SELECT lives_ok($$INSERT INTO equipment_meters (mapping_id, equipment_id, meter_id, utility, coil, share, valid_to) VALUES (1, 1, 1, 'steam', 'HCV', 0.6, '2026-03-21')
    ON CONFLICT (mapping_id) DO UPDATE SET share = excluded.share$$, 'a script that writes mappings may run twice');
SELECT pg_temp.refuses($$INSERT INTO equipment_meters (equipment_id, meter_id, utility, valid_from) VALUES (1, 1, 'steam', '294277-01-01')$$,
    '23514', 'a mapping may begin and end from 0001-01-01 to 9999-12-31, not on 294277-01-01', 'Give NULL for valid_from%');
SELECT lives_ok($$INSERT INTO equipment_meters (mapping_id, equipment_id, meter_id, utility, share, valid_from) VALUES (2, 2, 1, 'steam', 1, '2026-03-21')$$, 'one after the other');
SELECT lives_ok($$INSERT INTO equipment_meters (mapping_id, equipment_id, meter_id, utility, share, valid_to) VALUES (3, 2, 1, 'steam', 0.4, '2026-03-21')$$, 'or 1 together');
SELECT is((pg_temp.attempt('none', 'UPDATE equipment_meters SET share = 0.41 WHERE mapping_id = 3')).message, 'shares of meter 1 add up to 1.010000', 'also when changed');
SELECT lives_ok('UPDATE equipment_meters SET share = CASE mapping_id WHEN 1 THEN 0.4 ELSE 0.6 END WHERE mapping_id IN (1, 3)', 'two are exchanged in one statement');
UPDATE equipment_meters SET share = CASE mapping_id WHEN 1 THEN 0.6 ELSE 0.4 END WHERE mapping_id IN (1, 3);
ALTER TABLE equipment_meters DISABLE TRIGGER _argo_equipment_meters_checked;
SELECT throws_ok($$INSERT INTO equipment_meters (equipment_id, meter_id, utility, share) VALUES (1, 1, 'steam', 0.1)$$, '23P01', NULL, 'the exclusion constraint refuses a second one as well');
ALTER TABLE equipment_meters ENABLE TRIGGER _argo_equipment_meters_checked;
SELECT pg_temp.refuses($$UPDATE equipment SET site_id = 'berlin' WHERE equipment_id = 1$$, '23514', 'equipment 1 has meters of site ''ny''', 'A machine that moves is new equipment%');
SELECT throws_ok('DELETE FROM channels WHERE channel_id = 6; INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (6, ''Spare'', ''ny'');
    INSERT INTO equipment_meters (equipment_id, meter_id, utility) VALUES (4, 6, ''steam''); DELETE FROM channels WHERE channel_id = 6', '23503', NULL, 'a meter that is mapped stays');
SELECT is((pg_temp.attempt('none', format('SELECT argo_unregister_matview(%L)', v))).message, 'public.' || v || ' is read by argo''s own views', v || ' stays registered')
FROM unnest(ARRAY['mv_daily_ahu_costs', 'mv_daily_ahu_kwh', 'mv_monthly_ahu_costs']) AS v;

-- What is missing is NULL and counted.
INSERT INTO equipment_meters (mapping_id, equipment_id, meter_id, utility, coil) VALUES (4, 1, 2, 'cold_water', 'CCV'), (5, 1, 3, 'electricity', NULL);
INSERT INTO tariffs (tariff_id, site_id, utility, rate, valid_from, time_of_use) VALUES
    (3, 'ny', 'electricity', 0.1, NULL, '[{"name": "night", "weekdays": [1, 2, 3, 4, 5, 6, 7], "start": 0, "end": 3, "rate": 0}]'), (4, 'ny', 'cold_water', 1, '2026-03-02', NULL);
CREATE VIEW costs AS SELECT day, round(steam_cost::numeric, 6) AS steam, round(cold_water_cost::numeric, 6) AS cold_water,
    round(electricity_cost::numeric, 6) AS electricity, round(total_cost::numeric, 6) AS total, without_tariff, kwh_without_tariff AS kwh, reading_count, expected_count
    FROM v_daily_ahu_costs WHERE equipment_id = 1;
-- Steam: 96 quarters of 1 kWh, 60 % of them, at 20 or 30 dollars a million Btu; the night is three hours, two on 8 March.
SELECT results_eq($$SELECT day, steam, cold_water, electricity, total, without_tariff, kwh, reading_count, expected_count FROM costs
    WHERE day IN ('2026-03-01', '2026-03-08', '2026-03-10', '2026-03-11', '2026-03-21') ORDER BY day$$, $$VALUES
    ('2026-03-01'::date, round(96 * 0.6 * 20 / 293.07107017222, 6), NULL::numeric, round(84 * 3 * 0.1, 6), NULL::numeric, '{cold_water}'::text[], 192::float8, 288::bigint, 288::bigint),
    ('2026-03-08', round(92 * 0.6 * 20 / 293.07107017222, 6), round(92 * 2.0, 6), round(84 * 3 * 0.1, 6), round(92 * 0.6 * 20 / 293.07107017222 + 92 * 2 + 84 * 0.3, 6), '{}', 0, 276, 276),
    ('2026-03-10', round(96 * 0.6 * 20 / 293.07107017222, 6), round(96 * 2.0, 6), round(84 * 3 * 0.1, 6), round(96 * 0.6 * 20 / 293.07107017222 + 96 * 2 + 84 * 0.3, 6), '{}', 0, 288, 288),
    ('2026-03-11', round(96 * 0.6 * 30 / 293.07107017222, 6), round(96 * 2.0, 6), round(84 * 3 * 0.1, 6), round(96 * 0.6 * 30 / 293.07107017222 + 96 * 2 + 84 * 0.3, 6), '{}', 0, 288, 288),
    ('2026-03-21', NULL, round(96 * 2.0, 6), round(84 * 3 * 0.1, 6), round(96 * 2 + 84 * 0.3, 6), '{}', 0, 192, 192)$$,
    'by the rate of the day and the hour; without a tariff NULL, and counted');
SELECT results_eq('SELECT month, cold_water_cost, total_cost, days_without_tariff, kwh_without_tariff, day_count, completeness, steam_cost IS NOT NULL FROM v_monthly_ahu_costs WHERE equipment_id = 1',
    $$VALUES ('2026-03-01'::date, NULL::float8, NULL::float8, 1, 192::float8, 31, 1::float8, true)$$, 'so is the month');
SELECT results_eq($$SELECT round(hcv_kwh::numeric, 9), ccv_kwh, dh_hcv_kwh, electricity_kwh FROM v_daily_ahu_kwh WHERE equipment_id = 1 AND day = '2026-03-10'$$,
    'VALUES (57.6, 192::float8, NULL::float8, 288::float8)', 'energy by coil');
SELECT results_eq('SELECT equipment_id, problem FROM v_equipment ORDER BY 1', $$VALUES (1, NULL), (2, NULL), (3, 'no meters'), (4, 'no meters')$$, 'v_equipment names what is left');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
UPDATE tariffs SET valid_from = NULL WHERE tariff_id = 4;
SELECT is((SELECT total_cost IS NULL FROM mv_daily_ahu_costs WHERE equipment_id = 1 AND day = '2026-03-01'), true, 'before a refresh the materialized view knows nothing of a new tariff');
SELECT is((SELECT total FROM costs WHERE day = '2026-03-01'), (SELECT total FROM costs WHERE day = '2026-03-10'), 'the exact one does');
SELECT is((SELECT days_without_tariff FROM v_monthly_ahu_costs WHERE equipment_id = 1), 0, 'and the month');

-- Without statistics of months, the marks of an equipment are looked at for each of its days.
CREATE FUNCTION pg_temp.planned_rows(statement text) RETURNS float8 LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || statement INTO plan;
    RETURN plan -> 0 -> 'Plan' ->> 'Plan Rows';
END $$;
ANALYZE mv_daily_ahu_costs;
SELECT is(pg_temp.planned_rows($$SELECT FROM mv_daily_ahu_costs WHERE date_trunc('month', day::timestamp)::date = '2026-03-01'$$),
    (SELECT count(*)::float8 FROM mv_daily_ahu_costs WHERE date_trunc('month', day::timestamp)::date = '2026-03-01'), 'the planner knows how many days a month has');

-- Exactly the days that a change touches are marked.
CREATE FUNCTION pg_temp.marks(change text, wanted text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE others text;
BEGIN
    PERFORM argo_refresh();
    SELECT md5(string_agg(u::text, ',' ORDER BY u::text)) INTO others FROM _argo_unvalidated AS u;
    EXECUTE change;
    RETURN NEXT results_eq($q$SELECT replace(replace(matview::text, 'mv_', ''), '_ahu', '') || ' ' || equipment_id || ' ' || range_agg(days)
        FROM _argo_dirty_equipment GROUP BY matview, equipment_id ORDER BY 1$q$, string_to_array(nullif(wanted, ''), '; '), what);
    RETURN NEXT ok(NOT EXISTS (SELECT FROM _argo_dirty) AND others IS NOT DISTINCT FROM (SELECT md5(string_agg(u::text, ',' ORDER BY u::text)) FROM _argo_unvalidated AS u),
                   what || ': no mark of a reading');
END $$;
SELECT pg_temp.marks('UPDATE tariffs SET valid_from = ''2026-03-02'' WHERE tariff_id = 4',
    'daily_costs 1 {(,2026-03-02)}; monthly_costs 1 {(,2026-03-02)}', 'a tariff that begins later');
SELECT pg_temp.marks('UPDATE tariffs SET rate = 31 WHERE tariff_id = 2', 'daily_costs 1 {[2026-03-11,2026-03-21)}; daily_costs 2 {[2026-03-11,)};'
    || ' monthly_costs 1 {[2026-03-11,2026-03-21)}; monthly_costs 2 {[2026-03-11,)}', 'another rate: as far as meters are mapped');
SELECT results_eq('SELECT dirty_hours FROM v_refresh_status', ARRAY[0, 0, (10 + 21) * 24, 0, (10 + 21) * 24]::bigint[],
    'the status counts these days, to the last reading');
SELECT pg_temp.marks('UPDATE tariffs SET rate = rate, unit = unit', '', 'a tariff written as it was');
SELECT pg_temp.marks('UPDATE tariffs SET valid_to = ''2026-03-13'' WHERE tariff_id = 4', 'daily_costs 1 {[2026-03-13,)}; monthly_costs 1 {[2026-03-13,)}', 'a tariff that ends');
SELECT pg_temp.marks('INSERT INTO tariffs (tariff_id, site_id, utility, rate, valid_from, valid_to) VALUES (5, ''ny'', ''cold_water'', 2, ''2026-03-15'', ''2026-03-16'')',
    'daily_costs 1 {[2026-03-15,2026-03-16)}; monthly_costs 1 {[2026-03-15,2026-03-16)}', 'a new tariff');
SELECT pg_temp.marks('DELETE FROM tariffs WHERE tariff_id = 5', 'daily_costs 1 {[2026-03-15,2026-03-16)}; monthly_costs 1 {[2026-03-15,2026-03-16)}', 'a tariff that goes');
SELECT pg_temp.marks('INSERT INTO tariffs (site_id, utility, rate, currency) VALUES (''berlin'', ''steam'', 2, ''EUR'')', '', 'a tariff that nobody uses');
SELECT pg_temp.marks('UPDATE equipment_meters SET valid_to = ''2026-03-20'' WHERE mapping_id = 1',
    'daily_costs 1 {[2026-03-20,2026-03-21)}; daily_kwh 1 {[2026-03-20,2026-03-21)}; monthly_costs 1 {[2026-03-20,2026-03-21)}', 'a mapping that ends earlier');
SELECT pg_temp.marks('UPDATE equipment_meters SET equipment_id = 4 WHERE mapping_id = 1', 'daily_costs 1 {(,2026-03-20)}; daily_costs 4 {(,2026-03-20)};'
    || ' daily_kwh 1 {(,2026-03-20)}; daily_kwh 4 {(,2026-03-20)}; monthly_costs 1 {(,2026-03-20)}; monthly_costs 4 {(,2026-03-20)}', 'a meter of another equipment');
SELECT pg_temp.marks('UPDATE equipment SET equipment_name = ''renamed'', kind = ''fan coil''', '', 'a new name');
SELECT is((SELECT DISTINCT equipment_name || ', ' || kind FROM v_daily_ahu_costs WHERE equipment_id = 4), 'renamed, fan coil', 'which is seen at once');
SELECT pg_temp.marks('DELETE FROM equipment WHERE equipment_id = 4', 'daily_costs 4 {(,)}; daily_kwh 4 {(,)}; monthly_costs 4 {(,)}', 'equipment that goes');
SELECT is_empty('SELECT FROM v_daily_ahu_costs WHERE equipment_id = 4', 'the exact view has it no more');
-- Readings mark their meter alone, as ever; what they cost follows.
DO $$ BEGIN PERFORM argo_refresh(); END $$;
UPDATE readings SET energy_kwh = 10 WHERE channel_id = 1 AND "timestamp" = '2026-03-25 12:00Z';
SELECT is_empty('SELECT FROM _argo_dirty_equipment', 'a reading leaves no mark of equipment');
SELECT results_eq($$SELECT equipment_id, days FROM _argo_ahu_marks WHERE NOT isempty(days)$$, $$VALUES (2, '[2026-03-25,2026-03-26)'::daterange)$$, 'but counts for those that have the meter then');
SELECT results_eq('SELECT dirty_hours FROM v_refresh_status', ARRAY[1, 1, 24, 24, 24]::bigint[], 'and in the status');
DO $$ BEGIN PERFORM argo_refresh(views => ARRAY['mv_hourly_usage']); END $$;
SELECT results_eq('SELECT matview::text, equipment_id, days FROM _argo_dirty_equipment ORDER BY 1', $$VALUES ('mv_daily_ahu_costs', 2, '[2026-03-25,2026-03-26)'::daterange),
    ('mv_daily_ahu_kwh', 2, '[2026-03-25,2026-03-26)'), ('mv_monthly_ahu_costs', 2, '[2026-03-25,2026-03-26)')$$, 'once a refresh has taken its mark, one is left for each view of costs');
SELECT results_eq('SELECT view COLLATE "default", strategy, rows_examined, updated FROM argo_refresh() OFFSET 2', $$VALUES ('mv_daily_ahu_costs', 'incremental', 1::bigint, 1::bigint),
    ('mv_daily_ahu_kwh', 'incremental', 1, 1), ('mv_monthly_ahu_costs', 'full', NULL, 0)$$, 'which is one row of each, and all of the months, as there is but one');
SELECT results_eq('SELECT strategy, updated + inserted + deleted FROM argo_refresh(''incremental'', days => 5) OFFSET 2', $$VALUES ('incremental', 0::bigint), ('incremental', 0), ('incremental', 0)$$,
    'to look at the last days once more changes nothing');

-- TRUNCATE, and a REFRESH by hand.
SELECT pg_temp.marks('TRUNCATE tariffs', 'daily_costs 1 {(,)}; daily_costs 2 {(,)}; daily_costs 3 {(,)}; monthly_costs 1 {(,)}; monthly_costs 2 {(,)}; monthly_costs 3 {(,)}', 'no tariff any more');
SELECT is((SELECT count(total_cost) FROM v_daily_ahu_costs), 0::bigint, 'and no cost');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
TRUNCATE equipment CASCADE;
SELECT is_empty('SELECT FROM v_monthly_ahu_costs', 'without equipment the exact views are empty');
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT is((SELECT count(*) FROM mv_daily_ahu_costs) + (SELECT count(*) FROM mv_daily_ahu_kwh) + (SELECT count(*) FROM mv_monthly_ahu_costs), 0::bigint, 'and the materialized ones after a refresh');

-- Who reads the views needs nothing else; who writes tariffs no right on marks.
INSERT INTO equipment (equipment_id, site_id, equipment_name) VALUES (1, 'ny', 'AHU 1');
GRANT SELECT ON v_daily_ahu_costs, v_monthly_ahu_costs, v_daily_ahu_kwh, v_equipment TO argo_test_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON tariffs, equipment_meters TO argo_test_editor;
GRANT USAGE ON SEQUENCE tariffs_tariff_id_seq, equipment_meters_mapping_id_seq TO argo_test_editor;
SELECT is((pg_temp.attempt('argo_test_editor', statement)).message, NULL, 'an editor may: ' || statement) FROM unnest(ARRAY[
    $$INSERT INTO equipment_meters (equipment_id, meter_id, utility) VALUES (1, 3, 'electricity')$$,
    $$INSERT INTO tariffs (site_id, utility, rate) VALUES ('ny', 'electricity', 0.1)$$, 'UPDATE tariffs SET rate = 0.2']) AS statement;
SELECT is((pg_temp.attempt('argo_test_editor', $$INSERT INTO tariffs (site_id, utility, rate) VALUES ('ny', 'electricity', 0.1)$$)).state, '23P01', 'but no nonsense');
SELECT is((pg_temp.attempt('argo_test_reader', 'SELECT FROM ' || v)).message, NULL, 'a reader may read ' || v)
FROM unnest(ARRAY['v_daily_ahu_costs', 'v_monthly_ahu_costs', 'v_daily_ahu_kwh', 'v_equipment']) AS v;
SELECT is((pg_temp.attempt('argo_test_reader', 'SELECT FROM ' || r)).state, '42501', 'but not ' || r)
FROM unnest(ARRAY['tariffs', 'equipment', 'equipment_meters', '_argo_dirty_equipment', 'mv_daily_ahu_costs']) AS r;
SELECT cmp_ok((SELECT count(total_cost) FROM v_daily_ahu_costs), '>', 20::bigint, 'and what it reads is live');

SELECT * FROM finish();
ROLLBACK;
