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
