-- The older system's views make room for Argo's, which inherit their grants, owners, comments and options.

CREATE FUNCTION @extschema@._argo_described_views(names text[])
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_object_agg(c.relname, jsonb_strip_nulls(jsonb_build_object(
        'kind', c.relkind,
        'owner', pg_get_userbyid(c.relowner),
        'options', c.reloptions,
        'grants', (
            SELECT jsonb_agg(jsonb_build_object(
                'column', g.column_name, 'privilege', g.privilege_type, 'grantable', g.is_grantable,
                'grantee', CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE format('%I', pg_get_userbyid(g.grantee)) END))
            FROM (
                SELECT NULL::name AS column_name, x.grantee, x.privilege_type, x.is_grantable
                FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS x
                UNION ALL
                SELECT a.attname, x.grantee, x.privilege_type, x.is_grantable
                FROM pg_attribute AS a CROSS JOIN LATERAL aclexplode(a.attacl) AS x
                WHERE a.attrelid = c.oid AND NOT a.attisdropped AND a.attname = ANY (v.columns)
            ) AS g),
        'comments', (
            SELECT jsonb_agg(jsonb_build_object('column', a.attname, 'text', d.description))
            FROM pg_description AS d
            LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = d.objsubid AND d.objsubid > 0
            WHERE d.classoid = 'pg_class'::regclass AND d.objoid = c.oid
              AND (d.objsubid = 0 OR a.attname = ANY (v.columns))),
        'lost_columns', (
            SELECT string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum)
            FROM pg_attribute AS a
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> ALL (v.columns)),
        'indexes', (
            SELECT jsonb_agg(x.relname ORDER BY x.relname)
            FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid
            WHERE i.indrelid = c.oid)
    ))), '{}')
    FROM pg_class AS c
    JOIN @extschema@._argo_adoptable_views() AS v ON v.view_name = c.relname
    WHERE c.relnamespace = '@extschema@'::regnamespace AND c.relname = ANY (names) AND c.relkind IN ('v', 'm')
$$;

COMMENT ON FUNCTION @extschema@._argo_described_views(text[]) IS
    'What of those of the nine views that are to be replaced must be kept: {view: {kind, owner, options, grants, comments, lost_columns, indexes}}; lost_columns are those that Argo''s view does not have.';

