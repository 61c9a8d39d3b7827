-- argo_readings(): stored readings of a range that is neither missing nor too long.
BEGIN;
SELECT plan(48);
SET client_min_messages = error;

CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN format('%s %s | %s | %s', code, message, coalesce(nullif(detail, ''), 'NO DETAIL'), coalesce(nullif(hint, ''), 'NO HINT'));
END
$$;
CREATE TEMP TABLE seen (refusal text);
CREATE FUNCTION refused(statement text) RETURNS text LANGUAGE sql AS
$$ INSERT INTO seen VALUES (refusal(statement)) RETURNING refusal $$;
-- What a HINT says to type.
CREATE FUNCTION typed(refusal text) RETURNS text LANGUAGE sql AS $$ SELECT (regexp_match(refusal, 'SELECT .*;'))[1] $$;

SELECT alike(refused($$SELECT * FROM argo_readings('{1}', '2026-01-01', '2026-01-02')$$), '55000 argo is not set up in schema public%argo_setup();', 'before argo_setup()');
SELECT ok(count(*) > 0, 'the tables') FROM argo_setup();
SET TIME ZONE 'UTC';
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('a', 'Site A', 'Europe/London');
INSERT INTO devices (device_id, device_name, organization_id) VALUES (9, 'Device', 'a');
INSERT INTO channels (channel_id, channel_name, device_id, organization_id)
VALUES (1, 'Boiler', 9, 'a'), (2, 'Chiller', 9, 'a'), (3, 'Silent', 9, 'a'), (4, 'Elsewhere', NULL, NULL);
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor, reactive_power_kvar, temperature_c, relative_humidity)
SELECT c, t, 0.25 * c, c, 230, 1.5, 0.9, 0.1, 21, 40
FROM generate_series(1, 2) AS c, generate_series('2025-09-01 00:00Z'::timestamptz, '2025-12-31 23:45Z', interval '15 minutes') AS t;
UPDATE readings SET energy_kwh = 0, power_kw = NULL WHERE channel_id = 1 AND "timestamp" = '2025-10-01 00:15Z';
INSERT INTO readings (channel_id, "timestamp", power_kw) VALUES (4, '2025-10-01 00:07Z', 7);

SELECT results_eq(
    $$SELECT * FROM argo_readings('{2,1}', '2025-10-01 00:00Z', '2025-10-01 00:30Z')$$,
    $$VALUES (1, 'Boiler'::text, '2025-10-01 00:00Z'::timestamptz, 0.25::real, 1::real, 230::real, 1.5::real, 0.9::real, 0.1::real, 21::real, 40::real),
             (1, 'Boiler', '2025-10-01 00:15Z', 0, NULL, 230, 1.5, 0.9, 0.1, 21, 40),
             (2, 'Chiller', '2025-10-01 00:00Z', 0.5, 2, 230, 1.5, 0.9, 0.1, 21, 40),
             (2, 'Chiller', '2025-10-01 00:15Z', 0.5, 2, 230, 1.5, 0.9, 0.1, 21, 40)$$,
    'by meter and time, zeros and NULLs too, the end excluded');
SELECT results_eq($$SELECT meter_id, "timestamp" FROM argo_readings('{4}', '2025-10-01 00:07Z', '2025-10-01 00:07:00.000001Z')$$,
    $$VALUES (4, '2025-10-01 00:07Z'::timestamptz)$$, 'a meter without a site or a device; the start is included');
SELECT is_empty($$SELECT * FROM argo_readings('{4}', '2025-10-01 00:00Z', '2025-10-01 00:07Z')$$, 'the end is not');
SELECT is((SELECT count(*) FROM argo_readings('{1,1,2,1}', '2025-10-01 00:00Z', '2025-10-02 00:00Z')), 192::bigint, 'a meter named twice comes once');
SELECT is_empty($$SELECT * FROM argo_readings('{3}', '2025-10-01 00:00Z', '2025-10-02 00:00Z')$$, 'a meter without readings has none');
SELECT is_empty($$SELECT * FROM argo_readings('{1}', '1990-01-01 00:00Z', '1990-01-02 00:00Z')$$, 'nor has a time before all of them');
SELECT results_eq($$SELECT m."timestamp" FROM argo_readings('{1}', '2025-10-05 12:00+01', '2025-10-05 12:30+01') AS m$$,
    $$VALUES ('2025-10-05 11:00Z'::timestamptz), ('2025-10-05 11:15Z')$$, 'times of any zone');

