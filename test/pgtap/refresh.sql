-- argo_refresh(): its rows, its refusals, its lock.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(36);

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
SELECT results_eq($$SELECT (parameter_name || ' ' || data_type) COLLATE "default" FROM information_schema.parameters
    WHERE specific_schema = 'public' AND specific_name = 'argo_refresh_' || 'argo_refresh'::regproc::oid ORDER BY ordinal_position$$, ARRAY[
    'strategy text', 'days integer', 'views ARRAY', 'view text', 'strategy text', 'reason text', 'rows_examined bigint',
    'inserted bigint', 'updated bigint', 'deleted bigint', 'duration_ms double precision',
    'last_data timestamp with time zone'], 'arguments and columns of argo_refresh()');

-- Another session that holds the lock of a running refresh; first, since a refresh of this one would hold it to the end.
CREATE EXTENSION IF NOT EXISTS dblink;
SELECT dblink_connect('other', format('dbname=%L port=%s host=%L user=%L', current_database(), current_setting('port'),
    split_part(current_setting('unix_socket_directories'), ',', 1), session_user)) AS connected \gset
SELECT ok(taken, 'another session holds the lock') FROM dblink('other', format(
    'SELECT pg_try_advisory_lock(hashtextextended(''argo_refresh'', %s))', 'mv_hourly_usage'::regclass::oid)) AS l (taken boolean);
SELECT results_eq('SELECT view, strategy, reason FROM argo_refresh()', $$VALUES ('mv_hourly_usage', 'skipped', 'already running')$$,
    'the second of two refreshes does not wait');
SELECT dblink_disconnect('other') AS disconnected \gset

SELECT results_eq($$SELECT view, strategy, rows_examined, inserted, updated, deleted, last_data FROM argo_refresh()$$, $$VALUES
    ('mv_hourly_usage', 'full', NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::timestamptz)$$,
    'an empty database refreshes');

INSERT INTO channels (channel_id, channel_name) VALUES (1, 'Main'), (2, 'Second');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES
    (1, '2025-06-01 12:00Z', 1, 4), (1, '2025-06-01 12:15Z', 2, 8), (1, '2025-06-01 13:00Z', 0, 1);
SELECT is((SELECT count(*) FROM mv_hourly_usage), 0::bigint, 'the matview waits for its refresh');
CREATE TEMP TABLE result AS SELECT * FROM argo_refresh();
SELECT results_eq('SELECT view, strategy, reason, last_data FROM result', $$VALUES ('mv_hourly_usage', 'full',
    'every strategy is a full concurrent refresh in this version', '2025-06-01 12:00Z'::timestamptz)$$, 'and the row says what was done');
SELECT ok(duration_ms BETWEEN 0.01 AND 60000, 'and how long it took') FROM result;
SELECT results_eq('SELECT meter_id, hour, avg_kw, total_kwh, reading_count, peak_kw FROM mv_hourly_usage',
    $$VALUES (1, '2025-06-01 12:00Z'::timestamptz, 6::float8, 3::float8, 2::bigint, 8::real)$$, 'the hour is there');

-- Concurrently: a filled matview keeps its file, an unpopulated one gets another.
CREATE TEMP TABLE file AS SELECT relfilenode FROM pg_class WHERE oid = 'mv_hourly_usage'::regclass;
UPDATE readings SET energy_kwh = 5 WHERE "timestamp" = '2025-06-01 12:00Z';
DELETE FROM readings WHERE "timestamp" = '2025-06-01 12:15Z';
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (2, '2025-06-02 12:00Z', 1, 4);
SELECT results_eq(format('SELECT strategy, last_data FROM argo_refresh(%L)', asked),
    $$VALUES ('full', '2025-06-02 12:00Z'::timestamptz)$$, asked || ' is a full refresh')
FROM unnest(ARRAY['smart', 'incremental', 'full']) AS asked;
SELECT is((SELECT relfilenode FROM pg_class WHERE oid = 'mv_hourly_usage'::regclass), (SELECT relfilenode FROM file),
    'that blocks no reader');
SELECT results_eq('SELECT meter_id, total_kwh FROM mv_hourly_usage ORDER BY 1', $$VALUES (1, 5::float8), (2, 1::float8)$$,
    'corrections and deletions are followed');

REFRESH MATERIALIZED VIEW mv_hourly_usage WITH NO DATA;
SELECT results_eq('SELECT strategy, reason FROM argo_refresh()', $$VALUES ('full', 'not populated')$$, 'an unpopulated matview is filled');
SELECT is((SELECT count(*) FROM mv_hourly_usage), 2::bigint, 'and readable');

SELECT is((SELECT count(*) FROM argo_refresh(views => ARRAY['mv_hourly_usage', 'mv_hourly_usage'])), 1::bigint, 'views by name, each once');
SELECT is((SELECT count(*) FROM argo_refresh(views => '{}')), 0::bigint, 'none asked, none refreshed');
SELECT is((SELECT count(*) FROM argo_refresh(strategy => 'incremental', days => 1)), 1::bigint, 'arguments by name');

CREATE TEMP TABLE wrong AS
SELECT q, a.* FROM unnest(ARRAY['argo_refresh(''fast'')', 'argo_refresh(NULL)', 'argo_refresh(days => 0)',
    'argo_refresh(days => -1)', 'argo_refresh(days => NULL)', 'argo_refresh(views => ARRAY[''v_sites''])',
    'argo_refresh(views => ARRAY[NULL])']) AS q, pg_temp.attempt('none', 'SELECT ' || q) AS a;
SELECT is(state, '22023', q || ' is refused') FROM wrong;
SELECT results_eq($$SELECT hint FROM wrong WHERE q IN ('argo_refresh(''fast'')', 'argo_refresh(views => ARRAY[''v_sites''])') ORDER BY q$$,
    ARRAY['Use one of: smart, incremental, full.', 'Use some of: mv_hourly_usage, or NULL for all.'], 'with the valid names');
SELECT is_empty($$SELECT q FROM wrong WHERE message ~ '(^[A-Z]|\.$)' OR coalesce(detail, '') = '' OR coalesce(hint, '') = ''$$,
    'each with a message, a detail and a hint as they should be');

CREATE TEMP TABLE denied AS SELECT * FROM pg_temp.attempt('argo_test_reader', 'SELECT argo_refresh()');
SELECT is(state, '42501', 'only the owner may refresh') FROM denied;
SELECT matches(hint, 'GRANT .* TO argo_test_reader;', 'and the hint says what to type') FROM denied;

ALTER MATERIALIZED VIEW mv_hourly_usage OWNER TO argo_test_owner;
GRANT SELECT ON readings, v_clean_readings, channels, _argo_zones TO argo_test_owner;
DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$;
CREATE TEMP TABLE untemporary AS SELECT * FROM pg_temp.attempt('argo_test_owner', 'SELECT argo_refresh()');
SELECT is(state, '42501', 'a concurrent refresh needs the owner''s right to temporary tables') FROM untemporary;
SELECT matches(hint, '^Ask the owner of the database to type GRANT TEMPORARY ON DATABASE .* TO argo_test_owner;', 'and the hint says what to type') FROM untemporary;
DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO argo_test_owner', current_database()); END $$;
SELECT is((pg_temp.attempt('argo_test_owner', 'SELECT argo_refresh()')).message, NULL, 'with it the owner may');

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
