-- Who runs for a site: runs that live as long as their process, and runs that are heard of, as those of argo-loader are.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(33);

DO $$ BEGIN PERFORM argo_setup(); END $$;
CREATE FUNCTION pg_temp.status(site text) RETURNS text LANGUAGE sql AS $$
    SELECT v.status FROM v_ingest_progress AS v WHERE v.site_id = site
$$;
CREATE FUNCTION pg_temp.silent_for(site text, silence interval) RETURNS void LANGUAGE sql AS $$
    UPDATE ingest_runs SET updated_at = clock_timestamp() - silence, started_at = clock_timestamp() - silence - interval '1 hour'
    WHERE organization_id = site AND status = 'running'
$$;
-- What _argo_lock_site() says, as "SQLSTATE message; detail; hint".
CREATE FUNCTION pg_temp.lock(site text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text; said text; more text; cure text;
BEGIN
    PERFORM _argo_lock_site(site);
    RETURN 'locked';
EXCEPTION WHEN lock_not_available THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, said = MESSAGE_TEXT, more = PG_EXCEPTION_DETAIL, cure = PG_EXCEPTION_HINT;
    RETURN concat_ws('; ', code || ' ' || said, more, cure);
END
$$;

SELECT has_column('ingest_runs', 'heartbeat_s', 'ingest_runs says how often a run is heard of');
SELECT col_type_is('ingest_runs', 'heartbeat_s', 'integer', 'in seconds');
SELECT col_is_null('ingest_runs', 'heartbeat_s', 'or not at all');
SELECT throws_ok($$INSERT INTO ingest_runs (organization_id, kind, heartbeat_s) VALUES ('x', 'ingest', 0)$$, '23514', NULL, 'never without a pause');
SELECT is(pronargdefaults, 1::smallint, 'callers may leave it out') FROM pg_proc WHERE proname = '_argo_begin_run';

-- By process: this one.
SELECT is(pg_temp.lock('p'), 'locked', 'nobody runs');
SELECT _argo_begin_run('p', 'ingest') AS run \gset
SELECT results_eq(format('SELECT status, heartbeat_s, process_id FROM ingest_runs WHERE id = %s', :run),
    $$VALUES ('running', NULL::integer, pg_backend_pid())$$, 'a run enters the ledger');
SELECT pg_temp.silent_for('p', '1 day') \g /dev/null
SELECT is(pg_temp.lock('p'), 'locked', 'a process does not keep itself out, however long it is silent');
UPDATE ingest_runs SET process_id = 1 WHERE id = :run;
SELECT is(pg_temp.status('p'), 'interrupted', 'a process that is gone runs nothing');
SELECT is(pg_temp.lock('p'), 'locked', 'and keeps nobody out');

-- By heartbeat: in this process, as a pooler may give it to anyone.
SELECT _argo_begin_run('h', 'backfill', 60) AS run \gset
SELECT results_eq(format('SELECT status, heartbeat_s FROM ingest_runs WHERE id = %s', :run), $$VALUES ('running', 60)$$, 'a run that is heard of');
SELECT is(pg_temp.status('h'), 'running', 'it is shown as running');
SELECT matches(pg_temp.lock('h'),
    '^55P03 another run is active for site h; A run of argo-loader of role ' || CURRENT_USER || ' has been at it since 2.*UTC, last heard of [0-9] s ago\. '
    'Nothing was asked for or stored\.; Wait for it to end, or end that argo-loader; 300 s after it was last heard of it counts as dead\.$',
    'it keeps out who comes next, even in the same process');
SELECT is(pg_temp.lock('other'), 'locked', 'of this site only');
SELECT lives_ok($$SELECT _argo_lock_site('h', true)$$, 'its own chunks go on');
SELECT pg_temp.silent_for('h', '270 seconds') \g /dev/null
SELECT is(pg_temp.status('h'), 'running', 'silent for less than five beats it runs');
SELECT matches(pg_temp.lock('h'), '^55P03.*last heard of 27[0-9] s ago', 'and keeps others out');
SELECT pg_temp.silent_for('h', '301 seconds') \g /dev/null
SELECT is(pg_temp.status('h'), 'interrupted', 'silent for longer it is dead');
SELECT is(pg_temp.lock('h'), 'locked', 'and keeps nobody out');
UPDATE ingest_runs SET process_id = 1 WHERE id = :run;
SELECT _argo_note_run(:run, 100, 50, 4800, 'running', 'half', NULL) \g /dev/null
SELECT is(pg_temp.status('h'), 'running', 'it is heard of again, in whatever process');
SELECT alike(pg_temp.lock('h'), '55P03%', 'and keeps others out again');
SELECT results_eq($$SELECT percent, readings_fetched, message FROM v_ingest_progress WHERE site_id = 'h'$$,
    $$VALUES (50.0, 4800::bigint, 'half')$$, 'its beat says how far it is');

-- Taken over.
SELECT pg_temp.silent_for('h', '310 seconds') \g /dev/null
SELECT is(pg_temp.lock('h'), 'locked', 'a rerun after a kill');
SELECT _argo_begin_run('h', 'backfill', 2) AS rerun \gset
SELECT results_eq($$SELECT status, finished_at = updated_at FROM ingest_runs WHERE organization_id = 'h' ORDER BY id$$,
    $$VALUES ('interrupted', true), ('running', NULL)$$, 'marks the dead one, by which that one would see it');
SELECT is(pg_temp.status('h'), 'running', 'and is the one that is shown');
SELECT _argo_note_run(:run, 100, 60, 5000, 'running', 'back', NULL), _argo_note_run(:run, 100, 100, 9600, 'success', 'done', NULL) \g /dev/null
SELECT is(status || ' ' || message, 'interrupted half', 'the dead one cannot come back') FROM ingest_runs WHERE id = :run;
SELECT _argo_note_run(:rerun, 100, 100, 9600, 'success', 'done', 0.5) \g /dev/null
SELECT is(pg_temp.lock('h'), 'locked', 'one that has ended keeps nobody out');
SELECT is(pg_temp.status('h'), 'success', 'and has ended well');

-- Both kinds.
SELECT _argo_begin_run('m', 'ingest', 5) AS run \gset
SELECT pg_temp.silent_for('m', '20 seconds') \g /dev/null
SELECT alike(pg_temp.lock('m'), '55P03%25 s after it was last heard of%', 'how long it takes is up to the run');
SELECT pg_temp.silent_for('m', '26 seconds') \g /dev/null
SELECT is(pg_temp.lock('m'), 'locked', 'five beats of it');
SELECT lives_ok($$SELECT _argo_note_failed_sync('m', CURRENT_TIMESTAMP, 'no way')$$, 'a sync that failed is recorded');
SELECT results_eq($$SELECT kind, status, message, heartbeat_s FROM ingest_runs WHERE organization_id = 'm' ORDER BY id$$,
    $$VALUES ('ingest', 'interrupted', NULL, 5), ('ingest', 'failed', 'no way', NULL)$$, 'over one that died');
SELECT is((SELECT count(*) FROM ingest_runs WHERE status = 'running' AND heartbeat_s IS NOT NULL), 0::bigint, 'nobody is left running');

SELECT * FROM finish();
ROLLBACK;
