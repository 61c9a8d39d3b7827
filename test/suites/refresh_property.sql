-- Random work on the readings of a few meters, and what the views must show of it whenever one looks; for
-- refresh_property and refresh_kill.

CREATE SCHEMA play;

-- The clock that counts for each name that a site is given.
CREATE TABLE play.zones (given text, counted text NOT NULL);
INSERT INTO play.zones VALUES
    ('America/New_York', 'America/New_York'), ('Asia/Kolkata', 'Asia/Kolkata'), ('asia/kathmandu', 'Asia/Kathmandu'),
    ('Australia/Lord_Howe', 'Australia/Lord_Howe'), ('America/St_Johns', 'America/St_Johns'),
    ('America/Havana', 'America/Havana'), ('Africa/Cairo', 'Africa/Cairo'), ('Europe/London', 'Europe/London'),
    ('Mars/Olympus_Mons', 'America/New_York'), (NULL, 'America/New_York');

INSERT INTO organizations (organization_id, organization_name, timezone) VALUES
    ('s1', 'Mill', 'America/New_York'), ('s2', 'School', 'Asia/Kolkata'),
    ('s3', 'Hall', 'Australia/Lord_Howe'), ('s4', 'Farm', 'Mars/Olympus_Mons');
INSERT INTO devices (device_id, device_name, organization_id)
SELECT n, 'Gateway ' || n, 's' || n FROM generate_series(1, 4) AS n;
INSERT INTO channels (channel_id, channel_name, device_id, organization_id)
SELECT n, 'Meter ' || n, nullif(n, 8) / 2 + 1, 's' || (n - 1) / 2 + 1
FROM generate_series(1, 7) AS n
UNION ALL SELECT 8, 'Meter 8', NULL, NULL;

-- What must be shown: plain aggregates.

CREATE VIEW play.measured AS
SELECT r.*, c.channel_name, c.device_id, d.device_name, c.organization_id, o.organization_name,
       coalesce(z.counted, 'America/New_York') AS zone
FROM v_clean_readings AS r
JOIN channels AS c ON c.channel_id = r.channel_id
LEFT JOIN devices AS d ON d.device_id = c.device_id
LEFT JOIN organizations AS o ON o.organization_id = c.organization_id
LEFT JOIN play.zones AS z ON z.given IS NOT DISTINCT FROM o.timezone;

CREATE VIEW play.hourly AS
SELECT channel_id AS meter_id, channel_name AS meter_name, organization_id AS site_id, organization_name AS site_name,
       device_id, device_name, date_trunc('hour', "timestamp", zone) AS hour, avg(power_kw::float8) AS avg_kw,
       sum(energy_kwh::float8) AS total_kwh, count(*) AS reading_count
FROM play.measured
GROUP BY 1, 2, 3, 4, 5, 6, 7;

CREATE VIEW play.daily AS
SELECT channel_id AS meter_id, channel_name AS meter_name, organization_id AS site_id, organization_name AS site_name,
       ("timestamp" AT TIME ZONE zone)::date AS reading_date, sum(energy_kwh::float8) AS total_energy_kwh,
       avg(power_kw::float8) AS avg_power_kw, max(power_kw) AS peak_power_kw, avg(voltage_v::float8) AS avg_voltage_v,
       min(voltage_v) AS min_voltage_v, max(voltage_v) AS max_voltage_v, avg(power_factor::float8) AS avg_power_factor,
       count(*) AS reading_count
FROM play.measured
GROUP BY 1, 2, 3, 4, 5;

CREATE VIEW play.monthly AS
SELECT channel_id AS meter_id, channel_name AS meter_name, organization_id AS site_id, organization_name AS site_name,
       date_trunc('month', "timestamp" AT TIME ZONE zone)::date AS reading_month, sum(energy_kwh::float8) AS total_energy_kwh,
       avg(power_kw::float8) AS avg_power_kw, max(power_kw) AS peak_power_kw, count(*) AS reading_count
FROM play.measured
GROUP BY 1, 2, 3, 4, 5;

CREATE VIEW play.latest AS
SELECT DISTINCT ON (channel_id)
       channel_id AS meter_id, channel_name AS meter_name, organization_id AS site_id, organization_name AS site_name,
       "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor
FROM play.measured
ORDER BY channel_id, "timestamp" DESC;

