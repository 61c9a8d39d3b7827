-- What the views show: the filter, the names, the newest reading, the plans.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(37);

DO $$ BEGIN PERFORM argo_setup(); END $$;

INSERT INTO organizations (organization_id, organization_name, city, timezone) VALUES
    ('a', 'Alpha', 'Boston', 'America/New_York'), ('b', 'Beta', NULL, 'Mars/Olympus');
INSERT INTO devices (device_id, device_name, organization_id, device_type, serial_number) VALUES
    (10, 'Gateway', 'a', 'hybrid', 'uuid-10');
INSERT INTO channels (channel_id, channel_name, device_id, organization_id, channel_type, unit) VALUES
    (1, 'Main', 10, 'a', 'energy', 'kWh'), (2, 'Without device', NULL, 'b', NULL, NULL),
    (3, 'Without anything', NULL, NULL, NULL, NULL), (4, 'Never read', 10, 'a', NULL, NULL);
-- Channel 1: the four quarters of an hour clean, then one reading of each kind that is not.
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor) VALUES
    (1, '2025-06-01 12:00Z', 0.1, 0.4, 230, 2, 0.9), (1, '2025-06-01 12:15Z', 0.2, 0.8, 240, 4, 0.8),
    (1, '2025-06-01 12:30Z', 0.3, 1.2, NULL, 5, NULL), (1, '2025-06-01 12:45Z', 0.4, 1.6, 250, 8, 0.7),
    (1, '2025-06-01 13:00Z', 0, 1, 230, 1, 1), (1, '2025-06-01 13:15Z', 1, 0, 230, 1, 1),
    (1, '2025-06-01 13:30Z', NULL, 1, 230, 1, 1), (1, '2025-06-01 13:45Z', 1, NULL, 230, 1, 1),
    (1, '2025-06-01 14:00Z', 'NaN', 1, 230, 1, 1), (1, '2025-06-01 14:15Z', 1, 'NaN', 230, 1, 1),
    (1, '2025-06-01 14:30Z', '-0', 1, 230, 1, 1), (1, '2025-06-01 14:45Z', NULL, NULL, 230, 1, 1),
    (2, '2025-06-01 12:00Z', -1, -4, 230, 2, -0.9), (2, '2025-06-02 12:00Z', 'Infinity', 3, 230, 2, 1),
    (3, '2025-06-01 12:00Z', 7, 28, 'NaN', NULL, NULL), (3, '2025-06-01 12:05Z', 8, 32, 1, NULL, NULL);
DO $$ BEGIN PERFORM argo_refresh(); END $$;

SELECT results_eq($$SELECT channel_id, "timestamp" FROM v_clean_readings ORDER BY 1, 2$$, $$VALUES
    (1, '2025-06-01 12:00Z'::timestamptz), (1, '2025-06-01 12:15Z'), (1, '2025-06-01 12:30Z'), (1, '2025-06-01 12:45Z'),
    (2, '2025-06-01 12:00Z'), (2, '2025-06-02 12:00Z'), (3, '2025-06-01 12:00Z'), (3, '2025-06-01 12:05Z')$$,
    'a clean reading has energy and power that are neither NULL nor zero nor NaN');
SELECT is_empty($$SELECT v FROM v_clean_readings v WHERE NOT EXISTS (SELECT FROM readings r WHERE r IS NOT DISTINCT FROM
    ROW(v.id, v.channel_id, v."timestamp", v.energy_kwh, v.power_kw, v.voltage_v, v.current_a, v.power_factor,
        v.reactive_power_kvar, v.temperature_c, v.relative_humidity, v.created_at)::readings)$$,
    'and shows every column as stored');
SELECT results_eq($$SELECT site_id, site_name, city, timezone FROM v_sites ORDER BY 1$$,
    $$VALUES ('a', 'Alpha', 'Boston', 'America/New_York'), ('b', 'Beta', NULL, 'Mars/Olympus')$$, 'v_sites');
SELECT results_eq($$SELECT meter_id, meter_name, site_id, site_name, device_id, device_name, device_type, device_uuid,
    channel_type, unit FROM v_meters ORDER BY 1$$, $$VALUES
    (1, 'Main', 'a', 'Alpha', 10, 'Gateway', 'hybrid', 'uuid-10', 'energy', 'kWh'),
    (2, 'Without device', 'b', 'Beta', NULL::integer, NULL, NULL, NULL, NULL, NULL),
    (3, 'Without anything', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, 'Never read', 'a', 'Alpha', 10, 'Gateway', 'hybrid', 'uuid-10', NULL, NULL)$$, 'v_meters has every channel');
