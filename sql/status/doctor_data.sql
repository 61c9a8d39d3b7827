-- Checks of argo_doctor() of what is stored and of what runs. Each returns findings, as those of doctor_setup.sql do.

CREATE FUNCTION @extschema@._argo_comment_of(site text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT regexp_replace(left(site, 64), '[^A-Za-z0-9_-]', '?', 'g')
$$;

COMMENT ON FUNCTION @extschema@._argo_comment_of(text) IS
    'The id of a site, which comes from outside, as it may stand in a comment of a cure: nothing in it ends the comment.';

CREATE FUNCTION @extschema@._argo_doctor_zones(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given ALIAS FOR site;
BEGIN
    RETURN QUERY
    SELECT o.organization_id,
           CASE WHEN z.is_valid IS FALSE THEN 1 ELSE 2 END,
           CASE WHEN z.is_valid IS FALSE
                THEN format('%s, so America/New_York counts until it has a name of pg_timezone_names',
                            coalesce('zone "' || left(o.timezone, 40) || '" is unknown', 'no zone'))
                ELSE 'its zone was never verified' END,
           CASE WHEN z.is_valid IS FALSE
                THEN format('UPDATE @extschema@.organizations SET timezone = %L WHERE organization_id = %L;',
                            'America/New_York', o.organization_id)
                ELSE 'SELECT * FROM @extschema@.argo_setup();' END
    FROM @extschema@.organizations AS o
    LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = o.organization_id
    WHERE (given IS NULL OR o.organization_id = given)
      AND (z.is_valid IS NOT TRUE OR lower(z.timezone) <> lower(o.timezone))
    ORDER BY o.organization_id;
    RETURN QUERY
    SELECT NULL::text, 0, coalesce('known: ' || string_agg(DISTINCT z.timezone, ', '), 'no site yet'), NULL::text
    FROM @extschema@._argo_zones AS z
    WHERE given IS NULL OR z.organization_id = given;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_zones(text, text) IS
    'Check of argo_doctor(): this server knows the time zone of every site. The cure settles for the zone that counts meanwhile.';

CREATE FUNCTION @extschema@._argo_is_synced_daily(sites text[])
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF to_regclass('@extschema@.ingest_runs') IS NULL OR NOT has_table_privilege('@extschema@.ingest_runs', 'SELECT') THEN
        RETURN false;
    END IF;
    RETURN sites <> '{}' AND NOT EXISTS (
        SELECT FROM unnest(sites) AS s (id)
        WHERE (SELECT count(DISTINCT extract(day FROM clock_timestamp() - r.started_at))
               FROM @extschema@.ingest_runs AS r
               WHERE r.organization_id = s.id AND r.kind = 'ingest'
                 AND r.started_at > clock_timestamp() - interval '3 days') < 3);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_is_synced_daily(text[]) IS
    'Whether each of these sites had a run on each of the last three days, so that something calls Argo, wherever it may be.';

CREATE FUNCTION @extschema@._argo_doctor_pg_cron(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given ALIAS FOR site;
    task CONSTANT text := CASE WHEN @extschema@._argo_has_library() THEN 'argo_sync' ELSE 'argo_validate' END;
    cron record;
    sites text[] := '{}';
    schedule_lines text;
    where_it_is text;
    one text;
    hint text;
    lines text[] := '{}';
    jobs jsonb;
    may_alter boolean;
BEGIN
    SELECT c.* INTO cron FROM @extschema@._argo_cron() AS c;
    IF given IS NOT NULL THEN
        sites := ARRAY[given];
    ELSIF to_regclass('@extschema@.organizations') IS NOT NULL
          AND has_table_privilege(to_regclass('@extschema@.organizations'), 'SELECT') THEN
        sites := ARRAY(SELECT o.organization_id FROM @extschema@.organizations AS o ORDER BY o.organization_id);
    END IF;
    SELECT string_agg(format('SELECT * FROM @extschema@.argo_schedule(%L%s);', s.id,
               CASE WHEN server <> 'eniscope' THEN format(', server => %L', server) ELSE '' END), E'\n' ORDER BY s.position)
    INTO schedule_lines
    FROM unnest(sites) WITH ORDINALITY AS s (id, position);

    IF cron.state = 'not created' THEN
        RETURN QUERY SELECT NULL, 1, 'pg_cron is loaded for this database, but not created', concat_ws(E'\n',
            CASE WHEN NOT r.rolsuper THEN '-- As a superuser:' END, 'CREATE EXTENSION pg_cron;', schedule_lines)
        FROM pg_roles AS r WHERE r.rolname = current_user;
        RETURN;
    ELSIF cron.state <> 'here' THEN
        where_it_is := CASE cron.state
            WHEN 'elsewhere' THEN format('pg_cron works in database %I; its jobs cannot be seen from here', cron.database)
            WHEN 'hidden' THEN format('pg_cron is not here, and role %I may not see in which database it works', current_user)
            ELSE 'pg_cron is not loaded' END;
        IF @extschema@._argo_is_synced_daily(sites) THEN
            RETURN QUERY VALUES (NULL, 0, where_it_is || '; something calls Argo day by day', NULL);
            RETURN;
        END IF;
        -- Another program's id may be one that no schedule takes.
        sites := ARRAY(SELECT u.id FROM unnest(sites) AS u (id) WHERE u.id ~ '^[A-Za-z0-9_-]{1,64}$' LIMIT 20);
        FOREACH one IN ARRAY CASE WHEN sites = '{}' THEN '{23271}' ELSE sites END LOOP
            BEGIN
                -- Raises what to type instead.
                PERFORM FROM @extschema@.argo_schedule(one, server => server);
            EXCEPTION WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
                lines := lines || string_to_array(hint, E'\n');
            END;
        END LOOP;
        -- Those of "elsewhere" are for psql, behind the first one.
        RETURN QUERY
        SELECT NULL, 1, where_it_is, string_agg(CASE WHEN l.first = 1 OR cron.state <> 'elsewhere' THEN '-- ' ELSE '' END
                                                || l.line, E'\n' ORDER BY l.first)
        FROM (SELECT u.line, min(u.position) AS first FROM unnest(lines) WITH ORDINALITY AS u (line, position)
              GROUP BY u.line) AS l;
        RETURN;
    ELSIF NOT has_schema_privilege('cron', 'USAGE') THEN
        RETURN QUERY VALUES (NULL, 1, format('role %I may not use pg_cron', current_user),
                             format(E'-- As a superuser:\nGRANT USAGE ON SCHEMA cron TO %I;', current_user));
        RETURN;
    ELSIF NOT cron.is_launching THEN
        RETURN QUERY VALUES (NULL, 2, 'pg_cron starts no job, since cron.launch_active_jobs is off',
            E'-- As a superuser, one by one:\n'
            || E'ALTER SYSTEM SET cron.launch_active_jobs = on;\nSELECT pg_reload_conf();');
    END IF;

    SELECT coalesce(jsonb_agg(to_jsonb(j)), '[]') INTO jobs
    FROM @extschema@._argo_jobs(CURRENT_TIMESTAMP) AS j
    WHERE given IS NULL OR j.site_id IS NULL OR j.site_id = given;
    may_alter := coalesce(has_function_privilege(
        to_regprocedure('cron.alter_job(bigint, text, text, text, text, boolean)'), 'EXECUTE'), false);
    RETURN QUERY
    SELECT j.site_id, CASE WHEN j.active AND j.last_outcome LIKE 'failed%' THEN 2 ELSE 1 END,
           CASE WHEN NOT j.active THEN format('job "%s" is paused', j.job)
                WHEN j.last_outcome LIKE 'failed%' THEN format('job "%s" %s', j.job, j.last_outcome)
                ELSE format('job "%s" never runs, by its schedule "%s"', j.job, j.schedule) END,
           CASE WHEN j.active AND j.last_outcome LIKE 'failed%' THEN CASE
                    -- Whose job it is wrote its command: what more stands in it is not for others to type.
                    WHEN j.command ~ ('^(CALL|SELECT) [^;()]*\(('
                                      || '''[A-Za-z0-9_-]*''(, [0-9]+)?(, ''[A-Za-z0-9_-]*'')?(, report_at => ''[A-Za-z]{3} [0-9:]{5}'')?(, server => ''[A-Za-z0-9_-]*'')?)?\)$')
                    THEN j.command || ';'
                    ELSE format('-- Read it before you run it: SELECT username, command FROM cron.job WHERE jobid = %s;', j.jobid)
                    END
                WHEN NOT j.active AND may_alter THEN format('SELECT cron.alter_job(%s, active => true);', j.jobid)
                ELSE format('SELECT * FROM @extschema@.argo_schedule(%L);', coalesce(j.site_id, sites[1])) END
    FROM jsonb_to_recordset(jobs) AS j (jobid bigint, site_id text, job text, schedule text, command text, active boolean,
                                        next_run timestamptz, last_outcome text)
    WHERE NOT j.active OR j.last_outcome LIKE 'failed%' OR (cron.is_launching AND j.next_run IS NULL);
    RETURN QUERY
    SELECT s.id, 1, format('no job of pg_cron calls %s for it', task),
           format('SELECT * FROM @extschema@.argo_schedule(%L%s);', s.id,
                  CASE WHEN server <> 'eniscope' THEN format(', server => %L', server) ELSE '' END)
    FROM unnest(sites) WITH ORDINALITY AS s (id, position)
    WHERE NOT EXISTS (SELECT FROM jsonb_to_recordset(jobs) AS j (site_id text, command text)
                      WHERE j.site_id = s.id AND strpos(j.command, '.' || task || '(') > 0)
    ORDER BY s.position;
    RETURN QUERY
    SELECT NULL::text, 0, CASE WHEN count(*) = 0 THEN 'pg_cron is here; no site to schedule yet'
        ELSE format('%s jobs, the next at %s', count(*),
                    to_char(min(j.next_run) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')) END, NULL::text
    FROM jsonb_to_recordset(jobs) AS j (next_run timestamptz);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_pg_cron(text, text) IS
    'Check of argo_doctor(): pg_cron has a job for every site, none is paused or never comes, and the last run of each went well. Sees the jobs of its own role; a superuser sees all.';

CREATE FUNCTION @extschema@._argo_relations()
RETURNS TABLE (made regclass, relation regclass, name name)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH made AS (
        SELECT c.oid::regclass AS made, c.relname AS name
        FROM @extschema@._argo_setup_steps() AS s
        JOIN pg_class AS c ON c.relname = s.object_name AND c.relnamespace = '@extschema@'::regnamespace
        WHERE s.object_kind IN ('table', 'materialized view')
    )
    SELECT m.made, m.made, m.name FROM made AS m
    UNION ALL
    SELECT m.made, c.oid::regclass, c.relname FROM made AS m
    JOIN pg_inherits AS i ON i.inhparent = m.made
    JOIN pg_class AS c ON c.oid = i.inhrelid
$$;

COMMENT ON FUNCTION @extschema@._argo_relations() IS
    'The tables and materialized views that argo_setup() made, and of each those that hold its rows: chunks of a hypertable, partitions.';

CREATE FUNCTION @extschema@._argo_doctor_indexes(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here CONSTANT oid := '@extschema@'::regnamespace;
    readings CONSTANT oid := to_regclass('@extschema@.readings');
BEGIN
    RETURN QUERY
    SELECT NULL::text, 1, format('%I is missing', s.object_name), 'SELECT * FROM @extschema@.argo_setup();'
    FROM @extschema@._argo_setup_steps() AS s
    WHERE s.object_kind = 'index'
      AND to_regclass(substring(s.ddl FROM 'INDEX \S+ ON (\S+)')) IS NOT NULL
      AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = here AND c.relname = s.object_name)
    ORDER BY s.step;
    -- Without it each run stores all readings again. An adopted table may call it otherwise.
    IF NOT EXISTS (
        SELECT FROM pg_index AS i
        WHERE i.indrelid = readings AND i.indisunique AND i.indpred IS NULL AND i.indnkeyatts = 2
          AND (SELECT array_agg(a.attname::text ORDER BY a.attname) FROM pg_attribute AS a
               WHERE a.attrelid = readings AND a.attnum = ANY (i.indkey)) @> '{channel_id,timestamp}')
    THEN
        RETURN QUERY VALUES (NULL, 2, 'readings has no unique index on (channel_id, "timestamp")',
            CASE WHEN EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = readings AND i.indisprimary)
                 THEN 'CREATE UNIQUE INDEX idx_readings_unique ON @extschema@.readings (channel_id, "timestamp");'
                 ELSE 'ALTER TABLE @extschema@.readings ADD CONSTRAINT idx_readings_unique PRIMARY KEY (channel_id, "timestamp");'
            END || E'\n-- Where that finds a key twice, keep one row of each first:'
            || E'\n-- DELETE FROM @extschema@.readings AS r USING @extschema@.readings AS k WHERE k.channel_id = r.channel_id '
            || 'AND k."timestamp" = r."timestamp" AND k.ctid > r.ctid;');
    END IF;
    RETURN QUERY
    SELECT NULL::text, CASE WHEN i.indisunique THEN 2 ELSE 1 END, format('%I on %I is invalid', x.relname, t.name),
           -- What an unfinished REINDEX CONCURRENTLY left behind.
           CASE WHEN x.relname ~ '_cc(new|old)[0-9]*$' THEN format('DROP INDEX %s;', x.oid::regclass)
                WHEN x.relkind = 'i' AND EXISTS (SELECT FROM pg_inherits AS p WHERE p.inhparent = t.relation)
                -- TimescaleDB reindexes no hypertable.
                THEN format(E'DROP INDEX %s;\n%s;', x.oid::regclass, pg_get_indexdef(x.oid))
                ELSE format('REINDEX INDEX %s;', x.oid::regclass) END
    FROM @extschema@._argo_relations() AS t
    JOIN pg_index AS i ON i.indrelid = t.relation
    JOIN pg_class AS x ON x.oid = i.indexrelid
    WHERE NOT (i.indisvalid AND i.indisready)
    ORDER BY x.relname;
    RETURN QUERY
    SELECT NULL::text, 0, format('%s indexes, all valid', count(*)), NULL::text
    FROM @extschema@._argo_relations() AS t
    JOIN pg_index AS i ON i.indrelid = t.relation;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_indexes(text, text) IS
    'Check of argo_doctor(): the indexes that argo_setup() made, and the key of readings, are there and valid. The cures lock writers out while they build.';

CREATE FUNCTION @extschema@._argo_doctor_triggers(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH wanted AS (
        SELECT s.step, s.object_name AS name, to_regclass(substring(s.ddl FROM 'ON (\S+)')) AS relation
        FROM @extschema@._argo_setup_steps() AS s
        WHERE s.object_kind = 'trigger'
    ), wrong AS (
        SELECT w.step, w.name, w.relation, t.oid IS NULL AS is_missing
        FROM wanted AS w
        LEFT JOIN pg_trigger AS t ON t.tgrelid = w.relation AND t.tgname = w.name AND NOT t.tgisinternal
        WHERE w.relation IS NOT NULL AND (t.oid IS NULL OR t.tgenabled NOT IN ('O', 'A'))
    )
    SELECT NULL::text, 2, format('%I on %s is %s', w.name, w.relation, CASE WHEN w.is_missing THEN 'missing' ELSE 'disabled' END),
           CASE WHEN w.is_missing THEN 'SELECT * FROM @extschema@.argo_setup();'
                ELSE format('ALTER TABLE %s ENABLE TRIGGER %I;', w.relation, w.name) END
    FROM wrong AS w
    UNION ALL
    SELECT NULL, 1, 'changes meanwhile left no marks, and the views do not show them before a full refresh',
           'SELECT * FROM @extschema@.argo_refresh(''full'');'
    WHERE EXISTS (SELECT FROM wrong);
    RETURN QUERY VALUES (NULL, 0, 'all there, and enabled', NULL);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_triggers(text, text) IS
    'Check of argo_doctor(): the triggers that keep the dirty log and the zones are there and enabled; without them the views go wrong in silence.';

CREATE FUNCTION @extschema@._argo_doctor_dirty_backlog(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given ALIAS FOR site;
    again CONSTANT text := 'SELECT * FROM @extschema@.argo_refresh();';
    many CONSTANT bigint := 100000;
    -- Rights that are lacking to see the costs are for the check "rights".
    sees_costs CONSTANT boolean := coalesce(
        has_table_privilege(to_regclass('@extschema@._argo_dirty_equipment'), 'SELECT')
        AND has_table_privilege(to_regclass('@extschema@.equipment'), 'SELECT'), false);
    kind text;
    marks bigint;
    refreshed timestamptz;
BEGIN
    RETURN QUERY
    SELECT NULL::text, 2, format('%s is not populated', v.matview), again
    FROM @extschema@._argo_refreshed_views AS v
    JOIN pg_class AS c ON c.oid = v.matview
    WHERE NOT c.relispopulated AND v.is_in_use
    ORDER BY v.position;
    FOREACH kind IN ARRAY CASE WHEN sees_costs THEN '{meter,equipment}' ELSE '{meter}' END::text[] LOOP
        IF kind = 'meter' THEN
            SELECT count(*) INTO marks
            FROM @extschema@._argo_dirty AS d
            WHERE given IS NULL
               OR EXISTS (SELECT FROM @extschema@.channels AS c WHERE c.channel_id = d.meter_id AND c.organization_id = given);
        ELSE
            SELECT count(*) INTO marks
            FROM @extschema@._argo_dirty_equipment AS d
            WHERE given IS NULL
               OR EXISTS (SELECT FROM @extschema@.equipment AS e WHERE e.equipment_id = d.equipment_id AND e.site_id = given);
            CONTINUE WHEN marks = 0;
        END IF;
        -- The oldest: one view that is left behind is enough.
        SELECT min(coalesce(v.refreshed_at, '-infinity')) INTO refreshed FROM @extschema@._argo_refreshed_views AS v
        WHERE v.key_kind = kind;
        RETURN QUERY VALUES (NULL,
            CASE WHEN marks >= many OR (marks > 0 AND refreshed < clock_timestamp() - interval '1 day') THEN 1 ELSE 0 END,
            format('%s marks %swait; %s', marks, CASE kind WHEN 'equipment' THEN 'of costs ' ELSE '' END, coalesce(
                'last refreshed ' || CASE WHEN isfinite(refreshed) THEN @extschema@._argo_words_of(clock_timestamp() - refreshed) END
                || ' ago', 'never refreshed')),
            again);
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_dirty_backlog(text, text) IS
    'Check of argo_doctor(): refreshes keep up, of the usage and of the costs. 100,000 marks make reading the exact views slow; marks without a refresh for a day say that none is scheduled.';

CREATE FUNCTION @extschema@._argo_doctor_last_sync(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given ALIAS FOR site;
    has_library CONSTANT boolean := @extschema@._argo_has_library();
    -- The moment of CURRENT_TIMESTAMP would be older than what this transaction stored.
    now_here CONSTANT timestamptz := clock_timestamp();
BEGIN
    RETURN QUERY
    WITH state AS (
        SELECT o.id, s.last_sync_timestamp AS synced, s.last_reading_timestamp AS newest, s.sync_status AS outcome,
               left(s.error_message, 300) AS error, p.status AS run
        FROM (
            SELECT k.organization_id AS id FROM @extschema@.organizations AS k WHERE given IS NULL OR k.organization_id = given
            UNION
            SELECT given WHERE given IS NOT NULL
        ) AS o
        LEFT JOIN LATERAL (
            SELECT d.* FROM @extschema@.data_sync_status AS d
            WHERE d.organization_id = o.id AND d.channel_id IS NULL
            ORDER BY d.last_sync_timestamp DESC LIMIT 1
        ) AS s ON true
        LEFT JOIN @extschema@.v_ingest_progress AS p ON p.site_id = o.id
    ), judged AS (
        SELECT t.*, CASE
            WHEN t.synced IS NULL THEN '1 never synced'
            WHEN t.outcome = 'failed' THEN concat_ws(': ', '2 the last sync failed', t.error)
            WHEN t.newest < now_here - interval '48 hours' THEN '2 no reading for two days'
            WHEN t.run = 'interrupted' THEN '1 the last run was interrupted'
            WHEN t.outcome = 'partial' THEN concat_ws(': ', '1 pulls of the last sync failed', t.error)
            WHEN t.synced < now_here - interval '26 hours' THEN '1 no sync for over a day'
            WHEN t.newest < now_here - interval '24 hours' THEN '1 no reading for a day'
            ELSE '0 in order' END AS verdict
        FROM state AS t
    )
    SELECT j.id, left(j.verdict, 1)::integer,
           concat_ws(', ', substr(j.verdict, 3),
               'begun ' || @extschema@._argo_words_of(now_here - j.synced) || ' ago',
               'newest reading ' || @extschema@._argo_words_of(now_here - j.newest) || ' old'),
           CASE WHEN has_library THEN format('SELECT * FROM @extschema@.argo_ingest(%L%s);', j.id,
                    CASE WHEN server <> 'eniscope' THEN format(', server => %L', server) ELSE '' END)
                ELSE format('-- argo-loader sync --site %s', @extschema@._argo_comment_of(j.id)) END
    FROM judged AS j
    ORDER BY left(j.verdict, 1) DESC, j.synced NULLS FIRST, j.id;
    RETURN QUERY SELECT NULL, 0, 'no site yet', NULL WHERE NOT FOUND;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_last_sync(text, text) IS
    'Check of argo_doctor(): the last sync of every site ended well, not over 26 hours ago, and brought readings not older than a day; the cure takes up what is missing.';

CREATE FUNCTION @extschema@._argo_doctor_validation(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given ALIAS FOR site;
BEGIN
    RETURN QUERY
    SELECT b.site_id, CASE WHEN b.validated_at >= clock_timestamp() - interval '26 hours' THEN 0 ELSE 1 END,
           coalesce('validated ' || @extschema@._argo_words_of(clock_timestamp() - b.validated_at) || ' ago', 'never validated'),
           format('SELECT * FROM @extschema@.argo_validate(%L);', b.site_id)
    FROM @extschema@.v_circuit_breakers AS b
    WHERE given IS NULL OR b.site_id = given
    ORDER BY b.validated_at NULLS FIRST, b.site_id;
    RETURN QUERY SELECT NULL, 0, 'no site yet', NULL WHERE NOT FOUND;
    IF has_table_privilege(to_regclass('@extschema@.validation_rules'), 'SELECT') THEN
        RETURN QUERY
        SELECT NULL::text, 1, 'no rule is enabled, so that every site passes',
               CASE WHEN count(*) > 0 THEN 'UPDATE @extschema@.validation_rules SET enabled = true WHERE site_id IS NULL;'
                    ELSE '-- Bring the rows of @extschema@.validation_rules back from a dump.' END
        FROM @extschema@.validation_rules AS r
        WHERE r.site_id IS NULL
        HAVING count(*) FILTER (WHERE r.enabled IS NOT false) = 0;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_validation(text, text) IS
    'Check of argo_doctor(): there are rules, and every site was validated by them within the last 26 hours.';

CREATE FUNCTION @extschema@._argo_doctor_breaker(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given ALIAS FOR site;
BEGIN
    RETURN QUERY
    SELECT b.site_id, CASE WHEN b.state = 'open' THEN 2 WHEN b.state = 'degraded' THEN 1 ELSE 0 END,
           CASE
               WHEN b.override_until IS NOT NULL
               THEN format('open for %s, and overridden until %s: %s', array_to_string(b.opened_by, ', '),
                           to_char(b.override_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), left(b.override_reason, 100))
               WHEN b.state = 'closed' THEN 'closed'
               WHEN b.state IS NULL THEN 'none before the first validation'
               ELSE format('%s since %s for %s', b.state, to_char(b.since AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'),
                           array_to_string(b.opened_by || b.flagged_by, ', ')) END,
           format(E'SELECT * FROM @extschema@.argo_validate(%1$L);\n-- What the rules still find, mend: '
                  || 'SELECT * FROM @extschema@.argo_findings(''%2$s'');%3$s', b.site_id, @extschema@._argo_comment_of(b.site_id),
                  CASE WHEN b.state = 'open' THEN format(
                      E'\n-- or let reports through: SELECT @extschema@.argo_override_breaker(''%s'', ''the reason'');',
                      @extschema@._argo_comment_of(b.site_id)) ELSE '' END)
    FROM @extschema@.v_circuit_breakers AS b
    WHERE given IS NULL OR b.site_id = given
    ORDER BY b.since, b.site_id;
    RETURN QUERY SELECT NULL, 0, 'no site yet', NULL WHERE NOT FOUND;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_breaker(text, text) IS
    'Check of argo_doctor(): the circuit breaker of every site is closed, as of its last validation; the cure validates again.';

CREATE FUNCTION @extschema@._argo_doctor_disk_growth(site text, server text)
RETURNS TABLE (site_id text, severity integer, detail text, cure text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given ALIAS FOR site;
    weeks CONSTANT interval := interval '28 days';
    readings CONSTANT regclass := '@extschema@.readings';
    dirty CONSTANT regclass := '@extschema@._argo_dirty';
    heap bigint;
    indexes bigint;
    rows_known bigint;
    rows_lately bigint;
    row_bytes double precision;
    marks bigint;
BEGIN
    SELECT sum(pg_table_size(c.oid)), sum(pg_indexes_size(c.oid)), sum(greatest(c.reltuples, 0)) INTO heap, indexes, rows_known
    FROM @extschema@._argo_relations() AS t
    JOIN pg_class AS c ON c.oid = t.relation
    WHERE t.made = readings;
    IF given IS NULL THEN
        SELECT count(*) INTO rows_lately FROM @extschema@.readings AS r
        WHERE r."timestamp" >= clock_timestamp() - weeks AND r."timestamp" < clock_timestamp();
    ELSE
        SELECT count(*) INTO rows_lately FROM @extschema@.channels AS c
        JOIN @extschema@.readings AS r ON r.channel_id = c.channel_id
        WHERE c.organization_id = given AND r."timestamp" >= clock_timestamp() - weeks AND r."timestamp" < clock_timestamp();
    END IF;
    -- Small or never analyzed, a table tells nothing about its rows.
    row_bytes := CASE WHEN rows_known > 10000 AND heap > 0 THEN (heap + indexes)::double precision / rows_known ELSE 110 END;

    -- Where so little is there even that it is read in full is soon done.
    IF pg_table_size(dirty) > 16 * 1024 * 1024 THEN
        SELECT count(*) INTO marks FROM @extschema@._argo_dirty AS d;
        IF marks * 200 < pg_table_size(dirty) / 4 THEN
            RETURN QUERY VALUES (NULL, 1, format('_argo_dirty takes %s for %s marks, which slows every view down',
                pg_size_pretty(pg_total_relation_size(dirty)), marks), 'VACUUM FULL @extschema@._argo_dirty;');
        END IF;
    END IF;
    RETURN QUERY VALUES (NULL, 0, concat_ws('; ',
        format('readings %s, its indexes %s', pg_size_pretty(heap), pg_size_pretty(indexes)),
        format('%s rows a day%s over four weeks, so %s GB a year', round(rows_lately / 28.0),
               CASE WHEN given IS NULL THEN '' ELSE ' of the site' END,
               round((rows_lately / 28.0 * 365 * row_bytes / 1e9)::numeric, 2)),
        CASE WHEN indexes > heap AND heap > 100 * 1024 * 1024
             THEN 'argo_slim_readings(dry_run => true) says what smaller indexes would gain' END), NULL);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_doctor_disk_growth(text, text) IS
    'Check of argo_doctor(): how large readings is and how fast it grows, in GB a year at the pace of the last four weeks; the dirty log holds no dead space to speak of. Free disk space cannot be seen from here.';
