-- Keeps what is kept about validations and runs bounded.

CREATE FUNCTION @extschema@._argo_cut_history(site text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM @extschema@.data_quality_history AS h
    WHERE h.site_id = site
      AND h.id <= (SELECT c.id FROM @extschema@.data_quality_history AS c WHERE c.site_id = site
                   ORDER BY c.id DESC OFFSET 10000 LIMIT 1);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_cut_history(text) IS 'Leaves the newest 10,000 rows of a site in data_quality_history.';

CREATE FUNCTION @extschema@.argo_purge_history(site text, keep_days integer DEFAULT 90)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cut CONSTANT timestamptz := clock_timestamp() - keep_days * interval '1 day';
    purged bigint;
    runs bigint;
BEGIN
    IF site IS NULL OR keep_days IS NULL OR keep_days < 1 THEN
        RAISE EXCEPTION 'argo_purge_history needs a site and a number of days'
            USING ERRCODE = '22023', DETAIL = 'Nothing was removed.',
                  HINT = 'For example: SELECT @extschema@.argo_purge_history(''23271'', 90);';
    END IF;
    DELETE FROM @extschema@.data_quality_history AS h WHERE h.site_id = site AND h.created_at < cut;
    GET DIAGNOSTICS purged = ROW_COUNT;
    -- The last run of a site stays, however old.
    DELETE FROM @extschema@.ingest_runs AS r
    WHERE r.organization_id = site AND r.finished_at < cut
      AND r.id < (SELECT max(l.id) FROM @extschema@.ingest_runs AS l WHERE l.organization_id = site);
    GET DIAGNOSTICS runs = ROW_COUNT;
    RETURN purged + runs;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_purge_history(text, integer) IS
    'Removes the rows of a site in data_quality_history and ingest_runs that are older than keep_days (1 or more) and returns how many. ingestion_logs stay: they say what was ever asked for. Raises 22023.';
