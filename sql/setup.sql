-- argo_setup() makes the user's data objects: tables, views and what they depend on; where an older system has
-- made some of them it takes these over.

CREATE FUNCTION @extschema@._argo_setup(dry_run boolean, kept jsonb)
RETURNS TABLE (object_kind text, object_name text, action text, detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here CONSTANT regnamespace := '@extschema@';
    shipped CONSTANT integer := @extschema@._argo_setup_version();
    is_new boolean;
    installed integer;
    again CONSTANT text := 'SELECT * FROM @extschema@.argo_setup();';
    adopts boolean := false;
    older text[] := '{}';
    replaced text[] := '{}';
    gone text[] := '{}';
    step record;
    present boolean;
    changed integer;
BEGIN
    -- Of two concurrent calls the second finds everything made.
    IF NOT dry_run THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('argo_setup', here::oid::bigint));
    END IF;
    is_new := to_regclass('@extschema@._argo_schema_version') IS NULL;

    IF is_new THEN
        PERFORM @extschema@._argo_refuse_misfits(naive_too => true, again => again);
        adopts := kept IS NOT NULL OR EXISTS (
            SELECT FROM pg_class AS c
            WHERE c.relnamespace = here AND c.relname = ANY (@extschema@._argo_adoptable_tables()));
        IF adopts AND kept IS NULL THEN
            older := ARRAY(SELECT v.view_name FROM @extschema@._argo_adoptable_views() AS v);
            IF dry_run THEN
                kept := @extschema@._argo_described_views(older);
            ELSE
                kept := @extschema@._argo_take_over('SHARE ROW EXCLUSIVE', older);
                -- While it waited others may have changed things.
                PERFORM @extschema@._argo_refuse_misfits(naive_too => true, again => again);
            END IF;
        END IF;
    ELSE
        SELECT coalesce(max(v.version), 0) INTO installed FROM @extschema@._argo_schema_version AS v;
        IF installed > shipped THEN
            RAISE EXCEPTION 'data schema version % is newer than this argo', installed
                USING ERRCODE = '55000',
                      DETAIL = format('This version of argo makes data schema version %s. Nothing was changed.', shipped),
                      HINT = CASE WHEN @extschema@._argo_has_library()
                          THEN 'Install the newer files of the extension and type ALTER EXTENSION argo UPDATE;'
                          ELSE 'Install the newer argo-loader, which made these tables, and type argo-loader setup' END;
        END IF;
        SELECT coalesce(array_agg(v.view_name) FILTER (WHERE v.must_go), '{}'),
               coalesce(array_agg(v.view_name) FILTER (WHERE NOT v.must_go), '{}')
        INTO older, replaced
        FROM @extschema@._argo_older_views_again() AS v;
        PERFORM @extschema@._argo_refuse_dependents(older, again);
        IF dry_run THEN
            kept := @extschema@._argo_described_views(older);
        ELSIF (older <> '{}' OR installed < shipped) AND has_schema_privilege(here, 'CREATE') THEN
            kept := @extschema@._argo_take_over('SHARE ROW EXCLUSIVE', older);
        END IF;
    END IF;
    SELECT coalesce(array_agg(o.name), '{}') INTO gone
    FROM jsonb_each(kept) AS k
    CROSS JOIN LATERAL (SELECT k.key AS name
                        UNION ALL
                        SELECT i.name FROM jsonb_array_elements_text(k.value -> 'indexes') AS i (name)) AS o;

    FOR step IN SELECT s.* FROM @extschema@._argo_setup_steps() AS s ORDER BY s.step LOOP
        -- "change N" brings tables of before version N to it; where they are new they have it already.
        CONTINUE WHEN step.object_kind LIKE 'change %'
            AND coalesce(installed, shipped) >= substring(step.object_kind FROM '[0-9]+')::integer;
        present := step.object_name <> ALL (gone) AND CASE step.object_kind
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
        detail := CASE WHEN dry_run THEN 'dry run' END;
        IF present AND is_new AND step.object_kind IN ('table', 'index') THEN
            action := 'adopted';
        ELSIF present AND (installed = shipped AND step.object_name <> ALL (replaced)
                          OR step.object_kind !~ '^(function|view|trigger|change .*)$') THEN
            action := 'unchanged';
        ELSE
            IF NOT has_schema_privilege(here, 'CREATE') THEN
                RAISE EXCEPTION 'permission denied to create % % in schema %', step.object_kind, step.object_name, here
                    USING ERRCODE = '42501',
                          DETAIL = format('Role %I may not create objects in the schema. Nothing was changed.', current_user),
                          HINT = format('Ask its owner to type GRANT CREATE ON SCHEMA %s TO %I;', here, current_user);
            END IF;
            action := CASE WHEN present OR step.object_name = ANY (gone) THEN 'replaced' ELSE 'created' END;
            detail := nullif(concat_ws('; ', detail,
                'no longer with columns ' || (kept -> step.object_name ->> 'lost_columns'),
                'no longer with index ' || (
                    SELECT string_agg(format('%I', i.name), ', ')
                    FROM jsonb_array_elements_text(kept -> step.object_name -> 'indexes') AS i (name)
                    WHERE i.name NOT IN (SELECT s.object_name FROM @extschema@._argo_setup_steps() AS s))), '');
            IF NOT dry_run THEN
                EXECUTE CASE WHEN present
                    THEN regexp_replace(step.ddl, '^CREATE (FUNCTION|VIEW|TRIGGER) ', 'CREATE OR REPLACE \1 ', 'n')
                    ELSE step.ddl END;
            END IF;
        END IF;
        RETURN NEXT;

        -- The materialized views below are filled by these zones, and what keeps the dirty log comes after them.
        -- The server's zone files may have changed since, or rows been restored with triggers off.
        IF step.object_kind = 'function' AND step.object_name = '_argo_keep_zones' THEN
            changed := @extschema@._argo_changed_zones(dry_run);
            IF changed > 0 THEN
                object_kind := 'table';
                object_name := '_argo_zones';
                action := 'replaced';
                detail := concat(CASE WHEN dry_run THEN 'dry run; ' END, format('time zones of %s organizations', changed));
                RETURN NEXT;
            END IF;
        END IF;
    END LOOP;

    IF dry_run THEN
        RETURN;
    END IF;
    IF installed IS DISTINCT FROM shipped THEN
        INSERT INTO @extschema@._argo_schema_version (version) VALUES (shipped);
    END IF;
    PERFORM @extschema@._argo_restore_views(kept);
    IF adopts THEN
        -- The views show all of it, and nothing has judged it yet.
        INSERT INTO @extschema@._argo_unvalidated (meter_id, first_reading, last_reading)
        SELECT c.channel_id, '-infinity', 'infinity' FROM @extschema@.channels AS c;
        ANALYZE @extschema@.mv_hourly_usage, @extschema@.mv_daily_usage;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_setup(boolean, jsonb) IS
    'The work of argo_setup(); kept: what _argo_take_over() returned where it has been called already.';

