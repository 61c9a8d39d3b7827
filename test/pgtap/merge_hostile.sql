-- The merge of a view whose owner is hostile, or whose indexes and types are unusual.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(20);

CREATE EXTENSION citext;
DO $$ BEGIN PERFORM argo_setup(); END $$;
SET LOCAL TimeZone = 'UTC';
CREATE ROLE argo_test_owner;
CREATE SCHEMA lab AUTHORIZATION argo_test_owner;
GRANT INSERT, UPDATE, SELECT ON _argo_refreshed_views TO argo_test_owner;
INSERT INTO channels (channel_id, channel_name) VALUES (1, 'One');

CREATE FUNCTION pg_temp.attempt(statement text, OUT state text, OUT message text, OUT hint text) LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
END $$;
-- What a refresh of the view comes to, once two of its days are marked.
CREATE FUNCTION pg_temp.refreshed(view text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE outcome record; result record;
BEGIN
    UPDATE _argo_refreshed_views SET source_digest = md5(pg_get_functiondef(range_function::regproc)), relfilenode = pg_relation_filenode(matview)
    WHERE matview = view::regclass;
    DELETE FROM _argo_dirty;
    INSERT INTO _argo_dirty VALUES (1, '2025-06-01 12:00Z', '2025-06-03 12:00Z');
    outcome := pg_temp.attempt(format('SELECT argo_refresh(views => ARRAY[%L])', view));
    IF outcome.state IS NOT NULL THEN
        RETURN concat_ws(' ', outcome.state, outcome.message);
    END IF;
    SELECT l.strategy, l.inserted, l.updated, l.deleted INTO result FROM refresh_log AS l ORDER BY l.id DESC LIMIT 1;
    RETURN concat_ws(' ', result.strategy, result.inserted, result.updated, result.deleted);
END $$;
CREATE FUNCTION pg_temp.stale(view text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint;
BEGIN
    EXECUTE format('WITH d AS MATERIALIZED (%2$s) SELECT count(*) FROM
        ((TABLE %1$s EXCEPT ALL TABLE d) UNION ALL (TABLE d EXCEPT ALL TABLE %1$s)) AS x', view, rtrim(pg_get_viewdef(view::regclass), ';')) INTO result;
    RETURN result;
END $$;

SET LOCAL ROLE argo_test_owner;
CREATE DOMAIN lab.filled AS integer NOT NULL;
CREATE TABLE lab.facts (meter integer, day date, tag text, name public.citext, amount lab.filled);
INSERT INTO lab.facts SELECT 1, d, 'tag', 'Name ' || d::date, d::date - '2025-05-31' FROM generate_series('2025-06-01'::timestamp, '2025-06-05', '1 day') AS d;
CREATE FUNCTION lab.source(meter integer, range_start timestamptz, range_end timestamptz) RETURNS SETOF lab.facts LANGUAGE sql STABLE
    AS 'SELECT f.* FROM lab.facts AS f WHERE f.meter = $1';
CREATE TABLE lab.seen (what text);
RESET ROLE;
CREATE FUNCTION pg_temp.make(indexes text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL ROLE argo_test_owner;
    DROP MATERIALIZED VIEW IF EXISTS lab.facts_view;
    CREATE MATERIALIZED VIEW lab.facts_view AS SELECT s.* FROM lab.source(1, '-infinity', 'infinity') AS s;
    EXECUTE indexes;
    PERFORM public.argo_register_matview('lab.facts_view', 'day', 'day', 'lab.source', 'meter');
    RESET ROLE;
END $$;

-- A value goes from one row to another under each kind of second unique index.
CREATE FUNCTION pg_temp.change_hands(indexes text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.make('CREATE UNIQUE INDEX ON lab.facts_view (meter, day);' || indexes);
    UPDATE lab.facts SET amount = CASE day WHEN '2025-06-01' THEN 2 WHEN '2025-06-02' THEN 3 WHEN '2025-06-03' THEN 1 ELSE amount END;
    RETURN NEXT is(pg_temp.refreshed('lab.facts_view'), 'incremental 3 0 3', 'values change hands under ' || what);
    UPDATE lab.facts SET amount = day - '2025-05-31';
    RETURN NEXT is(pg_temp.refreshed('lab.facts_view') || ' ' || pg_temp.stale('lab.facts_view'), 'incremental 3 0 3 0', 'and back');
END $$;
SELECT pg_temp.change_hands('CREATE UNIQUE INDEX ON lab.facts_view (amount)', 'a second unique index');
SELECT pg_temp.change_hands('CREATE UNIQUE INDEX ON lab.facts_view (amount) WHERE amount > 0', 'a partial one');
SELECT pg_temp.change_hands('CREATE UNIQUE INDEX ON lab.facts_view ((amount + 1))', 'one of an expression');
SELECT pg_temp.make('CREATE UNIQUE INDEX ON lab.facts_view (meter, day, tag) NULLS NOT DISTINCT');
UPDATE lab.facts SET tag = NULL WHERE day = '2025-06-02';
SELECT is(pg_temp.refreshed('lab.facts_view') || ' ' || pg_temp.stale('lab.facts_view'), 'incremental 1 0 1 0', 'a NULL in a key without distinct NULLs');
UPDATE lab.facts SET amount = 22 WHERE day = '2025-06-02';
SELECT is(pg_temp.refreshed('lab.facts_view') || ' ' || pg_temp.stale('lab.facts_view'), 'incremental 1 0 1 0', 'which finds its row by no join');

-- Keys of a type of an extension are compared as their index does.
SELECT pg_temp.make('CREATE UNIQUE INDEX ON lab.facts_view (name)');
UPDATE lab.facts SET name = upper(name::text) WHERE day = '2025-06-02';
SELECT is(pg_temp.refreshed('lab.facts_view') || ' ' || pg_temp.stale('lab.facts_view'), 'incremental 0 1 0 0',
    'a key that differs in case is the same for citext, and is written as it is now');
DELETE FROM lab.facts WHERE day = '2025-06-03';
SELECT is(pg_temp.refreshed('lab.facts_view'), 'incremental 0 0 1', 'a row goes whose column cannot be NULL');

-- The owner's code runs as the owner, wherever it is.
SET LOCAL ROLE argo_test_owner;
CREATE FUNCTION lab.note() RETURNS void LANGUAGE sql AS 'INSERT INTO lab.seen VALUES (current_user)';
CREATE FUNCTION lab.fold(i integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM lab.note(); RETURN i; END';
RESET ROLE;
GRANT INSERT ON lab.seen TO PUBLIC;
SELECT pg_temp.make('CREATE UNIQUE INDEX ON lab.facts_view (meter, day); CREATE INDEX ON lab.facts_view ((meter + lab.fold(1)))');
UPDATE lab.facts SET amount = 5 WHERE day = '2025-06-02';
DELETE FROM lab.seen;
-- Another session would have nothing in its caches.
ALTER TABLE lab.facts_view SET (fillfactor = 99);
DELETE FROM lab.seen;
SELECT alike(pg_temp.refreshed('lab.facts_view'), 'incremental 0 1 0', 'an index whose expression runs code');
SELECT is_empty('SELECT what FROM lab.seen WHERE what <> ''argo_test_owner''', 'runs none of it as who refreshes');

-- Nor can it take the cursor away from under the merge.
SET LOCAL ROLE argo_test_owner;
CREATE FUNCTION lab.tell(what text) RETURNS void LANGUAGE sql AS 'INSERT INTO lab.seen VALUES (what)';
CREATE FUNCTION lab.closer(x integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE c refcursor;
BEGIN
    FOR i IN 1 .. 500 LOOP
        BEGIN
            c := '<unnamed portal ' || i || '>';
            CLOSE c;
        EXCEPTION WHEN OTHERS THEN
            IF SQLSTATE <> '34000' THEN PERFORM lab.tell(SQLSTATE); END IF;
        END;
    END LOOP;
    RETURN x;
END $$;
RESET ROLE;
SELECT pg_temp.make('CREATE UNIQUE INDEX ON lab.facts_view (meter, day); CREATE INDEX ON lab.facts_view ((lab.closer(amount)))');
DELETE FROM lab.seen;
UPDATE lab.facts SET amount = 6 WHERE day = '2025-06-02';
SELECT is(pg_temp.refreshed('lab.facts_view'), 'incremental 0 1 0', 'an index that closes every cursor there is');
SELECT set_eq('SELECT DISTINCT what FROM lab.seen', ARRAY['24000'], 'finds that of the merge pinned');
SELECT is(pg_temp.stale('lab.facts_view'), 0::bigint, 'and the view is right');

-- Whose error it is.
SET LOCAL ROLE argo_test_owner;
CREATE TABLE lab.once (i integer PRIMARY KEY);
CREATE OR REPLACE FUNCTION lab.source(meter integer, range_start timestamptz, range_end timestamptz) RETURNS SETOF lab.facts LANGUAGE plpgsql VOLATILE
    AS 'BEGIN INSERT INTO lab.once VALUES (1), (1); END';
RESET ROLE;
SELECT alike(pg_temp.refreshed('lab.facts_view'), '23505 duplicate key value violates unique constraint "once_pkey"',
    'a unique violation of the source''s own is no key given twice');
SET LOCAL ROLE argo_test_owner;
ALTER MATERIALIZED VIEW lab.facts_view RENAME COLUMN day TO d;
RESET ROLE;
SELECT alike(pg_temp.refreshed('lab.facts_view'), '55000 the materialized view is not registered as it is', 'a column that was renamed is missed');
SELECT is((SELECT count(*) FROM _argo_dirty), 1::bigint, 'and the mark stays');
REVOKE ALL ON _argo_dirty FROM argo_test_owner;
SET LOCAL ROLE argo_test_owner;
SELECT throws_ok($$SELECT _argo_merge('lab.facts_view', '{}', '{}', '{}', '{}', '{}')$$, '42501', NULL, 'who may take no marks may not merge');
SELECT throws_ok($$SELECT _argo_view_span('mv_hourly_usage')$$, '42501', NULL, 'nor look into views of others');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
