-- Stores reports, each week at the site's own time, and only those that the circuit breaker lets through.

CREATE FUNCTION @extschema@._argo_report_weekday(report_at text, OUT days_after_monday integer, OUT time_of_day interval)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    parts CONSTANT text[] := regexp_match(lower(report_at), '^(mon|tue|wed|thu|fri|sat|sun) (([01][0-9]|2[0-3]):[0-5][0-9])$');
BEGIN
    IF parts IS NULL THEN
        RAISE EXCEPTION 'invalid time for report_at: %', coalesce('"' || left(report_at, 80) || '"', 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'It is a weekday and a time on the site''s clock. Nothing was changed.',
                  HINT = 'For example: report_at => ''Mon 06:00''.';
    END IF;
    days_after_monday := position(parts[1] IN 'montuewedthufrisatsun') / 3;
    time_of_day := parts[2]::interval;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_report_weekday(text) IS 'Reads a weekday and a time such as "Mon 06:00"; raises 22023 where it cannot.';

CREATE FUNCTION @extschema@._argo_report_is_due(site text, report_at text, as_of timestamptz, OUT first_day date, OUT end_day date)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := (SELECT z.timezone FROM @extschema@._argo_zones AS z WHERE z.organization_id = site);
    clock CONSTANT timestamp := as_of AT TIME ZONE zone;
    due timestamp;
BEGIN
    SELECT date_trunc('week', clock) + w.days_after_monday * interval '1 day' + w.time_of_day INTO due
    FROM @extschema@._argo_report_weekday(report_at) AS w;
    IF due > clock THEN
        due := due - interval '7 days';
    END IF;
    end_day := date_trunc('week', due)::date;
    first_day := end_day - 7;
    IF EXISTS (SELECT FROM @extschema@.weekly_reports AS w
               WHERE w.site_id = site AND w.period_start = first_day AND w.period_end = end_day
                 -- One of the running week says nothing of its end.
                 AND w.generated_at >= end_day::timestamp AT TIME ZONE zone) THEN
        first_day := NULL;
        end_day := NULL;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_report_is_due(text, text, timestamptz) IS
    'The week whose report should be there by now, as of a weekday and time at the site such as "Mon 06:00", and is not; NULLs where it is. Raises 22023.';

CREATE PROCEDURE @extschema@.argo_publish_report(
    site text, period_start date DEFAULT NULL, period_end date DEFAULT NULL,
    generated_at timestamptz DEFAULT CURRENT_TIMESTAMP, timezone text DEFAULT NULL, report_at text DEFAULT NULL,
    server text DEFAULT NULL
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first_day date := period_start;
    end_day date := period_end;
    report jsonb;
    last_good record;
    message text;
    detail text;
    hint text;
BEGIN
    IF report_at IS NOT NULL THEN
        IF first_day IS NOT NULL OR end_day IS NOT NULL OR timezone IS NOT NULL THEN
            RAISE EXCEPTION 'report_at goes with no period and no timezone'
                USING ERRCODE = '22023',
                      DETAIL = 'It says at what time of the site the last complete week is due. Nothing was stored.',
                      HINT = format('Type CALL @extschema@.argo_publish_report(%L, report_at => ''Mon 06:00'');', site);
        END IF;
        PERFORM @extschema@._argo_check_validation(site, generated_at);
        SELECT d.first_day, d.end_day INTO first_day, end_day
        FROM @extschema@._argo_report_is_due(site, report_at, generated_at) AS d;
        IF first_day IS NULL THEN
            RETURN;
        END IF;
    END IF;
    IF server IS NOT NULL THEN
        -- The daily sync may have run before the week was over.
        BEGIN
            EXECUTE 'SELECT FROM @extschema@.argo_ingest($1, 2, $2, as_of => $3)'
            USING site, server, nullif(generated_at, CURRENT_TIMESTAMP);
        EXCEPTION WHEN OTHERS THEN
            RAISE WARNING 'site % could not be synced before its report', site
                USING DETAIL = format('%s. The report is of what is there.', rtrim(SQLERRM, '.')),
                      HINT = format('Type CALL @extschema@.argo_sync(%L, 2, %L);', site, server);
        END;
    END IF;
    BEGIN
        report := @extschema@.argo_weekly_report(site, first_day, end_day, generated_at, timezone);
    EXCEPTION WHEN SQLSTATE 'ZA005' THEN
        GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
        SELECT w.period_start, w.period_end, w.generated_at INTO last_good
        FROM @extschema@.weekly_reports AS w WHERE w.site_id = site
        ORDER BY w.period_end DESC, w.period_start DESC LIMIT 1;
        RAISE EXCEPTION '%', message
            USING ERRCODE = 'ZA005',
                  DETAIL = format('%s. Nothing was stored. %s', rtrim(detail, '. '), CASE
                      WHEN last_good IS NULL THEN 'There is no earlier report.'
                      ELSE format('The last good report, of %s, was made %s before: v_last_reports has it.',
                          @extschema@._argo_days_in_words(last_good.period_start, last_good.period_end - 1),
                          @extschema@._argo_age_in_words(argo_publish_report.generated_at - last_good.generated_at)) END),
                  HINT = hint;
    END;
    INSERT INTO @extschema@.weekly_reports AS w (site_id, period_start, period_end, generated_at, gate_state, report)
    VALUES (site, (report #>> '{metadata,period,start}')::date, (report #>> '{metadata,period,end}')::date, generated_at,
            report #>> '{metadata,gate,state}', report)
    ON CONFLICT ON CONSTRAINT weekly_reports_pkey DO UPDATE
        SET generated_at = excluded.generated_at, gate_state = excluded.gate_state, report = excluded.report;
END
$$;

COMMENT ON PROCEDURE @extschema@.argo_publish_report(text, date, date, timestamptz, text, text, text) IS
    'Stores what argo_weekly_report() returns in weekly_reports, in place of an earlier report of the same period. With report_at, a weekday and time at the site such as ''Mon 06:00'', it stores the last week that was complete then, once that time has come and unless it is there: what an hourly job calls. With server, two days are first asked from there, as argo_ingest() does; where that fails, a warning says so. Where the circuit breaker is open it stores nothing and raises ZA005 with the age of the last good report, so that the job has failed, and the next one tries again. Raises what argo_weekly_report() raises.';
