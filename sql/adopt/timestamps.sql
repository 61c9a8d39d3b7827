-- Times without zone, as the older system's first tables had them, become instants.

CREATE FUNCTION @extschema@._argo_naive_columns()
RETURNS TABLE (relation regclass, table_name text, columns text[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.oid::regclass, t.name, array_agg(a.attname::text ORDER BY a.attname <> 'timestamp', a.attnum)
    FROM unnest(@extschema@._argo_adoptable_tables()) WITH ORDINALITY AS t (name, position)
    JOIN pg_class AS c ON c.relnamespace = '@extschema@'::regnamespace AND c.relname = t.name AND c.relkind IN ('r', 'p')
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0
    JOIN pg_type AS y ON y.oid = a.atttypid
    WHERE coalesce(nullif(y.typbasetype, 0), y.oid) = 'timestamp'::regtype
    GROUP BY c.oid, t.name, t.position
    ORDER BY t.position
$$;

COMMENT ON FUNCTION @extschema@._argo_naive_columns() IS
    'The columns of type timestamp without time zone, also those that Argo does not know, of each table that can be adopted.';

CREATE FUNCTION @extschema@._argo_refuse_users_of_times(again text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    users text;
    cures text;
BEGIN
    SELECT string_agg(format('%s (%s)', u.name, u.columns), ', ' ORDER BY u.name), string_agg(u.cure, E'\n' ORDER BY u.name)
    INTO users, cures
    FROM (
        SELECT concat_ws(' ', i.type, i.identity) AS name,
               string_agg(DISTINCT format('%s.%I', n.table_name, a.attname), ', ') AS columns,
               CASE WHEN i.type IN ('view', 'materialized view') THEN format('SELECT pg_get_viewdef(%L);', i.identity) || E'\n'
                    WHEN i.type = 'index' THEN format('SELECT pg_get_indexdef(%L::regclass);', i.identity) || E'\n'
                    WHEN i.type IN ('function', 'procedure')
                    THEN format('SELECT pg_get_functiondef(%L::regprocedure);', i.identity) || E'\n'
                    WHEN i.type = 'trigger' THEN format('SELECT pg_get_triggerdef(%s);', min(d.objid)) || E'\n'
                    WHEN i.type = 'rule' THEN format('SELECT pg_get_ruledef(%s);', min(d.objid)) || E'\n'
                    ELSE '' END
               || CASE WHEN i.type IN ('view', 'materialized view', 'index', 'function', 'procedure', 'policy', 'rule', 'trigger')
                       THEN format('DROP %s %s;', upper(i.type), i.identity) END AS cure
        FROM @extschema@._argo_naive_columns() AS n
        JOIN pg_attribute AS a ON a.attrelid = n.relation AND a.attname = ANY (n.columns)
        JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = a.attrelid AND d.refobjsubid = a.attnum
        LEFT JOIN pg_rewrite AS w ON d.classid = 'pg_rewrite'::regclass AND w.oid = d.objid
        LEFT JOIN pg_index AS x ON d.classid = 'pg_class'::regclass AND x.indexrelid = d.objid
        LEFT JOIN pg_constraint AS k ON d.classid = 'pg_constraint'::regclass AND k.oid = d.objid
        LEFT JOIN pg_attrdef AS f ON d.classid = 'pg_attrdef'::regclass AND f.oid = d.objid
        LEFT JOIN pg_class AS v ON v.oid = w.ev_class
        CROSS JOIN LATERAL pg_identify_object(
            CASE WHEN w.rulename = '_RETURN' THEN 'pg_class'::regclass::oid ELSE d.classid END,
            CASE WHEN w.rulename = '_RETURN' THEN w.ev_class ELSE d.objid END, 0) AS i
        -- Plain indexes, keys, checks and statistics are rebuilt by PostgreSQL, defaults are set anew.
        WHERE NOT coalesce(x.indexprs IS NULL AND x.indpred IS NULL AND x.indexrelid IS NOT NULL, false)
          AND coalesce(k.contype, '') NOT IN ('p', 'u', 'f', 'c', 'n')
          AND NOT coalesce(f.adnum = a.attnum, false)
          AND d.classid NOT IN ('pg_statistic_ext'::regclass)
          AND NOT (d.classid = 'pg_class'::regclass AND x.indexrelid IS NULL)
          -- The nine views go before, unless they are Argo's own, which read no such column.
          AND NOT coalesce(v.relnamespace = '@extschema@'::regnamespace
                           AND v.relname IN (SELECT o.view_name FROM @extschema@._argo_adoptable_views() AS o), false)
        GROUP BY i.type, i.identity
        UNION ALL
        SELECT format('partition key of %s', n.relation), string_agg(format('%s.%I', n.table_name, a.attname), ', '), NULL
        FROM @extschema@._argo_naive_columns() AS n
        JOIN pg_partitioned_table AS p ON p.partrelid = n.relation
        JOIN pg_attribute AS a
            ON a.attrelid = n.relation AND a.attname = ANY (n.columns) AND a.attnum = ANY (p.partattrs::smallint[])
        GROUP BY n.relation
    ) AS u;
    IF users IS NOT NULL THEN
        RAISE EXCEPTION 'other objects depend on times that are to be converted'
            USING ERRCODE = '2BP01',
                  DETAIL = format('They stand in the way: %s. Nothing was changed.', users),
                  HINT = concat_ws(E'\n', 'Keep what they are, drop them, and make them again afterwards:', cures, again);
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_refuse_users_of_times(text) IS
    'Raises 2BP01 where an object of the user''s depends on a column of type timestamp without time zone that PostgreSQL cannot convert under it. again: the statement to type in the end.';

CREATE FUNCTION @extschema@._argo_refuse_referrers(readings regclass, collisions bigint, again text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found record;
BEGIN
    SELECT string_agg(format('%s (%s)', k.conrelid::regclass, pg_get_constraintdef(k.oid)), ', ' ORDER BY k.oid) AS names,
           string_agg(format('ALTER TABLE %s DROP CONSTRAINT %I;', k.conrelid::regclass, k.conname), E'\n' ORDER BY k.oid) AS cures
    INTO found
    FROM pg_constraint AS k
    WHERE k.contype = 'f' AND k.confrelid = readings AND k.conparentid = 0;
    IF found.names IS NOT NULL THEN
        RAISE EXCEPTION 'other tables refer to readings of which some move to rejected_readings'
            USING ERRCODE = '2BP01',
                  DETAIL = format('%s readings collide; their rows would go, too, or keep them: %s. Nothing was changed.',
                                  collisions, found.names),
                  HINT = concat_ws(E'\n', 'Keep what they are, drop them, and mind afterwards the rows of the readings that went:',
                                   found.cures, again);
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_refuse_referrers(regclass, bigint, text) IS
    'Raises 2BP01 where a foreign key refers to readings: moving one away would delete rows of the user''s, or fail. again: the statement to type in the end.';

CREATE FUNCTION @extschema@.argo_migrate_timestamps(zone text DEFAULT 'America/New_York', dry_run boolean DEFAULT false)
RETURNS TABLE (table_name text, column_name text, rows bigint, detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET standard_conforming_strings = on
AS $$
#variable_conflict use_column
DECLARE
    is_dry CONSTANT boolean := coalesce(dry_run, true);
    is_new boolean;
    -- As in _argo_verified_zone(), which argo_setup() has yet to make.
    known CONSTANT text := (
        SELECT n.name FROM pg_timezone_names AS n
        WHERE lower(n.name COLLATE "C") = lower(argo_migrate_timestamps.zone COLLATE "C")
          AND n.name !~ '^(posix|right)/' AND n.name NOT IN ('localtime', 'posixrules', 'Factory')
        ORDER BY n.name LIMIT 1);
    again CONSTANT text := format('SELECT * FROM @extschema@.argo_migrate_timestamps(%L);', known);
    kept jsonb;
    it record;
    counts bigint[];
    has_site boolean;
    moved bigint;
    ambiguous bigint;
    collisions bigint;
    losers jsonb;
    clauses text;
BEGIN
    IF known IS NULL THEN
        RAISE EXCEPTION 'time zone % is unknown', coalesce(quote_literal(left(argo_migrate_timestamps.zone, 60)), 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'Nothing was changed.',
                  HINT = 'Type SELECT name FROM pg_timezone_names ORDER BY name; and use one of these.';
    END IF;
    IF NOT is_dry THEN
        PERFORM pg_advisory_xact_lock(hashtextextended('argo_setup', '@extschema@'::regnamespace::oid::bigint));
    END IF;
    is_new := to_regclass('@extschema@._argo_schema_version') IS NULL;
    IF is_new THEN
        PERFORM @extschema@._argo_refuse_misfits(naive_too => false, again => again);
    END IF;
    PERFORM @extschema@._argo_refuse_users_of_times(again);
    IF NOT is_dry AND (is_new OR EXISTS (SELECT FROM @extschema@._argo_naive_columns() AS n)) THEN
        kept := @extschema@._argo_take_over('ACCESS EXCLUSIVE', CASE
            WHEN is_new THEN ARRAY(SELECT v.view_name FROM @extschema@._argo_adoptable_views() AS v) ELSE '{}' END);
        -- While it waited others may have changed things.
        IF is_new THEN
            PERFORM @extschema@._argo_refuse_misfits(naive_too => false, again => again);
        END IF;
        PERFORM @extschema@._argo_refuse_users_of_times(again);
    END IF;

    FOR it IN SELECT n.* FROM @extschema@._argo_naive_columns() AS n LOOP
        table_name := it.table_name;
        EXECUTE (
            SELECT format('SELECT ARRAY[%s] FROM %s', string_agg(format('count(%I)', c.name), ', ' ORDER BY c.position), it.relation)
            FROM unnest(it.columns) WITH ORDINALITY AS c (name, position)) INTO counts;

        IF it.table_name = 'readings' AND 'timestamp' = ANY (it.columns) THEN
            -- The way to an instant and back says which local times a clock never shows, and whether it showed
            -- the same one earlier.
            EXECUTE format($count$
                SELECT count(*) FILTER (WHERE t.instant AT TIME ZONE %2$L <> t."timestamp"),
                       count(*) FILTER (
                           WHERE (t.instant - interval '3 hours') AT TIME ZONE %2$L <> t."timestamp" - interval '3 hours'
                             AND t."timestamp" IN ((t.instant - interval '1 hour') AT TIME ZONE %2$L,
                                                   (t.instant - interval '30 minutes') AT TIME ZONE %2$L,
                                                   (t.instant - interval '2 hours') AT TIME ZONE %2$L))
                FROM (SELECT r."timestamp", r."timestamp" AT TIME ZONE %2$L AS instant FROM %1$s AS r) AS t
                $count$, it.relation, known) INTO moved, ambiguous;
            has_site := to_regclass('@extschema@.channels') IS NOT NULL;
            EXECUTE format($pick$
                SELECT count(*), jsonb_agg(jsonb_build_object(
                    'site', %3$s, 'channel_id', m.channel_id, 'local', m."timestamp",
                    'instant', m.instant AT TIME ZONE 'UTC', 'raw', m.raw))
                FROM (SELECT r.channel_id, r."timestamp", r."timestamp" AT TIME ZONE %2$L AS instant, to_jsonb(r) AS raw
                      FROM %1$s AS r
                      WHERE (r."timestamp" AT TIME ZONE %2$L) AT TIME ZONE %2$L <> r."timestamp") AS m
                JOIN %1$s AS k ON k.channel_id = m.channel_id AND k."timestamp" = m.instant AT TIME ZONE %2$L
                $pick$, it.relation, known,
                CASE WHEN has_site
                     THEN '(SELECT c.organization_id FROM @extschema@.channels AS c WHERE c.channel_id = m.channel_id)'
                     ELSE 'NULL' END) INTO collisions, losers;
            IF collisions > 0 THEN
                PERFORM @extschema@._argo_refuse_referrers(it.relation, collisions, again);
            END IF;
            IF NOT is_dry AND collisions > 0 THEN
                EXECUTE format('DELETE FROM %s AS r USING jsonb_to_recordset($1) AS l (channel_id integer, local timestamp)
                                WHERE r.channel_id = l.channel_id AND r."timestamp" = l.local', it.relation) USING losers;
            END IF;
        END IF;

        IF NOT is_dry THEN
            -- "Now" stays now, whatever clock it was written for; any other default is a time of that clock.
            SELECT string_agg(
                       format('ALTER COLUMN %1$I DROP DEFAULT, ALTER COLUMN %1$I TYPE timestamptz USING %1$I AT TIME ZONE %2$L',
                              a.attname, known)
                       || CASE WHEN e.expression ~* '\m(now|(clock|statement|transaction)_timestamp)\(\)|\m(current|local)_?timestamp\M'
                                   THEN format(', ALTER COLUMN %I SET DEFAULT CURRENT_TIMESTAMP', a.attname)
                               WHEN e.expression IS NOT NULL
                                   THEN format(', ALTER COLUMN %I SET DEFAULT (%s) AT TIME ZONE %L', a.attname, e.expression, known)
                               ELSE '' END, ', ')
            INTO clauses
            FROM pg_attribute AS a
            LEFT JOIN pg_attrdef AS f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
            CROSS JOIN LATERAL (SELECT pg_get_expr(f.adbin, f.adrelid) AS expression) AS e
            WHERE a.attrelid = it.relation AND a.attname = ANY (it.columns);
            EXECUTE format('ALTER TABLE %s %s', it.relation, clauses);
        END IF;

        FOR column_name, rows IN
            SELECT c.name, n.count FROM ROWS FROM (unnest(it.columns), unnest(counts)) AS n (name, count)
            CROSS JOIN LATERAL (SELECT n.name) AS c (name)
        LOOP
            detail := concat(CASE WHEN is_dry THEN 'dry run: ' END, format('local times of %s', known));
            RETURN NEXT;
        END LOOP;
        IF it.table_name = 'readings' AND 'timestamp' = ANY (it.columns) THEN
            column_name := 'timestamp';
            FOR rows, detail IN VALUES
                (moved, 'moved: the clock skips their local time in spring; they lie after the gap now'),
                (collisions, 'collisions: of the moved, another reading, whose local time exists, lies there and wins; '
                             'they are in rejected_readings'),
                (ambiguous, 'ambiguous: the clock shows their local time twice in autumn; the second, standard time, counts')
            LOOP
                detail := concat(CASE WHEN is_dry THEN 'dry run: ' END, detail);
                RETURN NEXT;
            END LOOP;
        END IF;
    END LOOP;

    IF NOT is_dry THEN
        PERFORM count(*) FROM @extschema@._argo_setup(false, kept);
        INSERT INTO @extschema@.rejected_readings (organization_id, channel_id, ts_received, raw, reason)
        SELECT coalesce(l.site, 'unknown'), l.channel_id, l.raw ->> 'timestamp', l.raw,
               format('local time %s does not exist in %s; where the clock was then, at %s UTC, there is a reading of its own',
                      l.local, known, l.instant)
        FROM jsonb_to_recordset(coalesce(losers, '[]')) AS l (
            site text, channel_id integer, local timestamp, instant timestamp, raw jsonb);
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_migrate_timestamps(text, boolean) IS
    'Converts every column of type timestamp without time zone in the tables that an older system made, as local times of a zone, then takes the tables over as argo_setup() does, in one transaction; the session''s TimeZone does not matter. One row per column: rows that have a value; and of readings.timestamp: moved, collisions, ambiguous. dry_run only counts. Locks these tables ACCESS EXCLUSIVE, rewrites them, and fills the views before it lets go. Raises 22023 (zone), 2BP01 (dependents of the columns or of the nine views; keys that refer to readings that would move), 55P03, and what argo_setup() raises.';
