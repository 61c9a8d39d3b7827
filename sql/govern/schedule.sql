-- Has pg_cron bring each site up to date, check it and tidy up; where it cannot, says what to type instead.

CREATE FUNCTION @extschema@._argo_job_name(task text, site text, database text DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Before 1.5 pg_cron keeps 63 bytes of a name, and takes jobs whose names begin alike for one.
    SELECT CASE WHEN octet_length(n.name) <= 63 THEN n.name ELSE format('argo %s %s', $1, md5(n.name)) END
    FROM (SELECT concat_ws(' ', 'argo', $1, $2,
                           'in ' || nullif('@extschema@'::regnamespace::text, 'public'), 'at ' || $3) AS name) AS n
$$;

COMMENT ON FUNCTION @extschema@._argo_job_name(text, text, text) IS
    'Name of a job, which is one per role in all of pg_cron: it tells the schema where that is not public, and the database where pg_cron works in another one.';

CREATE FUNCTION @extschema@._argo_connect_line(database text)
RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- psql would take some names for a connection string.
    SELECT CASE WHEN $1 ~ '^[A-Za-z0-9_.-]+$' THEN format('\c %I', $1)
                ELSE format('\c -reuse-previous=on "%s"', replace(
                    format('dbname=''%s''', regexp_replace($1, '([\\''])', '\\\1', 'g')), '"', '""')) END
$$;

COMMENT ON FUNCTION @extschema@._argo_connect_line(text) IS
    'What to type in psql to go to a database, whatever its name.';

CREATE FUNCTION @extschema@._argo_crontab_line(schedule text, command text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- The system's cron knows neither seconds nor the last day of the month, and ends a command at a bare %.
    SELECT format('%s %s',
        CASE WHEN $1 ~* 'second' THEN '* * * * *' ELSE replace($1, '$', '28-31') END,
        replace(format('psql -Xq -o /dev/null -p %s -U %s -d %s -c %s', current_setting('port'),
                       s.words[1], s.words[2], s.words[3]), '%', '\%'))
    FROM (
        SELECT array_agg(CASE WHEN w.word ~ '^[A-Za-z0-9_.-]+$' THEN w.word
                              WHEN w.word !~ '["$`\\!]' THEN format('"%s"', w.word)
                              ELSE format('''%s''', replace(w.word, '''', '''\''''')) END ORDER BY w.position) AS words
        FROM unnest(ARRAY[current_user::text, current_database()::text, $2]) WITH ORDINALITY AS w (word, position)
    ) AS s
$$;

COMMENT ON FUNCTION @extschema@._argo_crontab_line(text, text) IS
    'A line of a crontab that runs a command here as the current role, and is silent unless it fails.';

CREATE FUNCTION @extschema@._argo_require_cron(again text, jobs jsonb DEFAULT '[]')
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    cron record;
    lines text;
    crontab text;
    major CONSTANT integer := current_setting('server_version_num')::integer / 10000;
    -- Where argo-loader brings the readings in, its machine is the one that has a cron.
    loader CONSTANT text := 'Where argo-loader runs, type this for the lines of its cron, of systemd or of a CI service:'
                            || E'\n' || (SELECT 'argo-loader schedule --site ' || (jobs -> 0 ->> 'site')
                                         WHERE NOT @extschema@._argo_has_library());
BEGIN
    SELECT c.* INTO cron FROM @extschema@._argo_cron() AS c;
    IF cron.state = 'here' THEN
        IF NOT has_schema_privilege('cron', 'USAGE') THEN
            RAISE EXCEPTION 'permission denied for pg_cron'
                USING ERRCODE = '42501',
                      DETAIL = format('Role %I may not use schema cron. Nothing was changed.', current_user),
                      HINT = format('Ask a superuser to type GRANT USAGE ON SCHEMA cron TO %I;', current_user);
        END IF;
        RETURN;
    END IF;
    IF cron.state = 'not created' THEN
        RAISE EXCEPTION 'pg_cron is loaded for this database, but not created'
            USING ERRCODE = '55000',
                  DETAIL = 'Nothing was changed.',
                  HINT = format(E'Type, as a superuser:\nCREATE EXTENSION pg_cron;\nand then:\n%s', again);
    END IF;

    SELECT string_agg(format('SELECT cron.schedule_in_database(%L, %L, %L, %L, %L);', @extschema@._argo_job_name(
               j.task, j.site, current_database()), j.schedule, j.command, current_database(), current_user), E'\n'
               ORDER BY j.position),
           string_agg(@extschema@._argo_crontab_line(j.schedule, j.command), E'\n' ORDER BY j.position)
    INTO lines, crontab
    FROM ROWS FROM (jsonb_to_recordset(jobs) AS (task text, site text, schedule text, command text)) WITH ORDINALITY
        AS j (task, site, schedule, command, position);
    IF cron.state = 'elsewhere' THEN
        RAISE EXCEPTION 'pg_cron works in database %, not in this one', quote_ident(cron.database)
            USING ERRCODE = '55000',
                  DETAIL = 'Nothing was changed. v_schedule does not show the jobs of another database.',
                  HINT = format(E'Type in psql, as a superuser:\n%s\nCREATE EXTENSION IF NOT EXISTS pg_cron;\n%s',
                      @extschema@._argo_connect_line(cron.database), coalesce(lines, format(
                          'SELECT jobname, cron.unschedule(jobid) FROM cron.job '
                          || 'WHERE database = %L AND jobname LIKE ''argo %%'';', current_database())));
    END IF;
    IF cron.state = 'hidden' THEN
        RAISE EXCEPTION 'pg_cron is not in this database'
            USING ERRCODE = '55000',
                  DETAIL = format('Role %I may not see in which one it works. Nothing was changed.', current_user),
                  HINT = coalesce(loader, format(
                      E'Ask a superuser to type GRANT pg_read_all_settings TO %I; and then type this again:\n'
                      || E'%s\nOr give the system''s cron, whose times are local ones, these lines:\n%s',
                      current_user, again, crontab));
    END IF;
    RAISE EXCEPTION 'pg_cron is not loaded'
        USING ERRCODE = '55000',
              DETAIL = 'Nothing was changed.',
              HINT = coalesce(loader, format(E'Give the system''s cron, whose times are local ones, these lines:\n%s\n'
                  || E'Or %sset in postgresql.conf:\nshared_preload_libraries = %L\ncron.database_name = %L\n'
                  || E'restart the server, and type:\nCREATE EXTENSION pg_cron;\n%s',
                  crontab,
                  CASE WHEN EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_cron') THEN ''
                       ELSE format('install pg_cron (Debian: apt-get install postgresql-%s-cron), ', major) END,
                  concat_ws(', ', nullif(current_setting('shared_preload_libraries'), ''), 'pg_cron'),
                  current_database(), again));
END
$$;

COMMENT ON FUNCTION @extschema@._argo_require_cron(text, jsonb) IS
    'Raises 55000 where pg_cron cannot run jobs of this database from here, with what to type instead: the statement to repeat, and jobs as [{task, site, schedule, command}]; 42501 where the role may not use it.';

CREATE FUNCTION @extschema@.argo_schedule(
    site text, days integer DEFAULT 7, sync_at text DEFAULT '0 2 * * *', validate_at text DEFAULT '0 */6 * * *',
    purge_at text DEFAULT '30 3 * * *', refresh_at text DEFAULT '*/15 * * * *',
    refresh_full_at text DEFAULT '30 2 * * *', server text DEFAULT 'eniscope', keep_days integer DEFAULT 90,
    report_at text DEFAULT 'Mon 06:00'
)
RETURNS TABLE (job text, schedule text, command text, action text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here CONSTANT text := '@extschema@'::regnamespace;
    can_sync CONSTANT boolean := EXISTS (
        SELECT FROM pg_proc AS p WHERE p.pronamespace = '@extschema@'::regnamespace AND p.proname = 'argo_sync');
    is_known boolean := true;
    jobs jsonb;
    again text;
    wrong record;
    wanted record;
    present record;
    cron record;
BEGIN
    IF (site ~ '^[A-Za-z0-9_-]{1,64}$') IS NOT TRUE THEN
        RAISE EXCEPTION 'invalid site %', coalesce('"' || left(site, 40) || '"', 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'A site is the id of an organization of the API: letters, digits, "-" and "_".',
                  HINT = format('For example: SELECT * FROM %s.argo_schedule(''23271'');', here);
    END IF;
    IF (days BETWEEN 1 AND 3660) IS NOT TRUE OR (keep_days >= 1) IS NOT TRUE THEN
        RAISE EXCEPTION 'invalid number of days: %', CASE WHEN (days BETWEEN 1 AND 3660) IS TRUE
                THEN coalesce(keep_days::text, 'NULL') ELSE coalesce(days::text, 'NULL') END
            USING ERRCODE = '22023',
                  DETAIL = 'A sync takes 1 to 3660 days; a purge keeps 1 day or more.',
                  HINT = format('For example: SELECT * FROM %s.argo_schedule(%L, days => 7, keep_days => 90);',
                                here, site);
    END IF;
    IF (server <> '') IS NOT TRUE THEN
        RAISE EXCEPTION 'invalid server %', coalesce('""' || server, 'NULL')
            USING ERRCODE = '22023',
                  HINT = format('For example: SELECT * FROM %s.argo_schedule(%L, server => ''eniscope'');', here, site);
    END IF;
    SELECT t.parameter, t.given INTO wrong
    FROM (VALUES ('sync_at', sync_at), ('validate_at', validate_at), ('purge_at', purge_at), ('refresh_at', refresh_at),
                 ('refresh_full_at', refresh_full_at)) AS t (parameter, given)
    WHERE @extschema@._argo_next_run(t.given, CURRENT_TIMESTAMP) IS NULL
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'invalid schedule for %: %', wrong.parameter,
                coalesce('"' || left(wrong.given, 80) || '"', 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'It cannot be read as a cron expression, or its time never comes. Nothing was changed.',
                  HINT = format('Five fields: minute 0-59, hour 0-23, day 1-31, month 1-12, weekday 0-7; '
                      || 'each *, 5, 1-5, */15 or a list. For example: '
                      || 'SELECT * FROM %s.argo_schedule(%L, %s => ''0 2 * * *'');', here, site, wrong.parameter);
    END IF;

    PERFORM @extschema@._argo_report_weekday(report_at);

    SELECT jsonb_agg(to_jsonb(j)) INTO jobs
    FROM (VALUES
        ('sync', site, sync_at, CASE WHEN can_sync THEN format('CALL %s.argo_sync(%L, %s%s)', here, site, days,
            CASE WHEN server <> 'eniscope' THEN format(', %L', server) ELSE '' END) END),
        ('validate', site, validate_at, format('SELECT %s.argo_validate(%L)', here, site)),
        ('purge', site, purge_at, format('SELECT %s.argo_purge_history(%L, %s)', here, site, keep_days)),
        -- The site's Monday morning has no place in a schedule of GMT: each hour the procedure looks at the site's clock.
        ('report', site, '0 * * * *', format('CALL %s.argo_publish_report(%L, report_at => %L%s)',
            here, site, report_at, CASE WHEN can_sync THEN format(', server => %L', server) ELSE '' END)),
        ('refresh', NULL, refresh_at, format('SELECT %s.argo_refresh()', here)),
        ('refresh full', NULL, refresh_full_at, format('SELECT %s.argo_refresh(''full'')', here))
    ) AS j (task, site, schedule, command)
    WHERE j.command IS NOT NULL;
    SELECT format('SELECT * FROM %s.argo_schedule(%s);', here, concat_ws(', ', quote_literal(site),
                  string_agg(format('%s => %L', a.parameter, a.given), ', ' ORDER BY a.position)
                      FILTER (WHERE a.given <> a.usual)))
    INTO again
    FROM (VALUES (1, 'days', days::text, '7'), (2, 'sync_at', sync_at, '0 2 * * *'),
                 (3, 'validate_at', validate_at, '0 */6 * * *'), (4, 'purge_at', purge_at, '30 3 * * *'),
                 (5, 'refresh_at', refresh_at, '*/15 * * * *'), (6, 'refresh_full_at', refresh_full_at, '30 2 * * *'),
                 (7, 'server', server, 'eniscope'), (8, 'keep_days', keep_days::text, '90'),
                 (9, 'report_at', report_at, 'Mon 06:00')
    ) AS a (position, parameter, given, usual);
    PERFORM @extschema@._argo_require_cron(again, jobs);

    IF to_regclass('@extschema@.organizations') IS NULL THEN
        is_known := false;
    ELSIF has_table_privilege('@extschema@.organizations', 'SELECT') THEN
        is_known := EXISTS (SELECT FROM @extschema@.organizations AS o WHERE o.organization_id = site);
    END IF;
    IF NOT is_known THEN
        RAISE NOTICE 'site "%" is not known yet', site
            USING DETAIL = 'Its first sync stores it, if the API knows it.';
    END IF;
    IF NOT can_sync THEN
        RAISE NOTICE 'no job can bring in readings, since argo_sync() needs the extension'
            USING HINT = format('Type argo-loader schedule --site %s for the lines of a cron that runs argo-loader.', site);
    END IF;

    SELECT c.* INTO cron FROM @extschema@._argo_cron() AS c;
    FOR wanted IN
        SELECT @extschema@._argo_job_name(j.task, j.site) AS name, j.schedule, j.command
        FROM ROWS FROM (jsonb_to_recordset(jobs) AS (task text, site text, schedule text, command text)) WITH ORDINALITY
            AS j (task, site, schedule, command, position)
        ORDER BY j.position
    LOOP
        job := wanted.name;
        schedule := wanted.schedule;
        command := wanted.command;
        action := 'created';
        -- The role's own one last: pg_cron would give a job of the same name in another database these times.
        FOR present IN EXECUTE
            'SELECT j.jobid, j.schedule, j.command, j.database, j.username, j.active, j.nodename, j.nodeport
             FROM cron.job AS j
             WHERE j.jobname::text = $1 AND (j.database = current_database() OR j.username = current_user)
             ORDER BY j.database = current_database() AND j.username = current_user' USING job
        LOOP
            IF present.database <> current_database() OR present.username <> current_user THEN
                RAISE EXCEPTION 'job "%" already exists', job
                    USING ERRCODE = '42710',
                          DETAIL = format('It is job %s of role %I in database %I. Nothing was changed.', present.jobid,
                              present.username, present.database),
                          HINT = CASE WHEN present.database = current_database()
                              THEN format('Type SET ROLE %I; first to change it, or SELECT * FROM %s.argo_unschedule(); '
                                          || 'to give up all such jobs.', present.username, here)
                              ELSE format('Type SELECT cron.unschedule(%s); if it is not wanted.', present.jobid) END;
            END IF;
            IF (present.schedule, present.command) = (schedule, command) THEN
                action := 'unchanged';
            ELSE
                action := 'changed';
            END IF;
            -- pg_cron itself would keep it paused, or knocking at the address where the server once was.
            IF NOT present.active OR present.nodeport <> current_setting('port')::integer
               OR present.nodename <> coalesce(cron.host, present.nodename) THEN
                action := 'changed';
                EXECUTE 'SELECT cron.unschedule($1::bigint)' USING present.jobid;
            END IF;
        END LOOP;
        IF action <> 'unchanged' THEN
            BEGIN
                EXECUTE 'SELECT cron.schedule($1, $2, $3)' USING job, schedule, command;
            EXCEPTION WHEN invalid_parameter_value THEN
                RAISE EXCEPTION 'pg_cron does not take the schedule "%"', schedule
                    USING ERRCODE = '22023',
                          DETAIL = format('Its version is %s: seconds need 1.5, "$" for the last day of the month 1.6. '
                              || 'Nothing was changed.',
                              (SELECT e.extversion FROM pg_extension AS e WHERE e.extname = 'pg_cron')),
                          HINT = format('Choose five fields, for example: '
                              || 'SELECT * FROM %s.argo_schedule(%L, sync_at => ''0 2 * * *'');', here, site);
            END;
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_schedule(text, integer, text, text, text, text, text, text, integer, text) IS
    'Gives pg_cron the jobs of a site, and the two refreshes of the database, run as the calling role at these times (cron expressions of GMT, or of cron.timezone), and returns one row per job: created, changed or unchanged. Sync takes the last days (1 to 3660) from server, purge keeps keep_days of the histories, and report stores the last week''s report from report_at on, a weekday and time at the site. Again with other times: changes them, those of the refreshes for all sites. Raises 22023, 42501, 42710 where the job is another role''s, and 55000, with what to type instead, where pg_cron is missing or works in another database.';

CREATE FUNCTION @extschema@.argo_unschedule(site text DEFAULT NULL)
RETURNS TABLE (job text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    given ALIAS FOR site;
    cron record;
    present record;
BEGIN
    SELECT c.* INTO cron FROM @extschema@._argo_cron() AS c;
    -- Without pg_cron there are no jobs.
    IF cron.state IN ('not loaded', 'not created') THEN
        RETURN;
    END IF;
    PERFORM @extschema@._argo_require_cron(format('SELECT * FROM %s.argo_unschedule();', '@extschema@'::regnamespace));
    FOR present IN
        SELECT j.jobid, j.job
        FROM @extschema@._argo_jobs(CURRENT_TIMESTAMP) AS j
        WHERE given IS NULL OR j.site_id = given
           OR (j.site_id IS NULL AND NOT EXISTS (
               SELECT FROM @extschema@._argo_jobs(CURRENT_TIMESTAMP) AS o WHERE o.site_id <> given))
        ORDER BY j.job
    LOOP
        EXECUTE 'SELECT cron.unschedule($1::bigint)' USING present.jobid;
        job := present.job;
        RETURN NEXT;
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_unschedule(text) IS
    'Takes the jobs of a site away from pg_cron (NULL: of all sites), with the last site also those of the database, and returns their names; none is no error. Those of the role itself or, for a superuser, of every role. Raises 42501, and 55000 where pg_cron works in another database.';
