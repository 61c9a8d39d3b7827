-- Checks of argo_doctor() of what is installed, connected and granted. Each returns findings: severity 0 (fine), 1 (WARN)
-- or 2 (FAIL), and what to type; what is no statement is a comment, and ... stands for what only the user knows.

CREATE FUNCTION @extschema@._argo_cure_as(owner oid, statement text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- A line break would end the comment.
    SELECT CASE WHEN pg_has_role(owner, 'USAGE') THEN statement
                ELSE format(E'-- As %s:\n%s', translate(owner::regrole::text, E'\r\n', '  '), statement) END
$$;

COMMENT ON FUNCTION @extschema@._argo_cure_as(oid, text) IS
    'A statement that needs a role, with a comment that names it unless the current one will do.';

CREATE FUNCTION @extschema@._argo_has_library()
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM pg_proc AS p
                   WHERE p.pronamespace = '@extschema@'::regnamespace AND p.proname = '_argo_library_version')
$$;

COMMENT ON FUNCTION @extschema@._argo_has_library() IS 'False where Argo is plain SQL, on a host without its library.';

CREATE FUNCTION @extschema@._argo_doctor_extension(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    installed text;
    available text;
    library text;
BEGIN
    IF NOT @extschema@._argo_has_library() THEN
        RETURN QUERY VALUES (NULL, 0, 'the plain functions, without the library: argo-loader brings the readings in', NULL);
        RETURN;
    END IF;
    SELECT e.extversion, a.default_version INTO installed, available
    FROM pg_extension AS e
    LEFT JOIN pg_available_extensions AS a ON a.name = e.extname
    WHERE e.extname = 'argo' AND e.extnamespace = '@extschema@'::regnamespace;
    BEGIN
        EXECUTE 'SELECT @extschema@._argo_library_version()' INTO library;
    EXCEPTION WHEN OTHERS THEN
        RETURN QUERY VALUES (NULL, 2, format('the library could not be loaded: %s', SQLERRM),
                             '-- On the server''s machine, install Argo''s files of this version again: make install');
        RETURN;
    END;
    IF installed IS NULL THEN
        RETURN QUERY VALUES (NULL, 0, format('library %s; its functions belong to no extension', library), NULL);
    ELSIF installed <> library THEN
        RETURN QUERY VALUES (NULL, 2, format('the extension is %s and the library %s', installed, library), CASE
            WHEN EXISTS (SELECT FROM pg_extension_update_paths('argo') AS u
                         WHERE u.source = installed AND u.target = library AND u.path IS NOT NULL)
            THEN format('ALTER EXTENSION argo UPDATE TO %L;', library)
            ELSE '-- Connect anew, since this session has loaded its library before; or install Argo''s files again: make install'
            END);
    ELSIF available <> installed
          AND EXISTS (SELECT FROM pg_extension_update_paths('argo') AS u
                      WHERE u.source = installed AND u.target = available AND u.path IS NOT NULL) THEN
        RETURN QUERY VALUES (NULL, 1, format('version %s, while the files of %s are installed', installed, available),
                             'ALTER EXTENSION argo UPDATE;');
    ELSE
        RETURN QUERY VALUES (NULL, 0, format('version %s, as its library', installed), NULL);
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_extension(text, text) IS
    'Check of argo_doctor(): the extension is there, and its library loads and is of the same version.';

CREATE FUNCTION @extschema@._argo_doctor_data_schema(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here CONSTANT oid := '@extschema@'::regnamespace;
    shipped CONSTANT integer := @extschema@._argo_setup_version();
    again CONSTANT text := 'SELECT * FROM @extschema@.argo_setup();';
    installed integer;
    names text;
BEGIN
    SELECT string_agg(format('%I.%I', c.relname, a.attname), ', ' ORDER BY c.relname, a.attnum) INTO names
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN @extschema@._argo_setup_steps() AS s ON s.object_kind = 'table' AND s.object_name = c.relname
    WHERE c.relnamespace = here AND a.atttypid = 'timestamp'::regtype;
    IF names IS NOT NULL THEN
        RETURN QUERY VALUES (NULL, 2, format('times without a zone: %s', names),
                             'SELECT * FROM @extschema@.argo_migrate_timestamps(''America/New_York'');'
                             || E'\n-- with the zone whose local times they are');
    END IF;
    IF to_regclass('@extschema@._argo_schema_version') IS NULL THEN
        RETURN QUERY VALUES (NULL, 2, CASE WHEN to_regclass('@extschema@.readings') IS NULL THEN 'no tables yet'
            ELSE 'the tables here are not set up for this argo, which adopts them' END, again);
        RETURN;
    END IF;
    SELECT coalesce(max(v.version), 0) INTO installed FROM @extschema@._argo_schema_version AS v;
    IF installed > shipped THEN
        RETURN QUERY VALUES (NULL, 2, format('data schema version %s is newer than the %s of this argo', installed, shipped),
                             CASE WHEN @extschema@._argo_has_library() THEN 'ALTER EXTENSION argo UPDATE;'
                                  ELSE E'-- With the newer argo-loader, which made these tables:\n-- argo-loader setup' END);
        RETURN;
    ELSIF installed < shipped THEN
        RETURN QUERY VALUES (NULL, 2, format('data schema version %s is older than the %s of this argo', installed, shipped),
                             again);
    END IF;
    -- Indexes and triggers have checks of their own.
    SELECT string_agg(s.object_name, ', ' ORDER BY s.step) INTO names
    FROM @extschema@._argo_setup_steps() AS s
    WHERE CASE WHEN s.object_kind = 'function'
               THEN NOT EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = here AND p.proname = s.object_name)
               WHEN s.object_kind IN ('table', 'view', 'materialized view')
               THEN NOT EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = here AND c.relname = s.object_name) END;
    IF names IS NOT NULL THEN
        RETURN QUERY VALUES (NULL, 2, format('missing: %s', left(names, 500)), again);
    END IF;
    RETURN QUERY VALUES (NULL, 0, format('version %s, as this argo has it', installed), NULL);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_data_schema(text, text) IS
    'Check of argo_doctor(): argo_setup() was run, by this version, and nothing that it made is gone.';

