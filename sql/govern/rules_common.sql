-- What the built-in rules share: their thresholds, and how a detail writes a time, a number, a stretch.

CREATE FUNCTION @extschema@._argo_rule_limit(rule text, threshold double precision, above double precision DEFAULT NULL)
RETURNS double precision
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF threshold IS NULL OR threshold = 'NaN' OR threshold <= above THEN
        RAISE EXCEPTION 'threshold of rule % must be a number%, not %', rule,
            coalesce(' above ' || @extschema@._argo_figure(above), ''),
            coalesce(@extschema@._argo_figure(threshold), 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'Without one the rule cannot tell what is wrong.',
                  HINT = 'Set validation_rules.threshold; docs/governance.md has the defaults.';
    END IF;
    RETURN threshold;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_limit(text, double precision, double precision) IS
    'The threshold of a rule; raises 22023, naming the rule, where it is NULL, NaN or not above what is given.';

CREATE FUNCTION @extschema@._argo_figure(value double precision, digits integer DEFAULT 3)
RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN trim_scale(round(value::numeric, CASE WHEN abs(value) < 1 THEN digits + 3 ELSE digits END))::text;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_figure(double precision, integer) IS
    'A number for people, the same under every setting of the session: so many decimals, three more below 1, without zeros at the end.';

CREATE FUNCTION @extschema@._argo_counted(number bigint, noun text)
RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN number || ' ' || noun || CASE WHEN number = 1 THEN '' ELSE 's' END;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_counted(bigint, text) IS 'A number of things: 1 reading, 2 readings.';

CREATE FUNCTION @extschema@._argo_local_day(instant timestamptz, zone text)
RETURNS date
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Far out, local time would leave the range of a timestamp.
    RETURN CASE WHEN instant >= '0001-01-02 00:00:00+00' AND instant < '290000-01-01 00:00:00+00'
                THEN (instant AT TIME ZONE zone)::date END;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_local_day(timestamptz, text) IS
    'The day of an instant on the clock of a zone; NULL for an infinite one and beyond the years 1 to 289999.';

CREATE FUNCTION @extschema@._argo_local_time(instant timestamptz, zone text)
RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    clock timestamp := instant AT TIME ZONE 'UTC';
    offset_minutes integer := 0;
    shape text := 'YYYY-MM-DD HH24:MI';
BEGIN
    IF NOT isfinite(instant) THEN
        RETURN CASE WHEN instant > 'epoch' THEN 'infinity' ELSE '-infinity' END;
    END IF;
    -- Before their standard times, zones differ from UTC by odd seconds.
    IF instant >= '1970-01-01 00:00:00+00' AND instant < '10000-01-01 00:00:00+00' THEN
        offset_minutes := extract(epoch FROM (instant AT TIME ZONE zone) - clock) / 60;
        clock := instant AT TIME ZONE zone;
    END IF;
    IF date_trunc('minute', clock) <> clock THEN
        shape := shape || CASE WHEN date_trunc('second', clock) = clock THEN ':SS' ELSE ':SS.US' END;
    END IF;
    RETURN to_char(clock, shape) || CASE WHEN offset_minutes < 0 THEN '-' ELSE '+' END
           || to_char(abs(offset_minutes) / 60, 'FM00:') || to_char(abs(offset_minutes) % 60, 'FM00')
           || CASE WHEN instant < '0001-01-01 00:00:00+00' THEN ' BC' ELSE '' END;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_local_time(timestamptz, text) IS
    'An instant on the clock of a zone, with its offset, as every detail has it: 2026-03-01 09:15-05:00.';

CREATE FUNCTION @extschema@._argo_when(instant timestamptz, day date, zone text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce('at ' || @extschema@._argo_local_time(instant, zone), 'on ' || to_char(day, 'YYYY-MM-DD'));
END
$$;

COMMENT ON FUNCTION @extschema@._argo_when(timestamptz, date, text) IS
    'When a finding is: at an instant on the clock of a zone or, where it was not looked up, on a day.';

CREATE FUNCTION @extschema@._argo_stretch(starts timestamptz, ends timestamptz, zone text)
RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN @extschema@._argo_local_time(starts, zone) || ' to ' || @extschema@._argo_local_time(ends, zone);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_stretch(timestamptz, timestamptz, text) IS
    'Two instants as _argo_local_time() has them.';

CREATE FUNCTION @extschema@._argo_hours(span tstzrange)
RETURNS double precision
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce(extract(epoch FROM upper(span)) - extract(epoch FROM lower(span)), 0) / 3600;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_hours(tstzrange) IS 'The length of a stretch in hours; 0 for an empty one.';

CREATE FUNCTION @extschema@._argo_hours(spans tstzmultirange)
RETURNS double precision
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT coalesce(sum(@extschema@._argo_hours(s.span)), 0) FROM unnest(spans) AS s (span));
END
$$;

COMMENT ON FUNCTION @extschema@._argo_hours(tstzmultirange) IS 'The length of all stretches together in hours.';
