-- A full refresh of one materialized view.

CREATE FUNCTION @extschema@._argo_has_key(matview regclass)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM pg_index AS i
        WHERE i.indrelid = matview AND i.indisunique AND i.indisvalid AND i.indimmediate
          AND i.indpred IS NULL AND i.indexprs IS NULL)
$$;

COMMENT ON FUNCTION @extschema@._argo_has_key(regclass) IS
    'Whether a view has a unique index that tells all of its rows apart, as REFRESH ... CONCURRENTLY asks for.';

CREATE FUNCTION @extschema@._argo_refresh_fully(
    matview regclass, OUT reason text, OUT inserted bigint, OUT updated bigint, OUT deleted bigint
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    it record;
BEGIN
    SELECT c.relowner AS owner, c.relispopulated AS populated, @extschema@._argo_has_key(c.oid) AS has_key
    INTO STRICT it
    FROM pg_class AS c WHERE c.oid = matview;
    IF NOT it.populated THEN
        reason := 'not populated';
    ELSIF NOT it.has_key THEN
        reason := 'it has no unique index: readers had to wait';
    END IF;
    IF reason IS NOT NULL THEN
        EXECUTE format('REFRESH MATERIALIZED VIEW %s', matview);
        RETURN;
    END IF;
    IF NOT has_database_privilege(it.owner, current_database(), 'TEMPORARY') THEN
        RAISE EXCEPTION 'permission denied to refresh materialized view % without blocking its readers', matview
            USING ERRCODE = '42501',
                  DETAIL = format('A concurrent refresh needs a temporary table, and its owner %I may not make one in this database.',
                                  pg_get_userbyid(it.owner)),
                  HINT = format('Ask the owner of the database to type GRANT TEMPORARY ON DATABASE %I TO %I;',
                                current_database(), pg_get_userbyid(it.owner));
    END IF;
    inserted := -pg_stat_get_xact_tuples_inserted(matview);
    deleted := -pg_stat_get_xact_tuples_deleted(matview);
    updated := 0;
    BEGIN
        EXECUTE format('REFRESH MATERIALIZED VIEW CONCURRENTLY %s', matview);
    EXCEPTION WHEN unique_violation THEN
        IF current_setting('transaction_isolation') NOT IN ('repeatable read', 'serializable') THEN
            RAISE;
        END IF;
        RAISE EXCEPTION 'could not serialize access due to a concurrent refresh'
            USING ERRCODE = '40001',
                  DETAIL = format('Another one has changed %s since this transaction began. Nothing was changed.', matview),
                  HINT = 'Roll back and try again.';
    END;
    inserted := inserted + pg_stat_get_xact_tuples_inserted(matview);
    deleted := deleted + pg_stat_get_xact_tuples_deleted(matview);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_refresh_fully(regclass) IS
    'REFRESH MATERIALIZED VIEW CONCURRENTLY, which replaces changed rows: each is one deleted and one inserted. Plain where the view is not populated or has no unique index, with the reason. Counts are those of track_counts.';
