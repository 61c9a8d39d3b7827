-- argo_refresh(): which strategy when and why, its rows, its refusals, its lock, its log.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(101);

SET LOCAL TimeZone = 'UTC';
CREATE ROLE argo_test_owner;
CREATE ROLE argo_test_reader;

CREATE FUNCTION pg_temp.attempt(role text, statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE statement;
    PERFORM set_config('role', 'none', true);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;

CREATE TEMP TABLE early AS SELECT * FROM pg_temp.attempt('none', 'SELECT argo_refresh()');
SELECT is(state, '55000', 'without argo_setup() there is nothing to refresh') FROM early;
SELECT matches(hint, 'argo_setup\(\)', 'and the hint says what to type') FROM early;

DO $$ BEGIN PERFORM argo_setup(); END $$;
CREATE FUNCTION pg_temp.parameters(function regproc) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT (parameter_name || ' ' || data_type) COLLATE "default" FROM information_schema.parameters
    WHERE specific_schema = 'public' AND specific_name = $1::text || '_' || $1::oid ORDER BY ordinal_position
$$;
SELECT results_eq($$SELECT * FROM pg_temp.parameters('argo_refresh')$$, ARRAY[
    'strategy text', 'days integer', 'views ARRAY', 'view text', 'strategy text', 'reason text', 'rows_examined bigint',
    'inserted bigint', 'updated bigint', 'deleted bigint', 'duration_ms double precision',
    'last_data timestamp with time zone'], 'arguments and columns of argo_refresh()');
SELECT results_eq($$SELECT * FROM pg_temp.parameters('refresh_materialized_views_smart')$$,
    $$SELECT * FROM pg_temp.parameters('argo_refresh') OFFSET 3$$, 'refresh_materialized_views_smart() has the same columns');

-- Another session that holds the lock of a running refresh; first, since a refresh of this one would hold it to the end.
INSERT INTO channels (channel_id, channel_name) VALUES (1, 'Main');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-05-01 12:00Z', 1, 4);
CREATE TEMP TABLE marked AS SELECT * FROM _argo_dirty;
CREATE EXTENSION IF NOT EXISTS dblink;
SELECT format('port=%s host=%L user=%L', current_setting('port'),
    split_part(current_setting('unix_socket_directories'), ',', 1), session_user) AS server \gset
SELECT dblink_connect('other', format('dbname=%L %s', current_database(), :'server')) AS connected \gset
SELECT ok(taken, 'another session holds the lock') FROM dblink('other', format(
    'SELECT pg_try_advisory_lock(hashtextextended(''argo_refresh'', %s))', '_argo_refreshed_views'::regclass::oid)) AS l (taken boolean);
SELECT results_eq('SELECT view, strategy, reason, inserted FROM argo_refresh()', $$VALUES
    ('mv_hourly_usage', 'skipped', 'already running', NULL::bigint), ('mv_daily_usage', 'skipped', 'already running', NULL)$$,
    'the second of two refreshes does not wait');
SELECT results_eq('SELECT view, strategy, reason FROM refresh_log', $$VALUES (NULL::text, 'skipped', 'already running')$$,
    'one row in the log says so');
SELECT bag_eq('SELECT * FROM _argo_dirty', 'SELECT * FROM marked', 'and no mark is taken');
SELECT unlocked FROM dblink('other', 'SELECT pg_advisory_unlock_all()') AS u (unlocked text) \gset
SELECT dblink_disconnect('other') AS disconnected \gset
DELETE FROM readings;
DELETE FROM _argo_dirty;
DELETE FROM refresh_log;

CREATE FUNCTION pg_temp.refresh(call text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE 'SELECT concat_ws('' '', view, strategy || coalesce('' ('' || reason || '')'', ''''),
        rows_examined || '' examined'', inserted || '' inserted'', updated || '' updated'', deleted || '' deleted'') FROM ' || call;
END $$;
SELECT results_eq($$SELECT pg_temp.refresh('argo_refresh()')$$,
    ARRAY['mv_hourly_usage skipped (nothing has changed)', 'mv_daily_usage skipped (nothing has changed)'],
    'of an empty database nothing is to be done');
SELECT results_eq($$SELECT pg_temp.refresh('argo_refresh(''full'')')$$,
    ARRAY['mv_hourly_usage full (asked for) 0 inserted 0 updated 0 deleted', 'mv_daily_usage full (asked for) 0 inserted 0 updated 0 deleted'],
    'unless it is asked for');
SELECT is((pg_temp.attempt('none', 'SELECT argo_refresh(''incremental'')')).message, NULL, 'any strategy does');
TRUNCATE readings;
SELECT is((pg_temp.attempt('none', 'SELECT argo_refresh()')).message, NULL, 'empty meters that are all dirty are refreshed too');

-- Two meters, 30 days.
INSERT INTO channels (channel_id, channel_name) VALUES (2, 'Second');
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('u', 'UTC', 'UTC');
UPDATE channels SET organization_id = 'u';
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, 1, 4 FROM generate_series(1, 2) AS c, generate_series('2025-05-01 00:00Z', '2025-05-30 23:45Z', interval '15 minutes') AS t;
SELECT is((SELECT count(*) FROM mv_hourly_usage), 0::bigint, 'the matview waits for its refresh');
CREATE TEMP TABLE result AS SELECT * FROM argo_refresh();
SELECT results_eq('SELECT view, strategy, reason, inserted, updated, deleted, last_data FROM result', $$VALUES
    ('mv_hourly_usage', 'full', '100 % of it changed', 1440::bigint, 0::bigint, 0::bigint, '2025-05-30 23:00Z'::timestamptz),
    ('mv_daily_usage', 'full', '100 % of it changed', 60, 0, 0, '2025-05-30')$$, 'the first refresh is a full one');
SELECT ok(bool_and(duration_ms BETWEEN 0.01 AND 60000), 'and says how long it took') FROM result;
SELECT results_eq($$SELECT view, strategy, reason, rows_examined, inserted, updated, deleted, duration_ms, last_data
    FROM refresh_log ORDER BY id DESC LIMIT 2$$, 'SELECT * FROM result ORDER BY view COLLATE "C"', 'the log has its rows');

CREATE FUNCTION pg_temp.stale(matview text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint;
BEGIN
    EXECUTE format('WITH d AS (SELECT u.* FROM channels AS c, %2$s(c.channel_id, ''-infinity'', ''infinity'') AS u) SELECT count(*) FROM
        ((TABLE %1$s EXCEPT ALL TABLE d) UNION ALL (TABLE d EXCEPT ALL TABLE %1$s)) AS x', matview, replace(matview, 'mv', '_argo')) INTO result;
    RETURN result;
END $$;

-- Incrementally: what readings changed.
UPDATE readings SET energy_kwh = 5 WHERE channel_id = 1 AND "timestamp" = '2025-05-20 12:15Z';
SELECT results_eq($$SELECT pg_temp.refresh('argo_refresh()')$$, ARRAY[
    'mv_hourly_usage incremental 1 examined 0 inserted 1 updated 0 deleted',
    'mv_daily_usage incremental 1 examined 0 inserted 1 updated 0 deleted'], 'one reading changed, one hour and one day');
DELETE FROM readings WHERE channel_id = 1 AND "timestamp" BETWEEN '2025-05-20 12:00Z' AND '2025-05-20 14:45Z';
SELECT results_eq($$SELECT pg_temp.refresh('argo_refresh()')$$, ARRAY[
    'mv_hourly_usage incremental 0 examined 0 inserted 0 updated 3 deleted',
    'mv_daily_usage incremental 1 examined 0 inserted 1 updated 0 deleted'], 'three hours deleted');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES
    (1, '2025-05-20 13:00Z', 1, 4), (2, '2025-05-31 00:00Z', 1, 4), (2, '2025-05-31 02:00Z', 0, 4);
CREATE TEMP TABLE newer AS SELECT * FROM argo_refresh();
SELECT results_eq('SELECT strategy, rows_examined, inserted, updated, deleted, last_data FROM newer', $$VALUES
    ('incremental', 2::bigint, 2::bigint, 0::bigint, 0::bigint, '2025-05-31 00:00Z'::timestamptz), ('incremental', 2, 1, 1, 0, '2025-05-31')$$,
    'an hour in the middle, one at the end and one of zeros inserted');
UPDATE readings SET current_a = 4 WHERE channel_id = 2 AND "timestamp" = '2025-05-31 00:00Z';
SELECT results_eq($$SELECT pg_temp.refresh('argo_refresh()')$$, ARRAY[
    'mv_hourly_usage incremental 1 examined 0 inserted 0 updated 0 deleted',
    'mv_daily_usage incremental 1 examined 0 inserted 0 updated 0 deleted'], 'a change that no view shows');
SELECT is(pg_temp.stale(matview), 0::bigint, matview || ' is its definition') FROM unnest(ARRAY['mv_hourly_usage', 'mv_daily_usage']) AS matview;
UPDATE readings SET power_kw = 5 WHERE "timestamp" >= '2025-05-22';
SELECT results_eq('SELECT strategy, reason FROM argo_refresh()', $$VALUES ('incremental', NULL::text), ('incremental', NULL)$$,
    'a third changed: in place');
UPDATE readings SET power_kw = 6 WHERE "timestamp" >= '2025-05-03';
SELECT results_eq('SELECT strategy, substr(reason, 3) FROM argo_refresh()', $$VALUES ('full', ' % of it changed'), ('full', ' % of it changed')$$,
    'nearly all changed: fully');
SELECT is(pg_temp.stale(matview), 0::bigint, matview || ' is its definition') FROM unnest(ARRAY['mv_hourly_usage', 'mv_daily_usage']) AS matview;

-- Nothing dirty: skipped, at once, without a trace.
CREATE TEMP TABLE logged AS SELECT count(*) AS n FROM refresh_log;
CREATE TEMP TABLE idle AS SELECT * FROM argo_refresh();
SELECT results_eq('SELECT view, strategy, reason, last_data, rows_examined FROM idle', $$VALUES
    ('mv_hourly_usage', 'skipped', 'nothing has changed', '2025-05-31 00:00Z'::timestamptz, NULL::bigint),
    ('mv_daily_usage', 'skipped', 'nothing has changed', '2025-05-31', NULL)$$, 'nothing changed: skipped');
CREATE TEMP TABLE calls (turn integer, ms double precision, is_silent boolean);
DO $$
DECLARE began timestamptz; place pg_lsn;
BEGIN
    FOR i IN 0..95 LOOP
        began := clock_timestamp();
        place := pg_current_wal_insert_lsn();
        PERFORM argo_refresh();
        INSERT INTO calls VALUES (i / 32, extract(epoch FROM clock_timestamp() - began) * 1000, pg_current_wal_insert_lsn() = place);
    END LOOP;
END $$;
-- Others may have the processors for a while.
SELECT cmp_ok(min(ms), '<', 5::double precision, 'in less than 5 ms')
FROM (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) AS ms FROM calls GROUP BY turn) AS medians;
-- Other processes of the server write WAL now and then.
SELECT cmp_ok((SELECT count(*) FROM calls WHERE is_silent), '>', 48::bigint, 'and without WAL');
SELECT is((SELECT count(*) FROM refresh_log), (SELECT n FROM logged), 'or a row in the log');

-- What no trigger saw: a replica's writes. The newest reading is of 2025-05-31.
SET LOCAL session_replication_role = replica;
UPDATE readings SET energy_kwh = 50 WHERE channel_id = 1 AND "timestamp" IN ('2025-05-10 12:00Z', '2025-05-28 12:00Z');
SET LOCAL session_replication_role = origin;
SELECT results_eq('SELECT strategy FROM argo_refresh()', ARRAY['skipped', 'skipped'], 'smart does not know of it');
SELECT results_eq('SELECT strategy, updated FROM argo_refresh(''incremental'', days => 1)', $$VALUES ('incremental', 0::bigint), ('incremental', 0)$$,
    'incremental looks at the last day even if it is clean');
SELECT results_eq('SELECT strategy, updated FROM argo_refresh(''incremental'', days => 3)', $$VALUES ('incremental', 1::bigint), ('incremental', 1)$$,
    'or at the last three, and finds what is there');
SELECT is(pg_temp.stale('mv_hourly_usage'), 2::bigint, 'but not what is older');
SELECT results_eq($$SELECT pg_temp.refresh('argo_refresh(''full'')')$$, ARRAY[
    'mv_hourly_usage full (asked for) 1 inserted 0 updated 1 deleted', 'mv_daily_usage full (asked for) 1 inserted 0 updated 1 deleted'],
    'full finds all, and tells an update as one row deleted and one inserted');
SELECT is(pg_temp.stale(matview), 0::bigint, matview || ' is its definition') FROM unnest(ARRAY['mv_hourly_usage', 'mv_daily_usage']) AS matview;
UPDATE readings SET energy_kwh = 51 WHERE channel_id = 2 AND "timestamp" = '2025-05-05 12:00Z';
SELECT results_eq('SELECT strategy, updated FROM argo_refresh(''incremental'', days => 1)', $$VALUES ('incremental', 1::bigint), ('incremental', 1)$$,
    'incremental takes old marks too');

-- In place or concurrently, no view gets another file; and PostgreSQL's own refresh finds nothing left to do.
CREATE TEMP VIEW places AS
    SELECT ctid::text AS place, xmin::text AS writer, m::text AS "row" FROM mv_hourly_usage AS m
    UNION ALL SELECT ctid::text, xmin::text, m::text FROM mv_daily_usage AS m;
CREATE TEMP TABLE before_hand AS SELECT * FROM places;
REFRESH MATERIALIZED VIEW CONCURRENTLY mv_hourly_usage;
REFRESH MATERIALIZED VIEW CONCURRENTLY mv_daily_usage;
SELECT bag_eq('SELECT * FROM places', 'SELECT * FROM before_hand', 'REFRESH CONCURRENTLY by hand touches no row afterwards');
SELECT results_eq('SELECT strategy FROM argo_refresh()', ARRAY['skipped', 'skipped'], 'and is no reason for another refresh');

-- Whatever makes a merge in place pointless.
CREATE FUNCTION pg_temp.is_full(reason text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN NEXT is((SELECT string_agg(DISTINCT r.strategy || ', ' || r.reason, '; ') FROM argo_refresh() AS r
                    WHERE r.strategy <> 'skipped'), 'full, ' || reason, what);
    RETURN NEXT is((pg_temp.stale('mv_hourly_usage'), pg_temp.stale('mv_daily_usage')), (0::bigint, 0::bigint), 'and is right afterwards');
    RETURN NEXT is((SELECT string_agg(DISTINCT r.strategy, '; ') FROM argo_refresh() AS r), 'skipped', 'once');
END $$;
REFRESH MATERIALIZED VIEW mv_hourly_usage WITH NO DATA;
SELECT pg_temp.is_full('not populated', 'a view without data is filled');
REFRESH MATERIALIZED VIEW mv_daily_usage;
SELECT pg_temp.is_full('somebody has refreshed it by hand', 'one that somebody refreshed by hand, blocking, is refreshed again');
DO $$ BEGIN EXECUTE replace(pg_get_functiondef('_argo_hourly_usage'::regproc), ' STABLE ', ' STABLE COST 101 '); END $$;
SELECT pg_temp.is_full('its range function has changed', 'a range function was replaced');
UPDATE organizations SET timezone = 'Asia/Kolkata';
SELECT pg_temp.is_full('100 % of it changed', 'all meters have another clock');
TRUNCATE readings;
SELECT pg_temp.is_full('first refresh, or readings were truncated', 'readings were truncated');
SELECT is((SELECT count(*) FROM mv_hourly_usage) + (SELECT count(*) FROM mv_daily_usage), 0::bigint, 'so that nothing is left');
UPDATE organizations SET timezone = 'UTC';
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, 1, 4 FROM generate_series(1, 2) AS c, generate_series('2025-05-01 00:00Z', '2025-05-30 23:45Z', interval '15 minutes') AS t;
DO $$ BEGIN PERFORM argo_refresh(); END $$;

-- Some of the views.
UPDATE readings SET energy_kwh = 7 WHERE "timestamp" = '2025-05-05 12:00Z';
SELECT results_eq($$SELECT view, strategy FROM argo_refresh(views => ARRAY['mv_daily_usage', 'mv_daily_usage'])$$,
    $$VALUES ('mv_daily_usage', 'incremental')$$, 'views by name, each once');
SELECT results_eq($$SELECT view, strategy FROM argo_refresh(views => ARRAY['mv_daily_usage'])$$,
    $$VALUES ('mv_daily_usage', 'skipped')$$, 'again, it is clean');
SELECT results_eq($$SELECT view, strategy FROM argo_refresh(views => ARRAY['public.mv_daily_usage', 'mv_hourly_usage'])$$,
    $$VALUES ('mv_hourly_usage', 'incremental'), ('mv_daily_usage', 'skipped')$$, 'the other one is not, whatever their order');
SELECT is((SELECT count(*) FROM argo_refresh(views => '{}')), 0::bigint, 'none asked, none refreshed');
SELECT is(pg_temp.stale(matview), 0::bigint, matview || ' is its definition') FROM unnest(ARRAY['mv_hourly_usage', 'mv_daily_usage']) AS matview;
UPDATE readings SET energy_kwh = 8 WHERE "timestamp" = '2025-05-05 12:00Z';
SELECT results_eq($$SELECT pg_temp.refresh('refresh_materialized_views_smart()')$$, ARRAY[
    'mv_hourly_usage incremental 2 examined 0 inserted 2 updated 0 deleted',
    'mv_daily_usage incremental 2 examined 0 inserted 2 updated 0 deleted'], 'the old name does the same');

-- How fresh they are.
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
VALUES (1, date_trunc('hour', now() - interval '3 days 2 hours', 'UTC') + interval '15 minutes', 1, 4);
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT results_eq($$SELECT s.view COLLATE "default", s.last_data, s.dirty_hours, s.strategy, s.duration_ms, s.warning FROM v_refresh_status AS s$$,
    $$SELECT l.view, l.last_data, 0::bigint, l.strategy, l.duration_ms, NULL::text
      FROM (SELECT * FROM refresh_log ORDER BY id DESC LIMIT 2) AS l ORDER BY l.id$$, 'v_refresh_status is what the last refresh said');
SELECT results_eq($$SELECT last_data, days_behind FROM v_refresh_status WHERE view = 'mv_hourly_usage'$$,
    $$VALUES (date_trunc('hour', now() - interval '3 days 2 hours', 'UTC'), 3)$$, 'with its newest hour, days behind');
SELECT ok(last_refresh BETWEEN now() AND clock_timestamp(), 'and when it was') FROM v_refresh_status WHERE view = 'mv_hourly_usage';
INSERT INTO readings (channel_id, "timestamp") VALUES (1, '2025-06-05 12:15Z'), (1, '2025-06-05 14:00Z'), (2, '2025-06-05 14:00Z');
INSERT INTO readings (channel_id, "timestamp") VALUES (1, '2025-06-05 13:00Z');
SELECT results_eq('SELECT view COLLATE "default", dirty_hours FROM v_refresh_status', $$VALUES ('mv_hourly_usage', 4::bigint), ('mv_daily_usage', 4)$$,
    'hours of meters wait, each counted once');
DO $$ BEGIN PERFORM argo_refresh(views => ARRAY['mv_hourly_usage']); END $$;
SELECT results_eq('SELECT view COLLATE "default", dirty_hours FROM v_refresh_status', $$VALUES ('mv_hourly_usage', 0::bigint), ('mv_daily_usage', 4)$$,
    'for each view its own');
UPDATE organizations SET timezone = 'Europe/London';
SELECT is((SELECT dirty_hours FROM v_refresh_status WHERE view = 'mv_hourly_usage'), (
    SELECT sum(extract(epoch FROM date_trunc('hour', newest, 'UTC') - '2025-05-01 00:00Z') / 3600 + 1)::bigint
    FROM (SELECT max("timestamp") AS newest FROM readings GROUP BY channel_id) AS m),
    'where all of a meter is dirty, from its first reading to its last');
UPDATE _argo_refreshed_views SET duration_ms = 60000 WHERE bucket_unit = 'hour';
SELECT is((SELECT warning FROM v_refresh_status WHERE view = 'mv_hourly_usage'), NULL, 'a refresh of 60 s is no warning');
UPDATE _argo_refreshed_views SET duration_ms = 61400 WHERE bucket_unit = 'hour';
SELECT matches((SELECT warning FROM v_refresh_status WHERE view = 'mv_hourly_usage'), '61 s', 'a longer one is');
REFRESH MATERIALIZED VIEW mv_daily_usage WITH NO DATA;
SELECT matches((SELECT warning FROM v_refresh_status WHERE view = 'mv_daily_usage'), 'not populated', 'so is a view without data');
UPDATE organizations SET timezone = 'UTC';
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT results_eq('SELECT warning FROM v_refresh_status', ARRAY[NULL, NULL]::text[], 'a refresh mends both');

-- The log is bounded.
INSERT INTO refresh_log (strategy) SELECT 'full' FROM generate_series(1, 10100);
SELECT max(id) AS newest FROM refresh_log \gset
DO $$ BEGIN PERFORM argo_refresh('full'); END $$;
SELECT is((SELECT count(*) FROM refresh_log), 10000::bigint, 'the log keeps 10,000 rows');
SELECT is((SELECT count(*) FROM refresh_log WHERE id > :newest), 2::bigint, 'the newest');

-- Listeners hear of each change, once it is committed: in a database of its own.
SELECT dblink_connect('maker', format('dbname=%L %s', 'postgres', :'server')) AS connected \gset
SELECT format('%I', current_database() || '_notify') AS scratch \gset
SELECT dblink_exec('maker', 'DROP DATABASE IF EXISTS ' || :'scratch') AS done \gset
SELECT dblink_exec('maker', 'CREATE DATABASE ' || :'scratch') AS done \gset
SELECT dblink_connect('listener', format('dbname=%s %s', :'scratch', :'server')) AS connected \gset
SELECT dblink_exec('listener', $$SET client_min_messages = error; CREATE EXTENSION argo; LISTEN argo_refresh; DO 'BEGIN PERFORM public.argo_setup(); END';
    INSERT INTO channels (channel_id, channel_name) VALUES (1, 'Main');
    INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) SELECT 1, t, 1, 4
    FROM generate_series('2025-06-01 00:00Z', '2025-06-02 00:00Z', interval '15 minutes') AS t$$) AS done \gset
CREATE FUNCTION pg_temp.heard() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE result jsonb;
BEGIN
    PERFORM dblink_exec('listener', 'DO ''BEGIN PERFORM argo_refresh(); END''');
    SELECT coalesce(jsonb_agg(n.extra::jsonb), '[]') INTO result FROM dblink_get_notify('listener') AS n WHERE n.notify_name = 'argo_refresh';
    RETURN result;
END $$;
SELECT pg_temp.heard() AS first, pg_temp.heard() AS second \gset
SELECT dblink_exec('listener', 'DELETE FROM readings WHERE "timestamp" = ''2025-06-01 12:00Z''') AS done \gset
SELECT pg_temp.heard() AS third \gset
SELECT dblink_disconnect('listener') AS disconnected \gset
SELECT dblink_exec('maker', 'DROP DATABASE ' || :'scratch') AS done, dblink_disconnect('maker') AS disconnected \gset
SELECT is(:'first'::jsonb #- '{0,duration_ms}' #- '{1,duration_ms}', $$[
    {"schema": "public", "view": "mv_hourly_usage", "strategy": "full", "inserted": 25, "updated": 0, "deleted": 0, "last_data": "2025-06-02T00:00:00+00:00"},
    {"schema": "public", "view": "mv_daily_usage", "strategy": "full", "inserted": 2, "updated": 0, "deleted": 0, "last_data": "2025-06-01T00:00:00+00:00"}]$$::jsonb,
    'listeners hear what was done');
