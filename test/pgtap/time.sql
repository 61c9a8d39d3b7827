-- Hours, days and months are those of the site, whatever the session's TimeZone: checked against an
-- aggregate that knows the clock changes of 2025 by heart and never asks PostgreSQL for a zone.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(59);

DO $$ BEGIN PERFORM argo_setup(); END $$;

INSERT INTO organizations (organization_id, organization_name, timezone) VALUES
    ('ny', 'New York', 'America/New_York'), ('kolkata', 'Kolkata', 'Asia/Kolkata'),
    ('kathmandu', 'Kathmandu', 'Asia/Kathmandu'), ('howe', 'Lord Howe', 'Australia/Lord_Howe'),
    ('utc', 'UTC', 'UTC'), ('lower', 'Lower case', 'asia/kolkata'),
    ('bad', 'Nowhere', 'Mars/Olympus'), ('posix', 'POSIX rule', 'XYZ-5'), ('abbr', 'Abbreviation', 'IST'),
    ('null', 'Unknown', NULL);
-- What each site's clock should be; the last four count as New York.
CREATE TEMP TABLE clocks (organization_id text, clock text);
INSERT INTO clocks VALUES ('ny', 'ny'), ('kolkata', 'kolkata'), ('kathmandu', 'kathmandu'), ('howe', 'howe'), ('utc', 'utc'),
    ('lower', 'kolkata'), ('bad', 'ny'), ('posix', 'ny'), ('abbr', 'ny'), ('null', 'ny'), (NULL, 'ny');
-- Seconds east of UTC, by instant.
CREATE TEMP TABLE offsets (clock text, since timestamptz, until timestamptz, east integer);
INSERT INTO offsets VALUES
    ('utc', '-infinity', 'infinity', 0),
    ('kolkata', '-infinity', 'infinity', 19800),
    ('kathmandu', '-infinity', 'infinity', 20700),
    ('ny', '-infinity', '2025-03-09 07:00Z', -18000),
    ('ny', '2025-03-09 07:00Z', '2025-11-02 06:00Z', -14400),
    ('ny', '2025-11-02 06:00Z', 'infinity', -18000),
    ('howe', '-infinity', '2025-04-05 15:00Z', 39600),
    ('howe', '2025-04-05 15:00Z', '2025-10-04 15:30Z', 37800),
    ('howe', '2025-10-04 15:30Z', 'infinity', 39600);

-- Two meters a site: one with holes of every kind, one whole (100 and up). The last of each has no site.
INSERT INTO channels (channel_id, channel_name, organization_id)
SELECT n + whole * 100, coalesce(organization_id, 'no site') || whole, organization_id
FROM (SELECT row_number() OVER (ORDER BY organization_id NULLS LAST)::integer AS n, organization_id FROM clocks) AS s,
     generate_series(0, 1) AS whole;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw, voltage_v, power_factor)
SELECT c.channel_id, t,
       CASE WHEN c.channel_id < 100 THEN CASE h % 17 WHEN 0 THEN 0 WHEN 1 THEN NULL WHEN 2 THEN 'NaN' WHEN 3 THEN -0.3 ELSE (h % 97 + 1) * 0.1 END
            ELSE (h % 97 + 1) * 0.1 END,
       CASE WHEN c.channel_id < 100 THEN CASE h % 19 WHEN 0 THEN 0 WHEN 1 THEN NULL WHEN 2 THEN 'NaN' ELSE (h % 89 + 1) * 0.4 END
            ELSE (h % 89 + 1) * 0.4 END,
       CASE WHEN h % 5 > 0 THEN 220 + h % 31 END, CASE WHEN h % 7 > 0 THEN (h % 10) * 0.1 END
FROM channels AS c,
     (VALUES ('2025-02-27 00:00Z'::timestamptz, '2025-03-02 00:00Z'::timestamptz), ('2025-03-07 00:00Z', '2025-03-12 00:00Z'),
             ('2025-04-04 00:00Z', '2025-04-08 00:00Z'), ('2025-10-03 00:00Z', '2025-10-07 00:00Z'),
             ('2025-10-31 00:00Z', '2025-11-04 00:00Z')) AS w (since, until),
     generate_series(w.since, w.until - interval '15 minutes', interval '15 minutes') AS t,
     LATERAL (SELECT abs(hashint8((extract(epoch FROM t) / 900)::bigint * 1000 + c.channel_id))) AS f (h);

