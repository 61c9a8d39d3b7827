-- What the views show: the filter, the names, the newest reading, the plans.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(31);

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
SELECT is((SELECT "timestamp" FROM v_latest_readings WHERE meter_id = 1), '2025-06-03 12:00Z'::timestamptz,
    'v_latest_readings is live');

SELECT results_eq($$SELECT hour, reading_count FROM _argo_hourly_usage('2025-06-01 12:15Z', '2025-06-01 12:45Z') WHERE meter_id = 1$$,
    $$VALUES ('2025-06-01 12:00Z'::timestamptz, 2::bigint)$$, 'the range of _argo_hourly_usage is half open');
SELECT is_empty($$(SELECT * FROM mv_hourly_usage EXCEPT ALL SELECT * FROM _argo_hourly_usage('-infinity', '2025-06-03'))
    UNION ALL (SELECT * FROM _argo_hourly_usage('-infinity', '2025-06-03') EXCEPT ALL SELECT * FROM mv_hourly_usage)$$,
    'mv_hourly_usage is _argo_hourly_usage as of its refresh');

-- Plans, on enough rows that a scan of them all would cost: 40 meters, 30 days.
INSERT INTO channels (channel_id, channel_name, organization_id) SELECT 1000 + n, 'm' || n, 'a' FROM generate_series(1, 40) AS n;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT 1000 + n, t, 1, 4
FROM generate_series('2025-05-01 00:00Z', '2025-05-30 23:45Z', interval '15 minutes') AS t, generate_series(1, 40) AS n;
ANALYZE readings, channels, organizations, devices, _argo_zones;

CREATE FUNCTION pg_temp.plan_of(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ' || query INTO result;
    RETURN result;
END $$;
-- Nodes of a plan that read a table, one row each.
CREATE FUNCTION pg_temp.nodes_on(plan jsonb, relation text) RETURNS SETOF jsonb LANGUAGE sql AS $$
    SELECT n FROM jsonb_path_query($1, '$.** ? (@."Relation Name" == $r)', jsonb_build_object('r', $2)) AS n
    -- Lax paths unwrap arrays, which shows some nodes twice.
    GROUP BY n
$$;
CREATE TEMP TABLE plans AS SELECT 'latest' AS name, pg_temp.plan_of('SELECT * FROM v_latest_readings') AS plan
    UNION ALL SELECT 'meter', pg_temp.plan_of('SELECT * FROM v_latest_readings WHERE meter_id = 1007')
    UNION ALL SELECT 'day', pg_temp.plan_of($$SELECT * FROM _argo_hourly_usage('2025-05-10 04:00Z', '2025-05-11 04:00Z')$$)
    UNION ALL SELECT 'daily', pg_temp.plan_of('SELECT * FROM v_readings_daily WHERE meter_id = 1007')
    UNION ALL SELECT 'site', pg_temp.plan_of($$SELECT * FROM v_readings_monthly WHERE site_id = 'b'$$);
SELECT is((SELECT array_agg(n ->> 'Node Type') FROM plans, pg_temp.nodes_on(plan, 'readings') AS n WHERE name = 'latest'),
    ARRAY['Index Scan'], 'v_latest_readings reaches readings by index alone');
SELECT is((SELECT n ->> 'Scan Direction' FROM plans, pg_temp.nodes_on(plan, 'readings') AS n WHERE name = 'latest'),
    'Backward', 'backwards from the newest');
SELECT is((SELECT n ->> 'Index Name' FROM plans, pg_temp.nodes_on(plan, 'readings') AS n WHERE name = 'latest'),
    'idx_readings_unique', 'of the key');
SELECT is((SELECT (n ->> 'Actual Loops')::int FROM plans, pg_temp.nodes_on(plan, 'readings') AS n WHERE name = 'latest'),
    (SELECT count(*)::int FROM channels), 'with one descent per meter');
SELECT ok((SELECT (n ->> 'Actual Rows')::numeric <= 1 AND (n ->> 'Rows Removed by Filter')::int < 1
    FROM plans, pg_temp.nodes_on(plan, 'readings') AS n WHERE name = 'latest'), 'that reads one row');
SELECT is((SELECT (n ->> 'Actual Loops')::int FROM plans, pg_temp.nodes_on(plan, 'readings') AS n WHERE name = 'meter'),
    1, 'one meter asked for, one descent');
SELECT is_empty($$SELECT 1 FROM plans WHERE name = 'day' AND plan::text ~ 'Function Scan'$$,
    '_argo_hourly_usage is inlined');
SELECT matches((SELECT plan::text FROM plans WHERE name = 'day'), 'Index Cond": "[^}]*timestamp',
    'and its range is a condition on an index of readings');
SELECT is((SELECT array_agg(DISTINCT n ->> 'Node Type' <> 'Seq Scan') FROM plans, pg_temp.nodes_on(plan, 'readings') AS n
    WHERE name = 'day'), ARRAY[true], 'not a filter on a scan');
SELECT matches((SELECT plan::text FROM plans WHERE name = 'daily'), 'Index Cond": "\(channel_id = 1007\)',
    'a meter asked of v_readings_daily reaches the index');
SELECT ok((SELECT bool_and((n ->> 'Actual Rows')::numeric * (n ->> 'Actual Loops')::int <= 2)
    FROM plans, pg_temp.nodes_on(plan, 'readings') AS n WHERE name = 'site'),
    'a site asked of v_readings_monthly reads only that site''s rows');

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
        SELECT p.proname, p.prosqlbody::text FROM pg_proc p WHERE p.proname = '_argo_hourly_usage'
    )
    SELECT t.name, b.name FROM trees t JOIN session_bound b ON t.tree LIKE '%:funcid ' || b.oid || ' %'
    $$, 'no view asks the session what time it is');

SELECT * FROM finish();
ROLLBACK;
