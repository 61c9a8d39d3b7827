-- The merge step where Argo's library cannot be installed: PostgreSQL's own concurrent refresh.

CREATE FUNCTION @extschema@._argo_merge(
    matview regclass, meters integer[], range_starts timestamptz[], range_ends timestamptz[],
    first_buckets timestamptz[], last_buckets timestamptz[],
    OUT strategy text, OUT reason text, OUT rows_examined bigint, OUT inserted bigint, OUT updated bigint, OUT deleted bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    strategy := 'full';
    SELECT coalesce(f.reason, 'a merge in place needs the extension'), f.inserted, f.updated, f.deleted
    INTO reason, inserted, updated, deleted
    FROM @extschema@._argo_refresh_fully(matview) AS f;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_merge(regclass, integer[], timestamptz[], timestamptz[], timestamptz[], timestamptz[]) IS
    'Stands in for the function of Argo''s library: refreshes all of the view instead of the buckets given.';

CREATE FUNCTION @extschema@._argo_view_span(
    matview regclass, OUT first_bucket timestamptz, OUT last_bucket timestamptz
)
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE (
        SELECT format(CASE WHEN a.atttypid = 'date'::regtype
                           THEN 'SELECT min(u.%1$I)::timestamp AT TIME ZONE ''UTC'', max(u.%1$I)::timestamp AT TIME ZONE ''UTC'' FROM %2$s AS u'
                           ELSE 'SELECT min(u.%1$I), max(u.%1$I) FROM %2$s AS u' END,
                      a.attname, v.matview)
        FROM @extschema@._argo_refreshed_views AS v
        JOIN pg_attribute AS a ON a.attrelid = v.matview AND a.attname = v.bucket_column
        WHERE v.matview = $1 AND a.atttypid IN ('timestamptz'::regtype, 'date'::regtype))
    INTO first_bucket, last_bucket;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_view_span(regclass) IS
    'First and last bucket of a registered materialized view, days as midnights of UTC. Stands in for the function of Argo''s library, but reads with the rights of the caller.';