SELECT results_eq($$SELECT meter_id, meter_name, site_id, site_name, device_id, device_name, "timestamp", energy_kwh,
    power_kw, voltage_v, current_a, power_factor FROM v_readings_enriched WHERE meter_id <> 1 OR "timestamp" = '2025-06-01 12:15Z'
    ORDER BY 1, 7$$, $$VALUES
    (1, 'Main', 'a', 'Alpha', 10, 'Gateway', '2025-06-01 12:15Z'::timestamptz, 0.2::real, 0.8::real, 240::real, 4::real, 0.8::real),
    (2, 'Without device', 'b', 'Beta', NULL, NULL, '2025-06-01 12:00Z', -1, -4, 230, 2, -0.9),
    (2, 'Without device', 'b', 'Beta', NULL, NULL, '2025-06-02 12:00Z', 'Infinity', 3, 230, 2, 1),
    (3, 'Without anything', NULL, NULL, NULL, NULL, '2025-06-01 12:00Z', 7, 28, 'NaN', NULL, NULL),
    (3, 'Without anything', NULL, NULL, NULL, NULL, '2025-06-01 12:05Z', 8, 32, 1, NULL, NULL)$$,
    'v_readings_enriched keeps meters without site or device');
SELECT is((SELECT count(*) FROM v_readings_enriched), 8::bigint, 'v_readings_enriched has the clean readings');
SELECT is((SELECT count(*) FROM v_readings_all), 16::bigint, 'v_readings_all has every reading');
SELECT is_empty($$SELECT * FROM v_readings_enriched EXCEPT ALL SELECT * FROM v_readings_all$$,
    'the clean ones are among them, column by column');

SELECT results_eq($$SELECT * FROM v_latest_readings ORDER BY meter_id$$, $$VALUES
    (1, 'Main', 'a', 'Alpha', '2025-06-01 12:45Z'::timestamptz, 0.4::real, 1.6::real, 250::real, 8::real, 0.7::real),
    (2, 'Without device', 'b', 'Beta', '2025-06-02 12:00Z', 'Infinity', 3, 230, 2, 1),
    (3, 'Without anything', NULL, NULL, '2025-06-01 12:05Z', 8, 32, 1, NULL, NULL)$$,
    'v_latest_readings has the newest clean reading of each meter');

SELECT results_eq($$SELECT * FROM v_readings_hourly WHERE meter_id IN (1, 3) ORDER BY meter_id, hour$$, $$VALUES
    (1, 'Main', 'a', 'Alpha', 10, 'Gateway', '2025-06-01 12:00Z'::timestamptz,
     (0.4::real::float8 + 0.8::real::float8 + 1.2::real::float8 + 1.6::real::float8) / 4,
     0.1::real::float8 + 0.2::real::float8 + 0.3::real::float8 + 0.4::real::float8, 4::bigint),
    (3, 'Without anything', NULL, NULL, NULL, NULL, '2025-06-01 12:00Z', 30, 15, 2)$$,
    'v_readings_hourly, summed in double precision');
SELECT is((SELECT peak_kw FROM mv_hourly_usage WHERE meter_id = 1), 1.6::real, 'peak of an hour');
SELECT results_eq($$SELECT * FROM v_readings_daily WHERE meter_id = 1$$, $$VALUES
    (1, 'Main', 'a', 'Alpha', '2025-06-01'::date,
     0.1::real::float8 + 0.2::real::float8 + 0.3::real::float8 + 0.4::real::float8,
     (0.4::real::float8 + 0.8::real::float8 + 1.2::real::float8 + 1.6::real::float8) / 4, 1.6::real,
     240::float8, 230::real, 250::real, (0.9::real::float8 + 0.8::real::float8 + 0.7::real::float8) / 3, 4::bigint)$$,
    'v_readings_daily; NULLs do not count in the means');
SELECT results_eq($$SELECT * FROM v_readings_monthly WHERE meter_id = 3$$, $$VALUES
    (3, 'Without anything', NULL::text, NULL::text, '2025-06-01'::date, 15::float8, 30::float8, 32::real, 2::bigint)$$,
    'v_readings_monthly of a meter without a site');
