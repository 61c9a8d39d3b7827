-- Whether tables and views that an older system made can become Argo's, and what to type where they cannot.

CREATE FUNCTION @extschema@._argo_adoptable_tables()
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- What is referred to comes first, as in every writer: the order in which they are locked.
    SELECT ARRAY['organizations', 'devices', 'channels', 'readings', 'data_sync_status', 'ingestion_logs']
$$;

COMMENT ON FUNCTION @extschema@._argo_adoptable_tables() IS
    'The tables that argo_setup() takes over from an older system, in the order in which it locks them.';

CREATE FUNCTION @extschema@._argo_adoptable_views()
RETURNS TABLE (view_name text, columns text[])
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    VALUES
        ('v_clean_readings', '{id,channel_id,timestamp,energy_kwh,power_kw,voltage_v,current_a,power_factor,
            reactive_power_kvar,temperature_c,relative_humidity,created_at}'::text[]),
        ('mv_hourly_usage', '{meter_id,hour,avg_kw,total_kwh,reading_count,peak_kw,avg_voltage_v,min_voltage_v,max_voltage_v,
            voltage_count,avg_power_factor,power_factor_count}'),
        ('v_sites', '{site_id,site_name,address,city,postcode,country,timezone,created_at,updated_at}'),
        ('v_meters', '{meter_id,meter_name,site_id,site_name,device_id,device_name,device_type,device_uuid,
            channel_type,unit,created_at,updated_at}'),
        ('v_readings_enriched', '{meter_id,meter_name,site_id,site_name,device_id,device_name,timestamp,energy_kwh,power_kw,
            voltage_v,current_a,power_factor,reactive_power_kvar,temperature_c,relative_humidity}'),
        ('v_latest_readings', '{meter_id,meter_name,site_id,site_name,timestamp,energy_kwh,power_kw,voltage_v,current_a,
            power_factor}'),
        ('v_readings_hourly', '{meter_id,meter_name,site_id,site_name,device_id,device_name,hour,avg_kw,total_kwh,reading_count}'),
        ('v_readings_daily', '{meter_id,meter_name,site_id,site_name,reading_date,total_energy_kwh,avg_power_kw,peak_power_kw,
            avg_voltage_v,min_voltage_v,max_voltage_v,avg_power_factor,reading_count}'),
        ('v_readings_monthly', '{meter_id,meter_name,site_id,site_name,reading_month,total_energy_kwh,avg_power_kw,peak_power_kw,
            reading_count}')
$$;

COMMENT ON FUNCTION @extschema@._argo_adoptable_views() IS
    'The views that argo_setup() replaces in an adopted database, with the columns that Argo''s have.';

CREATE FUNCTION @extschema@._argo_table_columns()
RETURNS TABLE (table_name text, column_name text, column_type regtype, rest text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- The statements that make the tables are the one list of their columns.
    SELECT s.object_name, m.found[1], m.found[2]::regtype, m.found[3]
    FROM @extschema@._argo_setup_steps() AS s
    CROSS JOIN LATERAL regexp_matches(
        s.ddl, '^    "?([a-z_]+)"? (bigint|integer|text|real|timestamptz)\M *([^\n]*?),?$', 'gn') AS m (found)
    WHERE s.object_kind = 'table' AND s.object_name = ANY (@extschema@._argo_adoptable_tables())
$$;

COMMENT ON FUNCTION @extschema@._argo_table_columns() IS
    'The columns of the tables that can be adopted, as argo_setup() would make them; rest: what follows the type.';

CREATE FUNCTION @extschema@._argo_has_unique_key(relation regclass, columns text[])
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT FROM pg_index AS i
        WHERE i.indrelid = relation AND i.indisunique AND i.indisvalid AND i.indimmediate
          AND i.indpred IS NULL AND i.indexprs IS NULL
          AND columns = ARRAY(
              SELECT a.attname::text
              FROM unnest(i.indkey::smallint[]) WITH ORDINALITY AS k (attnum, position)
              JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
              WHERE k.position <= i.indnkeyatts
              ORDER BY k.position))
$$;

