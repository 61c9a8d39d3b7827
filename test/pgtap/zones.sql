-- _argo_hour() and _argo_days() against PostgreSQL's own conversions, around every change of awkward clocks.
\set QUIET on
SET client_min_messages = error;
SET jit = off;
BEGIN;
SELECT plan(8);

DO $$ BEGIN PERFORM argo_setup(); END $$;

-- Half-hour changes, changes at and across midnight, by two and three hours, offsets of 45 minutes, a skipped day.
CREATE TEMP TABLE awkward AS
SELECT name, _argo_hour_origin(name) AS origin FROM unnest(ARRAY['America/New_York', 'Australia/Lord_Howe', 'Asia/Kathmandu',
    'America/Havana', 'Asia/Beirut', 'Africa/Cairo', 'Asia/Chita', 'Asia/Colombo', 'Asia/Pyongyang', 'Antarctica/Troll',
    'Antarctica/Casey', 'Atlantic/Azores', 'Pacific/Apia', 'America/Caracas', 'America/St_Johns', 'Asia/Kolkata', 'UTC']) AS z (name);
-- The two days around each change of an offset from 2000 to 2037, by quarters of an hour.
CREATE TEMP TABLE quarters AS
SELECT DISTINCT z.name, z.origin, t AS instant
FROM awkward AS z
CROSS JOIN generate_series('2000-01-01 00:00Z'::timestamptz, '2037-12-31', '1 day') AS d
CROSS JOIN LATERAL generate_series(d - interval '1 day', d + interval '1 day', '15 minutes') AS t
WHERE (d AT TIME ZONE z.name) - (d AT TIME ZONE 'UTC')
      <> ((d - interval '1 day') AT TIME ZONE z.name) - ((d - interval '1 day') AT TIME ZONE 'UTC');

SELECT cmp_ok((SELECT count(*) FROM quarters), '>', 50000::bigint, 'the quarters are many');
SELECT is_empty('SELECT * FROM quarters WHERE _argo_hour(instant, name, origin) <> date_trunc(''hour'', instant, name)',
    'an hour is what date_trunc() says');
SELECT set_eq('SELECT name FROM awkward WHERE origin IS NULL',
    ARRAY['Australia/Lord_Howe', 'Asia/Colombo', 'Asia/Pyongyang', 'America/Caracas', 'Asia/Kathmandu'],
    'clocks that changed by part of an hour since 1970 have no origin');
CREATE FUNCTION pg_temp.hour(reading timestamptz, zone text) RETURNS timestamptz LANGUAGE sql AS $$
    SELECT _argo_hour(reading, zone, _argo_valid_origin(reading, zone, _argo_hour_origin(zone)))
$$;
SELECT results_eq($$SELECT pg_temp.hour('1969-12-31 23:50Z', 'Africa/Monrovia'), pg_temp.hour('1890-01-01 00:50Z', 'Asia/Kolkata'),
    pg_temp.hour('2025-06-01 12:34Z', NULL), pg_temp.hour('infinity', 'UTC'), pg_temp.hour('2025-06-01 12:34Z', 'Asia/Kolkata')$$,
    $$VALUES (date_trunc('hour', '1969-12-31 23:50Z'::timestamptz, 'Africa/Monrovia'),
    date_trunc('hour', '1890-01-01 00:50Z'::timestamptz, 'Asia/Kolkata'), '2025-06-01 12:00Z'::timestamptz,
    'infinity'::timestamptz, '2025-06-01 12:30Z'::timestamptz)$$, 'outside of 1970 to 2100, and without a zone');
CREATE TEMP TABLE days AS
SELECT z.name, d.* FROM awkward AS z CROSS JOIN LATERAL _argo_days('{[2000-01-01,2038-01-02)}', '1999-12-01', '2038-02-01', z.name) AS d;
SELECT is((SELECT count(*) FROM days), 17 * (date '2038-01-02' - date '2000-01-01')::bigint, 'each day is given once');
SELECT cmp_ok((SELECT count(*) FILTER (WHERE is_ordinary) FROM days), '>', (SELECT count(*) * 95 / 100 FROM days), 'most are ordinary ones');
SELECT is((SELECT count(*) FROM quarters AS q JOIN days AS d ON d.name = q.name AND d.day = (q.instant AT TIME ZONE q.name)::date
        AND q.instant >= d.range_start AND q.instant < d.range_end WHERE q.instant >= '2000-01-03'),
    (SELECT count(*) FROM quarters WHERE instant >= '2000-01-03'), 'its range holds each of its quarters');
SELECT is_empty($$SELECT q.name, q.instant, array_agg(d.day) FROM quarters AS q
    CROSS JOIN generate_series(-1, 1) AS near
    JOIN days AS d ON d.name = q.name AND d.day = (q.instant AT TIME ZONE q.name)::date + near
        AND q.instant >= d.range_start AND q.instant < d.range_end
        AND (d.is_ordinary OR (q.instant AT TIME ZONE q.name)::date = d.day)
    WHERE q.instant >= '2000-01-03'
    GROUP BY 1, 2 HAVING array_agg(d.day) <> ARRAY[(q.instant AT TIME ZONE q.name)::date]$$,
    'and no quarter is in another day');

SELECT * FROM finish();
ROLLBACK;