-- Every clean reading with its local time as seconds, as if that were UTC.
CREATE TEMP TABLE local_readings AS
SELECT c.channel_id AS meter_id, c.channel_name AS meter_name, c.organization_id AS site_id, o.organization_name AS site_name,
       s.east, extract(epoch FROM r."timestamp")::bigint + s.east AS wall,
       r.energy_kwh::float8 AS kwh, r.power_kw::float8 AS kw, r.voltage_v::float8 AS v, r.power_factor::float8 AS pf
FROM readings r
JOIN channels c USING (channel_id)
LEFT JOIN organizations o USING (organization_id)
JOIN clocks k ON k.organization_id IS NOT DISTINCT FROM c.organization_id
JOIN offsets s ON s.clock = k.clock AND r."timestamp" >= s.since AND r."timestamp" < s.until
WHERE NOT (r.energy_kwh IS NULL OR r.power_kw IS NULL OR r.energy_kwh IN (0, 'NaN') OR r.power_kw IN (0, 'NaN'));

CREATE TEMP TABLE hours AS
SELECT meter_id, meter_name, site_id, site_name, NULL::integer AS device_id, NULL::text AS device_name,
       to_timestamp(wall / 3600 * 3600 - east) AS hour, sum(kw) / count(*) AS avg_kw, sum(kwh) AS total_kwh, count(*) AS reading_count
FROM local_readings GROUP BY meter_id, meter_name, site_id, site_name, wall / 3600, east;
CREATE TEMP TABLE days AS
SELECT meter_id, meter_name, site_id, site_name, date '1970-01-01' + (wall / 86400)::integer AS reading_date,
       sum(kwh) AS total_energy_kwh, sum(kw) / count(*) AS avg_power_kw, max(kw)::real AS peak_power_kw,
       sum(v) / count(v) AS avg_voltage_v, min(v)::real AS min_voltage_v, max(v)::real AS max_voltage_v,
       sum(pf) / count(pf) AS avg_power_factor, count(*) AS reading_count
FROM local_readings GROUP BY meter_id, meter_name, site_id, site_name, wall / 86400;
CREATE TEMP TABLE months AS
SELECT meter_id, meter_name, site_id, site_name,
       make_date(extract(year FROM d.day)::integer, extract(month FROM d.day)::integer, 1) AS reading_month,
       sum(kwh) AS total_energy_kwh, sum(kw) / count(*) AS avg_power_kw, max(kw)::real AS peak_power_kw, count(*) AS reading_count
FROM local_readings, LATERAL (SELECT date '1970-01-01' + (wall / 86400)::integer AS day) AS d
GROUP BY meter_id, meter_name, site_id, site_name, 5;

SELECT cmp_ok((SELECT count(*) FROM hours), '>', 9000::bigint, 'the expected hours are many');
SELECT cmp_ok((SELECT count(*) FROM days), '>', 400::bigint, 'so are the expected days');
SELECT cmp_ok((SELECT count(*) FROM months), '>', 80::bigint, 'and months');
SELECT cmp_ok((SELECT count(*) FROM v_clean_readings), '<', (SELECT count(*) FROM readings), 'some readings are not clean');

