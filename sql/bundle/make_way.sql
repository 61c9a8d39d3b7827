-- Has the functions of an older version make way: those that cannot be replaced as they stand, and those that went. Who
-- depends on one of them keeps it from going, and everything as it was.

DO $_argo_make_way$
DECLARE
    here CONSTANT regnamespace := '@extschema@';
    -- Read and not run, since somebody else may have written it.
    older CONSTANT text[] := coalesce((
        SELECT substring(p.prosrc FROM '\{[a-z_,\s]*\}')::text[] FROM pg_proc AS p
        WHERE p.pronamespace = here AND p.proname = '_argo_bundle_functions'), '{}');
    -- What is replaced stays its owner's, who could change it afterwards.
    trusted CONSTANT oid[] := ARRAY(
        SELECT r.oid FROM pg_roles AS r
        WHERE r.rolname = current_user OR r.rolsuper
           OR r.oid IN (SELECT n.nspowner FROM pg_namespace AS n WHERE n.oid = here)
           OR r.oid IN (SELECT d.datdba FROM pg_database AS d WHERE d.datname = current_database()));
    is_superuser CONSTANT boolean := (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user);
    newer CONSTANT text[] := '{
@names@
    }';
    -- These are the data's, as its tables are.
    steps CONSTANT text[] := '{
@steps@
    }';
    taken text;
    stood jsonb;
    given record;
    gone record;
    caller record;
BEGIN
    SELECT string_agg(p.oid::regprocedure::text, ', ' ORDER BY p.oid) INTO taken
    FROM pg_proc AS p
    WHERE p.pronamespace = here AND p.proname = ANY (newer || older)
      AND (p.proname <> ALL (older || steps) OR is_superuser AND p.proowner <> ALL (trusted));
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'schema % already has functions with names that argo needs', here
            USING ERRCODE = '42723',
                  DETAIL = format('argo-loader did not make %s. Nothing was changed.', left(taken, 500)),
                  HINT = 'Rename or drop them, or install Argo in a schema of its own: argo-loader setup --schema argo';
    END IF;
    SELECT jsonb_object_agg(p.oid, jsonb_build_object('row', p.xmin::text, 'name', p.proname, 'acl', p.proacl::text)) INTO stood
    FROM pg_proc AS p
    WHERE p.pronamespace = here AND p.proname = ANY (older) AND p.proname <> ALL (steps);
    IF stood IS NULL THEN
        RETURN;
    END IF;

    -- Without their bodies, which come below: only a head can keep a function from being replaced.
    FOR given IN SELECT h.name, h.head || 'AS ''''' AS statement FROM (VALUES
@heads@
    ) AS h (name, head) LOOP
        BEGIN
            EXECUTE given.statement;
        EXCEPTION WHEN invalid_function_definition OR wrong_object_type THEN
            FOR gone IN
                SELECT p.oid::regprocedure AS routine FROM pg_proc AS p
                WHERE p.pronamespace = here AND p.proname = given.name AND p.xmin::text = stood -> p.oid::text ->> 'row'
            LOOP
                EXECUTE format('DROP ROUTINE %s', gone.routine);
            END LOOP;
            EXECUTE given.statement;
        END;
    END LOOP;

    FOR gone IN
        SELECT p.oid::regprocedure AS routine, s.value ->> 'name' AS name, (s.value ->> 'acl')::aclitem[] AS acl
        FROM jsonb_each(stood) AS s
        LEFT JOIN pg_proc AS p ON p.oid = s.key::oid
        WHERE p.oid IS NULL OR p.xmin::text = s.value ->> 'row'
    LOOP
        IF gone.routine IS NOT NULL THEN
            EXECUTE format('DROP ROUTINE %s', gone.routine);
        END IF;
        -- What has taken its place is for those whom it was for.
        FOR caller IN
            SELECT p.oid::regprocedure AS routine, a.grantee, a.is_grantable
            FROM pg_proc AS p
            LEFT JOIN LATERAL aclexplode(gone.acl) AS a ON a.grantee <> p.proowner
            WHERE gone.acl IS NOT NULL AND p.pronamespace = here AND p.proname = gone.name AND NOT stood ? p.oid::text
            ORDER BY p.oid, a.grantee DESC
        LOOP
            IF caller.grantee IS DISTINCT FROM 0 THEN
                EXECUTE format('REVOKE EXECUTE ON ROUTINE %s FROM PUBLIC', caller.routine);
            END IF;
            IF caller.grantee IS NOT NULL THEN
                EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %s%s', caller.routine,
                    CASE caller.grantee WHEN 0 THEN 'PUBLIC' ELSE caller.grantee::regrole::text END,
                    CASE WHEN caller.is_grantable THEN ' WITH GRANT OPTION' END);
            END IF;
        END LOOP;
    END LOOP;
END
$_argo_make_way$;