SELECT is((SELECT total_energy_kwh FROM v_readings_monthly WHERE meter_id = 2), 'Infinity'::float8,
    'an infinite reading breaks no sum');

-- Exact at every moment, before any refresh.
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-06-03 12:00Z', 5, 20);
SELECT is((SELECT total_energy_kwh FROM v_readings_daily WHERE meter_id = 1 AND reading_date = '2025-06-03'), 5::float8,
    'v_readings_daily is live');
SELECT is((SELECT reading_count FROM v_readings_monthly WHERE meter_id = 1), 5::bigint, 'v_readings_monthly is live');
SELECT is((SELECT total_kwh FROM v_readings_hourly WHERE meter_id = 1 AND hour = '2025-06-03 12:00Z'), 5::float8,
    'v_readings_hourly is live');
SELECT is_empty($$SELECT 1 FROM mv_hourly_usage WHERE hour >= '2025-06-03'$$, 'though no matview knows of it');
SELECT is((SELECT "timestamp" FROM v_latest_readings WHERE meter_id = 1), '2025-06-03 12:00Z'::timestamptz,
    'v_latest_readings is live');

SELECT results_eq($$SELECT hour, reading_count FROM _argo_hourly_usage(1, '2025-06-01 12:15Z', '2025-06-01 12:45Z')$$,
    $$VALUES ('2025-06-01 12:00Z'::timestamptz, 2::bigint)$$, 'the range of _argo_hourly_usage is half open');
SELECT is_empty(format($$(SELECT * FROM %1$s EXCEPT ALL SELECT u.* FROM channels, %2$s(channel_id, '-infinity', '2025-06-03') AS u)
    UNION ALL (SELECT u.* FROM channels, %2$s(channel_id, '-infinity', '2025-06-03') AS u EXCEPT ALL SELECT * FROM %1$s)$$, matview, source),
    format('%s is %s as of its refresh', matview, source))
FROM (VALUES ('mv_hourly_usage', '_argo_hourly_usage'), ('mv_daily_usage', '_argo_daily_usage')) AS v (matview, source);

-- Plans, on enough rows that a scan of them all would cost: 40 meters, 30 days.
INSERT INTO channels (channel_id, channel_name, organization_id) SELECT 1000 + n, 'm' || n, 'a' FROM generate_series(1, 40) AS n;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT 1000 + n, t, 1, 4
FROM generate_series('2025-05-01 00:00Z', '2025-05-30 23:45Z', interval '15 minutes') AS t, generate_series(1, 40) AS n;
DO $$ BEGIN PERFORM argo_refresh(); END $$;
ANALYZE readings, channels, organizations, devices, _argo_zones, _argo_dirty, mv_hourly_usage, mv_daily_usage;

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || query INTO result;
    RETURN result;
END $$;
-- Nodes of a plan that read a table, or the chunks of readings, and were run, one row each.
CREATE FUNCTION pg_temp.nodes_on(plan jsonb, relation text) RETURNS SETOF jsonb LANGUAGE sql AS $$
    SELECT n FROM jsonb_path_query($1, '$.** ? ((@."Relation Name" == $r || $r == "readings" && @."Relation Name" starts with "_hyper_")
                                       && @."Node Type" != "Custom Scan" && @."Actual Loops" > 0)', jsonb_build_object('r', $2)) AS n
    -- Lax paths unwrap arrays, which shows some nodes twice.
    GROUP BY n
$$;
-- Rows of a table that a plan looked at.
CREATE FUNCTION pg_temp.rows_of(plan jsonb, relation text) RETURNS bigint LANGUAGE sql AS $$
    SELECT coalesce(round(sum(((n ->> 'Actual Rows')::numeric + coalesce((n ->> 'Rows Removed by Filter')::numeric, 0)
                               + coalesce((n ->> 'Rows Removed by Index Recheck')::numeric, 0))
                              * (n ->> 'Actual Loops')::numeric)), 0)::bigint
    FROM pg_temp.nodes_on($1, $2) AS n