SELECT ok((:'first'::jsonb #>> '{0,duration_ms}')::float8 > 0, 'and how long it took');
SELECT is(:'second'::jsonb, '[]'::jsonb, 'they hear nothing where there was nothing to do');
SELECT is(:'third'::jsonb #> '{0,strategy}', '"incremental"'::jsonb, 'and of a merge in place');

-- What it refuses.
CREATE TEMP TABLE wrong AS
SELECT q, a.* FROM unnest(ARRAY['argo_refresh(''fast'')', 'argo_refresh(NULL)', 'argo_refresh(days => 0)',
    'argo_refresh(days => -1)', 'argo_refresh(days => NULL)', 'argo_refresh(views => ARRAY[''v_sites''])',
    'argo_refresh(views => ARRAY[''mv_hourly_usage'', ''no such view''])', 'argo_refresh(views => ARRAY[''''])',
    'argo_refresh(views => ARRAY[NULL])']) AS q, pg_temp.attempt('none', 'SELECT ' || q) AS a;
SELECT is(state, '22023', q || ' is refused') FROM wrong;
SELECT results_eq($$SELECT hint FROM wrong WHERE q IN ('argo_refresh(''fast'')', 'argo_refresh(views => ARRAY[''v_sites''])') ORDER BY q$$,
    ARRAY['Use one of: smart, incremental, full.',
          'Use some of: mv_hourly_usage, mv_daily_usage, or NULL for all; argo_register_matview() adds one.'], 'with the valid names');
SELECT is_empty($$SELECT q FROM wrong WHERE message ~ '(^[A-Z]|\.$)' OR coalesce(detail, '') = '' OR coalesce(hint, '') = ''$$,
    'each with a message, a detail and a hint as they should be');

SELECT is((pg_temp.attempt('argo_test_reader', 'SELECT argo_refresh()')).state, '42501', 'only the owner may refresh');
GRANT SELECT ON _argo_refreshed_views TO argo_test_reader;
CREATE TEMP TABLE denied AS SELECT * FROM pg_temp.attempt('argo_test_reader', 'SELECT argo_refresh()');
SELECT is(state, '42501', 'even if another may see what is registered') FROM denied;
SELECT matches(hint, 'GRANT .* TO argo_test_reader;', 'and the hint says what to type') FROM denied;

ALTER MATERIALIZED VIEW mv_hourly_usage OWNER TO argo_test_owner;
GRANT SELECT ON readings, v_clean_readings, channels, _argo_zones TO argo_test_owner;
GRANT SELECT, INSERT, DELETE ON _argo_dirty, _argo_unvalidated, refresh_log TO argo_test_owner;
GRANT SELECT, UPDATE, DELETE ON _argo_refreshed_views TO argo_test_owner;
GRANT EXECUTE ON FUNCTION _argo_overtaken TO argo_test_owner;
SELECT is((pg_temp.attempt('argo_test_owner', 'SELECT argo_refresh()')).state, '42501', 'the owner of some views may not refresh all');
DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$;
CREATE TEMP TABLE untemporary AS
SELECT * FROM pg_temp.attempt('argo_test_owner', 'SELECT argo_refresh(''full'', views => ARRAY[''mv_hourly_usage''])');
SELECT is(state, '42501', 'a concurrent refresh needs the owner''s right to temporary tables') FROM untemporary;
SELECT matches(hint, '^Ask the owner of the database to type GRANT TEMPORARY ON DATABASE .* TO argo_test_owner;', 'and the hint says what to type') FROM untemporary;
UPDATE readings SET energy_kwh = 9 WHERE "timestamp" = '2025-05-05 12:00Z';
SELECT is((pg_temp.attempt('argo_test_owner', 'SELECT argo_refresh(views => ARRAY[''mv_hourly_usage''])')).message, NULL,
    'a merge in place does without');
SELECT is(pg_temp.stale('mv_hourly_usage'), 0::bigint, 'and does it');
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO argo_test_owner', current_database()); END $$;
SELECT is((pg_temp.attempt('argo_test_owner', 'SELECT argo_refresh(''full'', views => ARRAY[''mv_hourly_usage''])')).message, NULL,
    'with it the owner may do either');

CREATE FUNCTION pg_temp.read_only() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL transaction_read_only = on;
    PERFORM argo_refresh();
END $$;
CREATE TEMP TABLE frozen AS SELECT * FROM pg_temp.attempt('none', 'SELECT pg_temp.read_only()');
SELECT is(state, '25006', 'not in a read-only transaction') FROM frozen;
SELECT matches(hint, 'transaction_read_only = off', 'and the hint says what to type') FROM frozen;

SELECT * FROM finish();
ROLLBACK;