CREATE FUNCTION @extschema@._argo_drop_views(names text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    next record;
BEGIN
    -- One that none of the others reads, until none is left. Anything else that reads one stops it.
    LOOP
        SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS type, c.oid::regclass AS relation INTO next
        FROM pg_class AS c
        WHERE c.relnamespace = '@extschema@'::regnamespace AND c.relname = ANY (names) AND c.relkind IN ('v', 'm')
        ORDER BY EXISTS (
            SELECT FROM pg_depend AS d
            JOIN pg_rewrite AS w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
            WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND w.ev_class <> c.oid), c.relname
        LIMIT 1;
        EXIT WHEN NOT FOUND;
        EXECUTE format('DROP %s %s', next.type, next.relation);
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_drop_views(text[]) IS 'Drops those of the views that exist; 2BP01 where others depend on them.';

CREATE FUNCTION @extschema@._argo_take_over(lock_mode text, views text[])
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given CONSTANT text := current_setting('lock_timeout');
    given_ms CONSTANT integer := (SELECT s.setting::integer FROM pg_settings AS s WHERE s.name = 'lock_timeout');
    -- Waiting less than this, Argo is never found in a deadlock, and others never wait behind it for long.
    patience CONSTANT text := (
        SELECT least(300, greatest(s.setting::integer / 2, 1))::text FROM pg_settings AS s WHERE s.name = 'deadlock_timeout');
    give_up CONSTANT timestamptz := clock_timestamp() + coalesce(nullif(given_ms, 0), 60000) * interval '1 ms';
    it record;
    busy oid;
    kept jsonb;
BEGIN
    LOOP
        BEGIN
            FOR it IN
                SELECT c.oid, c.relkind, c.relowner
                FROM (SELECT t.name, t.position
                      FROM unnest(@extschema@._argo_adoptable_tables()) WITH ORDINALITY AS t (name, position)
                      UNION ALL
                      SELECT v.name, 100 FROM unnest(views) AS v (name)) AS n
                JOIN pg_class AS c
                    ON c.relnamespace = '@extschema@'::regnamespace AND c.relname = n.name AND c.relkind IN ('r', 'p', 'v', 'm')
                -- What was in use comes first now: who holds no other lock may wait longer.
                ORDER BY (c.oid = busy) IS TRUE DESC, n.position, c.relname
            LOOP
                PERFORM set_config('lock_timeout', CASE
                    WHEN it.oid = busy THEN least(3000, coalesce(nullif(given_ms, 0), 3000))::text ELSE patience END, true);
                busy := it.oid;
                -- LOCK TABLE goes on to what a view reads, and takes no materialized one.
                EXECUTE CASE it.relkind
                    WHEN 'v' THEN format('ALTER VIEW %s OWNER TO %I', it.oid::regclass, pg_get_userbyid(it.relowner))
                    WHEN 'm' THEN format('ALTER MATERIALIZED VIEW %s OWNER TO %I', it.oid::regclass, pg_get_userbyid(it.relowner))
                    ELSE format('LOCK TABLE %s IN %s MODE', it.oid::regclass, lock_mode) END;
            END LOOP;
            IF views <> '{}' THEN
                kept := @extschema@._argo_described_views(views);
                PERFORM @extschema@._argo_drop_views(views);
            END IF;
            PERFORM set_config('lock_timeout', given, true);
            RETURN kept;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            -- All locks of this attempt are gone.
            IF clock_timestamp() > give_up THEN
                RAISE EXCEPTION 'could not lock the tables and views in schema @extschema@'
                    USING ERRCODE = '55P03',
                          DETAIL = format('They are in use%s. Nothing was changed.', (
                              SELECT ' by process ' || string_agg(DISTINCT l.pid::text, ', ')
                              FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation
                              WHERE l.locktype = 'relation' AND l.granted AND l.pid <> pg_backend_pid()
                                AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
                                AND c.relnamespace = '@extschema@'::regnamespace
                                AND c.relname IN (SELECT unnest(@extschema@._argo_adoptable_tables())
                                                  UNION ALL SELECT v.view_name FROM @extschema@._argo_adoptable_views() AS v))),
                          HINT = 'Type SELECT pid, usename, state, xact_start, query FROM pg_stat_activity ORDER BY xact_start; and try again when they have ended.';
            END IF;
        END;
        PERFORM pg_sleep(0.05 + random() * 0.2);
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_take_over(text, text[]) IS
    'Locks the adoptable tables that exist, in their order, then describes and drops the views named, of the nine. Waits at most 0.3 s where it holds locks already and 3 s where it does not, then lets go of all and tries again, for a minute or as long as lock_timeout says: 55P03. Returns what _argo_restore_views() takes.';

CREATE FUNCTION @extschema@._argo_restore_views(kept jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    it record;
    entry record;
    clause text;
BEGIN
    FOR it IN
        SELECT c.oid::regclass AS view, c.relkind AS kind, c.relacl AS acl, c.relowner AS maker, k.value AS old,
               CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END AS type
        FROM jsonb_each(kept) AS k
        JOIN pg_class AS c ON c.relnamespace = '@extschema@'::regnamespace AND c.relname = k.key AND c.relkind IN ('v', 'm')
        ORDER BY c.relname
    LOOP
        IF it.old ->> 'owner' <> pg_get_userbyid(it.maker) THEN
            -- What the view reads belongs to who called argo_setup().
            FOR clause IN
                SELECT DISTINCT format('GRANT SELECT ON %s TO %I', d.refobjid::regclass, it.old ->> 'owner')
                FROM pg_rewrite AS w
                JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                JOIN pg_class AS r ON d.refclassid = 'pg_class'::regclass AND r.oid = d.refobjid
                WHERE w.ev_class = it.view AND r.oid <> it.view AND r.relkind IN ('r', 'p', 'v', 'm') AND r.relowner = it.maker
                  AND NOT has_table_privilege(it.old ->> 'owner', r.oid, 'SELECT')
            LOOP
                EXECUTE clause;
            END LOOP;
            EXECUTE format('ALTER %s %s OWNER TO %I', it.type, it.view, it.old ->> 'owner');
        END IF;
        -- Default privileges may have given some that the old one did not have.
        FOR clause IN
            SELECT DISTINCT CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE format('%I', pg_get_userbyid(x.grantee)) END
            FROM pg_class AS c CROSS JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS x
            WHERE c.oid = it.view
        LOOP
            EXECUTE format('REVOKE ALL ON %s FROM %s', it.view, clause);
        END LOOP;
        -- Given by the owner now, whoever gave them before.
        FOR clause IN
            SELECT format('GRANT %s ON %s TO %s',
                          g.privilege || CASE WHEN g."column" IS NULL THEN '' ELSE format(' (%I)', g."column") END, it.view, g.grantee)
                   || CASE WHEN bool_or(g.grantable) THEN ' WITH GRANT OPTION' ELSE '' END
            FROM jsonb_to_recordset(it.old -> 'grants') AS g ("column" text, grantee text, privilege text, grantable boolean)
            GROUP BY g."column", g.grantee, g.privilege
        LOOP
            EXECUTE clause;
        END LOOP;
        IF it.old ->> 'owner' <> pg_get_userbyid(it.maker) THEN
            EXECUTE format('GRANT SELECT ON %s TO %I', it.view, pg_get_userbyid(it.maker));
        END IF;
        FOR entry IN
            SELECT c."column" AS name, c.text FROM jsonb_to_recordset(it.old -> 'comments') AS c ("column" text, text text)
        LOOP
            EXECUTE CASE WHEN entry.name IS NULL THEN format('COMMENT ON %s %s IS %L', it.type, it.view, entry.text)
                         ELSE format('COMMENT ON COLUMN %s.%I IS %L', it.view, entry.name, entry.text) END;
        END LOOP;
        IF it.old ->> 'kind' = it.kind THEN
            FOR clause IN SELECT o.option FROM jsonb_array_elements_text(it.old -> 'options') AS o (option) LOOP
                EXECUTE format('ALTER %s %s SET (%s)', it.type, it.view, clause);
            END LOOP;
        END IF;
        IF it.old ->> 'lost_columns' IS NOT NULL THEN
            RAISE WARNING 'view % no longer has columns %', it.view, it.old ->> 'lost_columns'
                USING DETAIL = 'Argo''s view has the columns of its documentation only. The tables keep theirs.',
                      HINT = 'Read them from the tables, or make a view of your own over these.';
        END IF;
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_restore_views(jsonb) IS
    'Gives Argo''s views the owners, grants (of columns, too), comments and options that _argo_described_views() found on those they replace.';
