-- The registry: materialized views of one's own, kept by argo_refresh() like Argo's.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(85);

DO $$ BEGIN PERFORM argo_setup(); END $$;
SET LOCAL TimeZone = 'UTC';
CREATE ROLE argo_test_owner;
CREATE ROLE argo_test_other;

CREATE FUNCTION pg_temp.attempt(role text, statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE statement;
    PERFORM set_config('role', 'none', true);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
-- Rows of a relation that are not those of a query, or the other way round.
CREATE FUNCTION pg_temp.differ(relation text, definition text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint;
BEGIN
    EXECUTE format('WITH d AS MATERIALIZED (%2$s) SELECT count(*) FROM
        ((TABLE %1$s EXCEPT ALL TABLE d) UNION ALL (TABLE d EXCEPT ALL TABLE %1$s)) AS x', relation, definition) INTO result;
    RETURN result;
END $$;
CREATE FUNCTION pg_temp.stale(matview regclass) RETURNS bigint LANGUAGE sql AS $$
    SELECT pg_temp.differ($1::text, rtrim(pg_get_viewdef($1), ';'))
$$;

-- Sites at both ends of the world's clocks, with half hours and with clock changes.
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES
    ('first', 'First', 'Pacific/Kiritimati'), ('last', 'Last', 'Etc/GMT+12'), ('howe', 'Lord Howe', 'Australia/Lord_Howe'),
    ('ny', 'New York', 'America/New_York'), ('kathmandu', 'Kathmandu', 'Asia/Kathmandu');
INSERT INTO channels (channel_id, channel_name, organization_id)
SELECT row_number() OVER (ORDER BY organization_id, n), 'm', organization_id FROM organizations, generate_series(1, 2) AS n;
INSERT INTO channels (channel_id, channel_name) VALUES (11, 'no site');
-- The edges of days, months and years and of the changes of clocks, somewhere in the world; readings around them and between.
CREATE TEMP TABLE edges (at timestamptz PRIMARY KEY);
INSERT INTO edges SELECT DISTINCT e + o * interval '1 hour'
FROM unnest(ARRAY['2024-12-31 00:00Z', '2025-01-01 00:00Z', '2025-03-09 06:00Z', '2025-04-05 14:00Z', '2025-07-01 00:00Z',
                  '2025-10-04 16:00Z', '2025-11-02 06:00Z']::timestamptz[]) AS e, unnest(ARRAY[-14, -12, -10, 0, 4, 12]) AS o;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, 1 + c % 3, 4
FROM generate_series(1, 11) AS c, generate_series('2024-12-20 00:00Z'::timestamptz, '2025-12-20 00:00Z', interval '2 hours') AS t
WHERE extract(hour FROM t) = 12 AND extract(day FROM t)::integer % 3 = 2
   OR EXISTS (SELECT FROM edges WHERE t BETWEEN at - interval '12 hours' AND at + interval '12 hours');

-- One view for each unit, with a meter and without, of timestamptz and of date: 22 of them.
CREATE SCHEMA "my Views";
CREATE TEMP TABLE mine (matview text PRIMARY KEY, unit text, has_meter boolean, type text, function text);
INSERT INTO mine
SELECT format('"my Views".%I', format('%s of a %s as %s', unit, CASE WHEN has_meter THEN 'meter' ELSE 'site' END, type)),
       unit, has_meter, type, format('"my Views".%I', format('%s of a %s as %s ()', unit, CASE WHEN has_meter THEN 'meter' ELSE 'site' END, type))
FROM unnest(ARRAY['hour', 'day', 'week', 'month', 'quarter', 'year']) AS unit, unnest(ARRAY[true, false]) AS has_meter,
     unnest(ARRAY['timestamptz', 'date']) AS type
WHERE unit <> 'hour' OR type <> 'date';
DO $$
DECLARE m record;
BEGIN
    FOR m IN SELECT * FROM mine ORDER BY matview LOOP
        EXECUTE format($f$
            CREATE FUNCTION %1$s(%2$s range_start timestamptz, range_end timestamptz)
            RETURNS TABLE (%3$s, "Bucket" %4$s, kwh double precision, n bigint) LANGUAGE sql STABLE
            BEGIN ATOMIC
                SELECT %5$s, %6$s, sum(r.energy_kwh::double precision), count(*)
                FROM v_clean_readings AS r JOIN channels AS c USING (channel_id) LEFT JOIN _argo_zones AS z USING (organization_id)
                WHERE %7$s r."timestamp" >= range_start AND r."timestamp" < range_end
                GROUP BY 1, 2;
            END$f$, m.function,
            CASE WHEN m.has_meter THEN '"Meter" integer,' END,
            CASE WHEN m.has_meter THEN '"the meter" integer' ELSE 'site text' END, m.type,
            CASE WHEN m.has_meter THEN 'r.channel_id' ELSE 'coalesce(c.organization_id, ''none'')' END,
            CASE WHEN m.type = 'date' THEN format('date_trunc(%L, r."timestamp" AT TIME ZONE coalesce(z.timezone, ''America/New_York''))::date', m.unit)
                 ELSE format('date_trunc(%L, r."timestamp", coalesce(z.timezone, ''America/New_York''))', m.unit) END,
            CASE WHEN m.has_meter THEN 'r.channel_id = "Meter" AND' END);
        EXECUTE format('CREATE MATERIALIZED VIEW %s AS SELECT u.* FROM %s AS u', m.matview,
            CASE WHEN m.has_meter THEN format('channels AS c CROSS JOIN LATERAL %s(c.channel_id, ''-infinity'', ''infinity'')', m.function)
                 ELSE format('%s(''-infinity'', ''infinity'')', m.function) END);
        EXECUTE format('CREATE UNIQUE INDEX ON %s (%s, "Bucket")', m.matview, CASE WHEN m.has_meter THEN '"the meter"' ELSE 'site' END);
        PERFORM argo_register_matview(m.matview::regclass, 'Bucket', m.unit, m.function::regproc,
                                      CASE WHEN m.has_meter THEN 'the meter' END);
    END LOOP;
END $$;
SELECT results_eq('SELECT view COLLATE "default" FROM v_refresh_status', $$SELECT 'mv_hourly_usage' UNION ALL SELECT 'mv_daily_usage'
    UNION ALL (SELECT matview FROM mine ORDER BY matview)$$, 'views of one''s own are kept after Argo''s, in the order they came in');
SELECT matches((SELECT warning FROM v_refresh_status OFFSET 2 LIMIT 1), 'never refreshed', 'and wait for their first refresh');
SELECT bag_eq('SELECT view, strategy, reason FROM argo_refresh() OFFSET 2',
    $$SELECT matview AS v, 'full' AS s, 'first refresh, or readings were truncated' AS r FROM mine$$, 'which is a full one');
SELECT is_empty('SELECT 1 FROM argo_refresh() WHERE strategy <> ''skipped''', 'then all are clean');

CREATE FUNCTION pg_temp.all_follow(change text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE late bigint; missed text;
BEGIN
    EXECUTE change;
    SELECT count(*) INTO late FROM mine WHERE pg_temp.stale(matview::regclass) > 0;
    RETURN NEXT cmp_ok(late, '>', 15::bigint, what || ': most views are behind');
    CREATE TEMP TABLE done AS SELECT * FROM argo_refresh('incremental', days => 1);
    RETURN NEXT is((SELECT string_agg(DISTINCT strategy, ', ') FROM done), 'incremental', what || ': all are refreshed in place');
    RETURN NEXT ok((SELECT sum(inserted + updated + deleted) > 0 AND bool_and(rows_examined < 1500) FROM done), what || ': by a few rows');
    SELECT string_agg(matview, '; ') INTO missed FROM mine WHERE pg_temp.stale(matview::regclass) > 0;
    RETURN NEXT is(missed, NULL, what || ': and all are what they should be');
    DROP TABLE done;
END $$;
SELECT pg_temp.all_follow($$UPDATE readings SET energy_kwh = energy_kwh + 1 FROM edges WHERE "timestamp" = at AND channel_id IN (1, 5, 9)$$, 'UPDATE');
SELECT pg_temp.all_follow($$DELETE FROM readings USING edges WHERE "timestamp" = at AND channel_id IN (2, 4, 11)$$, 'DELETE');
SELECT pg_temp.all_follow($$INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
    SELECT c, at + interval '45 minutes', 7, 7 FROM edges, unnest(ARRAY[3, 8, 11]) AS c$$, 'INSERT');
SELECT pg_temp.all_follow($$INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
    SELECT c, t, 1, 4 FROM unnest(ARRAY[6, 7]) AS c, generate_series('2025-12-20 02:00Z', '2026-02-03 00:00Z', interval '3 hours') AS t$$, 'new buckets');
SELECT pg_temp.all_follow($$DELETE FROM readings WHERE channel_id = 6 AND "timestamp" >= '2026-01-01'$$, 'emptied buckets');

-- One clock changes: with that site's rows those of every site are recomputed where there is no meter.
UPDATE organizations SET timezone = 'Asia/Kolkata' WHERE organization_id = 'ny';
UPDATE channels SET organization_id = 'howe' WHERE channel_id = 1;
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT is_empty('SELECT matview FROM mine WHERE pg_temp.stale(matview::regclass) > 0', 'a zone changed and a meter moved: all are what they should be');
SELECT is_empty('SELECT 1 FROM _argo_dirty', 'and no mark is left');

-- By name, in whatever schema.
UPDATE readings SET energy_kwh = 9 WHERE channel_id = 1 AND "timestamp" = '2025-06-02 12:00Z';
SELECT results_eq($$SELECT view, strategy FROM argo_refresh(views => ARRAY['"my Views"."day of a meter as date"'])$$,
    $$VALUES ('"my Views"."day of a meter as date"', 'incremental')$$, 'one is refreshed by its qualified name');
SELECT is(pg_temp.stale('"my Views"."day of a meter as date"'), 0::bigint, 'it alone');
SELECT cmp_ok(pg_temp.stale('"my Views"."day of a site as date"'), '>', 0::bigint, 'and not the next');
SELECT is((pg_temp.attempt('none', $$SELECT argo_refresh(views => ARRAY['day of a meter as date'])$$)).state, '22023', 'half a name is no name');

-- A view that is unregistered stays as it is.
SELECT is(argo_unregister_matview('"my Views"."day of a site as date"'), true, 'a view is unregistered');
SELECT is(argo_unregister_matview('"my Views"."day of a site as date"'), false, 'once');
SELECT is((SELECT count(*) FROM argo_refresh() WHERE view LIKE '%day of a site as date%'), 0::bigint, 'a refresh leaves it alone');
SELECT cmp_ok(pg_temp.stale('"my Views"."day of a site as date"'), '>', 0::bigint, 'as it is');
SELECT is_empty('SELECT 1 FROM _argo_dirty', 'and it keeps no marks');
CREATE TEMP TABLE own AS SELECT name, a.* FROM unnest(ARRAY['mv_hourly_usage', 'mv_daily_usage']) AS name,
    pg_temp.attempt('none', format('SELECT argo_unregister_matview(%L)', name)) AS a;
SELECT is(state, '22023', name || ' cannot be unregistered') FROM own;
SELECT ok(bool_and(detail <> '' AND hint <> ''), 'and the error says why') FROM own;

-- Dropped, it does no harm to the others.
UPDATE readings SET energy_kwh = 10 WHERE channel_id = 1 AND "timestamp" = '2025-06-02 12:00Z';
DO $$ BEGIN PERFORM argo_refresh(views => ARRAY['mv_hourly_usage']); END $$;
SELECT is((SELECT count(*) FROM _argo_dirty), 22::bigint, 'a mark waits for each of the others');
DROP MATERIALIZED VIEW "my Views"."week of a meter as date";
DELETE FROM mine WHERE matview = '"my Views"."week of a meter as date"';
SELECT is((SELECT count(*) FROM v_refresh_status), 22::bigint, 'v_refresh_status knows a dropped view no more');
UPDATE readings SET energy_kwh = 11 WHERE channel_id = 1 AND "timestamp" = '2025-06-05 12:00Z';
SELECT is((SELECT count(*) FROM argo_refresh() WHERE strategy = 'incremental'), 22::bigint, 'all the others are refreshed');
SELECT is_empty('SELECT 1 FROM _argo_dirty', 'no mark is left for it');
SELECT is((SELECT count(*) FROM _argo_refreshed_views WHERE is_in_use), 22::bigint, 'nor its registration');
SELECT matches((pg_temp.attempt('none', $$SELECT argo_refresh(views => ARRAY['nosuch'])$$)).hint,
    '^Use some of: mv_hourly_usage, mv_daily_usage, "my Views"\.', 'an error still names the rest');

-- Without a range function, and without a unique index.
CREATE MATERIALIZED VIEW bare AS SELECT channel_id, "timestamp" AS at, energy_kwh FROM readings WHERE "timestamp" >= '2025-12-01';
CREATE UNIQUE INDEX ON bare (channel_id, at);
CREATE MATERIALIZED VIEW keyless AS SELECT channel_id, "timestamp" AS at, energy_kwh FROM readings WHERE "timestamp" >= '2025-12-01';
CREATE FUNCTION keyless_source(range_start timestamptz, range_end timestamptz)
RETURNS TABLE (channel_id integer, at timestamptz, energy_kwh real) LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT channel_id, date_trunc('hour', "timestamp", 'UTC'), energy_kwh FROM readings
    WHERE "timestamp" >= range_start AND "timestamp" < range_end;
END;
CREATE MATERIALIZED VIEW keyless_ranged AS SELECT * FROM keyless_source('-infinity', 'infinity');
-- None of these tells rows apart for a concurrent refresh.
CREATE UNIQUE INDEX ON keyless (channel_id, at) WHERE energy_kwh > 0;
CREATE UNIQUE INDEX ON keyless ((channel_id + 0), at);
CREATE INDEX ON keyless (channel_id, at);
SELECT argo_register_matview('bare', 'at'), argo_register_matview('keyless', 'at'),
       argo_register_matview('keyless_ranged', 'at', 'hour', 'keyless_source') \g /dev/null
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT results_eq($$SELECT view, strategy FROM argo_refresh(views => ARRAY['bare', 'keyless', 'keyless_ranged'])$$,
    $$VALUES ('bare', 'skipped'), ('keyless', 'skipped'), ('keyless_ranged', 'skipped')$$, 'they are clean, too, where nothing changed');
UPDATE readings SET energy_kwh = 12 WHERE channel_id = 1 AND "timestamp" = '2025-12-02 12:00Z';
CREATE TEMP TABLE file AS SELECT oid, relfilenode FROM pg_class WHERE oid IN ('bare'::regclass, 'keyless'::regclass, 'keyless_ranged'::regclass);
SELECT results_eq($$SELECT view, strategy, reason, inserted FROM argo_refresh(views => ARRAY['bare', 'keyless'])$$, $$VALUES
    ('bare', 'full', 'it has no range function', 1::bigint), ('keyless', 'full', 'it has no unique index: readers had to wait', NULL)$$,
    'otherwise they are refreshed fully, and the row says why');
CREATE TEMP TABLE ranged (strategy text, reason text);
SELECT lives_ok($$INSERT INTO ranged SELECT strategy, reason FROM argo_refresh(views => ARRAY['keyless_ranged'])$$,
    'a range function without a unique index is no error');
SELECT results_eq('SELECT strategy, reason FROM ranged', $$VALUES ('full', 'it has no unique index: readers had to wait')$$, 'but of no use');
SELECT results_eq($$SELECT f.oid::regclass::text COLLATE "default", c.relfilenode <> f.relfilenode FROM file AS f JOIN pg_class AS c USING (oid) ORDER BY 1$$,
    $$VALUES ('bare', false), ('keyless', true), ('keyless_ranged', true)$$, 'only a unique index lets readers read on meanwhile');
SELECT is(pg_temp.stale(name::regclass), 0::bigint, name || ' is what it should be') FROM unnest(ARRAY['bare', 'keyless', 'keyless_ranged']) AS name;
SELECT is_empty('SELECT 1 FROM argo_refresh() WHERE view ~ ''^(bare|keyless)'' AND strategy <> ''skipped''', 'and taken for nobody else''s doing');
UPDATE readings SET energy_kwh = 13 WHERE channel_id = 1 AND "timestamp" = '2025-12-02 12:00Z';
SELECT results_eq($$SELECT strategy, reason FROM argo_refresh('incremental', views => ARRAY['bare'])$$,
    $$VALUES ('full', 'it has no range function')$$, 'incremental is full there');

-- Registered otherwise; a function that is gone.
SELECT argo_register_matview('bare', 'at', 'hour') \g /dev/null
SELECT is((SELECT count(*) FROM _argo_refreshed_views WHERE matview = 'bare'::regclass), 1::bigint, 'a view registered again is one registration');
CREATE FUNCTION bare_source(meter integer, range_start timestamptz, range_end timestamptz)
RETURNS TABLE (channel_id integer, at timestamptz, energy_kwh real) LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN QUERY SELECT r.channel_id, r."timestamp", r.energy_kwh FROM public.readings AS r
    WHERE r.channel_id = meter AND r."timestamp" >= greatest(range_start, '2025-12-01') AND r."timestamp" < range_end;
END $$;
SELECT argo_register_matview('bare', 'at', 'hour', 'bare_source', 'channel_id') \g /dev/null
SELECT results_eq($$SELECT strategy, reason FROM argo_refresh(views => ARRAY['bare'])$$,
    $$VALUES ('full', 'its range function has changed')$$, 'with a function it had not, it is refreshed fully');
UPDATE readings SET energy_kwh = 14 WHERE channel_id = 1 AND "timestamp" = '2025-12-02 12:00Z';
SELECT results_eq($$SELECT strategy, rows_examined, updated FROM argo_refresh(views => ARRAY['bare'])$$,
    $$VALUES ('incremental', 1::bigint, 1::bigint)$$, 'and then in place, whatever the language of the function');
SELECT is(pg_temp.stale('bare'), 0::bigint, 'as it should be');
DROP FUNCTION bare_source;
UPDATE readings SET energy_kwh = 15 WHERE channel_id = 1 AND "timestamp" = '2025-12-02 12:00Z';
SELECT results_eq($$SELECT strategy, reason FROM argo_refresh(views => ARRAY['bare'])$$,
    $$VALUES ('full', 'its range function has changed')$$, 'a function that is gone has changed');
UPDATE readings SET energy_kwh = 16 WHERE channel_id = 1 AND "timestamp" = '2025-12-02 12:00Z';
SELECT results_eq($$SELECT strategy, reason FROM argo_refresh(views => ARRAY['bare'])$$,
    $$VALUES ('full', 'it has no range function')$$, 'and then there is none');
SELECT is(pg_temp.stale('bare'), 0::bigint, 'the view is right all the same');

-- Wrong arguments.
CREATE TABLE a_table (at timestamptz, m integer);
CREATE VIEW a_view AS SELECT * FROM a_table;
CREATE MATERIALIZED VIEW a_matview AS SELECT at, at::date AS day, at::timestamp AS wall, m, m::bigint AS big FROM a_table;
CREATE FUNCTION a_source(timestamptz, timestamptz) RETURNS SETOF a_matview LANGUAGE sql STABLE AS 'SELECT * FROM public.a_matview';
CREATE TEMP TABLE wrong AS
SELECT w.*, a.* FROM (VALUES
    ('''a_table'', ''at''', '42809'), ('''a_view'', ''at''', '42809'), ('NULL, ''at''', '42809'),
    ('''a_matview'', ''nosuch''', '22023'), ('''a_matview'', ''wall''', '22023'), ('''a_matview'', NULL', '22023'), ('''a_matview'', ''ctid''', '22023'),
    ('''a_matview'', ''at'', ''minute''', '22023'), ('''a_matview'', ''day'', ''hour''', '22023'),
    ('''a_matview'', ''at'', NULL, ''a_source''', '22023'),
    ('''a_matview'', ''at'', ''day'', NULL, ''big''', '22023'), ('''a_matview'', ''at'', ''day'', NULL, ''nosuch''', '22023'),
    ('''a_matview'', ''at'', ''day'', ''a_source'', ''m''', '42883'), ('''a_matview'', ''at'', ''day'', ''pg_catalog.now''', '42883')
) AS w (arguments, expected), pg_temp.attempt('none', format('SELECT argo_register_matview(%s)', arguments)) AS a;
SELECT is(state, expected, format('argo_register_matview(%s) is refused', arguments)) FROM wrong;
SELECT is_empty($$SELECT arguments FROM wrong WHERE message ~ '(^[A-Z][a-z]|\.$)' OR coalesce(detail, '') !~ 'Nothing was registered' OR coalesce(hint, '') = ''$$,
    'each with a message, a detail and a hint as they should be');
SELECT is_empty($$SELECT 1 FROM _argo_refreshed_views WHERE matview = 'a_matview'::regclass$$, 'and nothing is registered');

-- Rights: one's own views, and the right to write the registry.
ALTER MATERIALIZED VIEW a_matview OWNER TO argo_test_owner;
CREATE TEMP TABLE foreigner AS SELECT * FROM pg_temp.attempt('argo_test_other', $$SELECT argo_register_matview('a_matview', 'at')$$);
SELECT is(state, '42501', 'a view of another role cannot be registered') FROM foreigner;
SELECT matches(message, 'must be owner of materialized view .*a_matview', 'as the error says') FROM foreigner;
SELECT is((pg_temp.attempt('argo_test_owner', $$SELECT argo_register_matview('a_matview', 'at')$$)).state, '42501',
    'nor one''s own without a right to the registry');
GRANT SELECT, INSERT, UPDATE, DELETE ON _argo_refreshed_views TO argo_test_owner, argo_test_other;
GRANT SELECT, DELETE ON _argo_dirty TO argo_test_owner, argo_test_other;
SELECT is((pg_temp.attempt('argo_test_other', $$SELECT argo_register_matview('a_matview', 'at')$$)).state, '42501',
    'that right does not make another''s view one''s own');
SELECT is((pg_temp.attempt('argo_test_owner', $$SELECT argo_register_matview('a_matview', 'at')$$)).message, NULL, 'its owner may');
ALTER FUNCTION a_source OWNER TO argo_test_other;
SELECT is((pg_temp.attempt('argo_test_owner', $$SELECT argo_register_matview('a_matview', 'at', 'day', 'a_source')$$)).state, '42501',
    'but not with a function of another role, which would run with the owner''s rights');
ALTER FUNCTION a_source OWNER TO argo_test_owner;
SELECT is((pg_temp.attempt('argo_test_owner', $$SELECT argo_register_matview('a_matview', 'at', 'day', 'a_source')$$)).message, NULL,
    'with one of its own it may');
SELECT is((pg_temp.attempt('argo_test_owner', $$SELECT argo_unregister_matview('a_matview')$$)).message, NULL, 'and undo it');

SELECT * FROM finish();
ROLLBACK;
