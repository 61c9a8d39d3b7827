-- The boundary between C++ and PostgreSQL: nothing leaks, nothing is lost of an error, all can be cancelled.
BEGIN;
SELECT plan(33);

CREATE FUNCTION boundary_live() RETURNS integer LANGUAGE C AS :'module';
CREATE FUNCTION boundary_fail(kind text) RETURNS void LANGUAGE C STRICT AS :'module';
CREATE FUNCTION boundary_fail_secretly(kind text) RETURNS void LANGUAGE C STRICT AS :'module';
CREATE FUNCTION boundary_sql(sql text) RETURNS void LANGUAGE C STRICT AS :'module';
CREATE FUNCTION boundary_try(sql text) RETURNS text LANGUAGE C STRICT AS :'module';
CREATE FUNCTION boundary_throw_from_subtransaction(sql text) RETURNS void LANGUAGE C STRICT AS :'module';
CREATE FUNCTION boundary_wait() RETURNS void LANGUAGE C AS :'module';

-- All that an error says, as one value.
CREATE FUNCTION raised_by(sql text, OUT code text, OUT message text, OUT detail text, OUT hint text, OUT context text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE sql;
EXCEPTION WHEN OTHERS OR query_canceled THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
END
$$;

SELECT lives_ok($$SELECT boundary_fail('not at all')$$, 'a body that returns');

SELECT is(code || '|' || message || '|' || detail || '|' || hint, 'ZA002|a message|a detail|a hint', 'an error of the core')
FROM raised_by($$SELECT boundary_fail('error')$$);
SELECT is(boundary_live(), 0, 'no object lives after an error of the core');

SELECT is(length(message), 2047, 'a message that is too long is cut')
FROM raised_by($$SELECT boundary_fail('long')$$);
SELECT is(message, repeat('a', 2046), 'a message is cut at a whole character')
FROM raised_by($$SELECT boundary_fail('cut')$$);

SELECT is(code || '|' || message, '53200|out of memory', 'std::bad_alloc')
FROM raised_by($$SELECT boundary_fail('bad_alloc')$$);
SELECT is(boundary_live(), 0, 'no object lives after std::bad_alloc');

SELECT is(code || '|' || message, 'XX000|unexpected C++ exception: expected by the test', 'another exception')
FROM raised_by($$SELECT boundary_fail('exception')$$);
SELECT is(code || '|' || message, 'XX000|unexpected C++ exception', 'what is no exception')
FROM raised_by($$SELECT boundary_fail('int')$$);
SELECT is(code, '57014', 'a cancel that nobody asked for is still one')
FROM raised_by($$SELECT boundary_fail('cancelled')$$);
SELECT is(boundary_live(), 0, 'no object lives after these');

SELECT is(code || '|' || message || '|' || detail || '|' || hint, '22012|raised below C++|its detail|its hint', 'an error of PostgreSQL''s')
FROM raised_by($$SELECT boundary_fail('postgres')$$);
SELECT alike(context, 'its context%', 'its context')
FROM raised_by($$SELECT boundary_fail('postgres')$$);
SELECT is(boundary_live(), 0, 'no object lives after an error of PostgreSQL''s');
SELECT is(code || '|' || message, '22012|raised below C++', 'an error of PostgreSQL''s where statements are hidden')
FROM raised_by($$SELECT boundary_fail_secretly('postgres')$$);

SELECT is(code || '|' || message, '22012|division by zero', 'an error in SQL')
FROM raised_by($$SELECT boundary_sql('SELECT 1 / 0')$$);
SELECT alike(context, '%SQL statement "SELECT 1 / 0"%', 'the context of an error in SQL')
FROM raised_by($$SELECT boundary_sql('SELECT 1 / 0')$$);
SELECT is(code || '|' || message, 'P0001|three deep', 'an error below C++ below plpgsql below C++')
FROM raised_by($$SELECT boundary_sql('SELECT boundary_sql($a$ DO $b$BEGIN RAISE ''three deep''; END $b$ $a$)')$$);
SELECT is(boundary_live(), 0, 'no object lives after nested errors');

CREATE TABLE kept (note text);
SELECT is(boundary_try($$INSERT INTO kept VALUES ('good')$$), NULL, 'a subtransaction that succeeds');
SELECT is(boundary_try($$INSERT INTO kept VALUES ('bad'); SELECT 1 / 0$$), 'division by zero', 'one that fails');
SELECT lives_ok($$SELECT boundary_throw_from_subtransaction('INSERT INTO kept VALUES (''thrown'')')$$, 'an exception out of one');
SELECT results_eq('SELECT note FROM kept', ARRAY['good'], 'only what succeeded is kept');
SELECT is(boundary_live(), 0, 'no object lives after subtransactions');

-- 10,000 errors in one transaction, each through C++, SPI and a subtransaction.
CREATE FUNCTION fail_often(times integer, statement text) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    failures integer := 0;
BEGIN
    FOR i IN 1..times LOOP
        BEGIN
            EXECUTE statement;
        EXCEPTION WHEN OTHERS THEN
            failures := failures + 1;
        END;
    END LOOP;
    RETURN failures;
END
$$;
CREATE FUNCTION backend_kb() RETURNS bigint LANGUAGE sql AS
$$ SELECT sum(total_bytes)::bigint / 1024 FROM pg_backend_memory_contexts $$;
-- What malloc handed out to this process shows a leak of C++ objects, PostgreSQL's contexts one of ours.
CREATE FUNCTION process_kb() RETURNS bigint LANGUAGE sql AS
$$ SELECT (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1]::bigint $$;

SELECT fail_often(2000, $$SELECT boundary_sql('SELECT 1 / 0')$$) \g /dev/null
SELECT fail_often(2000, $$SELECT boundary_fail('error')$$) \g /dev/null
SELECT backend_kb() AS kb, process_kb() AS process \gset before_
SELECT is(fail_often(10000, $$SELECT boundary_sql('SELECT 1 / 0')$$), 10000, '10,000 errors of PostgreSQL''s through C++');
SELECT is(fail_often(10000, $$SELECT boundary_fail('error')$$), 10000, '10,000 errors of the core');
SELECT is(boundary_live(), 0, 'no object lives after 20,000 errors');
SELECT cmp_ok(backend_kb() - :before_kb, '<', 512::bigint, 'PostgreSQL''s memory did not grow');
SELECT cmp_ok(process_kb() - :before_process, '<', 2048::bigint, 'the process did not grow');

SET LOCAL statement_timeout = '200ms';
SAVEPOINT waiting;
\set ON_ERROR_STOP off
\set VERBOSITY sqlstate
SELECT boundary_wait();
\set wait_sqlstate :LAST_ERROR_SQLSTATE
ROLLBACK TO waiting;
SET LOCAL statement_timeout = 0;
\set ON_ERROR_STOP on
SELECT is(:'wait_sqlstate'::text, '57014', 'a statement_timeout ends a wait');
CREATE TEMP TABLE waits (took interval);
CREATE PROCEDURE wait_until_cancelled() LANGUAGE plpgsql AS $$
BEGIN
    PERFORM boundary_wait();
EXCEPTION WHEN query_canceled THEN
    INSERT INTO waits VALUES (clock_timestamp() - statement_timestamp());
END $$;
SET LOCAL statement_timeout = '200ms';
-- Others may have the processor at times.
SELECT 'CALL wait_until_cancelled()' FROM generate_series(1, 5) \gexec
SET LOCAL statement_timeout = 0;
SELECT cmp_ok(min(took), '<', '300 ms'::interval, 'within 100 ms') FROM waits;
SELECT is(boundary_live(), 0, 'no object lives after a cancel');
SELECT is(boundary_try('SELECT 1'), NULL, 'the session works on');

SELECT * FROM finish();
ROLLBACK;