CREATE FUNCTION @extschema@._argo_changed_zones(dry_run boolean)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_regclass('@extschema@.organizations') IS NULL
       OR NOT has_table_privilege('@extschema@.organizations', 'SELECT') THEN
        RETURN 0;
    END IF;
    IF to_regclass('@extschema@._argo_zones') IS NULL THEN
        RETURN (SELECT count(*) FROM @extschema@.organizations AS o);
    END IF;
    IF NOT (has_table_privilege('@extschema@._argo_zones', 'SELECT')
            AND has_table_privilege('@extschema@._argo_zones', 'INSERT')
            AND has_table_privilege('@extschema@._argo_zones', 'UPDATE')) THEN
        RETURN 0;
    END IF;
    IF dry_run THEN
        RETURN (
            SELECT count(*)
            FROM @extschema@.organizations AS o
            LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = o.organization_id
            CROSS JOIN LATERAL (SELECT @extschema@._argo_verified_zone(o.timezone) AS name) AS v
            WHERE (z.timezone, z.is_valid) IS DISTINCT FROM (coalesce(v.name, 'America/New_York'), v.name IS NOT NULL));
    END IF;
    RETURN @extschema@._argo_keep_zones();
END
$$;

COMMENT ON FUNCTION @extschema@._argo_changed_zones(boolean) IS
    'Verifies the zones of all organizations, as far as the caller may, and returns how many changed; dry_run only counts.';

CREATE FUNCTION @extschema@.argo_setup(dry_run boolean DEFAULT false)
RETURNS TABLE (object_kind text, object_name text, action text, detail text)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on
AS $$
    SELECT s.object_kind, s.object_name, s.action, s.detail FROM @extschema@._argo_setup(coalesce(dry_run, true), NULL) AS s
$$;

COMMENT ON FUNCTION @extschema@.argo_setup(boolean) IS
    'Makes Argo''s tables and views in this schema as objects of the caller, and returns one row per object: created, replaced, adopted or unchanged. Tables of an older system stay as they are, and its nine views are replaced, their grants, owners, comments and options kept, once more where its script has made them again over Argo''s. A second call changes nothing. dry_run returns the same rows, with ''dry run'' in detail, and changes and locks nothing. Locks: none where nothing is to be done; else SHARE ROW EXCLUSIVE on organizations, devices, channels, readings, data_sync_status and ingestion_logs, in this order, so that readers go on and writers wait, then ACCESS EXCLUSIVE on the views, until all is filled. No lock is waited for longer than 0.3 s while others are held; it tries for a minute, or as long as lock_timeout says (55P03). Needs CREATE on the schema and ownership of what is adopted (42501); refuses names that others have taken and tables that do not fit (42P07), times without zone (55000), objects that depend on the nine views (2BP01), and adoption above READ COMMITTED (25001), before anything is changed, with the statements that mend it.';
