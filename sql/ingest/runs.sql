-- One run per site at a time, and what others can see of it.

CREATE FUNCTION @extschema@._argo_lock_site(site text, is_entered boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here CONSTANT regnamespace := '@extschema@';
    key CONSTANT bigint := hashtextextended('argo_ingest ' || site, here::oid::bigint);
    holder record;
BEGIN
    IF is_entered THEN
        -- Whoever has the lock now is about to find our run and let go of it.
        PERFORM pg_advisory_xact_lock(key);
        RETURN;
    END IF;
    IF pg_try_advisory_xact_lock(key) THEN
        -- Between two chunks a run holds no lock, but its row says that it runs.
        SELECT r.process_id AS pid, r.role_name, r.started_at AS since, r.updated_at, r.heartbeat_s INTO holder
        FROM @extschema@.ingest_runs AS r
        WHERE r.organization_id = site AND r.status = 'running' AND CASE
            WHEN r.heartbeat_s IS NOT NULL THEN r.updated_at > clock_timestamp() - 5 * r.heartbeat_s * interval '1 second'
            ELSE r.process_id <> pg_backend_pid() AND EXISTS (
                -- What another role's session does, a role without pg_read_all_stats sees as NULL.
                SELECT FROM pg_stat_activity AS a
                WHERE a.pid = r.process_id AND coalesce(a.backend_start = r.process_started_at, true)
                  -- A run that raised an error could not say so; its session may be at something else by now.
                  AND coalesce(a.state NOT LIKE 'idle%' AND a.query_start <= r.started_at, true))
        END
        ORDER BY r.id DESC
        LIMIT 1;
        IF NOT FOUND THEN
            RETURN;
        END IF;
    ELSE
        SELECT a.pid, a.usename::text AS role_name, coalesce(r.started_at, a.xact_start) AS since, r.updated_at, r.heartbeat_s INTO holder
        FROM pg_locks AS l
        JOIN pg_stat_activity AS a ON a.pid = l.pid
        LEFT JOIN LATERAL (
            SELECT r.* FROM @extschema@.ingest_runs AS r
            WHERE r.organization_id = site AND r.status = 'running'
              -- In a long chunk a run may not be heard of.
              AND (r.process_id = a.pid OR r.heartbeat_s IS NOT NULL)
            ORDER BY r.id DESC
            LIMIT 1
        ) AS r ON true
        WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
          AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
          AND (l.classid::bigint << 32 | l.objid::bigint) = key;
    END IF;
    RAISE EXCEPTION 'another run is active for site %', site
        USING ERRCODE = '55P03',
              DETAIL = format('%s of role %s has been at it since %s%s. Nothing was asked for or stored.',
                              CASE WHEN holder.heartbeat_s IS NOT NULL THEN 'A run of argo-loader'
                                   ELSE 'Process ' || coalesce(holder.pid::text, 'unknown') END,
                              coalesce(holder.role_name, 'unknown'),
                              coalesce(to_char(holder.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), 'an unknown time'),
                              CASE WHEN holder.heartbeat_s IS NOT NULL THEN format(', last heard of %s s ago',
                                  round(extract(epoch FROM clock_timestamp() - holder.updated_at))) END),
              HINT = CASE WHEN holder.heartbeat_s IS NOT NULL
                  THEN format('Wait for it to end, or end that argo-loader; %s s after it was last heard of it counts as dead.',
                              5 * holder.heartbeat_s)
                  ELSE format('Wait for it to end, or type SELECT pg_cancel_backend(%s);',
                              coalesce(holder.pid::text, 'its process id')) END;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_lock_site(text, boolean) IS
    'Takes the lock of a site until the end of the transaction. Raises 55P03, with who runs and since when, where another run is active: its process is, or it was heard of within five times its heartbeat_s; a run that is_entered in the committed ledger waits instead.';

CREATE FUNCTION @extschema@._argo_begin_run(site text, run_kind text, heartbeat_s integer DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run bigint;
BEGIN
    -- The lock is ours, so whoever left this behind is dead.
    UPDATE @extschema@.ingest_runs AS r
    SET status = 'interrupted', finished_at = r.updated_at
    WHERE r.organization_id = site AND r.status = 'running';
    INSERT INTO @extschema@.ingest_runs (organization_id, kind, process_started_at, heartbeat_s)
    VALUES (site, run_kind, (SELECT a.backend_start FROM pg_stat_activity AS a WHERE a.pid = pg_backend_pid()), $3)
    RETURNING id INTO run;
    RETURN run;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_begin_run(text, text, integer) IS
    'Enters a run of kind ingest or backfill into the ledger and returns its id; those of the site that it finds running are interrupted. With heartbeat_s the run lives as long as it calls _argo_note_run() that often, else as long as its process. The caller holds the site''s lock.';

CREATE FUNCTION @extschema@._argo_note_run(
    run bigint, planned bigint, done bigint, readings bigint, run_status text, run_message text,
    skew double precision
)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE @extschema@.ingest_runs AS r
    SET slots_planned = $2, slots_done = $3, readings_fetched = $4, status = $5, message = coalesce($6, r.message),
        clock_skew_s = coalesce($7, r.clock_skew_s), updated_at = clock_timestamp(),
        finished_at = CASE WHEN $5 <> 'running' THEN clock_timestamp() END
    -- Another run may have taken over from one that was not heard of.
    WHERE r.id = $1 AND (r.heartbeat_s IS NULL OR r.status = 'running')
$$;

COMMENT ON FUNCTION @extschema@._argo_note_run(bigint, bigint, bigint, bigint, text, text, double precision) IS
    'Writes into the ledger how far a run is, and by how many seconds the API''s clock is ahead; nothing for a run with a heartbeat that another one has taken over from.';

CREATE FUNCTION @extschema@._argo_note_failed_sync(site text, started timestamptz, error text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    run bigint;
BEGIN
    PERFORM @extschema@._argo_log_sync(site, started, '[]', 'failed', left(error, 8000));
    run := @extschema@._argo_begin_run(site, 'ingest');
    UPDATE @extschema@.ingest_runs AS r SET started_at = CURRENT_TIMESTAMP WHERE r.id = run;
    PERFORM @extschema@._argo_note_run(run, 0, 0, 0, 'failed', left(error, 8000), NULL);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_note_failed_sync(text, timestamptz, text) IS
    'Records in data_sync_status and in the ledger that nothing could be ingested in this transaction, and why. The caller holds the site''s lock.';

CREATE FUNCTION @extschema@._argo_alert_failed_sync(site text, code text, error text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A notification holds 8000 bytes, a character in JSON six at most.
    PERFORM pg_notify('argo_alert', json_build_object(
        'schema', '@extschema@', 'site', site, 'event', 'sync failed',
        'sqlstate', code, 'error', left(error, 1000))::text);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_alert_failed_sync(text, text, text) IS
    'Tells who listens on the channel argo_alert that a sync failed, and why.';
