-- Who may refresh, and what.

CREATE FUNCTION @extschema@._argo_may_refresh(matview regclass)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_has_role((SELECT c.relowner FROM pg_class AS c WHERE c.oid = matview), 'USAGE') THEN
        RETURN true;
    END IF;
    -- The privilege has no name before 17.
    RETURN current_setting('server_version_num')::integer >= 170000 AND has_table_privilege(matview, 'MAINTAIN');
END
$$;

COMMENT ON FUNCTION @extschema@._argo_may_refresh(regclass) IS
    'Whether the caller owns a materialized view or, from 17 on, has MAINTAIN on it.';

CREATE FUNCTION @extschema@._argo_check_refresh(strategy text, days integer, views text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    strategies CONSTANT text[] := ARRAY['smart', 'incremental', 'full'];
    unknown text;
    barred record;
BEGIN
    IF strategy IS NULL OR strategy <> ALL (strategies) THEN
        RAISE EXCEPTION 'unknown refresh strategy %', coalesce(quote_literal(strategy), 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'No view was refreshed.',
                  HINT = 'Use one of: ' || array_to_string(strategies, ', ') || '.';
    END IF;
    IF days IS NULL OR days NOT BETWEEN 1 AND 36600 THEN
        RAISE EXCEPTION 'days must be between 1 and 36600, not %', coalesce(days::text, 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'It says how many days back an incremental refresh looks. No view was refreshed.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_refresh(days => 2);';
    END IF;
    IF current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'cannot refresh in a read-only transaction'
            USING ERRCODE = '25006',
                  DETAIL = 'No view was refreshed.',
                  HINT = 'Type SET transaction_read_only = off; first, or connect to the primary server.';
    END IF;
    IF to_regclass('@extschema@._argo_refreshed_views') IS NULL THEN
        RAISE EXCEPTION 'argo is not set up in schema @extschema@'
            USING ERRCODE = '55000',
                  DETAIL = 'The materialized views do not exist.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_setup();';
    END IF;
    PERFORM @extschema@._argo_require_schema();
    IF NOT (has_table_privilege('@extschema@._argo_refreshed_views', 'SELECT')
            AND has_table_privilege('@extschema@._argo_refreshed_views', 'UPDATE')
            AND has_table_privilege('@extschema@._argo_refreshed_views', 'DELETE')
            AND has_table_privilege('@extschema@._argo_dirty', 'SELECT')
            AND has_table_privilege('@extschema@._argo_dirty', 'INSERT')
            AND has_table_privilege('@extschema@._argo_dirty', 'DELETE')
            AND has_table_privilege('@extschema@.refresh_log', 'SELECT')
            AND has_table_privilege('@extschema@.refresh_log', 'INSERT')
            AND has_table_privilege('@extschema@.refresh_log', 'DELETE')) THEN
        RAISE EXCEPTION 'permission denied to refresh'
            USING ERRCODE = '42501',
                  DETAIL = format('Role %I may not keep the books of the refresh. The views stay as they are.', current_user),
                  HINT = format('Ask an administrator to type GRANT %I TO %I; or see docs/security.md for less.',
                                (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c
                                 WHERE c.oid = '@extschema@._argo_refreshed_views'::regclass), current_user);
    END IF;
    SELECT coalesce(quote_literal(u.name), 'NULL') INTO unknown
    FROM unnest(views) AS u (name)
    WHERE u.name IS NULL OR NOT EXISTS (
        SELECT FROM @extschema@._argo_refreshed_views AS v WHERE @extschema@._argo_is_named(v.matview, ARRAY[u.name]))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unknown view %', unknown
            USING ERRCODE = '22023',
                  DETAIL = 'No view was refreshed.',
                  HINT = format('Use some of: %s, or NULL for all; argo_register_matview() adds one.', (
                      SELECT string_agg(@extschema@._argo_view_label(v.matview), ', ' ORDER BY v.position)
                      FROM @extschema@._argo_refreshed_views AS v WHERE v.is_in_use));
    END IF;
    SELECT c.oid::regclass AS matview, c.relowner AS owner INTO barred
    FROM @extschema@._argo_refreshed_views AS v
    JOIN pg_class AS c ON c.oid = v.matview
    -- Of all, Argo's own count; others that the caller may not refresh are left out.
    WHERE @extschema@._argo_is_named(v.matview, coalesce(views, ARRAY['mv_hourly_usage', 'mv_daily_usage']))
      AND NOT @extschema@._argo_may_refresh(v.matview)
    ORDER BY v.position
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'permission denied to refresh materialized view %', barred.matview
            USING ERRCODE = '42501',
                  DETAIL = format('Its owner is %I, and role %I is no member. The views stay as they are.',
                                  pg_get_userbyid(barred.owner), current_user),
                  HINT = CASE WHEN current_setting('server_version_num')::integer >= 170000
                              THEN format('Ask the owner to type GRANT MAINTAIN ON %s TO %I; see docs/security.md.',
                                          barred.matview, current_user)
                              ELSE format('Ask an administrator to type GRANT %I TO %I;',
                                          pg_get_userbyid(barred.owner), current_user) END;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_check_refresh(text, integer, text[]) IS
    'Raises what argo_refresh() raises before it begins: 22023, 25006, 42501, 55000.';
