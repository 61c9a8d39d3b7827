-- What pg_cron runs for Argo, when next, and how it went, in words.

--: function _argo_cron_field
CREATE FUNCTION @extschema@._argo_cron_field(field text, low integer, high integer, names text[] DEFAULT NULL)
RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part text;
    pieces text[];
    word text;
    bounds integer[];
    step integer;
    chosen integer[] := '{}';
BEGIN
    IF field IS NULL OR field ~ '(^|,)(,|$)' THEN
        RETURN NULL;
    END IF;
    FOREACH part IN ARRAY string_to_array(lower(field), ',') LOOP
        pieces := regexp_match(part, '^(?:\*|([a-z]+|\d{1,4})(?:-([a-z]+|\d{1,4}))?)(?:/(\d{1,4}))?$');
        -- A step needs a range to go through.
        IF pieces IS NULL OR (pieces[1] IS NOT NULL AND pieces[2] IS NULL AND pieces[3] IS NOT NULL) THEN
            RETURN NULL;
        END IF;
        step := coalesce(pieces[3]::integer, 1);
        bounds := ARRAY[low, high];
        IF pieces[1] IS NOT NULL THEN
            bounds := '{}';
            FOREACH word IN ARRAY ARRAY[pieces[1], coalesce(pieces[2], pieces[1])] LOOP
                bounds := bounds || CASE WHEN word ~ '^\d' THEN word::integer
                                         ELSE low - 1 + array_position(names, word) END;
            END LOOP;
        END IF;
        IF (step > 0 AND bounds[1] >= low AND bounds[1] <= bounds[2] AND bounds[2] <= high) IS NOT TRUE THEN
            RETURN NULL;
        END IF;
        chosen := chosen || ARRAY(SELECT n FROM generate_series(bounds[1], bounds[2], step) AS n);
    END LOOP;
    RETURN chosen;
END
$$;
COMMENT ON FUNCTION @extschema@._argo_cron_field(text, integer, integer, text[]) IS
    'The numbers from low to high that a field of a cron expression stands for; names are those of low and the following numbers. NULL where it is none.';

--: function _argo_next_run
CREATE FUNCTION @extschema@._argo_next_run(
    schedule text, after timestamptz, zone text DEFAULT 'GMT', needs_both_days boolean DEFAULT false
)
RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first_minute CONSTANT timestamptz := date_trunc('minute', after) + interval '1 minute';
    fields text[];
    minutes integer[];
    hours integer[];
    days integer[];
    months integer[];
    weekdays integer[];
    is_day boolean;
    is_weekday boolean;
    candidate date;
    last_candidate date;
    found timestamptz;