-- Rows that are in one of two relations only.
CREATE FUNCTION pg_temp.differ(a text, b text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM ((SELECT * FROM %1$s EXCEPT ALL SELECT * FROM %2$s) UNION ALL
                                          (SELECT * FROM %2$s EXCEPT ALL SELECT * FROM %1$s)) AS d', a, b) INTO result;
    RETURN result;
END $$;
CREATE FUNCTION pg_temp.same_everywhere(zone text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('TimeZone', zone, true);
    RETURN NEXT is(pg_temp.differ('v_readings_hourly', 'hours'), 0::bigint, 'hours, filled in another zone, read in ' || zone);
    PERFORM argo_refresh();
    RETURN NEXT is(pg_temp.differ('v_readings_hourly', 'hours'), 0::bigint, 'hours, refreshed in ' || zone);
    RETURN NEXT is(pg_temp.differ('v_readings_daily', 'days'), 0::bigint, 'days in ' || zone);
    RETURN NEXT is(pg_temp.differ('v_readings_monthly', 'months'), 0::bigint, 'months in ' || zone);
END $$;
SET LOCAL TimeZone = 'Pacific/Chatham';
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT pg_temp.same_everywhere(zone) FROM unnest(ARRAY['UTC', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu',
    'Australia/Lord_Howe', 'Pacific/Apia', 'America/St_Johns', 'Europe/London']) AS zone;
SET LOCAL TimeZone = 'UTC';

-- Quarters of an hour in a local day of a meter without holes.
CREATE FUNCTION pg_temp.quarters(site text, day date) RETURNS bigint LANGUAGE sql AS $$
    SELECT reading_count FROM v_readings_daily WHERE site_id = $1 AND reading_date = $2 AND meter_id > 100
$$;
SELECT is(pg_temp.quarters('ny', '2025-03-08'), 96::bigint, 'an ordinary day');
SELECT is(pg_temp.quarters('ny', '2025-03-09'), 92::bigint, 'the spring day of New York');
SELECT is(pg_temp.quarters('ny', '2025-11-02'), 100::bigint, 'the autumn day of New York');
SELECT is(pg_temp.quarters('bad', '2025-11-02'), 100::bigint, 'an unknown zone counts as New York');
SELECT is(pg_temp.quarters('howe', '2025-04-06'), 98::bigint, 'the autumn day of Lord Howe');
SELECT is(pg_temp.quarters('howe', '2025-10-05'), 94::bigint, 'the spring day of Lord Howe');
SELECT is(pg_temp.quarters('kolkata', '2025-03-09'), 96::bigint, 'Kolkata knows no clock change');
SELECT is(pg_temp.quarters('lower', '2025-03-09'), 96::bigint, 'a name in lower case is known');
SELECT results_eq($$SELECT hour, reading_count FROM v_readings_hourly
    WHERE site_id = 'ny' AND meter_id > 100 AND hour >= '2025-11-02 04:00Z' AND hour < '2025-11-02 08:00Z' ORDER BY 1$$,
    $$VALUES ('2025-11-02 04:00Z'::timestamptz, 4::bigint), ('2025-11-02 05:00Z', 4), ('2025-11-02 06:00Z', 4), ('2025-11-02 07:00Z', 4)$$,
    'the two hours 01:00 of autumn are two rows');
SELECT is_empty($$SELECT 1 FROM v_readings_hourly WHERE site_id = 'kathmandu' AND extract(minute FROM hour) <> 15$$,
    'hours of Kathmandu begin at a quarter past in UTC');

-- Zones are verified when they come and whenever they change.
SELECT results_eq($$SELECT organization_id, timezone, is_valid FROM _argo_zones ORDER BY 1$$, $$VALUES
    ('abbr', 'America/New_York', false), ('bad', 'America/New_York', false), ('howe', 'Australia/Lord_Howe', true),
    ('kathmandu', 'Asia/Kathmandu', true), ('kolkata', 'Asia/Kolkata', true), ('lower', 'Asia/Kolkata', true),
    ('null', 'America/New_York', false), ('ny', 'America/New_York', true), ('posix', 'America/New_York', false),
    ('utc', 'UTC', true)$$, 'the zones that count');
SELECT is(_argo_verified_zone(name), verified, format('_argo_verified_zone(%L)', name))
FROM (VALUES ('EUROPE/london', 'Europe/London'), ('posix/Asia/Kolkata', NULL), ('localtime', NULL), ('EDT', NULL),
             ('', NULL), ('XYZ5', NULL), (NULL, NULL)) AS z (name, verified);
UPDATE organizations SET timezone = 'Asia/Kolkata' WHERE organization_id = 'bad';
SELECT results_eq($$SELECT timezone, is_valid FROM _argo_zones WHERE organization_id = 'bad'$$, $$VALUES ('Asia/Kolkata', true)$$,
    'a mended zone counts at once');
SELECT is(pg_temp.quarters('bad', '2025-11-02'), 96::bigint, 'and the days follow');
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('ny', 'New York', 'Nope')
    ON CONFLICT (organization_id) DO UPDATE SET timezone = excluded.timezone;
SELECT results_eq($$SELECT timezone, is_valid FROM _argo_zones WHERE organization_id = 'ny'$$, $$VALUES ('America/New_York', false)$$,
    'so does one that an upsert spoils');
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('spare', 'Spare', 'UTC');
UPDATE organizations SET organization_id = 'renamed' WHERE organization_id = 'spare';
SELECT is((SELECT timezone FROM _argo_zones WHERE organization_id = 'renamed'), 'UTC', 'a renamed organization keeps its zone');
DELETE FROM organizations WHERE organization_id = 'renamed';
SELECT is_empty($$SELECT 1 FROM _argo_zones WHERE organization_id IN ('spare', 'renamed')$$, 'a deleted one leaves none behind');

SELECT * FROM finish();
ROLLBACK;
