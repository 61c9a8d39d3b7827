-- How a report writes times, shares and figures.

-- Inlined.
CREATE FUNCTION @extschema@._argo_report_time(instant timestamptz, zone text)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT to_char(instant AT TIME ZONE zone, 'YYYY-MM-DD"T"HH24:MI:SS')
           || CASE WHEN (instant AT TIME ZONE zone) < (instant AT TIME ZONE 'UTC') THEN '-' ELSE '+' END
           || to_char(greatest((instant AT TIME ZONE zone) - (instant AT TIME ZONE 'UTC'),
                               (instant AT TIME ZONE 'UTC') - (instant AT TIME ZONE zone)), 'HH24:MI');
END;

COMMENT ON FUNCTION @extschema@._argo_report_time(timestamptz, text) IS
    'A time as a report has it: the site''s clock with its offset from UTC, ISO 8601.';

-- Inlined.
CREATE FUNCTION @extschema@._argo_percent(part double precision, whole double precision)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN whole > 0 THEN least(100 * part / whole, 100) END;
END;

COMMENT ON FUNCTION @extschema@._argo_percent(double precision, double precision) IS
    'A completeness, 0 to 100; NULL where nothing was expected.';

CREATE FUNCTION @extschema@._argo_report_figure(figure double precision)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(figure::numeric, CASE WHEN abs(figure) >= 99.5 THEN 'FM999,999,999,999,990'
                                         WHEN abs(figure) >= 9.95 THEN 'FM990.0' ELSE 'FM990.00' END)
$$;

COMMENT ON FUNCTION @extschema@._argo_report_figure(double precision) IS 'A figure in a sentence: three digits or more, thousands apart.';

CREATE FUNCTION @extschema@._argo_days_in_words(first_day date, last_day date)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT concat_ws(' to ', CASE WHEN first_day < last_day THEN to_char(first_day, CASE
            WHEN date_trunc('month', first_day::timestamp) = date_trunc('month', last_day::timestamp) THEN 'FMDD'
            WHEN date_trunc('year', first_day::timestamp) = date_trunc('year', last_day::timestamp) THEN 'FMDD FMMonth'
            ELSE 'FMDD FMMonth YYYY' END) END,
        to_char(last_day, 'FMDD FMMonth YYYY'))
$$;

COMMENT ON FUNCTION @extschema@._argo_days_in_words(date, date) IS 'Days as people write them: "2 to 8 March 2026".';

CREATE FUNCTION @extschema@._argo_stretch_in_words(start_time timestamptz, end_time timestamptz, zone text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('from %s to %s', to_char(s.begins, 'Dy FMDD Mon HH24:MI'),
                  to_char(s.ends, CASE WHEN s.begins::date = s.ends::date THEN 'HH24:MI' ELSE 'Dy FMDD Mon HH24:MI' END))
    FROM (SELECT start_time AT TIME ZONE zone AS begins, end_time AT TIME ZONE zone AS ends) AS s
$$;

COMMENT ON FUNCTION @extschema@._argo_stretch_in_words(timestamptz, timestamptz, text) IS
    'A stretch of time on the site''s clock: "from Wed 4 Mar 19:00 to Thu 5 Mar 05:00".';

CREATE FUNCTION @extschema@._argo_age_in_words(age interval)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN a.hours < 48 THEN format('%s hours', round(a.hours)) ELSE format('%s days', round(a.hours / 24)) END
    FROM (SELECT extract(epoch FROM age) / 3600 AS hours) AS a
$$;

COMMENT ON FUNCTION @extschema@._argo_age_in_words(interval) IS 'An age in hours, or from two days on in days.';

CREATE FUNCTION @extschema@._argo_version()
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT '1.0'
$$;

COMMENT ON FUNCTION @extschema@._argo_version() IS 'The version of these functions, that of argo.control.';