BEGIN
    IF NOT isfinite(after) THEN
        RETURN NULL;
    END IF;
    IF schedule ~* '^\s*0*([1-9]|[1-5]\d)\s*seconds?\s*$' THEN
        RETURN after + substring(schedule FROM '\d+')::integer * interval '1 second';
    END IF;

    fields := regexp_split_to_array(btrim(CASE btrim(schedule, E' \t')
        WHEN '@yearly' THEN '0 0 1 1 *'
        WHEN '@annually' THEN '0 0 1 1 *'
        WHEN '@monthly' THEN '0 0 1 * *'
        WHEN '@weekly' THEN '0 0 * * 0'
        WHEN '@daily' THEN '0 0 * * *'
        WHEN '@midnight' THEN '0 0 * * *'
        WHEN '@hourly' THEN '0 * * * *'
        ELSE schedule END, E' \t'), '[ \t]+');
    IF cardinality(fields) <> 5 THEN
        RETURN NULL;
    END IF;
    minutes := @extschema@._argo_cron_field(fields[1], 0, 59);
    hours := @extschema@._argo_cron_field(fields[2], 0, 23);
    days := CASE WHEN fields[3] = '$' THEN '{}' ELSE @extschema@._argo_cron_field(fields[3], 1, 31) END;
    months := @extschema@._argo_cron_field(fields[4], 1, 12, '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
    weekdays := @extschema@._argo_cron_field(fields[5], 0, 7, '{sun,mon,tue,wed,thu,fri,sat}');
    IF minutes IS NULL OR hours IS NULL OR days IS NULL OR months IS NULL OR weekdays IS NULL THEN
        RETURN NULL;
    END IF;

    candidate := (first_minute AT TIME ZONE zone)::date;
    -- After 40 years every day of the year has met every day of the week, even around 2100.
    last_candidate := candidate + 40 * 366;
    WHILE candidate <= last_candidate LOOP
        IF extract(month FROM candidate)::integer = ANY (months) THEN
            is_day := extract(day FROM candidate)::integer = ANY (days)
                      OR (fields[3] = '$' AND extract(day FROM candidate + 1) = 1);
            is_weekday := extract(dow FROM candidate)::integer = ANY (weekdays)
                          OR (extract(dow FROM candidate) = 0 AND 7 = ANY (weekdays));
            IF (is_day AND is_weekday)
               OR ((is_day OR is_weekday)
                   AND NOT (needs_both_days OR starts_with(fields[3], '*') OR starts_with(fields[5], '*'))) THEN
                -- Minutes of UTC, as pg_cron goes through them: one that the clock skips never comes.
                SELECT m.instant INTO found
                FROM generate_series(
                    greatest(first_minute, (candidate AT TIME ZONE 'UTC') - interval '15 hours'),
                    (candidate AT TIME ZONE 'UTC') + interval '39 hours', interval '1 minute') AS m (instant)
                CROSS JOIN LATERAL (SELECT m.instant AT TIME ZONE zone AS clock) AS l
                WHERE l.clock::date = candidate
                  AND extract(minute FROM l.clock)::integer = ANY (minutes)
                  AND extract(hour FROM l.clock)::integer = ANY (hours)
                ORDER BY m.instant
                LIMIT 1;
                IF found IS NOT NULL THEN
                    RETURN found;
                END IF;
            END IF;
        END IF;
        candidate := candidate + 1;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION @extschema@._argo_next_run(text, timestamptz, text, boolean) IS
    'The first minute after the one of "after" at which pg_cron starts a job of this schedule: five fields, @hourly and the like, $ for the last day of the month, or "30 seconds". Where days of the month and of the week are both restricted either of them is enough, unless needs_both_days. NULL where it cannot be read, or never comes, such as 30 February, or not by the clock, such as @reboot.';

--: function _argo_cron
CREATE FUNCTION @extschema@._argo_cron(
    OUT state text, OUT database text, OUT timezone text, OUT host text, OUT is_logged boolean,
    OUT is_launching boolean, OUT needs_both_days boolean
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_created CONSTANT boolean := EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_cron');
BEGIN
    timezone := 'GMT';
    is_launching := true;
    needs_both_days := false;
    -- Only such roles may look at settings of pg_cron.
    IF NOT pg_has_role('pg_read_all_settings', 'USAGE') THEN
        state := CASE WHEN is_created THEN 'here' ELSE 'hidden' END;
        RETURN;
    END IF;
    IF current_setting('shared_preload_libraries') !~ '(^|[ ,"/])pg_cron(\.so)?($|[ ,"])' THEN
        state := 'not loaded';
        is_launching := false;
        RETURN;
    END IF;
    database := current_setting('cron.database_name', true);
    timezone := coalesce(nullif(current_setting('cron.timezone', true), ''), timezone);
    host := current_setting('cron.host', true);
    is_logged := current_setting('cron.log_run', true)::boolean;
    is_launching := database = current_database()
                    AND coalesce(current_setting('cron.launch_active_jobs', true)::boolean, is_launching);
    needs_both_days := coalesce(current_setting('cron.match_dom_and_dow', true)::boolean, needs_both_days);
    state := CASE WHEN database <> current_database() THEN 'elsewhere'
                  WHEN is_created THEN 'here' ELSE 'not created' END;
END
$$;
COMMENT ON FUNCTION @extschema@._argo_cron() IS
    'Where pg_cron is: here, not created, elsewhere, not loaded, or hidden from a role without pg_read_all_settings; and its settings, as far as they can be seen.';

--: function _argo_jobs
CREATE FUNCTION @extschema@._argo_jobs(as_of timestamptz)
RETURNS TABLE (
    jobid bigint, site_id text, job text, schedule text, command text, owner text, active boolean, next_run timestamptz,
    last_run timestamptz, last_outcome text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    here CONSTANT text := '@extschema@'::regnamespace;
    cron CONSTANT oid := to_regnamespace('cron');
    run record;
BEGIN
    -- What this role may not read shows nothing, and is no error.
    IF (cron IS NOT NULL AND has_schema_privilege(cron, 'USAGE')) IS NOT TRUE THEN
        RETURN;
    END IF;
    IF to_regclass('cron.job_run_details') IS NULL
       OR has_table_privilege(to_regclass('cron.job'), 'SELECT') IS NOT TRUE THEN
        RETURN;
    END IF;
    FOR jobid, job, schedule, command, owner, active IN EXECUTE
        'SELECT j.jobid, j.jobname::text, j.schedule, j.command, j.username, j.active FROM cron.job AS j
         WHERE j.database = current_database() AND j.jobname LIKE ''argo %'' ORDER BY j.jobname, j.jobid'
    LOOP
        CONTINUE WHEN NOT starts_with(command, format('CALL %s.argo_sync(', here))
            AND NOT starts_with(command, format('SELECT %s.argo_validate(', here))
            AND NOT starts_with(command, format('SELECT %s.argo_purge_history(', here))
            AND NOT starts_with(command, format('CALL %s.argo_publish_report(', here))
            AND NOT starts_with(command, format('SELECT %s.argo_refresh(', here));
        site_id := CASE WHEN job NOT LIKE 'argo refresh%'
                        THEN substring(command FROM '\.argo_[a-z_]+\(''([A-Za-z0-9_-]+)''') END;
        SELECT CASE WHEN active AND c.is_launching
                    THEN @extschema@._argo_next_run(schedule, as_of, c.timezone, c.needs_both_days) END,
               CASE WHEN c.is_logged THEN 'never ran' WHEN NOT c.is_logged THEN 'not logged: cron.log_run is off'
                    ELSE 'never ran, or not logged' END
        INTO next_run, last_outcome
        FROM @extschema@._argo_cron() AS c;
        last_run := NULL;
        IF has_table_privilege('cron.job_run_details', 'SELECT') THEN
            -- From its newest run backwards by the only index there is.
            EXECUTE 'SELECT d.status, d.return_message, d.start_time, d.end_time FROM cron.job_run_details AS d
                     WHERE d.jobid = $1 ORDER BY d.runid DESC LIMIT 1' INTO run USING jobid;
            IF run.status IS NOT NULL THEN
                last_run := coalesce(run.start_time, run.end_time);
                last_outcome := CASE
                    WHEN run.status = 'succeeded'
                        THEN concat_ws(' in ', 'succeeded', @extschema@._argo_words_of(run.end_time - run.start_time))
                    -- The first line, without its severity.
                    WHEN run.status = 'failed'
                        THEN 'failed' || coalesce(': ' || nullif(regexp_replace(btrim(split_part(
                            btrim(run.return_message, E' \n'), E'\n', 1)), '^[[:upper:]]+: +', ''), ''), '')
                    WHEN run.start_time IS NOT NULL
                        THEN to_char(run.start_time AT TIME ZONE 'UTC', '"running since" YYYY-MM-DD HH24:MI:SS "UTC"')
                    ELSE 'starting' END;
            END IF;
        ELSE
            last_outcome := 'hidden: no right to read cron.job_run_details';
        END IF;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@._argo_jobs(timestamptz) IS
    'The jobs of Argo in this schema that the caller may see, by name, as v_schedule shows them; none where pg_cron is not in this database.';

--: function _argo_words_of
CREATE FUNCTION @extschema@._argo_words_of(duration interval)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN s.seconds < 9.95 THEN format('%s s', round(s.seconds, 1))
        WHEN s.seconds < 119.5 THEN format('%s s', round(s.seconds))
        WHEN s.seconds < 7170 THEN format('%s min', round(s.seconds / 60))
        ELSE format('%s h', round(s.seconds / 3600, 1)) END
    FROM (SELECT extract(epoch FROM duration) AS seconds) AS s
$$;
COMMENT ON FUNCTION @extschema@._argo_words_of(interval) IS 'A duration in its fitting unit: "0.4 s", "34 s", "12 min", "2.5 h".';

--: view v_schedule
CREATE VIEW @extschema@.v_schedule AS
SELECT j.site_id, j.job, j.schedule, j.active, j.next_run, j.last_run, j.last_outcome
FROM @extschema@._argo_jobs(CURRENT_TIMESTAMP) AS j;
COMMENT ON VIEW @extschema@.v_schedule IS
    'The jobs that argo_schedule() gave to pg_cron in this database, those of the role itself or, for a superuser, of every role. Empty where pg_cron is missing or works in another database. How old the data are is for the rules to say, not for this.';
COMMENT ON COLUMN @extschema@.v_schedule.site_id IS 'NULL: a job of the whole database.';
COMMENT ON COLUMN @extschema@.v_schedule.schedule IS 'A cron expression in pg_cron''s zone: GMT, or what cron.timezone says.';
COMMENT ON COLUMN @extschema@.v_schedule.active IS 'False: paused by cron.alter_job(); argo_schedule() starts it again.';
COMMENT ON COLUMN @extschema@.v_schedule.next_run IS
    'NULL: not by this schedule, or pg_cron starts nothing. A role without pg_read_all_settings cannot see cron.timezone: to it the zone is GMT.';
COMMENT ON COLUMN @extschema@.v_schedule.last_run IS 'When the last run began.';
COMMENT ON COLUMN @extschema@.v_schedule.last_outcome IS
    'How it went: "succeeded in 3 s", "failed: ..." with the error, "running since ...", "never ran".';
