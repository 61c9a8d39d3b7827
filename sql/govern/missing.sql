-- Which readings should be there and are not.

CREATE FUNCTION @extschema@._argo_missing(site text, since timestamptz, as_of timestamptz)
RETURNS TABLE (meter_id integer, expected tstzrange, missing tstzmultirange, absent tstzmultirange)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    epoch CONSTANT timestamptz := '1970-01-01 00:00:00+00';
    quarter CONSTANT interval := '15 minutes';
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    last_midnight CONSTANT timestamptz := @extschema@._argo_midnight((as_of AT TIME ZONE zone)::date, zone);
    retired_before CONSTANT timestamptz := as_of - interval '30 days';
BEGIN
    RETURN QUERY
    WITH meters AS MATERIALIZED (
        SELECT c.channel_id AS meter_id,
               tstzrange(least(x.starts, x.ends), x.ends) AS expected
        FROM @extschema@.channels AS c
        CROSS JOIN LATERAL (
            SELECT r."timestamp" AS instant FROM @extschema@.readings AS r
            WHERE r.channel_id = c.channel_id AND r."timestamp" >= '2000-01-01 00:00:00+00' AND r."timestamp" <= as_of
            ORDER BY r."timestamp" LIMIT 1
        ) AS oldest
        CROSS JOIN LATERAL (
            SELECT r."timestamp" AS instant FROM @extschema@.readings AS r
            WHERE r.channel_id = c.channel_id AND r."timestamp" <= as_of
            ORDER BY r."timestamp" DESC LIMIT 1
        ) AS newest
        CROSS JOIN LATERAL (
            SELECT greatest(date_bin(quarter, oldest.instant, epoch),
                            -- The first slot that begins at or after it.
                            CASE WHEN isfinite(since) THEN date_bin(quarter, since + interval '899.999999 seconds', epoch) END) AS starts,
                   -- How late the newest ones are is for the rules of freshness.
                   CASE WHEN newest.instant > retired_before
                        THEN greatest(date_bin(quarter, newest.instant, epoch) + quarter, last_midnight)
                        ELSE date_bin(quarter, newest.instant, epoch) + quarter END AS ends
        ) AS x
        WHERE c.organization_id = site
    ), lacking AS MATERIALIZED (
        SELECT m.meter_id, m.expected,
               tstzmultirange(m.expected) * (tstzmultirange(m.expected) - coalesce(f.seen, '{}') + coalesce(f.missing, '{}')) AS missing
        FROM meters AS m
        CROSS JOIN LATERAL (
            SELECT range_agg(f.range) AS seen, range_agg(f.missing) AS missing
            FROM @extschema@.data_quality_days AS f
            WHERE f.meter_id = m.meter_id
              AND f.day >= (lower(m.expected) AT TIME ZONE zone)::date AND f.day <= (upper(m.expected) AT TIME ZONE zone)::date
        ) AS f
    ), pulls AS MATERIALIZED (
        SELECT k.meter_id, s.span, l.created_at, s.span * tstzrange(l.start_time, l.end_time) AS range
        FROM lacking AS k
        CROSS JOIN LATERAL unnest(k.missing) AS s (span)
        JOIN @extschema@.ingestion_logs AS l
            ON l.organization_id = site AND l.channel_id = k.meter_id AND l.status = 'success'
           AND l.start_time < upper(s.span) AND l.end_time > lower(s.span)
    ), answered AS (
        SELECT l.meter_id, range_agg(l.range * e.range) AS twice
        FROM pulls AS l
        JOIN pulls AS e ON e.meter_id = l.meter_id AND e.span = l.span AND e.range && l.range
           AND e.created_at <= l.created_at - interval '1 day'
        GROUP BY l.meter_id
    )
    SELECT k.meter_id, k.expected, k.missing, k.missing * coalesce(a.twice, '{}')
    FROM lacking AS k
    LEFT JOIN answered AS a ON a.meter_id = k.meter_id;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_missing(text, timestamptz, timestamptz) IS
    'Per meter of a site that has a reading: where readings are expected (from its first one or since, up to its newest one before as_of or, unless it has been silent for 30 days, the last midnight at the site), where none is, and of these the confirmed absent: what the API has answered without, twice and at least a day apart. From data_quality_days.';
