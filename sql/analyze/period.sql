-- Which stretch of time an analysis is about.

CREATE FUNCTION @extschema@._argo_analysis_period(
    site text, period_start date, period_end date, as_of timestamptz, baseline_weeks integer, timezone text,
    OUT zone text, OUT first_day date, OUT end_day date, OUT baseline_day date,
    OUT starts timestamptz, OUT ends timestamptz, OUT seen_until timestamptz, OUT baseline_starts timestamptz
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
AS $$
DECLARE
    seen_at CONSTANT timestamptz := coalesce(as_of, now());
    this_week date;
BEGIN
    IF NOT isfinite(seen_at) THEN
        RAISE EXCEPTION 'as_of must be a finite time, not %', seen_at
            USING ERRCODE = '22023', DETAIL = 'It says which readings can be there.', HINT = 'Leave it out: now counts.';
    END IF;
    IF timezone IS NOT NULL AND @extschema@._argo_verified_zone(timezone) IS NULL THEN
        RAISE EXCEPTION 'unknown time zone %', quote_literal(left(timezone, 60))
            USING ERRCODE = '22023', DETAIL = 'Nothing was analyzed.',
                  HINT = 'SELECT name FROM pg_timezone_names; lists those that this server knows.';
    END IF;
    zone := coalesce(@extschema@._argo_verified_zone(timezone),
                     (SELECT z.timezone FROM @extschema@._argo_zones AS z WHERE z.organization_id = site), 'America/New_York');
    this_week := date_trunc('week', seen_at AT TIME ZONE zone)::date;
    first_day := coalesce(period_start, period_end - 7, this_week - 7);
    end_day := coalesce(period_end, first_day + 7);
    IF NOT isfinite(first_day) OR NOT isfinite(end_day) OR end_day <= first_day THEN
        RAISE EXCEPTION 'the period from % to % is empty', first_day, end_day
            USING ERRCODE = '22023', DETAIL = 'period_end is the first day that no longer belongs to it. Nothing was analyzed.',
                  HINT = format('For example: period_start => %L, period_end => %L', this_week - 7, this_week);
    ELSIF first_day < '2000-01-01' THEN
        RAISE EXCEPTION 'the period from % to % begins before 2000', first_day, end_day
            USING ERRCODE = '22023', DETAIL = 'There are no readings from before Eniscope. Nothing was analyzed.',
                  HINT = 'Leave the period out: the last complete week counts.';
    ELSIF end_day - first_day > 31 THEN
        RAISE EXCEPTION 'the period from % to % is longer than 31 days', first_day, end_day
            USING ERRCODE = '22023',
                  DETAIL = 'Each hour of it is compared with the same hour of the weeks before. Nothing was analyzed.',
                  HINT = 'Give a period of 1 to 31 days.';
    END IF;
    starts := @extschema@._argo_midnight(first_day, zone);
    ends := @extschema@._argo_midnight(end_day, zone);
    IF starts >= seen_at THEN
        RAISE EXCEPTION 'the period from % to % has not begun', first_day, end_day
            USING ERRCODE = '22023', DETAIL = format('At the site it is %s. Nothing was analyzed.',
                                                     @extschema@._argo_local_time(seen_at, zone)),
                  HINT = 'Leave the period out: the last complete week counts.';
    END IF;
    seen_until := least(ends, seen_at);
    baseline_day := first_day - 7 * baseline_weeks;
    baseline_starts := @extschema@._argo_midnight(baseline_day, zone);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_analysis_period(text, date, date, timestamptz, integer, text) IS
    'The period of an analysis in the site''s zone, half open: by default the last complete week, Monday to Monday, before as_of (default now); its baseline before it; seen_until is its end or, where that is earlier, as_of. Raises 22023.';
