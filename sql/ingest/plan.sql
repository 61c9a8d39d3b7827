-- What to ask the API for, from what is missing.

CREATE FUNCTION @extschema@._argo_gaps(channels integer[], starts timestamptz[], range_end timestamptz)
RETURNS TABLE (channel_id integer, gap_start timestamptz, gap_end timestamptz)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT e.channel_id, e.previous + '15 minutes'::interval, e.instant
    FROM (
        SELECT a.channel_id, s.instant,
               lag(s.instant) OVER (PARTITION BY a.channel_id ORDER BY s.instant) AS previous
        FROM unnest($1, $2) AS a (channel_id, starts_at)
        CROSS JOIN LATERAL (
            -- The slots beside the range stand for its edges.
            SELECT a.starts_at - '15 minutes'::interval AS instant
            UNION ALL
            SELECT r."timestamp"
            FROM @extschema@.readings AS r
            WHERE r.channel_id = a.channel_id AND r."timestamp" >= a.starts_at AND r."timestamp" < $3
              AND r."timestamp" = date_bin('15 minutes', r."timestamp", '1970-01-01 00:00:00+00'::timestamptz)
            UNION ALL
            SELECT $3
        ) AS s
        WHERE a.starts_at < $3
    ) AS e
    WHERE e.instant - e.previous > '15 minutes'::interval
$$;

COMMENT ON FUNCTION @extschema@._argo_gaps(integer[], timestamptz[], timestamptz) IS
    'Ranges of slots without a reading, half open, of each channel from its start to range_end.';

CREATE FUNCTION @extschema@._argo_channel_start(channel integer, range_start timestamptz, zone text, max_days integer)
RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    first_day CONSTANT date := (range_start AT TIME ZONE zone)::date;
    day_end timestamptz := range_start;
    day_start timestamptz;
    stored bigint;
    oldest timestamptz;
BEGIN
    SELECT min(r."timestamp") INTO oldest FROM @extschema@.readings AS r WHERE r.channel_id = channel;
    IF oldest IS NULL OR oldest >= range_start THEN
        RETURN range_start;
    END IF;
    FOR days_before IN 1..max_days LOOP
        day_start := @extschema@._argo_midnight(first_day - days_before, zone);
        SELECT count(*) INTO stored
        FROM @extschema@.readings AS r
        WHERE r.channel_id = channel AND r."timestamp" >= day_start AND r."timestamp" < day_end;
        -- A complete day, or the day of the first reading: before that there is nothing to catch up.
        IF stored >= extract(epoch FROM day_end - day_start) / 900 THEN
            RETURN day_end;
        END IF;
        IF day_start <= oldest THEN
            RETURN day_start;
        END IF;
        day_end := day_start;
    END LOOP;
    RETURN day_end;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_channel_start(integer, timestamptz, text, integer) IS
    'Where a run has to begin for a channel: after its last complete day before range_start, at most max_days days earlier; at range_start where nothing is stored before it.';

CREATE FUNCTION @extschema@._argo_absent(site text, channels integer[], range_start timestamptz, as_of timestamptz)
RETURNS TABLE (channel_id integer, absent tstzmultirange)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT l.channel_id,
           range_agg(tstzrange(greatest(l.start_time, e.start_time), least(l.end_time, e.end_time)))
    FROM @extschema@.ingestion_logs AS l
    JOIN @extschema@.ingestion_logs AS e
        ON e.organization_id = l.organization_id AND e.channel_id = l.channel_id AND e.status = 'success'
       AND e.start_time < l.end_time AND e.end_time > l.start_time
       AND e.created_at <= l.created_at - '1 day'::interval
    WHERE l.organization_id = $1 AND l.channel_id = ANY ($2) AND l.status = 'success'
      AND l.end_time > $3 AND l.created_at > $4 - '7 days'::interval AND l.created_at <= $4
    GROUP BY l.channel_id
$$;

COMMENT ON FUNCTION @extschema@._argo_absent(text, integer[], timestamptz, timestamptz) IS
    'Ranges that the API has answered twice, at least a day apart, the last time within a week before as_of: a slot in them without a reading is confirmed absent and need not be asked for now.';

