-- The merge in place: every check that the executor and REFRESH would make, and what it does to rows.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(88);
\set grants `sed -n '/^GRANT .* TO view_keeper;$/p' docs/security.md`

DO $$ BEGIN PERFORM argo_setup(); END $$;
SET LOCAL TimeZone = 'UTC';
CREATE ROLE argo_test_owner;
CREATE ROLE argo_test_other;
CREATE ROLE view_keeper;

CREATE FUNCTION pg_temp.attempt(role text, statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('role', role, true);
    EXECUTE statement;
    PERFORM set_config('role', 'none', true);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
CREATE FUNCTION pg_temp.stale(matview regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint;
BEGIN
    EXECUTE format('WITH d AS MATERIALIZED (%2$s) SELECT count(*) FROM
        ((TABLE %1$s EXCEPT ALL TABLE d) UNION ALL (TABLE d EXCEPT ALL TABLE %1$s)) AS x',
        matview, rtrim(pg_get_viewdef(matview), ';')) INTO result;
    RETURN result;
END $$;
-- The merge of some hours of meter 1, called as argo_refresh() would.
CREATE FUNCTION pg_temp.call(matview text, first text DEFAULT '2025-06-01 00:00Z', last text DEFAULT '2025-06-10 23:00Z')
RETURNS text LANGUAGE sql AS $$
    SELECT format('SELECT * FROM public._argo_merge(%L, ARRAY[1], ARRAY[%2$L::timestamptz], ARRAY[%3$L::timestamptz + interval ''1 hour''],
        ARRAY[%2$L::timestamptz], ARRAY[%3$L::timestamptz])', $1, $2, $3)
$$;

INSERT INTO channels (channel_id, channel_name) VALUES (1, 'One'), (2, 'Two');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, 1, 4 FROM generate_series(1, 2) AS c, generate_series('2025-06-01 00:00Z', '2025-06-10 23:45Z', interval '15 minutes') AS t;
DO $$ BEGIN PERFORM argo_refresh(); END $$;

-- Only rows that differ are touched, and the counts say which.
CREATE TEMP VIEW places AS SELECT meter_id, hour, ctid AS place FROM mv_hourly_usage;
CREATE TEMP TABLE places_before AS SELECT * FROM places;
UPDATE readings SET energy_kwh = 2 WHERE channel_id = 1 AND "timestamp" IN ('2025-06-02 12:00Z', '2025-06-03 12:00Z');
UPDATE readings SET current_a = 2 WHERE channel_id = 1 AND "timestamp" BETWEEN '2025-06-02 00:00Z' AND '2025-06-03 23:45Z';
DELETE FROM readings WHERE channel_id = 1 AND "timestamp" >= '2025-06-02 05:00Z' AND "timestamp" < '2025-06-02 08:00Z';
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-06-11 00:00Z', 1, 4), (2, '2025-05-31 23:45Z', 1, 4);
SELECT results_eq($$SELECT view, strategy, reason, rows_examined, inserted, updated, deleted FROM argo_refresh()$$, $$VALUES
    ('mv_hourly_usage', 'incremental', NULL::text, 47::bigint, 2::bigint, 2::bigint, 3::bigint),
    ('mv_daily_usage', 'incremental', NULL, 5, 0, 4, 0)$$, 'rows examined, inserted, updated and deleted');
SELECT set_eq('SELECT meter_id, hour FROM places_before EXCEPT SELECT meter_id, hour FROM places', $$VALUES
    (1, '2025-06-02 05:00Z'::timestamptz), (1, '2025-06-02 06:00Z'), (1, '2025-06-02 07:00Z')$$, 'these are gone');
SELECT set_eq('SELECT n.meter_id, n.hour FROM places AS n LEFT JOIN places_before AS o USING (meter_id, hour) WHERE n.place IS DISTINCT FROM o.place', $$VALUES
    (1, '2025-06-02 12:00Z'::timestamptz), (1, '2025-06-03 12:00Z'), (1, '2025-06-11 00:00Z'), (2, '2025-05-31 23:00Z')$$,
    'these are new or changed, and every other row is where it was');
SELECT is(pg_temp.stale(matview), 0::bigint, matview || ' is its definition') FROM unnest(ARRAY['mv_hourly_usage', 'mv_daily_usage']) AS matview;
SET LOCAL enable_seqscan = off;
SELECT is((SELECT count(*) FROM mv_hourly_usage WHERE meter_id = 1 AND hour >= '2025-06-02 05:00Z' AND hour < '2025-06-02 08:00Z'),
    0::bigint, 'the index of the key finds none that is gone');
SELECT results_eq($$SELECT hour, total_kwh FROM mv_hourly_usage WHERE meter_id = 1 AND hour IN ('2025-06-02 12:00Z', '2025-06-11 00:00Z') ORDER BY hour$$,
    $$VALUES ('2025-06-02 12:00Z'::timestamptz, 5::float8), ('2025-06-11 00:00Z', 1)$$, 'and those that changed or are new');
SELECT results_eq($$SELECT meter_id FROM mv_hourly_usage WHERE hour IN ('2025-06-11 00:00Z', '2025-05-31 23:00Z') ORDER BY hour$$,
    ARRAY[2, 1], 'so does the index of hours');
RESET enable_seqscan;

-- More rows than are changed at a time.
INSERT INTO channels (channel_id, channel_name) SELECT n, 'many' FROM generate_series(11, 15) AS n;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, 1, 4 FROM generate_series(11, 15) AS c, generate_series('2025-06-01 00:00Z', '2025-06-10 23:45Z', interval '15 minutes') AS t;
CREATE FUNCTION pg_temp.many() RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(concat_ws(' ', strategy, inserted, updated, deleted), ', ') FROM argo_refresh('incremental', days => 1)
$$;
SELECT is(pg_temp.many(), 'incremental 1200 0 0, incremental 55 0 0', 'many rows inserted');
UPDATE readings SET energy_kwh = 2 WHERE channel_id > 10;
SELECT is(pg_temp.many(), 'incremental 0 1200 0, incremental 0 55 0', 'many updated');
SELECT is(pg_temp.stale(matview), 0::bigint, matview || ' is its definition') FROM unnest(ARRAY['mv_hourly_usage', 'mv_daily_usage']) AS matview;
DELETE FROM readings WHERE channel_id > 10;
DELETE FROM channels WHERE channel_id > 10;
SELECT is(pg_temp.many(), 'incremental 0 0 1200, incremental 0 0 55', 'many deleted, with their meters');
SELECT is(pg_temp.stale(matview), 0::bigint, matview || ' is its definition') FROM unnest(ARRAY['mv_hourly_usage', 'mv_daily_usage']) AS matview;

-- Who may.
UPDATE readings SET energy_kwh = 3 WHERE channel_id = 1 AND "timestamp" = '2025-06-02 12:00Z';
SELECT is((pg_temp.attempt('argo_test_other', pg_temp.call('mv_hourly_usage'))).state, '42501', 'not a role without rights');
GRANT ALL ON readings, channels, _argo_zones, v_clean_readings, _argo_dirty, _argo_unvalidated, _argo_refreshed_views, refresh_log TO argo_test_other;
GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON mv_hourly_usage TO argo_test_other;
SELECT is((pg_temp.attempt('argo_test_other', pg_temp.call('mv_hourly_usage'))).state, '42501', 'whatever else it may do');
SELECT is((SELECT total_kwh FROM mv_hourly_usage WHERE meter_id = 1 AND hour = '2025-06-02 12:00Z'), 5::float8, 'nothing has changed');
SELECT current_setting('server_version_num')::integer >= 170000 AS has_maintain \gset
\if :has_maintain
    -- The grants of docs/security.md are enough.
    :grants
    SELECT is((pg_temp.attempt('view_keeper', 'SELECT argo_refresh()')).message, NULL, 'a role with MAINTAIN refreshes');
    SELECT is(pg_temp.stale('mv_hourly_usage'), 0::bigint, 'in place');
    REVOKE MAINTAIN ON mv_hourly_usage FROM view_keeper;
    UPDATE readings SET energy_kwh = 4 WHERE channel_id = 1 AND "timestamp" = '2025-06-02 12:00Z';
    SELECT is((pg_temp.attempt('view_keeper', 'SELECT argo_refresh()')).state, '42501', 'without it, no more');
\else
    SELECT skip('MAINTAIN comes with PostgreSQL 17', 3);
\endif
DO $$ BEGIN PERFORM argo_refresh(); END $$;

-- In what transaction, in what state of the view.
CREATE FUNCTION pg_temp.read_only() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL transaction_read_only = on;
    EXECUTE pg_temp.call('mv_hourly_usage');
END $$;
SELECT is((pg_temp.attempt('none', 'SELECT pg_temp.read_only()')).state, '25006', 'not in a read-only transaction');
UPDATE readings SET energy_kwh = 5 WHERE channel_id = 1 AND "timestamp" = '2025-06-02 12:00Z';
DECLARE reader CURSOR FOR SELECT * FROM mv_hourly_usage;
FETCH 1 FROM reader \g /dev/null
CREATE TEMP TABLE used AS SELECT * FROM pg_temp.attempt('none', 'SELECT argo_refresh()');
SELECT is(state, '55006', 'not while a cursor of this session reads the view') FROM used;
SELECT isnt_empty('SELECT 1 FROM _argo_dirty', 'and the marks stay');
CLOSE reader;
SELECT is((pg_temp.attempt('none', 'SELECT argo_refresh()')).message, NULL, 'when it is closed, all is well');
SAVEPOINT unpopulated;
REFRESH MATERIALIZED VIEW mv_hourly_usage WITH NO DATA;
SELECT is((pg_temp.attempt('none', pg_temp.call('mv_hourly_usage'))).state, '55000', 'not of a view without data');
ROLLBACK TO unpopulated;

-- What is no registered view.
CREATE TABLE a_table (meter_id integer, hour timestamptz);
CREATE VIEW a_view AS SELECT * FROM a_table;
CREATE MATERIALIZED VIEW unregistered AS SELECT * FROM mv_hourly_usage;
CREATE UNIQUE INDEX ON unregistered (meter_id, hour);
CREATE MATERIALIZED VIEW functionless AS SELECT * FROM mv_hourly_usage;
CREATE UNIQUE INDEX ON functionless (meter_id, hour);
SELECT argo_register_matview('functionless', 'hour', 'hour') \g /dev/null
SELECT is((pg_temp.attempt('none', pg_temp.call(name))).state, expected, what)
FROM (VALUES ('a_table', '42809', 'a table is refused'), ('a_view', '42809', 'a view is refused'),
             ('readings', '42809', 'above all readings'), ('pg_catalog.pg_class', '42809', 'or the catalog'),
             ('idx_mv_hourly_usage_unique', '42809', 'or an index'),
             ('unregistered', '22023', 'a materialized view that is not registered is refused'),
             ('functionless', '22023', 'so is one without a range function')) AS w (name, expected, what);
SELECT is((pg_temp.attempt('none', replace(pg_temp.call('mv_hourly_usage'), '''mv_hourly_usage''', 'NULL'))).state, '22004', 'and NULL');
SELECT isnt((pg_temp.attempt('none', 'SELECT public._argo_merge(4294967295::oid::regclass, ''{}'', ''{}'', ''{}'', ''{}'', ''{}'')')).state, NULL,
    'and what does not exist');
SELECT is_empty('SELECT * FROM a_table', 'nothing of this does anything');
SELECT is((SELECT count(*) FROM _argo_merge('mv_hourly_usage', '{}', '{}', '{}', '{}', '{}') WHERE inserted + updated + deleted = 0), 1::bigint,
    'no range, nothing to do');

-- Views of one's own over a table that says what the source gives.
CREATE SCHEMA lab AUTHORIZATION argo_test_owner;
GRANT USAGE ON SCHEMA lab TO PUBLIC;
SET LOCAL ROLE argo_test_owner;
CREATE TABLE lab.facts (meter integer, day date, "a value" numeric(12, 3), note text, tags text[]);
CREATE FUNCTION lab.source(meter integer, range_start timestamptz, range_end timestamptz)
RETURNS SETOF lab.facts LANGUAGE sql STABLE
BEGIN ATOMIC
    SELECT f.meter, f.day, f."a value", f.note, f.tags FROM lab.facts AS f
    WHERE source.meter IS NOT DISTINCT FROM f.meter AND f.day >= '2025-01-01';
END;
INSERT INTO lab.facts SELECT 1, '2025-05-01'::date + n, n, 'note ' || n, ARRAY['a', NULL] FROM generate_series(0, 60) AS n;
CREATE MATERIALIZED VIEW lab.facts_view AS SELECT s.* FROM lab.source(1, '-infinity', 'infinity') AS s;
CREATE UNIQUE INDEX ON lab.facts_view (meter, day);
RESET ROLE;
GRANT SELECT, INSERT, UPDATE, DELETE ON _argo_refreshed_views TO argo_test_owner;
GRANT SELECT, INSERT, DELETE ON _argo_dirty, _argo_unvalidated, refresh_log TO argo_test_owner;
GRANT SELECT ON channels, readings, _argo_zones TO argo_test_owner;
SET LOCAL ROLE argo_test_owner;
SELECT argo_register_matview('lab.facts_view', 'day', 'day', 'lab.source', 'meter') \g /dev/null
RESET ROLE;
SELECT is((pg_temp.attempt('none', 'SELECT argo_refresh()')).message, NULL, 'a view of another role''s is kept beside Argo''s');
-- What argo_refresh() does to it when readings of meter 1 changed from 2025-06-01 to 2025-06-03.
CREATE FUNCTION pg_temp.merged(OUT state text, OUT message text, OUT counts text) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO _argo_dirty VALUES (1, '2025-06-01 12:00Z', '2025-06-03 12:00Z');
    SELECT concat_ws(', ', nullif(r.strategy, 'incremental'), r.inserted || ' inserted', r.updated || ' updated', r.deleted || ' deleted')
    INTO counts
    FROM argo_refresh(views => ARRAY['lab.facts_view']) AS r;
    counts := counts || CASE WHEN pg_temp.stale('lab.facts_view') > 0 THEN ', wrong' ELSE ', right' END;
EXCEPTION WHEN OTHERS THEN
    state := SQLSTATE;
    message := SQLERRM;
END $$;
SELECT is(counts, '0 inserted, 0 updated, 0 deleted, right', 'no fact changed, no row changes') FROM pg_temp.merged();

-- Values of every kind: what looks the same but is not is a difference.
UPDATE lab.facts SET "a value" = "a value" + 0.001 WHERE day = '2025-06-01';
UPDATE lab.facts SET note = repeat('long ', 50000) WHERE day = '2025-06-02';
UPDATE lab.facts SET note = NULL, tags = NULL WHERE day = '2025-06-03';
SELECT is(counts, '0 inserted, 3 updated, 0 deleted, right', 'numeric, toasted and NULL values') FROM pg_temp.merged();
SELECT is((SELECT length(note) FROM lab.facts_view WHERE day = '2025-06-02'), 250000, 'a long text is there in full');
SELECT is(counts, '0 inserted, 0 updated, 0 deleted, right', 'and equals itself afterwards') FROM pg_temp.merged();
UPDATE lab.facts SET note = left(note, -1) || 'x' WHERE day = '2025-06-02';
UPDATE lab.facts SET tags = '{}' WHERE day = '2025-06-03';
SELECT is(counts, '0 inserted, 2 updated, 0 deleted, right', 'the last letter of a long text, an empty array for NULL') FROM pg_temp.merged();
UPDATE lab.facts SET note = (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 3000) AS n), tags = array_fill('tag'::text, ARRAY[500])
WHERE day BETWEEN '2025-06-01' AND '2025-06-03';
SELECT is(counts, '0 inserted, 3 updated, 0 deleted, right', 'rows that do not compress') FROM pg_temp.merged();
DELETE FROM lab.facts WHERE day = '2025-06-02';
SELECT is(counts, '0 inserted, 0 updated, 1 deleted, right', 'a long row goes') FROM pg_temp.merged();
INSERT INTO lab.facts VALUES (1, '2025-06-02', 1, repeat('again', 3000), NULL);
SELECT is(counts, '1 inserted, 0 updated, 0 deleted, right', 'and comes') FROM pg_temp.merged();
UPDATE lab.facts SET "a value" = -1 WHERE day = '2025-05-20';
SELECT is(counts, '0 inserted, 0 updated, 0 deleted, wrong', 'what is not marked is not looked at') FROM pg_temp.merged();
UPDATE lab.facts SET "a value" = 19 WHERE day = '2025-05-20';

-- Keys: one row each, but for NULL, which is no key.
CREATE FUNCTION pg_temp.double(statement text, what text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE before text; result record;
BEGIN
    SELECT md5(string_agg(f::text, ',' ORDER BY day)) INTO before FROM lab.facts_view AS f;
    EXECUTE statement;
    SELECT * INTO result FROM pg_temp.merged();
    RETURN NEXT is(result.state, '21000', what);
    RETURN NEXT is((SELECT md5(string_agg(f::text, ',' ORDER BY day)) FROM lab.facts_view AS f), before, 'and nothing changes');
END $$;
CREATE TEMP TABLE facts AS TABLE lab.facts;
CREATE FUNCTION pg_temp.facts_again() RETURNS void LANGUAGE sql AS 'DELETE FROM lab.facts; INSERT INTO lab.facts SELECT * FROM pg_temp.facts';
SELECT pg_temp.double($$INSERT INTO lab.facts SELECT * FROM lab.facts WHERE day = '2025-06-01'$$, 'a key twice, as the row is and once more');
SELECT pg_temp.facts_again() \g /dev/null
SELECT pg_temp.double($$INSERT INTO lab.facts SELECT meter, day, 77 FROM lab.facts WHERE day = '2025-06-01'$$, 'one as the row is, one otherwise');
SELECT pg_temp.facts_again() \g /dev/null
SELECT pg_temp.double($$UPDATE lab.facts SET note = 'x' WHERE day = '2025-06-01';
    INSERT INTO lab.facts SELECT meter, day, 77 FROM lab.facts WHERE day = '2025-06-01'$$, 'both otherwise than the row');
SELECT pg_temp.facts_again() \g /dev/null
DELETE FROM lab.facts WHERE day = '2025-06-01';
SELECT is(counts, '0 inserted, 0 updated, 1 deleted, right', 'a row goes') FROM pg_temp.merged();
SELECT pg_temp.double($$INSERT INTO lab.facts VALUES (1, '2025-06-01', 1), (1, '2025-06-01', 2)$$, 'two where there was none');
DELETE FROM lab.facts WHERE day = '2025-06-01';
SELECT pg_temp.double($$INSERT INTO lab.facts VALUES (1, '2025-06-01', 1), (1, '2025-06-01', 1)$$, 'even if they are equal');
SELECT pg_temp.facts_again() \g /dev/null
SELECT is(counts, '1 inserted, 0 updated, 0 deleted, right', 'with one row a key it goes on') FROM pg_temp.merged();

UPDATE lab.facts SET note = left(note, 20);
SET LOCAL ROLE argo_test_owner;
DROP MATERIALIZED VIEW lab.facts_view;
CREATE MATERIALIZED VIEW lab.facts_view AS SELECT s.* FROM lab.source(1, '-infinity', 'infinity') AS s;
CREATE UNIQUE INDEX ON lab.facts_view (meter, day, note);
SELECT argo_register_matview('lab.facts_view', 'day', 'day', 'lab.source', 'meter') \g /dev/null
RESET ROLE;
SELECT argo_refresh() \g /dev/null
UPDATE lab.facts SET note = NULL WHERE day = '2025-06-01';
INSERT INTO lab.facts VALUES (1, '2025-06-01', 8, NULL), (1, '2025-06-01', 8, NULL), (1, '2025-06-01', 9, 'nine');
SELECT is(counts, '4 inserted, 0 updated, 1 deleted, right', 'NULL in a key: each is a row of its own') FROM pg_temp.merged();
DELETE FROM lab.facts WHERE day = '2025-06-01' AND "a value" = 8;
SELECT unalike(counts, '%wrong', 'and goes with its like') FROM pg_temp.merged();
DELETE FROM lab.facts WHERE note = 'nine';
UPDATE lab.facts SET "a value" = day - '2025-05-01';
SELECT argo_refresh('full') \g /dev/null
SET LOCAL ROLE argo_test_owner;
CREATE UNIQUE INDEX ON lab.facts_view ("a value");
RESET ROLE;
UPDATE lab.facts SET "a value" = CASE day WHEN '2025-06-03' THEN 31 ELSE "a value" + 1 END WHERE day BETWEEN '2025-06-01' AND '2025-06-03';
SELECT is((SELECT state FROM pg_temp.merged()), NULL, 'values of a second unique index change hands');
SELECT is(pg_temp.stale('lab.facts_view'), 0::bigint, 'as they should');

-- Errors of the source are the caller's, as they are, and the marks are back.
CREATE FUNCTION pg_temp.source_of(body text, settings text DEFAULT '') RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    SET LOCAL ROLE argo_test_owner;
    EXECUTE format('CREATE OR REPLACE FUNCTION lab.source(meter integer, range_start timestamptz, range_end timestamptz)
        RETURNS SETOF lab.facts LANGUAGE plpgsql VOLATILE %s AS %L', settings, format('BEGIN %s END', body));
    RESET ROLE;
    -- Another source asks for a full refresh; this is about the merge.
    UPDATE _argo_refreshed_views SET source_digest = md5(pg_get_functiondef('lab.source'::regproc)) WHERE matview = 'lab.facts_view'::regclass;
    DELETE FROM _argo_dirty;
    INSERT INTO _argo_dirty VALUES (1, '2025-06-01 12:00Z', '2025-06-03 12:00Z');
END $$;
CREATE FUNCTION pg_temp.outcome(role text DEFAULT 'none') RETURNS text LANGUAGE plpgsql AS $$
DECLARE result record;
BEGIN
    SELECT * INTO result FROM pg_temp.attempt($1, 'SELECT argo_refresh(views => ARRAY[''lab.facts_view''])');
    RETURN format('%s, %s marks',
                  coalesce(result.state || ' ' || result.message, (SELECT l.strategy FROM refresh_log AS l ORDER BY l.id DESC LIMIT 1)),
                  (SELECT count(*) FROM _argo_dirty WHERE matview IS NULL OR matview = 'lab.facts_view'::regclass));
END $$;
SELECT pg_temp.source_of('RETURN QUERY SELECT f.* FROM lab.facts AS f WHERE f.day >= range_start::date AND 1 / (f.day - ''2025-06-02'') IS NOT NULL;') \g /dev/null
SELECT is(pg_temp.outcome(), '22012 division by zero, 1 marks', 'an error of the source is as it was, and the marks stay');
SELECT pg_temp.source_of('RAISE EXCEPTION ''of its own'' USING ERRCODE = ''P0042'';') \g /dev/null
SELECT is(pg_temp.outcome(), 'P0042 of its own, 1 marks', 'whatever its code');
SELECT pg_temp.source_of('RETURN QUERY SELECT f.* FROM lab.facts AS f WHERE f.day >= range_start::date;') \g /dev/null
CREATE TEMP TABLE before_undo AS SELECT * FROM lab.facts_view;
UPDATE lab.facts SET "a value" = 99 WHERE day = '2025-06-02';
SAVEPOINT undone;
SELECT argo_refresh(views => ARRAY['lab.facts_view']) \g /dev/null
SELECT is((SELECT "a value" FROM lab.facts_view WHERE day = '2025-06-02'), 99::numeric(12, 3), 'a merge is seen at once');
ROLLBACK TO undone;
SELECT bag_eq('SELECT * FROM lab.facts_view', 'SELECT * FROM before_undo', 'and undone with its savepoint');
SELECT is((SELECT count(*) FROM _argo_dirty), 1::bigint, 'so that the marks are back');
SELECT is(pg_temp.outcome(), 'incremental, 0 marks', 'and it can be done again');
SELECT is((SELECT "a value" FROM lab.facts_view WHERE day = '2025-06-02'), 99::numeric(12, 3), 'with the same result');

-- The source runs as the owner of the view, whoever refreshes, and can do nothing to him.
CREATE TABLE lab.seen (what text);
GRANT ALL ON lab.seen TO PUBLIC;
CREATE FUNCTION pg_temp.seen() RETURNS text LANGUAGE sql AS $$
    WITH gone AS (DELETE FROM lab.seen RETURNING what) SELECT string_agg(DISTINCT what, '; ') FROM gone
$$;
SELECT pg_temp.source_of('INSERT INTO lab.seen VALUES (current_user); RETURN QUERY SELECT f.* FROM lab.facts AS f;') \g /dev/null
SELECT is(pg_temp.outcome(), 'incremental, 0 marks', 'refreshed by a superuser');
SELECT is(pg_temp.seen(), 'argo_test_owner', 'the source runs as the owner of the view');
SELECT pg_temp.source_of('INSERT INTO lab.seen VALUES (current_setting(''search_path'')); RETURN QUERY SELECT f.* FROM lab.facts AS f;') \g /dev/null
SELECT pg_temp.outcome() \g /dev/null
SELECT is(pg_temp.seen(), 'pg_catalog, pg_temp', 'under a search_path of the system''s');
SELECT is(current_user || ' ' || (current_setting('search_path') = 'pg_catalog, pg_temp'), 'postgres false', 'afterwards all is as it was');
SELECT pg_temp.source_of('CREATE TEMP TABLE trap (a integer); RETURN;') \g /dev/null
SELECT matches(pg_temp.outcome(), '^42501 .*security-restricted operation, 1 marks', 'it makes no temporary table');
SELECT pg_temp.source_of('SET ROLE argo_test_other; RETURN;') \g /dev/null
SELECT matches(pg_temp.outcome(), '^42501 cannot set parameter "role" within security-restricted operation, 1 marks', 'nor takes another role');
ALTER TABLE lab.seen RENAME TO seen_by_source;
SELECT pg_temp.source_of('INSERT INTO seen_by_source VALUES (''found''); RETURN;') \g /dev/null
SET LOCAL search_path = lab, public;
SELECT is(pg_temp.outcome(), '42P01 relation "seen_by_source" does not exist, 1 marks', 'nor finds what the caller''s search_path would give');
RESET search_path;
ALTER TABLE lab.seen_by_source RENAME TO seen;
SELECT pg_temp.source_of('PERFORM nosuch(); RETURN;') \g /dev/null
CREATE FUNCTION public.nosuch() RETURNS void LANGUAGE sql AS '';
SELECT matches(pg_temp.outcome(), '^42883 function nosuch\(\) does not exist, 1 marks', 'nor what lies in public');
SELECT pg_temp.source_of('PERFORM set_config(''work_mem'', ''1234kB'', false), set_config(''search_path'', ''lab'', false); RETURN QUERY SELECT f.* FROM lab.facts AS f;') \g /dev/null
CREATE TEMP TABLE settings AS SELECT name, setting FROM pg_settings WHERE name IN ('work_mem', 'search_path', 'jit', 'random_page_cost');
SELECT is(pg_temp.outcome(), 'incremental, 0 marks', 'settings that it makes');
SELECT set_eq('SELECT name, setting FROM pg_settings WHERE name IN (''work_mem'', ''search_path'', ''jit'', ''random_page_cost'')', 'SELECT * FROM settings',
    'end with it');

-- A range function of another role would run as the owner of the view: refused, unless that role may do anything anyhow.
SELECT pg_temp.source_of('INSERT INTO lab.seen VALUES (current_user); RETURN QUERY SELECT f.* FROM lab.facts AS f;') \g /dev/null
ALTER FUNCTION lab.source OWNER TO argo_test_other;
SELECT matches(pg_temp.outcome(), '^42501 .*, 1 marks', 'a function of another role is refused');
SELECT is(pg_temp.seen(), NULL, 'and does not run');
SELECT is((pg_temp.attempt('none', pg_temp.call('lab.facts_view'))).state, '42501', 'called by whatever way');
SELECT is((pg_temp.attempt('argo_test_other', pg_temp.call('lab.facts_view'))).state, '42501', 'by whomever');
SELECT is(pg_temp.seen(), NULL, 'and still does not run');
ALTER FUNCTION lab.source OWNER TO CURRENT_USER;
SELECT is(pg_temp.outcome(), 'incremental, 0 marks', 'one of a superuser runs');
SELECT is(pg_temp.seen(), 'argo_test_owner', 'as the owner of the view');
INSERT INTO _argo_dirty VALUES (1, '2025-06-01 12:00Z', '2025-06-03 12:00Z');
SELECT is(pg_temp.outcome('argo_test_owner'), 'incremental, 0 marks', 'and the owner refreshes it himself');

SELECT * FROM finish();
ROLLBACK;
