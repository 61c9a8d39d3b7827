-- Which stretch of time an ingest asks for, and how much of it is stored.

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
    first_day date;
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

    first_day := (as_of AT TIME ZONE counted)::date - days;
    -- A midnight that the clock skips becomes the first moment after it; of one that comes twice this is
    -- the second, so step back to the first.
    range_start := first_day::timestamp AT TIME ZONE counted;
    IF ((range_start - interval '1 hour') AT TIME ZONE counted)::date = first_day THEN
        range_start := range_start - interval '1 hour';
    END IF;
    range_start := date_bin(quarter, range_start, epoch);
    range_end := date_bin(quarter, as_of - margin, epoch);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_ingest_range(text, integer, timestamptz, interval) IS
    'Range of an ingest, half open, on the UTC grid of 15 minutes: from local midnight days (1 to 3660) days before as_of, to the end of the last bin that ended at least margin before as_of. An unknown or NULL zone counts as America/New_York.';

CREATE FUNCTION @extschema@._argo_count_present(channels integer[], range_start timestamptz, range_end timestamptz)
RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT count(*)
        FROM @extschema@.readings AS r
        WHERE r.channel_id = ANY ($1)
          AND r."timestamp" >= $2 AND r."timestamp" < $3
          AND r."timestamp" = date_bin('15 minutes', r."timestamp", '1970-01-01 00:00:00+00'::timestamptz)
    );
END
$$;

COMMENT ON FUNCTION @extschema@._argo_count_present(integer[], timestamptz, timestamptz) IS
    'How many readings of the channels in [range_start, range_end) are stored, counting only those on the grid of 15 minutes.';