-- The whole range is in it: what the view has, and no more.
SELECT is_empty($$
    SELECT * FROM argo_readings('{1,2,4}', '2025-10-01 00:00Z', '2025-10-31 00:00Z')
    EXCEPT ALL
    SELECT meter_id, meter_name::text, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor, reactive_power_kvar, temperature_c, relative_humidity
    FROM v_readings_all WHERE "timestamp" >= '2025-10-01 00:00Z' AND "timestamp" < '2025-10-31 00:00Z'
$$, 'nothing that v_readings_all does not have');
SELECT is((SELECT count(*) FROM argo_readings('{1,2,4}', '2025-10-01 00:00Z', '2025-10-31 00:00Z')), 2 * 30 * 96 + 1::bigint, 'and all of it');

SELECT alike(refused($$SELECT * FROM argo_readings(NULL, '2025-10-01', '2025-10-02')$$), '22023 argument meters must name at least one meter, and no NULL | %', 'meters NULL');
SELECT alike(refused($$SELECT * FROM argo_readings('{}', '2025-10-01', '2025-10-02')$$), '22023 argument meters must name%v_meters;%', 'no meters');
SELECT alike(refused($$SELECT * FROM argo_readings('{1,NULL}', '2025-10-01', '2025-10-02')$$), '22023 argument meters must name%', 'a NULL among them');
SELECT alike(refused($$SELECT * FROM argo_readings('{1,77,2}', '2025-10-01', '2025-10-02')$$), '22023 unknown meter 77 | %nothing was read.%v_meters;%', 'an unknown meter is named');
SELECT alike(refused($$SELECT * FROM argo_readings('{{1,2},{3,78}}', '2025-10-01', '2025-10-02')$$), '22023 unknown meter 78%', 'in an array of two dimensions too');
SELECT alike(refused(format('SELECT * FROM argo_readings(%L, %s, %s)', '{1}', low, high)), '22023 range_start and range_end must be finite times, not ' || words || ' | %scan%argo_readings(%', 'a range of ' || words)
FROM (VALUES ('NULL', 'NULL', 'NULL and NULL'), ('NULL', '''2025-10-02 00:00Z''', 'NULL and 2025-10-02%'), ('''2025-10-01 00:00Z''', 'NULL', '2025-10-01% and NULL'),
             ('''-infinity''', '''2025-10-02 00:00Z''', '-infinity and %'), ('''2025-10-01 00:00Z''', '''infinity''', '% and infinity')) AS r (low, high, words);
SELECT is((SELECT count(*) > 0 FROM argo_readings('{1}', '2025-10-01', '2025-10-02')), true, 'a HINT''s call works as it is');
SELECT lives_ok(typed(refusal), 'of a missing range') FROM seen WHERE refusal ~ 'NULL and NULL';
SELECT alike(refused($$SELECT * FROM argo_readings('{1}', '2025-10-02', '2025-10-01')$$), '22023 no reading lies from 2025-10-02 00:00:00+00 to 2025-10-01 00:00:00+00 | %half open%', 'the wrong way round');
SELECT alike(refused($$SELECT * FROM argo_readings('{1}', '2025-10-02', '2025-10-02')$$), '22023 no reading lies from %', 'an empty range');
SELECT lives_ok(typed(refusal), 'its HINT can be typed') FROM seen WHERE refusal ~ 'no reading lies' LIMIT 1;

-- A month on the clock of a site is in reach, the one in which the clock is put back as well.
SELECT is((SELECT count(*) FROM argo_readings('{1}', '2025-10-01 00:00 Europe/London', '2025-11-01 00:00 Europe/London')), 745 * 4::bigint, 'a month of 31 days and an hour');
SELECT alike(refused($$SELECT * FROM argo_readings('{1}', '2025-10-01 00:00Z', '2025-11-01 01:00:01Z')$$), '54000 a range of 32 days is too long for readings | argo.max_raw_days allows 31 days; nothing was read. | SELECT * FROM public.v_readings_hourly WHERE meter_id = ANY (''{1}'') AND hour >= %', 'a second more is refused, with the hours to read instead');
SELECT is((SELECT refusal ~ 'hour < ''2025-11-01 01:00:01' FROM seen WHERE refusal ~ '^54000'), true, 'over the same range');
SELECT lives_ok(regexp_replace(typed(refusal), '; has it.*', ''), 'and that can be typed') FROM seen WHERE refusal ~ '^54000';
DELETE FROM seen WHERE refusal ~ '^54000';
SELECT alike(refused($$SELECT * FROM argo_readings('{1,2}', '2024-01-01 00:00Z', '2026-01-01 00:00Z')$$), '54000 a range of 731 days%| SELECT * FROM public.v_readings_daily WHERE meter_id = ANY (''{1,2}'') AND reading_date >= ''2024-01-01'' AND reading_date < ''2026-01-01''; has it by day.', 'for years the days');
SELECT is((SELECT count(*) FROM v_readings_daily WHERE meter_id = ANY ('{1,2}') AND reading_date >= '2024-01-01' AND reading_date < '2026-01-01'), 2 * 122::bigint, 'which are there');
SELECT alike(refused($$SELECT * FROM argo_readings('{1}', '4713-01-01 BC', '294276-01-01')$$), '54000 a range of %', 'all of time');

