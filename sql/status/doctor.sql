-- argo_doctor(): one call that says whether all is well, and what to type where it is not.

CREATE FUNCTION @extschema@._argo_doctor_check(task text, reads text[], site text, server text,
    OUT status text, OUT detail text, OUT cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here CONSTANT oid := '@extschema@'::regnamespace;
    code text;
    hint text;
BEGIN
    SELECT string_agg(r.name, ', ' ORDER BY r.position) INTO detail
    FROM unnest(reads) WITH ORDINALITY AS r (name, position)
    WHERE NOT EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = here AND c.relname = r.name);
    IF detail IS NOT NULL THEN
        status := 'FAIL';
        detail := format('could not be checked: %s missing', detail);
        cure := 'SELECT * FROM @extschema@.argo_setup();';
        RETURN;
    END IF;
    SELECT string_agg(c.relname, ', ' ORDER BY r.position),
           string_agg(@extschema@._argo_cure_as(c.relowner, format(
               'GRANT SELECT ON @extschema@.%I TO %I;', c.relname, current_user)), E'\n' ORDER BY r.position)
    INTO detail, cure
    FROM unnest(reads) WITH ORDINALITY AS r (name, position)
    JOIN pg_class AS c ON c.relnamespace = here AND c.relname = r.name
    WHERE NOT has_table_privilege(c.oid, 'SELECT');
    IF detail IS NOT NULL THEN
        status := 'FAIL';
        detail := format('could not be checked: role %I may not read %s', current_user, detail);
        RETURN;
    END IF;

    EXECUTE format($query$
        WITH found AS MATERIALIZED (
            SELECT f.*, row_number() OVER (ORDER BY f.severity DESC, f.place) AS rank,
                   max(f.severity) OVER () AS worst,
                   count(*) FILTER (WHERE f.severity > 0) OVER () AS problems
            FROM @extschema@.%I($1, $2) WITH ORDINALITY AS f (site_id, severity, detail, cure, place)
        )
        SELECT CASE max(f.worst) WHEN 2 THEN 'FAIL' WHEN 1 THEN 'WARN' ELSE 'OK' END,
               string_agg(coalesce('site ' || CASE WHEN $1 IS NULL THEN left(f.site_id, 64) END || ': ', '') || f.detail, '; '
                          ORDER BY f.rank) FILTER (WHERE f.rank <= 10 AND (f.severity > 0 OR f.worst = 0))
               || CASE WHEN max(f.problems) > 10 THEN format('; and %%s more', max(f.problems) - 10) ELSE '' END,
               (SELECT string_agg(c.cure, E'\n' ORDER BY c.first)
                FROM (SELECT w.cure, min(w.rank) AS first FROM found AS w
                      WHERE w.severity > 0 AND w.rank <= 100 GROUP BY w.cure) AS c)
        FROM found AS f
        $query$, task) INTO status, detail, cure USING site, server;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, detail = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
    status := 'FAIL';
    detail := format('could not be checked: %s', detail);
    cure := CASE WHEN code IN ('42P01', '42703', '42883') THEN 'SELECT * FROM @extschema@.argo_setup();'
                 ELSE regexp_replace(coalesce(nullif(hint, ''), 'Look into the server''s log.'), '^', '-- ', 'gn') END;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_check(text, text[], text, text) IS
    'Runs one check of argo_doctor(), a function that reads these relations, and makes one row of its findings; its errors are a FAIL.';

