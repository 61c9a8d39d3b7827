-- One run per site at a time.

CREATE FUNCTION @extschema@._argo_lock_site(site text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here CONSTANT regnamespace := '@extschema@';
    key CONSTANT bigint := hashtextextended('argo_ingest ' || site, here::oid::bigint);
    holder record;
BEGIN
    IF pg_try_advisory_xact_lock(key) THEN
        RETURN;
    END IF;
    SELECT a.pid, a.usename, a.xact_start INTO holder
    FROM pg_locks AS l
    JOIN pg_stat_activity AS a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
      AND (l.classid::bigint << 32 | l.objid::bigint) = key;
    RAISE EXCEPTION 'another run is active for site %', site
        USING ERRCODE = '55P03',
              DETAIL = format('Process %s of role %s has been at it since %s. Nothing was asked for or stored.',
                              coalesce(holder.pid::text, 'unknown'), coalesce(holder.usename::text, 'unknown'),
                              coalesce(to_char(holder.xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"'), 'an unknown time')),
              HINT = 'Wait for it to end, or type SELECT pg_cancel_backend(' || coalesce(holder.pid::text, 'its process id') || ');';
END
$$;

COMMENT ON FUNCTION @extschema@._argo_lock_site(text) IS
    'Takes the lock of a site until the end of the transaction. Raises 55P03, with who holds it and since when, where another run has it.';