$$;
CREATE TEMP TABLE asked (name text, query text);
INSERT INTO asked VALUES
    ('latest', 'SELECT * FROM v_latest_readings'),
    ('latest of a meter', 'SELECT * FROM v_latest_readings WHERE meter_id = 1007'),
    ('range', $$SELECT * FROM _argo_hourly_usage(1007, '2025-05-10 04:00Z', '2025-05-11 04:00Z')$$),
    ('v_readings_hourly of a meter''s day',
     $$SELECT * FROM v_readings_hourly WHERE meter_id = 1007 AND hour >= '2025-05-10 04:00Z' AND hour < '2025-05-11 04:00Z'$$),
    ('v_readings_daily of a meter', 'SELECT * FROM v_readings_daily WHERE meter_id = 1007'),
    ('v_readings_monthly of a site', $$SELECT * FROM v_readings_monthly WHERE site_id = 'b'$$);
CREATE TEMP TABLE clean AS SELECT name, pg_temp.plan_of(query) AS plan FROM asked;
SELECT results_eq($$SELECT DISTINCT n ->> 'Node Type', n ->> 'Scan Direction', substring(n ->> 'Index Name' FROM 'idx_readings_.*')
    FROM clean, pg_temp.nodes_on(plan, 'readings') AS n WHERE name = 'latest'$$,
    $$VALUES ('Index Scan', 'Backward', 'idx_readings_unique')$$,
    'v_latest_readings reaches readings by the index of the key alone, backwards from the newest');
SELECT is(pg_temp.rows_of(plan, 'readings'), (SELECT count(DISTINCT channel_id) FROM v_clean_readings),
    'and looks at one reading a meter') FROM clean WHERE name = 'latest';
SELECT is(pg_temp.rows_of(plan, 'readings'), 1::bigint, 'one meter asked for, one reading') FROM clean WHERE name = 'latest of a meter';
SELECT unalike(plan::text, '%Function Scan%', '_argo_hourly_usage is inlined') FROM clean WHERE name = 'range';
SELECT matches(n ->> 'Index Cond', 'channel_id = 1007.*"timestamp" >=.*"timestamp" <',
    'and its meter and range are conditions on an index of readings')
FROM clean, pg_temp.nodes_on(plan, 'readings') AS n WHERE name = 'range';
SELECT is(pg_temp.rows_of(plan, 'readings'), 0::bigint, name || ': nothing dirty, no reading is read')
FROM clean WHERE name LIKE 'v\_readings%' ORDER BY name;
SELECT is(pg_temp.rows_of(plan, matview), looked_at, format('but %s rows of %s', looked_at, matview))
FROM clean JOIN (VALUES ('v_readings_hourly', 'mv_hourly_usage', 24::bigint), ('v_readings_daily', 'mv_daily_usage', 31),
                        ('v_readings_monthly', 'mv_daily_usage', 2)) AS v (view, matview, looked_at) ON name LIKE view || ' %';

UPDATE readings SET energy_kwh = 2 WHERE "timestamp" BETWEEN '2025-05-10 12:00Z' AND '2025-05-10 12:45Z';
SELECT ok(pg_temp.rows_of(pg_temp.plan_of(query), 'readings') BETWEEN least AND most, format('%s: an hour of each meter dirty, %s', name, what))
FROM asked JOIN (VALUES ('v_readings_hourly', 4, 12, 'that hour is read'), ('v_readings_daily', 96, 220, 'its day is read'),
                        ('v_readings_monthly', 0, 0, 'no other site is read')) AS v (view, least, most, what) ON name LIKE view || ' %'
ORDER BY name;

-- Functions whose result hangs on the session's TimeZone, found in the stored trees of views and bodies.
SELECT is_empty($$
    WITH session_bound AS (
        SELECT p.oid, p.oid::regprocedure AS name FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.oid IN (
            'date_trunc(text,timestamptz)'::regprocedure, 'date(timestamptz)'::regprocedure,
            'timestamp(timestamptz)'::regprocedure, 'timestamptz(timestamp)'::regprocedure,
            'timestamptz(date)'::regprocedure, 'date_part(text,timestamptz)'::regprocedure,
            'extract(text,timestamptz)'::regprocedure, 'to_char(timestamptz,text)'::regprocedure)
    ), trees AS (
        SELECT c.oid::regclass::text AS name, r.ev_action::text AS tree
        FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN _argo_setup_steps() s ON s.object_name = c.relname
        WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT p.proname, p.prosqlbody::text FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosqlbody IS NOT NULL
    )
    SELECT t.name, b.name FROM trees t JOIN session_bound b ON t.tree LIKE '%:funcid ' || b.oid || ' %'
    $$, 'no view asks the session what time it is');

SELECT * FROM finish();
ROLLBACK;