CREATE VIEW play.stored_hours AS
SELECT channel_id AS meter_id, date_trunc('hour', "timestamp", zone) AS hour, avg(power_kw::float8) AS avg_kw,
       sum(energy_kwh::float8) AS total_kwh, count(*) AS reading_count, max(power_kw) AS peak_kw,
       avg(voltage_v::float8) AS avg_voltage_v, min(voltage_v) AS min_voltage_v, max(voltage_v) AS max_voltage_v,
       count(voltage_v) AS voltage_count, avg(power_factor::float8) AS avg_power_factor,
       count(power_factor) AS power_factor_count
FROM play.measured
GROUP BY 1, 2;

CREATE VIEW play.defined_hours AS
SELECT u.* FROM channels AS c CROSS JOIN LATERAL _argo_hourly_usage(c.channel_id, '-infinity', 'infinity') AS u;

CREATE VIEW play.defined_days AS
SELECT u.* FROM channels AS c CROSS JOIN LATERAL _argo_daily_usage(c.channel_id, '-infinity', 'infinity') AS u;

CREATE FUNCTION play.differ(a float8, b float8) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT a IS DISTINCT FROM b AND coalesce(NOT abs(a - b) <= 1e-12 * greatest(abs(a), abs(b)), true)
$$;

-- How they are compared, each in one statement and so in one snapshot.

CREATE TABLE play.comparisons (what text PRIMARY KEY, days boolean, query text NOT NULL);

INSERT INTO play.comparisons
SELECT v.what, false, format($$
    SELECT d::text FROM ((SELECT 'shown', * FROM %1$s WHERE %%1$s EXCEPT ALL SELECT 'shown', * FROM %2$s WHERE %%1$s)
                         UNION ALL
                         (SELECT 'missing', * FROM %2$s WHERE %%1$s EXCEPT ALL SELECT 'missing', * FROM %1$s WHERE %%1$s)) AS d$$, v.ours, v.plain)
FROM (VALUES ('hours', 'v_readings_hourly', 'play.hourly'), ('latest', 'v_latest_readings', 'play.latest'),
             ('mv_hourly_usage and its definition', 'mv_hourly_usage', 'play.defined_hours'),
             ('mv_hourly_usage and a plain aggregate', 'mv_hourly_usage', 'play.stored_hours')) AS v (what, ours, plain);

INSERT INTO play.comparisons
SELECT v.what, true, format($$
    SELECT (g)::text
    FROM (SELECT %3$s, count(*) AS rows, sum(side) AS sides, array_agg(array[%4$s] ORDER BY side) AS sums
          FROM (SELECT 1 AS side, o.* FROM %1$s AS o WHERE %%1$s UNION ALL SELECT -1, p.* FROM %2$s AS p WHERE %%1$s) AS b
          GROUP BY %3$s) AS g
    WHERE rows <> 2 OR sides <> 0 OR EXISTS (SELECT FROM generate_subscripts(sums, 2) AS i WHERE play.differ(sums[1][i], sums[2][i]))$$,
    v.ours, v.plain, v.exact, v.sums)
FROM (VALUES
    ('days', 'v_readings_daily', 'play.daily',
     'meter_id, meter_name, site_id, site_name, reading_date, peak_power_kw, min_voltage_v, max_voltage_v, reading_count',
     'total_energy_kwh, avg_power_kw, avg_voltage_v, avg_power_factor'),
    ('months', 'v_readings_monthly', 'play.monthly',
     'meter_id, meter_name, site_id, site_name, reading_month, peak_power_kw, reading_count',
     'total_energy_kwh, avg_power_kw'),
    -- Sums of hours: seven readings' mean times seven is not always their sum, so the last bits depend on the order that a plan adds
    -- them in.
    ('mv_daily_usage and its definition', 'mv_daily_usage', 'play.defined_days',
     'meter_id, day, reading_count, peak_kw, min_voltage_v, max_voltage_v',
     'total_kwh, avg_kw, avg_voltage_v, avg_power_factor')) AS v (what, ours, plain, exact, sums);

