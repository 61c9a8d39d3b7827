-- argo_refresh() brings the materialized views up to date.

CREATE FUNCTION @extschema@._argo_refresh(chosen_strategy text, days integer, chosen_views text[])
RETURNS TABLE (
    view text,
    strategy text,
    reason text,
    rows_examined bigint,
    inserted bigint,
    updated bigint,
    deleted bigint,
    duration_ms double precision,
    last_data timestamptz
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    strategies CONSTANT text[] := ARRAY['smart', 'incremental', 'full'];
    known CONSTANT text[] := ARRAY['mv_hourly_usage'];
    unknown text;
    matview regclass;
    owner oid;
    may_refresh boolean;
    populated boolean;
    began timestamptz;
BEGIN
    IF chosen_strategy IS NULL OR chosen_strategy <> ALL (strategies) THEN
        RAISE EXCEPTION 'unknown refresh strategy %', coalesce(quote_literal(chosen_strategy), 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'No view was refreshed.',
                  HINT = 'Use one of: ' || array_to_string(strategies, ', ') || '.';
    END IF;
    IF days IS NULL OR days < 1 THEN
        RAISE EXCEPTION 'days must be 1 or more, not %', coalesce(days::text, 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'It says how many days back an incremental refresh looks. No view was refreshed.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_refresh(days => 2);';
    END IF;
    SELECT coalesce(quote_literal(u.name), 'NULL') INTO unknown
    FROM unnest(chosen_views) AS u (name)
    WHERE u.name IS NULL OR u.name <> ALL (known)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unknown view %', unknown
            USING ERRCODE = '22023',
                  DETAIL = 'No view was refreshed.',
                  HINT = 'Use some of: ' || array_to_string(known, ', ') || ', or NULL for all.';
    END IF;
    IF current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'cannot refresh in a read-only transaction'
            USING ERRCODE = '25006',
                  DETAIL = 'No view was refreshed.',
                  HINT = 'Type SET transaction_read_only = off; first, or connect to the primary server.';
    END IF;

    FOREACH view IN ARRAY known LOOP
        CONTINUE WHEN view <> ALL (chosen_views);
        matview := to_regclass('@extschema@.' || quote_ident(view));
        IF matview IS NULL THEN
            RAISE EXCEPTION 'argo is not set up in schema @extschema@'
                USING ERRCODE = '55000',
                      DETAIL = format('Materialized view %s does not exist.', view),
                      HINT = 'Type SELECT * FROM @extschema@.argo_setup();';
        END IF;

        SELECT c.relowner, c.relispopulated, pg_has_role(c.relowner, 'USAGE')
        INTO STRICT owner, populated, may_refresh
        FROM pg_class AS c WHERE c.oid = matview;
        IF NOT may_refresh AND current_setting('server_version_num')::integer >= 170000 THEN
            may_refresh := has_table_privilege(matview, 'MAINTAIN');
        END IF;
        IF NOT may_refresh THEN
            RAISE EXCEPTION 'permission denied to refresh materialized view %', matview
                USING ERRCODE = '42501',
                      DETAIL = format('Its owner is %I, and role %I is no member. The views stay as they are.',
                                      pg_get_userbyid(owner), current_user),
                      HINT = CASE WHEN current_setting('server_version_num')::integer >= 170000
                                  THEN format('Ask the owner to type GRANT MAINTAIN ON %s TO %I;', matview, current_user)
                                  ELSE format('Ask an administrator to type GRANT %I TO %I;',
                                              pg_get_userbyid(owner), current_user) END;
        END IF;
        IF populated AND NOT has_database_privilege(owner, current_database(), 'TEMPORARY') THEN
            RAISE EXCEPTION 'permission denied to refresh materialized view % without blocking its readers', matview
                USING ERRCODE = '42501',
                      DETAIL = format('A concurrent refresh needs a temporary table, and its owner %I may not make one in this database.',
                                      pg_get_userbyid(owner)),
                      HINT = format('Ask the owner of the database to type GRANT TEMPORARY ON DATABASE %I TO %I;',
                                    current_database(), pg_get_userbyid(owner));
        END IF;

        began := clock_timestamp();
        IF NOT pg_try_advisory_xact_lock(hashtextextended('argo_refresh', matview::oid::bigint)) THEN
            strategy := 'skipped';
            reason := 'already running';
        ELSIF populated THEN
            strategy := 'full';
            reason := 'every strategy is a full concurrent refresh in this version';
            EXECUTE format('REFRESH MATERIALIZED VIEW CONCURRENTLY %s', matview);
        ELSE
            strategy := 'full';
            reason := 'not populated';
            EXECUTE format('REFRESH MATERIALIZED VIEW %s', matview);
        END IF;
        duration_ms := extract(epoch FROM clock_timestamp() - began) * 1000;

        last_data := NULL;
        IF strategy <> 'skipped' OR populated THEN
            EXECUTE format('SELECT max(u.hour) FROM %s AS u', matview) INTO last_data;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_refresh(text, integer, text[]) IS
    'The work of argo_refresh(), whose result column cannot have the name of its argument in plpgsql.';

CREATE FUNCTION @extschema@.argo_refresh(
    strategy text DEFAULT 'smart', days integer DEFAULT 2, views text[] DEFAULT NULL
)
RETURNS TABLE (
    view text,
    strategy text,
    reason text,
    rows_examined bigint,
    inserted bigint,
    updated bigint,
    deleted bigint,
    duration_ms double precision,
    last_data timestamptz
)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.view, r.strategy, r.reason, r.rows_examined, r.inserted, r.updated, r.deleted, r.duration_ms, r.last_data
    FROM @extschema@._argo_refresh($1, $2, $3) AS r
$$;

COMMENT ON FUNCTION @extschema@.argo_refresh(text, integer, text[]) IS
    'Refreshes the materialized views named (NULL: all) and returns one row per view: the strategy used (full or skipped) and why, rows (NULL: not known), duration in milliseconds, start of its newest bucket. Strategies: smart, incremental (looks back days, 1 or more), full. Only the owner may refresh (42501; from 17 on also a role with MAINTAIN). Readers are never blocked, except while a view is filled for the first time.';
