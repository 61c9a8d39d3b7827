-- argo_setup() makes the user's data objects: tables, views and what they depend on.

CREATE FUNCTION @extschema@.argo_setup()
RETURNS TABLE (object_kind text, object_name text, action text, detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here CONSTANT regnamespace := '@extschema@';
    shipped CONSTANT integer := @extschema@._argo_setup_version();
    installed integer;
    taken text;
    step record;
    present boolean;
    changed integer;
BEGIN
    -- Of two concurrent calls the second finds everything made.
    PERFORM pg_advisory_xact_lock(hashtextextended('argo_setup', here::oid::bigint));

    IF to_regclass('@extschema@._argo_schema_version') IS NULL THEN
        SELECT string_agg(format('%I', c.relname), ', ' ORDER BY c.relname)
        INTO taken
        FROM pg_class AS c
        JOIN @extschema@._argo_setup_steps() AS s
            ON s.object_name = c.relname AND s.object_kind IN ('table', 'view', 'materialized view', 'index')
        WHERE c.relnamespace = here;
        IF taken IS NOT NULL THEN
            RAISE EXCEPTION 'schema % already has relations with names that argo needs', here
                USING ERRCODE = '42P07',
                      DETAIL = format('Not made by argo_setup(): %s. Nothing was changed.', taken),
                      HINT = CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'argo')
                          THEN 'Give Argo a schema of its own: DROP EXTENSION argo; CREATE SCHEMA argo; CREATE EXTENSION argo SCHEMA argo;'
                          ELSE 'Install Argo''s functions in a schema of their own and type SELECT * FROM argo.argo_setup();' END;
        END IF;
    ELSE
        SELECT coalesce(max(v.version), 0) INTO installed FROM @extschema@._argo_schema_version AS v;
        IF installed > shipped THEN
            RAISE EXCEPTION 'data schema version % is newer than this argo', installed
                USING ERRCODE = '55000',
                      DETAIL = format('This version of argo makes data schema version %s. Nothing was changed.', shipped),
                      HINT = 'Install the newer files of the extension and type ALTER EXTENSION argo UPDATE;';
        END IF;
    END IF;

    FOR step IN SELECT s.* FROM @extschema@._argo_setup_steps() AS s ORDER BY s.step LOOP
        present := CASE step.object_kind
            WHEN 'function' THEN EXISTS (
                SELECT FROM pg_proc AS p WHERE p.pronamespace = here AND p.proname = step.object_name)
            WHEN 'trigger' THEN EXISTS (
                SELECT FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
                WHERE c.relnamespace = here AND t.tgname = step.object_name AND NOT t.tgisinternal)
            ELSE EXISTS (
                SELECT FROM pg_class AS c WHERE c.relnamespace = here AND c.relname = step.object_name)
        END;
        object_kind := step.object_kind;
        object_name := step.object_name;
        detail := NULL;
        IF present AND (installed = shipped OR step.object_kind NOT IN ('function', 'view', 'trigger')) THEN
            action := 'unchanged';
        ELSE
            IF NOT has_schema_privilege(here, 'CREATE') THEN
                RAISE EXCEPTION 'permission denied to create % % in schema %', step.object_kind, step.object_name, here
                    USING ERRCODE = '42501',
                          DETAIL = format('Role %I may not create objects in the schema. Nothing was changed.', current_user),
                          HINT = format('Ask its owner to type GRANT CREATE ON SCHEMA %s TO %I;', here, current_user);
            END IF;
            action := CASE WHEN present THEN 'replaced' ELSE 'created' END;
            EXECUTE CASE WHEN present
                THEN regexp_replace(step.ddl, '^CREATE (FUNCTION|VIEW|TRIGGER) ', 'CREATE OR REPLACE \1 ', 'n')
                ELSE step.ddl END;
        END IF;
        RETURN NEXT;
    END LOOP;

    IF installed IS DISTINCT FROM shipped THEN
        INSERT INTO @extschema@._argo_schema_version (version) VALUES (shipped);
    END IF;

    -- The server's zone files may have changed since, or rows been restored with triggers off.
    IF has_table_privilege('@extschema@.organizations', 'SELECT')
       AND has_table_privilege('@extschema@._argo_zones', 'SELECT')
       AND has_table_privilege('@extschema@._argo_zones', 'INSERT')
       AND has_table_privilege('@extschema@._argo_zones', 'UPDATE') THEN
        changed := @extschema@._argo_keep_zones();
        IF changed > 0 THEN
            object_kind := 'table';
            object_name := '_argo_zones';
            action := 'replaced';
            detail := format('time zones of %s organizations', changed);
            RETURN NEXT;
        END IF;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_setup() IS
    'Makes Argo''s tables and views in this schema as objects of the caller, and returns one row per object: created, replaced or unchanged. A second call changes nothing. Needs CREATE on the schema (42501); refuses names that others have taken (42P07).';