SET LOCAL argo.max_raw_days = 2;
SELECT is((SELECT count(*) FROM argo_readings('{1}', '2025-10-01 00:00Z', '2025-10-03 00:00Z')), 192::bigint, 'argo.max_raw_days allows so many');
SELECT alike(refused($$SELECT * FROM argo_readings('{1}', '2025-10-01 00:00Z', '2025-10-04 00:00Z')$$), '54000 a range of 3 days%allows 2 days%', 'and no more');
SELECT alike(refused($$SELECT * FROM argo_readings('{1}', '2025-10-01 00:00Z', '2025-10-04 12:00Z')$$), '54000 a range of 4 days%', 'half a day more as well');
CREATE FUNCTION refused_with(max_raw_days text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('argo.max_raw_days', max_raw_days, true);
    RETURN refused($q$SELECT * FROM argo_readings('{1}', '2025-10-01 00:00Z', '2025-10-02 00:00Z')$q$);
END
$$;
SELECT matches(refused_with(bad), format('^22023 parameter argo.max_raw_days must be a whole number from 1 to 999999999, not ''%s'' \|.*SET argo.max_raw_days = 31;$', bad),
    'which must make sense: ' || bad)
FROM unnest(ARRAY['abc', '31.5', '3000000000', '0', '-5']) AS bad;
SET LOCAL argo.max_raw_days = '';
SELECT is((SELECT count(*) FROM argo_readings('{1}', '2025-10-01 00:00Z', '2025-10-31 00:00Z')), 2880::bigint, 'empty is as if it were not set');

SELECT is((SELECT count(*) FROM seen WHERE refusal ~ 'NO (DETAIL|HINT)'), 0::bigint, 'all say what happened and what to type');

-- SELECT on two views is all that a dashboard needs.
CREATE ROLE argo_dashboard;
GRANT SELECT ON v_readings_all, v_meters TO argo_dashboard;
SET LOCAL ROLE argo_dashboard;
SELECT is((SELECT count(*) FROM argo_readings('{1}', '2025-10-01 00:00Z', '2025-10-02 00:00Z')), 96::bigint, 'a dashboard reads them');
SELECT throws_ok('SELECT FROM readings', '42501', NULL, 'but not the table');
RESET ROLE;
REVOKE SELECT ON v_readings_all FROM argo_dashboard;
SET LOCAL ROLE argo_dashboard;
SELECT throws_ok($$SELECT * FROM argo_readings('{1}', '2025-10-01 00:00Z', '2025-10-02 00:00Z')$$, '42501', NULL, 'and nothing without that right');
RESET ROLE;

-- However many readings there are, each meter is a stretch of the key.
CREATE FUNCTION pg_temp.blocks(meters integer[], low timestamptz, high timestamptz) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, FORMAT json) SELECT * FROM argo_readings(%L, %L, %L)', meters, low, high) INTO plan;
    RETURN (plan #>> '{0,Plan,Shared Hit Blocks}')::bigint + (plan #>> '{0,Plan,Shared Read Blocks}')::bigint;
END
$$;
ANALYZE readings, channels;
SELECT is(p.provolatile, 's', 'it is stable') FROM pg_proc AS p WHERE p.proname = 'argo_readings';
SELECT cmp_ok(pg_temp.blocks('{1,2}', '2025-10-01 00:00Z', '2025-10-02 00:00Z'), '<',
              (SELECT sum(pg_relation_size(t.relation))::bigint / 8192 / 2 FROM (SELECT DISTINCT tableoid AS relation FROM readings) AS t),
              'a day does not scan the table');

SELECT * FROM finish();
ROLLBACK;