-- Counts what differs, with an example.
CREATE FUNCTION play.compare(what text, condition text, OUT differing bigint, OUT example text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE (SELECT format('SELECT count(*), min(d) FROM (' || c.query || ') AS d (d)', condition)
             FROM play.comparisons AS c WHERE c.what = $1)
    INTO differing, example;
END $$;

CREATE TABLE play.state (writing boolean NOT NULL);
INSERT INTO play.state VALUES (false);
CREATE TABLE play.checks (
    what text NOT NULL, condition text NOT NULL, zone text NOT NULL, differing bigint NOT NULL, example text,
    marks bigint NOT NULL, refreshing boolean NOT NULL, at timestamptz NOT NULL DEFAULT clock_timestamp());

CREATE FUNCTION play.any_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS
    $$ SELECT choices[1 + floor(random() * cardinality(choices))::int] $$;

-- Compares the exact views with plain aggregates until nobody writes any more, as a reader of any zone would.
CREATE PROCEDURE play.check_while_writing(seed float8) LANGUAGE plpgsql AS $$
DECLARE
    result record;
    subject text;
    condition text;
    marks_waiting bigint;
    is_refreshing boolean;
BEGIN
    PERFORM setseed(seed);
    WHILE (SELECT s.writing FROM play.state AS s) LOOP
        PERFORM set_config('TimeZone', play.any_of('UTC', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu',
                                                   'Australia/Lord_Howe', 'Pacific/Kiritimati'), false);
        subject := play.any_of('hours', 'hours', 'days', 'days', 'months', 'latest');
        condition := play.any_of('true', 'true', 'meter_id = ' || 1 + floor(random() * 8),
            'site_id = ' || quote_literal('s' || 1 + floor(random() * 4)),
            CASE subject WHEN 'hours' THEN 'hour >= ''2025-11-01 12:00+00'' AND hour < ''2025-11-03 07:00+00'''
                         WHEN 'days' THEN 'reading_date BETWEEN ''2025-11-01'' AND ''2025-11-02'''
                         WHEN 'months' THEN 'reading_month = ''2025-11-01''' ELSE 'meter_id > 4' END);
        SELECT count(*) INTO marks_waiting FROM _argo_dirty;
        is_refreshing := EXISTS (SELECT FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
                                 WHERE l.locktype = 'advisory' AND d.datname = current_database());
        result := play.compare(subject, condition);
        INSERT INTO play.checks VALUES (subject, condition, current_setting('TimeZone'), result.differing, result.example,
                                        marks_waiting, is_refreshing);
        COMMIT;
    END LOOP;
END $$;

-- The work: lines for psql, which the seed alone decides.

CREATE FUNCTION play.value(key text) RETURNS real LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN h & 1023 < 30 THEN 0 WHEN h & 1023 < 60 THEN NULL WHEN h & 1023 < 90 THEN 'NaN'
                ELSE (1 + (h >> 10 & 16777215)) / 1048576.0 END::real
    FROM (SELECT hashtextextended(key, 0) AS h) AS k
$$;

-- Readings of a meter from a moment on; meters 7 and 8 export.
CREATE FUNCTION play.readings(meter integer, starts timestamptz, quarters integer, key text)
RETURNS TABLE (channel_id integer, "timestamp" timestamptz, energy_kwh real, power_kw real, voltage_v real, power_factor real)
LANGUAGE sql IMMUTABLE AS $$
    SELECT meter, starts + n * interval '15 minutes', sign * play.value(key || 'e' || n), sign * play.value(key || 'p' || n),
           220 + play.value(key || 'v' || n), abs(play.value(key || 'f' || n)) / 16
    FROM generate_series(0, quarters - 1) AS n, (SELECT CASE WHEN meter IN (7, 8) THEN -1 ELSE 1 END AS sign) AS s
$$;

CREATE FUNCTION play.change(session integer, key text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    kind integer := floor(random() * 1000);
    meter integer := 1 + floor(random() * 8);
    site text := quote_literal('s' || 1 + floor(random() * 4)::int);
    -- Around clock changes of New York, Havana, Cairo, London and Lord Howe, and where months begin.
    day date := CASE WHEN random() < 0.7 THEN date '2025-10-27' + floor(random() * 14)::int
                     ELSE play.any_of('2025-10-04', '2025-10-05', '2025-12-31', '2026-01-01', '2026-03-08', '2026-03-29')::date END;
    moment text := quote_literal(day || ' ' || (floor(random() * 96) * interval '15 minutes')::time || '+00');
    hours integer := 1 + floor(random() * random() * 48);
    -- Readings that are moved never meet others.
    a_while text := quote_literal(format('%s hours %s us', floor(random() * 100) - 50, floor(random() * 400e6)));
    into_readings CONSTANT text := 'readings (channel_id, "timestamp", energy_kwh, power_kw, voltage_v, power_factor)';
    new_readings text := format('SELECT * FROM play.readings(%s, %s, %%s, %L)', meter, moment, key);
    overwriting CONSTANT text := 'ON CONFLICT (channel_id, "timestamp") DO UPDATE SET energy_kwh = excluded.energy_kwh, power_kw = excluded.power_kw, voltage_v = excluded.voltage_v, power_factor = excluded.power_factor';
    there text := format('channel_id = %s AND "timestamp" >= %s AND "timestamp" < timestamptz %2$s + interval ''%s hours''', meter, moment, hours);
    other_meter integer := CASE WHEN meter < 7 THEN 1 + floor(random() * 6) ELSE 15 - meter END;
BEGIN
    RETURN CASE
        WHEN kind < 150 THEN format('INSERT INTO %s %s ON CONFLICT DO NOTHING;', into_readings, format(new_readings, 1))
        WHEN kind < 300 THEN format('INSERT INTO %s %s %s;', into_readings, format(new_readings, hours), overwriting)
        WHEN kind < 340 THEN format('INSERT INTO %s %s %s;', into_readings, format(new_readings, 96 + hours * 12), overwriting)
        WHEN kind < 420 THEN (
            SELECT format('\copy %s FROM PROGRAM ''printf "%s"'' (FORMAT csv)', into_readings,
                string_agg(format('%s,%s,%s,%s,%s,%s', n.channel_id, (n."timestamp" + (a_while::interval - '50 hours'::interval) / 1000)
                                  AT TIME ZONE 'UTC' || '+00', n.energy_kwh, n.power_kw, n.voltage_v, n.power_factor), '\n'))
            FROM play.readings(meter, trim(moment, '''')::timestamptz, hours, key) AS n)
        WHEN kind < 480 THEN format('UPDATE readings SET energy_kwh = play.value(%L || "timestamp"), power_kw = power_kw / 2 WHERE %s;', key, there)
        WHEN kind < 540 THEN format('UPDATE readings SET power_kw = play.value(%L), voltage_v = NULL WHERE %s;', key, there)
        WHEN kind < 600 THEN format('UPDATE readings SET "timestamp" = "timestamp" + interval %s WHERE %s;', a_while, there)
        WHEN kind < 640 THEN format('UPDATE readings SET channel_id = %s, "timestamp" = "timestamp" + interval %s WHERE %s;', other_meter, a_while, there)
        WHEN kind < 740 THEN format('DELETE FROM readings WHERE %s;', there)
        WHEN kind < 780 THEN format('MERGE INTO readings AS r USING (%s) AS n ON r.channel_id = n.channel_id AND r."timestamp" = n."timestamp" WHEN MATCHED AND n.power_kw > 8 THEN DELETE WHEN MATCHED THEN UPDATE SET power_kw = n.power_kw;', format(new_readings, hours))
        WHEN kind < 820 THEN format('WITH gone AS (DELETE FROM readings WHERE %s RETURNING *) INSERT INTO %s SELECT channel_id, "timestamp" + interval %s, energy_kwh, power_kw, voltage_v, power_factor FROM gone;', there, into_readings, a_while)
        WHEN kind < 870 THEN format('UPDATE organizations SET timezone = %s WHERE organization_id = %s;',
            (SELECT quote_nullable(z.given) FROM play.zones AS z ORDER BY random() LIMIT 1), site)
        WHEN kind < 910 THEN format('UPDATE channels SET organization_id = %s WHERE channel_id = %s;',
            play.any_of('NULL', site, site, site, site, site), meter)
        WHEN kind < 940 THEN format('UPDATE %s = ''Name %s'' WHERE %s;', CASE meter % 3
            WHEN 0 THEN 'organizations SET organization_name' WHEN 1 THEN 'devices SET device_name' ELSE 'channels SET channel_name' END,
            key, CASE meter % 3 WHEN 0 THEN 'organization_id = ' || site WHEN 1 THEN 'device_id = ' || meter / 2 + 1
                 ELSE 'channel_id = ' || meter END)
        -- A meter of the session's own comes and goes.
        WHEN kind < 970 THEN format('INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (%s, ''Own'', %s) ON CONFLICT DO NOTHING;', 100 + session, site)
            || E'\n' || format('INSERT INTO %s SELECT %s, "timestamp", energy_kwh, power_kw, voltage_v, power_factor FROM (%s) AS n WHERE EXISTS (SELECT FROM channels WHERE channel_id = %s) %s;',
                               into_readings, 100 + session, format(new_readings, hours), 100 + session, overwriting)
        WHEN kind < 990 THEN format(E'DELETE FROM readings WHERE channel_id = %s;\nDELETE FROM channels WHERE channel_id = %1$s AND NOT EXISTS (SELECT FROM readings WHERE channel_id = %1$s);', 100 + session)
        WHEN session = 1 THEN 'TRUNCATE readings;'
        ELSE format('INSERT INTO %s %s %s;', into_readings, format(new_readings, 24 * hours), overwriting) END;
END $$;

CREATE FUNCTION play.refresh() RETURNS text LANGUAGE sql VOLATILE AS $$
    SELECT 'SELECT view, strategy, reason FROM ' || play.any_of(
        'argo_refresh()', 'argo_refresh()', 'argo_refresh()', 'refresh_materialized_views_smart()',
        format('argo_refresh(''incremental'', %s)', 1 + floor(random() * 4)), format('argo_refresh(''incremental'', %s)', 60 + floor(random() * 90)),
        'argo_refresh(''full'')', 'argo_refresh(views => ARRAY[''mv_hourly_usage''])', 'argo_refresh(views => ARRAY[''mv_daily_usage''])',
        'argo_refresh(''full'', views => ARRAY[''mv_daily_usage''])') || ';'
$$;

-- Does a few things, and says how they end.
CREATE FUNCTION play.transaction(things text[]) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    -- TRUNCATE under an old snapshot is a documented limit.
    old_snapshots CONSTANT boolean := array_to_string(things, '') !~ 'TRUNCATE';
    result text := 'BEGIN' || CASE WHEN old_snapshots THEN play.any_of('', '', ' ISOLATION LEVEL REPEATABLE READ', ' ISOLATION LEVEL SERIALIZABLE') ELSE '' END
        || E';\nSAVEPOINT s;\n';
    thing text;
BEGIN
    FOREACH thing IN ARRAY things LOOP
        result := result || thing || E'\n' || play.any_of('', 'SELECT pg_sleep(0.02);', E'SAVEPOINT s;', E'ROLLBACK TO s;', 'RELEASE s; SAVEPOINT s;') || E'\n';
    END LOOP;
    RETURN result || play.any_of('COMMIT;', 'COMMIT;', 'ROLLBACK;');
END $$;

CREATE FUNCTION play.writer(session integer, seed float8, steps integer) RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    things text[];
BEGIN
    PERFORM setseed(seed);
    FOR step IN 1 .. steps LOOP
        things := ARRAY(SELECT CASE WHEN random() < 0.15 AND n > 1 THEN play.refresh()
                                    ELSE play.change(session, format('%s-%s-%s-%s', seed, session, step, n)) END
                        FROM generate_series(1, 2 + floor(random() * 3)::int) AS n);
        RETURN NEXT CASE WHEN random() < 0.3 THEN play.transaction(things) ELSE array_to_string(things, E'\n') END;
    END LOOP;
END $$;

CREATE FUNCTION play.refresher(seed float8, steps integer) RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    kind float8;
BEGIN
    PERFORM setseed(seed);
    FOR step IN 1 .. steps LOOP
        kind := random();
        RETURN NEXT CASE
            WHEN kind < 0.75 THEN play.refresh()
            WHEN kind < 0.83 THEN play.transaction(ARRAY[play.refresh(), play.refresh()])
            WHEN kind < 0.93 THEN 'REFRESH MATERIALIZED VIEW CONCURRENTLY ' || play.any_of('mv_hourly_usage;', 'mv_daily_usage;')
            ELSE 'VACUUM (TRUNCATE false) ' || play.any_of('mv_hourly_usage;', 'mv_daily_usage;', '_argo_dirty;', 'readings;') END
            || format(E'\nSELECT pg_sleep(%s);', random() / 6);
    END LOOP;
END $$;
