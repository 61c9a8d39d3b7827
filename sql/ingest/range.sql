-- Which stretch of time an ingest asks for, and how much of it is stored.

CREATE FUNCTION @extschema@._argo_midnight(day date, zone text)
RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    midnight timestamptz := day::timestamp AT TIME ZONE zone;
BEGIN
    -- A midnight that the clock skips becomes the first moment after it; of one that comes twice this is
    -- the second, so step back to the first.
    IF ((midnight - '1 hour'::interval) AT TIME ZONE zone)::date = day THEN
        midnight := midnight - '1 hour'::interval;
    END IF;
    RETURN date_bin('15 minutes', midnight, '1970-01-01 00:00:00+00'::timestamptz);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_midnight(date, text) IS
    'Where a day begins in a zone that this server knows, on the UTC grid of 15 minutes.';

CREATE FUNCTION @extschema@._argo_ingest_range(
    zone text, days integer, as_of timestamptz, margin interval DEFAULT '15 minutes',
    OUT range_start timestamptz, OUT range_end timestamptz
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    counted CONSTANT text := coalesce(@extschema@._argo_verified_zone(zone), 'America/New_York');
    epoch CONSTANT timestamptz := '1970-01-01 00:00:00+00';
    quarter CONSTANT interval := '15 minutes';
BEGIN
    IF days IS NULL OR days < 1 OR days > 3660 THEN
        RAISE EXCEPTION 'days must be between 1 and 3660, not %', coalesce(days::text, 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'It says how many days before today the range begins. Nothing was asked for.',
                  HINT = 'Use days => 7 for the last week and today.';
    END IF;
    IF as_of IS NULL OR NOT isfinite(as_of) OR margin IS NULL OR margin < '0'::interval THEN
        RAISE EXCEPTION 'no range of time ends % before %', coalesce(margin::text, 'NULL'), coalesce(as_of::text, 'NULL')
            USING ERRCODE = '22023',
                  DETAIL = 'Nothing was asked for.',
                  HINT = 'Use a finite time and a margin of 0 or more, such as ''15 minutes''.';
    END IF;

    range_start := @extschema@._argo_midnight((as_of AT TIME ZONE counted)::date - days, counted);
    range_end := date_bin(quarter, as_of - margin, epoch);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_ingest_range(text, integer, timestamptz, interval) IS
    'Range of an ingest, half open, on the UTC grid of 15 minutes: from local midnight days (1 to 3660) days before as_of, to the end of the last bin that ended at least margin before as_of. An unknown or NULL zone counts as America/New_York.';

CREATE FUNCTION @extschema@._argo_backfill_range(
    zone text, start_date text, end_date text, as_of timestamptz, OUT range_start timestamptz, OUT range_end timestamptz
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last_day CONSTANT date := coalesce(end_date::date, greatest(start_date::date, (as_of AT TIME ZONE zone)::date));
BEGIN
    IF last_day < start_date::date THEN
        RAISE EXCEPTION 'the last day % lies before the first, %', last_day, start_date
            USING ERRCODE = '22023',
                  DETAIL = 'Nothing was asked for.',
                  HINT = 'Give the earlier date first.';
    END IF;
    range_start := @extschema@._argo_midnight(start_date::date, zone);
    range_end := least(@extschema@._argo_midnight(last_day + 1, zone),
                       (SELECT r.range_end FROM @extschema@._argo_ingest_range(zone, 1, as_of) AS r));
    IF range_end <= range_start THEN
        RAISE EXCEPTION 'the first day % has not begun', start_date
            USING ERRCODE = '22023',
                  DETAIL = 'Nothing was asked for.',
                  HINT = 'Give a day before today.';
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_backfill_range(text, text, text, timestamptz) IS
    'Range of a backfill, half open, on the UTC grid of 15 minutes: whole days of the zone, both dates included, up to the last bin that ended 15 minutes before as_of. Raises 22023 where it is empty.';

CREATE FUNCTION @extschema@._argo_backfill_command(procedure text, site text, first_day date, last_day date)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN to_regproc('@extschema@.argo_backfill') IS NOT NULL
                THEN format('CALL %s(%L, %L, %L);', $1, $2, to_char($3, 'YYYY-MM-DD'), to_char($4, 'YYYY-MM-DD'))
                -- What else there may be in an id from outside must not get to a shell.
                ELSE format('argo-loader backfill --site %s --start-date %s --end-date %s',
                            regexp_replace($2, '[^A-Za-z0-9_-]', '_', 'g'),
                            to_char($3, 'YYYY-MM-DD'), to_char($4, 'YYYY-MM-DD')) END
$$;

COMMENT ON FUNCTION @extschema@._argo_backfill_command(text, text, date, date) IS
    'What to type to have these days of a site asked for: a call of the procedure, which may be qualified, or, without the extension, of argo-loader.';