CREATE FUNCTION @extschema@.argo_doctor(site text DEFAULT NULL, server text DEFAULT 'eniscope')
RETURNS TABLE (check_name text, status text, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- What another session has locked could not be checked; the doctor does not wait for it.
SET lock_timeout = '3s'
AS $$
#variable_conflict use_column
DECLARE
    given ALIAS FOR site;
    asked CONSTANT text := coalesce(server, 'eniscope');
    may_probe CONSTANT boolean := coalesce((
        SELECT bool_and(has_function_privilege(p.oid, 'EXECUTE'))
        FROM pg_proc AS p WHERE p.pronamespace = '@extschema@'::regnamespace AND p.proname = '_argo_probe'), false)
        AND NOT EXISTS (SELECT FROM pg_foreign_server AS s WHERE s.srvname = asked AND NOT has_server_privilege(s.oid, 'USAGE'));
    task record;
    blocked_by text;
    blocked_cure text;
    probed jsonb;
    code text;
    message text;
    hint text;
BEGIN
    FOR task IN
        SELECT t.*
        FROM (VALUES
            (1, 'extension', '_argo_doctor_extension', '{}'::text[]),
            (2, 'data schema', '_argo_doctor_data_schema', '{}'),
            (3, 'server', '_argo_doctor_server', '{}'),
            (4, 'mapping', '_argo_doctor_mapping', '{}'),
            (5, 'usage', '_argo_doctor_usage', '{}'),
            (6, 'dns', NULL, NULL),
            (7, 'connect', NULL, NULL),
            (8, 'tls', NULL, NULL),
            (9, 'login', NULL, NULL),
            (10, 'clock skew', NULL, NULL),
            (11, 'rights', '_argo_doctor_rights', '{}'),
            (12, 'zones', '_argo_doctor_zones', '{organizations,_argo_zones}'),
            (13, 'pg_cron', '_argo_doctor_pg_cron', '{}'),
            (14, 'indexes', '_argo_doctor_indexes', '{readings}'),
            (15, 'triggers', '_argo_doctor_triggers', '{organizations,channels,readings,_argo_zones}'),
            (16, 'dirty backlog', '_argo_doctor_dirty_backlog', '{_argo_dirty,_argo_refreshed_views,channels}'),
            (17, 'last sync', '_argo_doctor_last_sync', '{organizations,data_sync_status,v_ingest_progress}'),
            (18, 'validation', '_argo_doctor_validation', '{v_circuit_breakers}'),
            (19, 'breaker', '_argo_doctor_breaker', '{v_circuit_breakers}'),
            (20, 'disk growth', '_argo_doctor_disk_growth', '{readings,channels,_argo_dirty}')
        ) AS t (position, name, check_function, reads)
        ORDER BY t.position
    LOOP
        check_name := task.name;
        IF task.check_function IS NOT NULL THEN
            SELECT c.status, c.detail, c.cure INTO status, detail, cure
            FROM @extschema@._argo_doctor_check(task.check_function, task.reads, given, asked) AS c;
            IF blocked_by IS NULL AND check_name IN ('server', 'mapping', 'usage')
               -- A monitor may ask the API, and ingest nothing.
               AND status <> 'OK' AND (check_name <> 'usage' OR NOT may_probe) THEN
                blocked_by := format('see the check "%s"', check_name);
                blocked_cure := cure;
            END IF;
        ELSE
            IF probed IS NULL AND blocked_by IS NULL THEN
                BEGIN
                    SELECT jsonb_object_agg(p.check_name, to_jsonb(p)) INTO probed FROM @extschema@._argo_probe(asked) AS p;
                EXCEPTION WHEN OTHERS THEN
                    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
                    blocked_by := message;
                    -- Those of missing objects and rights are statements.
                    blocked_cure := CASE WHEN code IN ('42704', '42501') THEN hint
                        ELSE regexp_replace(coalesce(nullif(hint, ''), 'Look into the server''s log.'), '^', '-- ', 'gn') END;
                END;
            END IF;
            status := coalesce(probed -> check_name ->> 'status', 'WARN');
            detail := CASE WHEN probed IS NULL THEN 'not tried: ' || blocked_by ELSE probed -> check_name ->> 'detail' END;
            cure := CASE WHEN probed IS NULL THEN blocked_cure ELSE probed -> check_name ->> 'cure' END;
        END IF;
        IF cure IS NOT NULL AND cure NOT LIKE '--%' AND pg_is_in_recovery() THEN
            cure := E'-- On the primary:\n' || cure;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_doctor(text, text) IS
    'Checks all that Argo needs, for a site or (NULL) for all, worst first: one row a check, always the same ones in the same order; status OK, WARN or FAIL. cure is NULL where all is well, else what to type: statements that can be executed as printed, with ... in place of what only you know, and as comments what is not SQL. Changes nothing, needs no right, logs in to the API of server with one request where the role may (it ends within connect_timeout_ms), and works with nothing set up, in a read-only transaction and on a standby. What a role may not see, or another session has locked for 3 s, is a FAIL of its check. Raises only 57014.';
