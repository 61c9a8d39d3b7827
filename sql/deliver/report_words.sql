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
    SELECT to_char(figure::numeric, CASE WHEN abs(figure) >= 99.95 OR figure = 0 THEN 'FM999,999,999,999,990'
                                         WHEN abs(figure) >= 9.995 THEN 'FM990.0' ELSE 'FM990.00' END)
$$;

COMMENT ON FUNCTION @extschema@._argo_report_figure(double precision) IS
    'A figure in a sentence, rounded as on the report''s page: three digits or more, thousands apart.';

CREATE FUNCTION @extschema@._argo_report_money(amount double precision, currency text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Other encodings of a database have no such signs, or others.
    SELECT CASE WHEN amount < 0 THEN '-' ELSE '' END
           || CASE WHEN currency = 'USD' THEN '$'
                   WHEN currency = 'EUR' AND getdatabaseencoding() = 'UTF8' THEN chr(8364)
                   WHEN currency = 'GBP' AND getdatabaseencoding() = 'UTF8' THEN chr(163)
                   ELSE currency || ' ' END
           || to_char(abs(amount)::numeric, CASE WHEN abs(amount) >= 99.995 THEN 'FM999,999,999,999,990' ELSE 'FM990.00' END)
$$;

COMMENT ON FUNCTION @extschema@._argo_report_money(double precision, text) IS
    'An amount in a sentence, as on the report''s page: $2,614, $9.30, CHF 120.';

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

CREATE FUNCTION @extschema@._argo_moment_in_words(instant timestamptz, zone text, this_year integer DEFAULT NULL)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(m.clock, CASE WHEN extract(year FROM m.clock) <> this_year THEN 'Dy FMDD Mon YYYY, HH24:MI'
                                 ELSE 'Dy FMDD Mon, HH24:MI' END)
           -- Where the clock changes an hour may come twice.
           || CASE WHEN (m.day + 1)::timestamp AT TIME ZONE zone = (m.day::timestamp AT TIME ZONE zone) + interval '24 hours'
                   THEN '' ELSE format(' (UTC%s%s%s)', CASE WHEN m.ahead < 0 THEN '-' ELSE '+' END, abs(m.ahead) / 60,
                               CASE WHEN m.ahead % 60 <> 0 THEN to_char(abs(m.ahead) % 60, 'FM":"00') ELSE '' END) END
    FROM (SELECT c.clock, c.clock::date AS day,
                 (extract(epoch FROM c.clock - (instant AT TIME ZONE 'UTC')) / 60)::integer AS ahead
          FROM (SELECT instant AT TIME ZONE zone AS clock) AS c) AS m
$$;

COMMENT ON FUNCTION @extschema@._argo_moment_in_words(timestamptz, text, integer) IS
    'A time on the site''s clock as people write it: "Wed 4 Mar, 19:00"; with the year where it is not this one, with the offset on days on which the clock changes.';

CREATE FUNCTION @extschema@._argo_stretch_in_words(
    start_time timestamptz, end_time timestamptz, zone text, this_year integer DEFAULT NULL
)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN NOT s.is_day THEN s.begins || ' to ' || s.ends
                -- One offset for both, unless the clock changes between them.
                WHEN substring(s.begins FROM ' [(].*') = substring(s.ends FROM ' [(].*')
                THEN split_part(s.begins, ' (', 1) || ' to ' || split_part(s.ends, ', ', 2)
                ELSE s.begins || ' to ' || split_part(s.ends, ', ', 2) END
    FROM (SELECT @extschema@._argo_moment_in_words(start_time, zone, this_year) AS begins,
                 @extschema@._argo_moment_in_words(end_time, zone, this_year) AS ends,
                 (start_time AT TIME ZONE zone)::date = (end_time AT TIME ZONE zone)::date AS is_day) AS s
$$;

COMMENT ON FUNCTION @extschema@._argo_stretch_in_words(timestamptz, timestamptz, text, integer) IS
    'A stretch of time on the site''s clock: "Wed 4 Mar, 19:00 to Thu 5 Mar, 05:00".';

CREATE FUNCTION @extschema@._argo_report_prose(detail text, analysis jsonb)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    moment CONSTANT text := '[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?[+-][0-9]{2}:[0-9]{2}';
    zone CONSTANT text := analysis #>> '{scope,timezone}';
    this_year CONSTANT integer := left(analysis #>> '{scope,period_end}', 4);
    prose text := detail;
    found text[];
BEGIN
    IF detail !~ '[0-9]{4}-[0-9]{2}-[0-9]{2}' THEN
        RETURN detail;
    END IF;
    FOR found IN SELECT DISTINCT regexp_matches(detail, format('(%1$s) to (%1$s)', moment), 'g') LOOP
        prose := replace(prose, found[1] || ' to ' || found[2],
                         @extschema@._argo_stretch_in_words(found[1]::timestamptz, found[2]::timestamptz, zone, this_year));
    END LOOP;
    FOR found IN SELECT DISTINCT regexp_matches(prose, format('(%s)', moment), 'g') LOOP
        prose := replace(prose, found[1], @extschema@._argo_moment_in_words(found[1]::timestamptz, zone, this_year));
    END LOOP;
    FOR found IN SELECT DISTINCT regexp_matches(prose, '\mon ([0-9]{4}-[0-9]{2}-[0-9]{2})(?![-0-9])', 'g') LOOP
        prose := replace(prose, 'on ' || found[1],
                         'on ' || to_char(found[1]::date, CASE extract(year FROM found[1]::date) WHEN this_year THEN 'Dy FMDD Mon'
                                                          ELSE 'Dy FMDD Mon YYYY' END));
    END LOOP;
    RETURN prose;
-- What an API says may look like a time and be none.
EXCEPTION WHEN data_exception THEN
    RETURN detail;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_report_prose(text, jsonb) IS
    'A detail of a finding as a report has it: its times on the site''s clock as people write them, what is to be typed left as it is.';

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