CREATE FUNCTION @extschema@._argo_ingest_plan(site text, channels integer[], zone text, request jsonb, as_of timestamptz)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    range_start timestamptz;
    range_end timestamptz;
    asked_from timestamptz;
    catch_up integer := 0;
    starts timestamptz[];
    first_start timestamptz;
    ask jsonb;
BEGIN
    IF request ? 'start_date' THEN
        SELECT r.range_start, r.range_end INTO range_start, range_end
        FROM @extschema@._argo_backfill_range(zone, request ->> 'start_date', request ->> 'end_date', as_of) AS r;
    ELSE
        SELECT r.range_start, r.range_end INTO range_start, range_end
        FROM @extschema@._argo_ingest_range(zone, (request ->> 'days')::integer, as_of) AS r;
        catch_up := greatest((request ->> 'max_catch_up_days')::integer - (request ->> 'days')::integer, 0);
    END IF;
    asked_from := greatest(range_start, @extschema@._argo_midnight(
        (as_of AT TIME ZONE zone)::date - (request ->> 'lookback_days')::integer, zone));

    SELECT array_agg(CASE WHEN catch_up = 0 THEN range_start
                     ELSE @extschema@._argo_channel_start(c.id, range_start, zone, catch_up) END
                     ORDER BY c.position)
    INTO starts
    FROM unnest(channels) WITH ORDINALITY AS c (id, position);
    first_start := least(range_start, (SELECT min(s) FROM unnest(starts) AS s));

    WITH gaps AS (
        SELECT g.channel_id, range_agg(tstzrange(g.gap_start, g.gap_end)) AS missing
        FROM @extschema@._argo_gaps(channels, starts, least(asked_from, range_end)) AS g
        GROUP BY g.channel_id
    ), wanted AS (
        SELECT g.channel_id, unnest(g.missing - coalesce(a.absent, '{}')) AS part
        FROM gaps AS g
        LEFT JOIN @extschema@._argo_absent(site, channels, first_start, as_of) AS a USING (channel_id)
        UNION ALL
        SELECT c.id, tstzrange(least(asked_from, range_end), range_end)
        FROM unnest(channels) AS c (id)
    )
    SELECT jsonb_agg(jsonb_build_object(
        'channel_id', w.channel_id,
        'start', extract(epoch FROM lower(w.part))::bigint,
        'end', extract(epoch FROM upper(w.part))::bigint))
    INTO ask
    FROM wanted AS w
    WHERE NOT isempty(w.part);

    RETURN jsonb_build_object(
        'start', extract(epoch FROM first_start)::bigint,
        'end', extract(epoch FROM range_end)::bigint,
        'channels', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'channel_id', s.id,
                'start', extract(epoch FROM s.starts_at)::bigint,
                'end', extract(epoch FROM range_end)::bigint))
            FROM unnest(channels, starts) AS s (id, starts_at)), '[]'),
        'ask', coalesce(ask, '[]'));
END
$$;

COMMENT ON FUNCTION @extschema@._argo_ingest_plan(text, integer[], text, jsonb, timestamptz) IS
    'What to ask for, in Unix seconds: {start, end, channels: [{channel_id, start, end}], ask: [{channel_id, start, end}]}. Asked are slots without a reading that are not confirmed absent, and all of the last lookback_days days and today. Request: {days, max_catch_up_days} or {start_date, end_date}, and lookback_days. zone must be a verified one.';

CREATE FUNCTION @extschema@._argo_count_missing(ranges jsonb)
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(sum(greatest(a."end" - a.start, 0) / 900 - stored.slots), 0)::bigint
    FROM jsonb_to_recordset($1) AS a (channel_id integer, start bigint, "end" bigint)
    CROSS JOIN LATERAL (
        SELECT count(*) AS slots
        FROM @extschema@.readings AS r
        WHERE r.channel_id = a.channel_id
          AND r."timestamp" >= to_timestamp(a.start) AND r."timestamp" < to_timestamp(a."end")
          AND r."timestamp" = date_bin('15 minutes', r."timestamp", '1970-01-01 00:00:00+00'::timestamptz)
    ) AS stored
$$;

COMMENT ON FUNCTION @extschema@._argo_count_missing(jsonb) IS
    'How many slots of [{channel_id, start, end}] hold no reading; times in Unix seconds on the 15-minute grid.';