COMMENT ON FUNCTION @extschema@._argo_has_unique_key(regclass, text[]) IS
    'Whether a table has a valid, immediate unique index without predicate on exactly these columns, in this order.';

CREATE FUNCTION @extschema@._argo_dependents(relations oid[])
RETURNS TABLE (dependent text, cure text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE dependents (classid, objid, level) AS (
        SELECT 'pg_class'::regclass::oid, r.oid, 0 FROM unnest(relations) AS r (oid)
        UNION
        SELECT n.classid, n.objid, p.level + 1
        FROM dependents AS p
        CROSS JOIN LATERAL (
            SELECT CASE WHEN w.rulename = '_RETURN' THEN 'pg_class'::regclass::oid ELSE d.classid END AS classid,
                   CASE WHEN w.rulename = '_RETURN' THEN w.ev_class ELSE d.objid END AS objid
            FROM (
                SELECT d.classid, d.objid, d.deptype FROM pg_depend AS d WHERE d.refclassid = p.classid AND d.refobjid = p.objid
                UNION ALL
                -- A column or an argument may be of the type of its rows, or an array of them.
                SELECT d.classid, d.objid, d.deptype
                FROM pg_class AS c
                JOIN pg_type AS t ON t.oid = c.reltype
                JOIN pg_depend AS d ON d.refclassid = 'pg_type'::regclass AND d.refobjid = ANY (ARRAY[t.oid, t.typarray])
                WHERE p.classid = 'pg_class'::regclass AND c.oid = p.objid
            ) AS d
            LEFT JOIN pg_rewrite AS w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
            WHERE d.deptype IN ('n', 'a')
        ) AS n
        LEFT JOIN pg_class AS c ON n.classid = 'pg_class'::regclass AND c.oid = n.objid
        WHERE p.level < 32 AND NOT (n.classid = 'pg_class'::regclass AND n.objid = ANY (relations))
          AND c.relkind IS DISTINCT FROM 'i'
          AND (n.classid, n.objid) IS DISTINCT FROM (p.classid, p.objid)
    ), described AS (
        SELECT p.classid, p.objid, max(p.level) AS level, i.type, i.identity
        FROM dependents AS p
        CROSS JOIN LATERAL pg_identify_object(p.classid, p.objid, 0) AS i
        WHERE p.level > 0
        GROUP BY p.classid, p.objid, i.type, i.identity
    )
    SELECT concat_ws(' ', d.type, d.identity),
           CASE d.type
               WHEN 'view' THEN format('SELECT pg_get_viewdef(%L);', d.identity) || E'\n'
               WHEN 'materialized view' THEN format('SELECT pg_get_viewdef(%L);', d.identity) || E'\n'
               WHEN 'function' THEN format('SELECT pg_get_functiondef(%L::regprocedure);', d.identity) || E'\n'
               WHEN 'procedure' THEN format('SELECT pg_get_functiondef(%L::regprocedure);', d.identity) || E'\n'
               WHEN 'trigger' THEN format('SELECT pg_get_triggerdef(%s);', d.objid) || E'\n'
               WHEN 'rule' THEN format('SELECT pg_get_ruledef(%s);', d.objid) || E'\n'
               ELSE '' END
           || CASE WHEN d.type IN ('view', 'materialized view', 'function', 'procedure', 'policy', 'rule', 'trigger')
                   THEN format('DROP %s %s;', upper(d.type), d.identity)
                   WHEN d.type = 'statistics object'
                   THEN format(E'SELECT pg_get_statisticsobjdef(%s);\nDROP STATISTICS %s;', d.objid, d.identity)
                   WHEN d.type = 'default value'
                   THEN (SELECT format(E'SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE oid = %s;\n'
                                       'ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT;', f.oid, f.adrelid::regclass, a.attname)
                         FROM pg_attrdef AS f JOIN pg_attribute AS a ON a.attrelid = f.adrelid AND a.attnum = f.adnum
                         WHERE f.oid = d.objid)
                   ELSE '' END
    FROM described AS d
    ORDER BY d.level DESC, d.identity
$$;

COMMENT ON FUNCTION @extschema@._argo_dependents(oid[]) IS
    'What depends on some relations beside themselves and their indexes, in the order in which it can be dropped: in words, and the statements that show what it is and drop it.';

CREATE FUNCTION @extschema@._argo_misfits()
RETURNS TABLE (kind text, object text, problem text, cure text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here CONSTANT regnamespace := '@extschema@';
    tables CONSTANT text[] := @extschema@._argo_adoptable_tables();
    owners name[];
    known oid[];
    views oid[];
    it record;
BEGIN
    SELECT array_agg(c.oid) INTO known
    FROM pg_class AS c
    WHERE c.relnamespace = here
      AND ((c.relname = ANY (tables) AND c.relkind IN ('r', 'p')
            -- Another table of that name lacks what no ADD COLUMN can bring.
            AND NOT EXISTS (
                SELECT FROM @extschema@._argo_table_columns() AS w
                WHERE w.table_name = c.relname AND w.rest = 'NOT NULL'
                  AND NOT EXISTS (
                      SELECT FROM pg_attribute AS a
                      WHERE a.attrelid = c.oid AND a.attname = w.column_name AND a.attnum > 0 AND NOT a.attisdropped)))
           OR (c.relname IN (SELECT v.view_name FROM @extschema@._argo_adoptable_views() AS v) AND c.relkind IN ('v', 'm')));
    -- A view that reads none of these tables has the name only.
    SELECT array_agg(c.oid) INTO views
    FROM pg_class AS c
    WHERE c.oid = ANY (known) AND c.relkind IN ('v', 'm')
      AND EXISTS (
          SELECT FROM pg_rewrite AS w
          JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
          WHERE w.ev_class = c.oid AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> c.oid
            AND d.refobjid = ANY (known))
      AND NOT EXISTS (
          SELECT FROM pg_depend AS d
          WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e');

    kind := 'name';
    FOR object IN
        SELECT format('%I', c.relname)
        FROM pg_class AS c
        JOIN @extschema@._argo_setup_steps() AS s
            ON s.object_name = c.relname AND s.object_kind IN ('table', 'view', 'materialized view', 'index')
        LEFT JOIN pg_index AS i ON i.indexrelid = c.oid
        WHERE c.relnamespace = here
          AND NOT (c.relkind IN ('r', 'p') AND c.oid = ANY (coalesce(known, '{}')))
          AND c.oid <> ALL (coalesce(views, '{}'))
          AND NOT (s.object_kind = 'index' AND coalesce(i.indrelid = ANY (known), false))
        ORDER BY c.relname
    LOOP
        RETURN NEXT;
    END LOOP;

    kind := 'owner';
    SELECT array_agg(DISTINCT pg_get_userbyid(c.relowner)) INTO owners
    FROM pg_class AS c WHERE c.oid = ANY (known) AND c.relkind IN ('r', 'p');
    FOR it IN
        SELECT c.oid::regclass AS relation, pg_get_userbyid(c.relowner) AS owner, pg_has_role(c.relowner, 'MEMBER') AS is_ours,
               CASE c.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS type
        FROM pg_class AS c
        WHERE c.oid = ANY (known) AND pg_get_userbyid(c.relowner) <> current_user
          -- A view may have an owner of its own, where the caller can act as that role and it can have the new one.
          AND NOT (c.relkind = 'v' AND pg_has_role(c.relowner, 'USAGE') AND has_schema_privilege(c.relowner, here, 'CREATE')
                   AND pg_has_role(c.relowner, CASE WHEN current_setting('server_version_num')::integer >= 160000
                                                    THEN 'SET' ELSE 'MEMBER' END))
        ORDER BY array_position(tables, c.relname::text), c.relname
    LOOP
        object := it.relation;
        problem := format('%s belongs to %I', it.relation, it.owner);
        cure := CASE WHEN it.type = 'TABLE' AND cardinality(owners) = 1
                     THEN CASE WHEN it.is_ours THEN '' ELSE format(E'-- As %I or a superuser:\n', it.owner) END
                          || format('SET ROLE %I;', it.owner)
                     ELSE CASE WHEN it.is_ours THEN '' ELSE format(E'-- As a superuser or a member of %I and %I:\n',
                                                                   it.owner, current_user) END
                          || format('ALTER %s %s OWNER TO %I;', it.type, it.relation, current_user) END;
        RETURN NEXT;
    END LOOP;

    FOR it IN
        SELECT w.*, t.oid::regclass AS relation, a.attname, a.atttypid, a.attnotnull, a.attgenerated,
               format_type(a.atttypid, a.atttypmod) AS found, coalesce(nullif(y.typbasetype, 0), y.oid) AS base,
               a.atthasdef OR a.attidentity <> '' AS has_default
        FROM @extschema@._argo_table_columns() AS w
        JOIN pg_class AS t ON t.relname = w.table_name AND t.relkind IN ('r', 'p') AND t.oid = ANY (known)
        LEFT JOIN pg_attribute AS a
            ON a.attrelid = t.oid AND a.attname = w.column_name AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_type AS y ON y.oid = a.atttypid
        ORDER BY array_position(tables, w.table_name), w.column_name <> 'timestamp', w.column_name
    LOOP
        object := format('%s.%I', it.table_name, it.column_name);
        IF it.attname IS NULL THEN
            kind := 'shape';
            problem := format('column %I of %s is missing', it.column_name, it.relation);
            -- Rows that are there were not made now.
            cure := CASE WHEN it.rest LIKE 'DEFAULT CURRENT_TIMESTAMP%'
                THEN format('ALTER TABLE %1$s ADD COLUMN %2$I %3$s, ALTER COLUMN %2$I SET %4$s;',
                            it.relation, it.column_name, it.column_type, it.rest)
                ELSE format('ALTER TABLE %s ADD COLUMN %I %s;',
                            it.relation, it.column_name, concat_ws(' ', it.column_type, nullif(it.rest, ''))) END;
            RETURN NEXT;
            CONTINUE;
        END IF;
        IF it.column_type = 'timestamptz'::regtype AND it.base = 'timestamp'::regtype THEN
            kind := 'naive';
            problem := format('%s.%I', it.table_name, it.column_name);
            cure := 'SELECT * FROM @extschema@.argo_migrate_timestamps(''America/New_York'');';
            RETURN NEXT;
        ELSIF it.base <> it.column_type
            AND NOT (it.column_type = 'text'::regtype AND it.base = 'varchar'::regtype)
            AND NOT (it.column_type IN ('bigint'::regtype, 'integer'::regtype)
                     AND it.base IN ('bigint'::regtype, 'integer'::regtype)
                     AND it.column_name NOT IN ('channel_id', 'device_id')) THEN
            kind := 'type';
            problem := format('column %I of %s is %s, not %s', it.column_name, it.relation, it.found, it.column_type);
            cure := format('ALTER TABLE %1$s ALTER COLUMN %2$I TYPE %3$s USING %2$I::%3$s;',
                           it.relation, it.column_name, it.column_type);
            RETURN NEXT;
        END IF;
        kind := 'shape';
        IF it.attgenerated <> '' THEN
            problem := format('column %I of %s is a generated one', it.column_name, it.relation);
            cure := format('ALTER TABLE %s ALTER COLUMN %I DROP EXPRESSION;', it.relation, it.column_name);
            RETURN NEXT;
        ELSIF NOT it.attnotnull
            AND (it.table_name, it.column_name) IN (('organizations', 'organization_id'), ('devices', 'device_id'),
                ('channels', 'channel_id'), ('readings', 'channel_id'), ('readings', 'timestamp')) THEN
            problem := format('column %I of %s may be NULL', it.column_name, it.relation);
            cure := format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL;', it.relation, it.column_name);
            RETURN NEXT;
        ELSIF it.column_name = 'id' AND it.attnotnull AND NOT it.has_default THEN
            problem := format('column %I of %s has no default', it.column_name, it.relation);
            cure := format(E'ALTER TABLE %1$s ALTER COLUMN %2$I ADD GENERATED BY DEFAULT AS IDENTITY;\n'
                           'SELECT setval(pg_get_serial_sequence(%1$L, %2$L), max(%2$I)) FROM %1$s;', it.relation, it.column_name);
            RETURN NEXT;
        END IF;
    END LOOP;

    kind := 'shape';
    FOR it IN
        SELECT t.oid::regclass AS relation, t.relname, a.attname
        FROM pg_class AS t
        JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE t.oid = ANY (known) AND t.relkind IN ('r', 'p') AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
          AND NOT EXISTS (SELECT FROM @extschema@._argo_table_columns() AS w
                          WHERE w.table_name = t.relname AND w.column_name = a.attname)
        ORDER BY array_position(tables, t.relname::text), a.attnum
    LOOP
        object := format('%s.%I', it.relname, it.attname);
        problem := format('column %I of %s must be given and Argo does not know it', it.attname, it.relation);
        cure := format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL;', it.relation, it.attname);
        RETURN NEXT;
    END LOOP;

    FOR it IN
        SELECT t.oid::regclass AS relation, t.relname, k.columns,
               (SELECT string_agg(format('%I', c.name), ', ' ORDER BY c.position)
                FROM unnest(k.columns) WITH ORDINALITY AS c (name, position)) AS list,
               -- A name that is not taken, and by which one can tell what it is for.
               CASE WHEN EXISTS (SELECT FROM pg_class AS o WHERE o.relnamespace = here AND o.relname = k.index)
                    THEN k.index || '_of_argo' ELSE k.index END AS index
        FROM (VALUES ('organizations', ARRAY['organization_id'], 'organizations_pkey'),
                     ('devices', ARRAY['device_id'], 'devices_pkey'),
                     ('channels', ARRAY['channel_id'], 'channels_pkey'),
                     ('readings', ARRAY['channel_id', 'timestamp'], 'idx_readings_unique')) AS k (table_name, columns, index)
        JOIN pg_class AS t ON t.relname = k.table_name AND t.relkind IN ('r', 'p') AND t.oid = ANY (known)
        WHERE NOT @extschema@._argo_has_unique_key(t.oid, k.columns)
          -- A missing column is for the lines above.
          AND (SELECT count(*) FROM pg_attribute AS a
               WHERE a.attrelid = t.oid AND a.attname = ANY (k.columns) AND NOT a.attisdropped) = cardinality(k.columns)
    LOOP
        object := it.relname;
        problem := format('%s has no plain unique index on (%s)', it.relation, it.list);
        cure := format('SELECT %s, count(*) FROM %s GROUP BY %1$s HAVING count(*) > 1;', it.list, it.relation)
            || format(E'\nCREATE UNIQUE INDEX %I ON %s (%s);', it.index, it.relation, it.list);
        RETURN NEXT;
    END LOOP;

    FOR it IN
        SELECT c.oid::regclass AS relation, c.relname
        FROM pg_class AS c
        CROSS JOIN LATERAL pg_options_to_table(c.reloptions) AS o
        WHERE c.oid = ANY (views) AND o.option_name = 'security_invoker' AND o.option_value::boolean
        ORDER BY c.relname
    LOOP
        -- Argo's views read tables of its own, and materialized ones, by the rights of their owner.
        object := it.relname;
        problem := format('view %s works with the rights of its reader, which Argo''s cannot', it.relation);
        cure := format('ALTER VIEW %s RESET (security_invoker);', it.relation);
        RETURN NEXT;
    END LOOP;

    kind := 'dependent';
    FOR object, cure IN SELECT d.dependent, d.cure FROM @extschema@._argo_dependents(views) AS d LOOP
        problem := object;
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_misfits() IS
    'What keeps argo_setup() from taking over what is in this schema, one row a problem: kind name (taken by something else), owner, shape, type, naive (a time without zone) or dependent (on one of the views to be replaced); object, problem in words, and the statements that mend it.';

CREATE FUNCTION @extschema@._argo_refuse_misfits(naive_too boolean, again text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    here CONSTANT regnamespace := '@extschema@';
    found record;
    drops text;
BEGIN
    SELECT coalesce(array_agg(DISTINCT m.kind), '{}') AS kinds,
           string_agg(m.object, ', ') FILTER (WHERE m.kind = 'name') AS names,
           string_agg(m.problem, ', ') FILTER (WHERE m.kind = 'naive') AS naive,
           string_agg(m.problem, ', ') FILTER (WHERE m.kind = 'dependent') AS dependents,
           string_agg(m.problem, '; ') FILTER (WHERE m.kind IN ('owner', 'shape', 'type')) AS others,
           (SELECT string_agg(o.cure, E'\n' ORDER BY o.first)
            FROM (SELECT n.cure, min(n.position) AS first
                  FROM unnest(array_agg(m.cure ORDER BY m.position) FILTER (WHERE m.kind = 'owner'))
                      WITH ORDINALITY AS n (cure, position)
                  GROUP BY n.cure) AS o) AS owner_cures,
           string_agg(m.cure, E'\n' ORDER BY m.position) FILTER (WHERE m.kind IN ('shape', 'type')) AS cures,
           string_agg(nullif(m.cure, ''), E'\n' ORDER BY m.position)
               FILTER (WHERE m.kind = 'dependent') AS dependent_cures
    INTO found
    FROM (SELECT * FROM @extschema@._argo_misfits() WITH ORDINALITY AS m (kind, object, problem, cure, position)
          WHERE naive_too OR m.kind <> 'naive') AS m;

    IF 'name' = ANY (found.kinds) THEN
        RAISE EXCEPTION 'schema % already has relations with names that argo needs', here
            USING ERRCODE = '42P07',
                  DETAIL = format('Not made by argo_setup(): %s. Nothing was changed.', found.names),
                  HINT = CASE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = 'argo')
                      THEN 'Give Argo a schema of its own: DROP EXTENSION argo; CREATE SCHEMA argo; CREATE EXTENSION argo SCHEMA argo;'
                      ELSE 'Give Argo a schema of its own: argo-loader setup --schema argo' END;
    END IF;
    IF 'owner' = ANY (found.kinds) THEN
        RAISE EXCEPTION 'must be owner of the tables and views in schema % to take them over', here
            USING ERRCODE = '42501',
                  DETAIL = format('For role %I: %s. Nothing was changed.', current_user, found.others),
                  HINT = format(E'Type%s%s\n%s', CASE WHEN found.owner_cures LIKE '--%' THEN E'\n' ELSE ' ' END,
                                found.owner_cures, again);
    END IF;
    IF found.others IS NOT NULL THEN
        IF 'type' = ANY (found.kinds) THEN
            -- PostgreSQL changes no column that a view shows.
            SELECT string_agg(format('DROP %s IF EXISTS %s;', CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END,
                                     c.oid::regclass),
                              E'\n' ORDER BY c.relname ~ '^v_(clean|sites|meters)', c.relkind = 'm', c.relname)
            INTO drops
            FROM pg_class AS c
            WHERE c.relnamespace = here AND c.relkind IN ('v', 'm')
              AND c.relname IN (SELECT v.view_name FROM @extschema@._argo_adoptable_views() AS v);
        END IF;
        RAISE EXCEPTION 'tables in schema % are not as argo needs them', here
            USING ERRCODE = '42P07',
                  DETAIL = concat(found.others, '; times without zone: ' || found.naive,
                                  CASE WHEN drops IS NOT NULL
                                       THEN '. The views that show such columns must go first, and their grants with them' END,
                                  '. Nothing was changed.'),
                  HINT = concat_ws(E'\n', 'Type ' || coalesce(drops || E'\n' || found.cures, found.cures), again);
    END IF;
    IF found.naive IS NOT NULL THEN
        RAISE EXCEPTION 'tables in schema % hold times without time zone', here
            USING ERRCODE = '55000',
                  DETAIL = format('Nobody can tell which instants they are: %s. Nothing was changed.', found.naive),
                  HINT = 'Type SELECT * FROM @extschema@.argo_migrate_timestamps(''America/New_York''); with the zone whose clock they show.';
    END IF;
    IF found.dependents IS NOT NULL THEN
        RAISE EXCEPTION 'other objects depend on views that argo replaces'
            USING ERRCODE = '2BP01',
                  DETAIL = format('They would be lost: %s. Nothing was changed.', found.dependents),
                  HINT = concat_ws(E'\n', 'Keep what they are, drop them, and make them again afterwards:', found.dependent_cures, again);
    END IF;
    -- Rows that others commit meanwhile would be in no view and have no mark.
    IF current_setting('transaction_isolation') NOT IN ('read committed', 'read uncommitted')
       AND to_regclass('@extschema@.readings') IS NOT NULL THEN
        RAISE EXCEPTION 'cannot take over tables in a transaction of isolation level %', current_setting('transaction_isolation')
            USING ERRCODE = '25001',
                  DETAIL = 'It might not see all of the readings. Nothing was changed.',
                  HINT = format(E'Type ROLLBACK;\nBEGIN ISOLATION LEVEL READ COMMITTED;\n%s\nCOMMIT;', again);
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_refuse_misfits(boolean, text) IS
    'Raises what _argo_misfits() finds, the first kind of it: 42P07, 42501, 55000 for times without zone unless they are about to be converted, 2BP01 for dependents; 25001 where the transaction''s snapshot is too old. again: the statement to type in the end.';

CREATE FUNCTION @extschema@._argo_older_views_again()
RETURNS TABLE (view_name text, must_go boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT v.view_name, w.reads_hours
    FROM @extschema@._argo_adoptable_views() AS v
    JOIN pg_class AS c ON c.relnamespace = '@extschema@'::regnamespace AND c.relname = v.view_name AND c.relkind IN ('v', 'm')
    CROSS JOIN LATERAL (
        SELECT v.view_name IN ('mv_hourly_usage', 'v_latest_readings', 'v_readings_hourly', 'v_readings_daily',
                               'v_readings_monthly') AS reads_hours) AS w
    -- Its script drops the materialized view with all that reads it; what is left is made with CREATE OR REPLACE.
    WHERE EXISTS (
        SELECT FROM pg_class AS m
        WHERE m.relnamespace = '@extschema@'::regnamespace AND m.relname = 'mv_hourly_usage' AND m.relkind IN ('v', 'm')
          AND NOT EXISTS (
              SELECT FROM pg_rewrite AS r
              JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_proc'::regclass
              JOIN pg_proc AS p ON p.oid = d.refobjid
              WHERE r.ev_class = m.oid AND p.pronamespace = m.relnamespace AND p.proname = '_argo_hourly_usage'))
      AND (w.reads_hours
           OR v.columns = ARRAY(
               SELECT a.attname::text FROM pg_attribute AS a
               WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum))
$$;

COMMENT ON FUNCTION @extschema@._argo_older_views_again() IS
    'The views to be replaced where the older system made its own again over Argo''s, told by mv_hourly_usage, which no longer reads _argo_hourly_usage(); must_go: with DROP, else with CREATE OR REPLACE.';

CREATE FUNCTION @extschema@._argo_refuse_dependents(views text[], again text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    SELECT string_agg(d.dependent, ', ' ORDER BY d.position) AS names,
           string_agg(nullif(d.cure, ''), E'\n' ORDER BY d.position) AS cures
    INTO found
    FROM @extschema@._argo_dependents(ARRAY(
             SELECT c.oid FROM pg_class AS c WHERE c.relnamespace = '@extschema@'::regnamespace AND c.relname = ANY (views)))
         WITH ORDINALITY AS d (dependent, cure, position);
    IF found.names IS NOT NULL THEN
        RAISE EXCEPTION 'other objects depend on views that argo replaces'
            USING ERRCODE = '2BP01',
                  DETAIL = format('They would be lost: %s. Nothing was changed.', found.names),
                  HINT = concat_ws(E'\n', 'Keep what they are, drop them, and make them again afterwards:', found.cures, again);
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_refuse_dependents(text[], text) IS
    'Raises 2BP01 where something beside these views depends on them. again: the statement to type in the end.';