CREATE FUNCTION @extschema@._argo_doctor_server(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    api CONSTANT text := 'https://core.eniscope.com';
    maker oid;
    present record;
    url text;
BEGIN
    IF NOT @extschema@._argo_has_library() THEN
        RETURN QUERY VALUES (NULL, 0, 'not here: argo-loader reads ENISCOPE_API_URL', NULL);
        RETURN;
    END IF;
    SELECT s.srvowner, w.fdwname, s.srvoptions INTO present
    FROM pg_foreign_server AS s
    JOIN pg_foreign_data_wrapper AS w ON w.oid = s.srvfdw
    WHERE s.srvname = server;
    IF NOT FOUND THEN
        -- Who may make servers is up to the owner of the wrapper.
        SELECT CASE WHEN has_foreign_data_wrapper_privilege(w.oid, 'USAGE') THEN current_user::regrole::oid ELSE w.fdwowner END
        INTO maker FROM pg_foreign_data_wrapper AS w WHERE w.fdwname = 'eniscope';
        RETURN QUERY VALUES (NULL, 2, format('server %I does not exist', server), @extschema@._argo_cure_as(
            maker, format('CREATE SERVER %I FOREIGN DATA WRAPPER eniscope OPTIONS (url %L);', server, api)));
        RETURN;
    END IF;
    IF present.fdwname <> 'eniscope' THEN
        RETURN QUERY VALUES (NULL, 2, format('server %I belongs to the wrapper %I, not to eniscope', server, present.fdwname),
                             '-- Name another one: SELECT * FROM @extschema@.argo_doctor(server => ''...'');');
        RETURN;
    END IF;
    SELECT o.option_value INTO url FROM pg_options_to_table(present.srvoptions) AS o WHERE o.option_name = 'url';
    IF url IS NULL THEN
        RETURN QUERY VALUES (NULL, 2, format('server %I has no url', server), @extschema@._argo_cure_as(
            present.srvowner, format('ALTER SERVER %I OPTIONS (ADD url %L);', server, api)));
        RETURN;
    END IF;
    RETURN QUERY VALUES (NULL, 0, format('server %I: %s', server, (
        SELECT string_agg(concat_ws(' ', nullif(o.option_name, 'url'), o.option_value), ', '
                          ORDER BY o.option_name <> 'url', o.option_name)
        FROM pg_options_to_table(present.srvoptions) AS o
        WHERE o.option_name NOT IN ('api_key', 'email', 'password', 'password_md5'))), NULL);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_server(text, text) IS
    'Check of argo_doctor(): the foreign server exists, is one of the wrapper eniscope, and has a url.';

CREATE FUNCTION @extschema@._argo_doctor_mapping(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    login CONSTANT text := E'\n-- with the login in place of ...';
    present record;
    whose text;
    missing text[];
    placeholders text[];
BEGIN
    IF NOT @extschema@._argo_has_library() THEN
        RETURN QUERY VALUES (NULL, 0, 'not here: argo-loader reads ENISCOPE_API_KEY, ENISCOPE_EMAIL and ENISCOPE_PASSWORD', NULL);
        RETURN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_foreign_server AS s WHERE s.srvname = server) THEN
        RETURN QUERY SELECT NULL, 1, 'not checked: ' || f.detail, f.cure FROM @extschema@._argo_doctor_server(site, server) AS f;
        RETURN;
    END IF;
    SELECT m.umuser = 0 AS is_public, s.srvowner,
           pg_has_role(s.srvowner, 'USAGE')
               OR (m.umuser <> 0 AND has_server_privilege(s.oid, 'USAGE')) AS is_shown,
           coalesce((SELECT array_agg(o.option_name) FROM pg_options_to_table(m.umoptions) AS o), '{}') AS given,
           (SELECT array_agg(o.option_name ORDER BY o.option_name) FROM pg_options_to_table(m.umoptions) AS o
            WHERE o.option_value = '...') AS placeholders
    INTO present
    FROM pg_user_mappings AS m
    JOIN pg_foreign_server AS s ON s.oid = m.srvid
    WHERE s.srvname = server AND (m.umuser = 0 OR m.usename = current_user)
    ORDER BY m.umuser = 0
    LIMIT 1;
    IF NOT FOUND THEN
        RETURN QUERY VALUES (NULL, 2, format('role %I has no user mapping on server %I', current_user, server), format(
            'CREATE USER MAPPING FOR CURRENT_USER SERVER %I OPTIONS (api_key ''...'', email ''...'', password ''...'');%s',
            server, login));
        RETURN;
    END IF;
    whose := CASE WHEN present.is_public THEN 'PUBLIC' ELSE 'CURRENT_USER' END;
    IF NOT present.is_shown THEN
        RETURN QUERY VALUES (NULL, 0, format('for %s, its options hidden from role %I', whose, current_user), NULL);
        RETURN;
    END IF;
    missing := ARRAY(
        SELECT o.name FROM unnest('{api_key,email,password}'::text[]) WITH ORDINALITY AS o (name, position)
        WHERE o.name <> ALL (present.given) AND NOT (o.name = 'password' AND 'password_md5' = ANY (present.given))
        ORDER BY o.position);
    IF missing <> '{}' OR present.placeholders IS NOT NULL THEN
        RETURN QUERY VALUES (NULL, 2, format('the user mapping for %s on server %I %s', whose, server, concat_ws(' and ',
                'lacks ' || nullif(array_to_string(missing, ', '), ''),
                'has ... for ' || array_to_string(present.placeholders, ', '))),
            format('ALTER USER MAPPING FOR %s SERVER %I OPTIONS (%s);%s', whose, server, (
                SELECT string_agg(format('%s %I ''...''', o.action, o.name), ', ' ORDER BY o.action, o.position)
                FROM (SELECT 'ADD' AS action, m.name, m.position FROM unnest(missing) WITH ORDINALITY AS m (name, position)
                      UNION ALL
                      SELECT 'SET', p.name, p.position FROM unnest(present.placeholders) WITH ORDINALITY AS p (name, position)
                ) AS o), login));
        RETURN;
    END IF;
    RETURN QUERY VALUES (NULL, 0, format('for %s, with all its options', whose), NULL);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_mapping(text, text) IS
    'Check of argo_doctor(): the current role has a user mapping, its own or the one for PUBLIC, with every option. Names options and never shows a value.';

CREATE FUNCTION @extschema@._argo_doctor_usage(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    present record;
BEGIN
    IF NOT @extschema@._argo_has_library() THEN
        RETURN QUERY VALUES (NULL, 0, 'not here: nothing in this database sends requests', NULL);
        RETURN;
    END IF;
    SELECT s.oid, s.srvowner INTO present FROM pg_foreign_server AS s WHERE s.srvname = server;
    IF NOT FOUND THEN
        RETURN QUERY SELECT NULL, 1, 'not checked: ' || f.detail, f.cure FROM @extschema@._argo_doctor_server(site, server) AS f;
    ELSIF NOT has_server_privilege(present.oid, 'USAGE') THEN
        RETURN QUERY VALUES (NULL, 2, format('role %I may not use server %I', current_user, server), @extschema@._argo_cure_as(
            present.srvowner, format('GRANT USAGE ON FOREIGN SERVER %I TO %I;', server, current_user)));
    END IF;
    RETURN QUERY
    SELECT NULL::text, CASE WHEN p.proname IN ('argo_ingest', 'argo_sync') THEN 2 ELSE 1 END,
           format('role %I may not execute %s', current_user, p.proname),
           @extschema@._argo_cure_as(p.proowner, format('GRANT EXECUTE ON %s %s TO %I;',
               CASE WHEN p.prokind = 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END, p.oid::regprocedure, current_user))
    FROM pg_proc AS p
    WHERE p.pronamespace = '@extschema@'::regnamespace
      AND p.proname IN ('argo_ingest', 'argo_backfill', 'argo_sync', '_argo_probe')
      AND NOT has_function_privilege(p.oid, 'EXECUTE')
    ORDER BY p.proname;
    RETURN QUERY VALUES (NULL, 0, format('role %I may send requests', current_user), NULL);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_usage(text, text) IS
    'Check of argo_doctor(): the current role has USAGE on the server and EXECUTE on what sends requests.';

CREATE FUNCTION @extschema@._argo_doctor_rights(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here CONSTANT regnamespace := '@extschema@';
    has_maintain CONSTANT boolean := current_setting('server_version_num')::integer >= 170000;
    keeper oid;
    has_costs boolean := false;
BEGIN
    IF to_regclass('@extschema@._argo_schema_version') IS NULL THEN
        IF has_schema_privilege(here, 'CREATE') THEN
            RETURN QUERY VALUES (NULL, 0, format('role %I may make the tables', current_user), NULL);
        ELSE
            RETURN QUERY SELECT NULL::text, 1, format('role %I may not make the tables', current_user), @extschema@._argo_cure_as(
                n.nspowner, format('GRANT CREATE ON SCHEMA %s TO %I;', here, current_user))
            FROM pg_namespace AS n WHERE n.oid = here;
        END IF;
        RETURN;
    END IF;
    -- Before MAINTAIN only the owner may refresh, whatever else is granted.
    SELECT c.relowner INTO keeper FROM pg_class AS c WHERE c.oid = to_regclass('@extschema@.mv_hourly_usage');

    IF has_table_privilege('@extschema@._argo_refreshed_views', 'SELECT') THEN
        SELECT bool_or(v.is_in_use) INTO has_costs FROM @extschema@._argo_refreshed_views AS v WHERE v.key_kind = 'equipment';
    END IF;

    -- What docs/security.md says.
    RETURN QUERY
    WITH needed (task, relations, privileges) AS (VALUES
        ('ingest', '{organizations,devices,channels,data_sync_status}'::text[], '{SELECT,INSERT,UPDATE}'::text[]),
        ('ingest', '{readings,ingestion_logs}', '{SELECT,INSERT}'),
        ('ingest', '{ingest_runs}', '{SELECT,INSERT,UPDATE}'),
        ('ingest', '{rejected_readings}', '{SELECT,INSERT,DELETE}'),
        ('ingest', '{_argo_zones}', '{SELECT}'),
        ('refresh', '{mv_hourly_usage,mv_daily_usage}', '{MAINTAIN,SELECT}'),
        ('refresh', '{_argo_dirty,_argo_unvalidated,refresh_log}', '{SELECT,INSERT,DELETE}'),
        ('refresh', '{_argo_refreshed_views}', '{SELECT,UPDATE,DELETE}'),
        ('refresh', '{readings,channels,_argo_zones}', '{SELECT}'),
        ('refresh the costs', '{mv_daily_ahu_costs,mv_daily_ahu_kwh,mv_monthly_ahu_costs}', '{MAINTAIN,SELECT}'),
        ('refresh the costs', '{_argo_dirty_equipment}', '{SELECT,DELETE}'),
        ('refresh the costs', '{equipment}', '{SELECT}'),
        ('validate', '{organizations,channels,readings,ingestion_logs,ingest_runs}', '{SELECT}'),
        ('validate', '{_argo_zones,_argo_dirty,validation_rules,v_sites}', '{SELECT}'),
        ('validate', '{data_quality_days,data_quality_history}', '{SELECT,INSERT,DELETE}'),
        ('validate', '{_argo_unvalidated}', '{SELECT,DELETE}'),
        ('validate', '{circuit_breakers}', '{SELECT,INSERT,UPDATE}')
    ), lacking AS (
        SELECT n.task, c.relname, c.relkind, c.relowner, p.privilege
        FROM needed AS n
        CROSS JOIN unnest(n.relations) AS r (relation)
        CROSS JOIN unnest(n.privileges) AS p (privilege)
        JOIN pg_class AS c ON c.relnamespace = here AND c.relname = r.relation
        WHERE (n.task <> 'refresh the costs' OR has_costs)
          AND CASE WHEN n.task NOT LIKE 'refresh%' OR has_maintain THEN NOT has_table_privilege(c.oid, p.privilege) END
        UNION ALL
        -- An identity needs no right on its sequence; the serial ids of adopted tables do.
        SELECT n.task, c.relname, c.relkind, c.relowner, 'USAGE'
        FROM needed AS n
        CROSS JOIN unnest(n.relations) AS r (relation)
        JOIN pg_class AS t ON t.relnamespace = here AND t.relname = r.relation
        JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND d.refobjsubid > 0
                           AND d.classid = 'pg_class'::regclass AND d.deptype = 'a'
        JOIN pg_class AS c ON c.oid = d.objid
        WHERE 'INSERT' = ANY (n.privileges) AND (n.task <> 'refresh' OR has_maintain)
          AND CASE WHEN c.relkind = 'S' THEN NOT has_sequence_privilege(c.oid, 'USAGE,UPDATE') END
    )
    SELECT NULL::text, 1, format('role %I may not %s: it lacks %s', current_user, t.task, t.names), t.cure
    FROM (
        SELECT l.task, string_agg(l.names, '; ' ORDER BY l.relname) AS names, string_agg(l.cure, E'\n' ORDER BY l.relname) AS cure
        FROM (
            SELECT k.task, k.relname, format('%s on %I', string_agg(k.privilege, ', ' ORDER BY k.privilege), k.relname) AS names,
                   @extschema@._argo_cure_as(k.relowner, format('GRANT %s ON %s%s TO %I;',
                       string_agg(k.privilege, ', ' ORDER BY k.privilege), CASE WHEN k.relkind = 'S' THEN 'SEQUENCE ' END,
                       '@extschema@.' || quote_ident(k.relname), current_user)) AS cure
            FROM lacking AS k GROUP BY k.task, k.relname, k.relowner, k.relkind
        ) AS l
        GROUP BY l.task
    ) AS t
    ORDER BY t.task;
    RETURN QUERY VALUES (NULL, 0, format('role %I may ingest and validate, and %s', current_user,
        CASE WHEN has_maintain OR keeper IS NULL OR pg_has_role(keeper, 'USAGE') THEN 'refresh'
             ELSE format('leaves refreshing to %s', keeper::regrole) END), NULL);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_rights(text, text) IS
    'Check of argo_doctor(): what the current role lacks of the grants of docs/security.md to ingest, refresh and validate.';
