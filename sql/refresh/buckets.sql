-- From changed readings to the buckets that hold them.

CREATE FUNCTION @extschema@._argo_buckets(
    unit text, has_meter boolean, is_date boolean,
    meters integer[], first_readings timestamptz[], last_readings timestamptz[]
)
RETURNS TABLE (
    meter_id integer,
    range_start timestamptz,
    range_end timestamptz,
    first_bucket timestamptz,
    last_bucket timestamptz
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    one_unit CONSTANT interval := CASE unit WHEN 'quarter' THEN '3 months' ELSE '1 ' || unit END;
    -- To recompute a few clean buckets costs less than a range of its own.
    near CONSTANT interval := CASE unit WHEN 'hour' THEN interval '6 hours' ELSE interval '3 days' END;
BEGIN
    RETURN QUERY
    -- From the start of the first bucket to the end of the last one.
    WITH marked AS (
        SELECT
            CASE WHEN has_meter THEN m.meter_id END AS meter_id,
            coalesce(z.timezone, 'America/New_York') AS zone,
            m.first_reading,
            m.last_reading
        FROM unnest(meters, first_readings, last_readings) AS m (meter_id, first_reading, last_reading)
        LEFT JOIN @extschema@.channels AS c ON c.channel_id = m.meter_id
        LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = c.organization_id
    ), spans AS (
        SELECT
            m.meter_id,
            min(m.zone) AS zone,
            CASE WHEN unit = 'hour' THEN
                range_agg(tstzrange(date_trunc('hour', m.first_reading, m.zone),
                                    date_trunc('hour', m.last_reading, m.zone) + interval '1 hour' + near, '[]'))
            ELSE
                -- Calendar days and more of the site, laid out as if its clock were UTC.
                range_agg(tstzrange(
                    date_trunc(unit, m.first_reading AT TIME ZONE m.zone) AT TIME ZONE 'UTC',
                    (date_trunc(unit, m.last_reading AT TIME ZONE m.zone) + one_unit + near) AT TIME ZONE 'UTC',
                    '[]'))
            END AS spans
        FROM marked AS m
        GROUP BY m.meter_id
    ), split AS (
        SELECT s.meter_id, s.zone, lower(r.span) AS starts, upper(r.span) - near AS ends
        FROM spans AS s CROSS JOIN LATERAL unnest(s.spans) AS r (span)
    )
    SELECT b.meter_id, b.range_start, b.range_end, b.first_bucket, b.last_bucket
    FROM (
        SELECT s.meter_id, s.starts AS range_start, s.ends AS range_end, s.starts AS first_bucket,
               s.ends - interval '1 hour' AS last_bucket
        FROM split AS s
        WHERE unit = 'hour' AND has_meter
        UNION ALL
        -- Hours of several sites need not begin together.
        SELECT s.meter_id, s.starts - interval '2 hours', s.ends + interval '2 hours', s.starts - interval '1 hour', s.ends
        FROM split AS s
        WHERE unit = 'hour' AND NOT has_meter
        UNION ALL
        -- Three hours more on each side, since midnight may come twice or not at all.
        SELECT s.meter_id,
               (s.starts AT TIME ZONE 'UTC') AT TIME ZONE s.zone - interval '3 hours',
               (s.ends AT TIME ZONE 'UTC') AT TIME ZONE s.zone + interval '3 hours',
               CASE WHEN is_date THEN s.starts ELSE (s.starts AT TIME ZONE 'UTC') AT TIME ZONE s.zone END,
               CASE WHEN is_date THEN last.bucket ELSE (last.bucket AT TIME ZONE 'UTC') AT TIME ZONE s.zone END
        FROM split AS s CROSS JOIN LATERAL (
            SELECT (s.ends AT TIME ZONE 'UTC' - one_unit) AT TIME ZONE 'UTC' AS bucket) AS last
        WHERE unit <> 'hour' AND has_meter
        UNION ALL
        -- Days of several sites lie within a day of those of UTC.
        SELECT s.meter_id,
               (s.starts AT TIME ZONE 'UTC' - one_unit - interval '1 day') AT TIME ZONE 'UTC',
               (s.ends AT TIME ZONE 'UTC' + one_unit + interval '1 day') AT TIME ZONE 'UTC',
               CASE WHEN is_date THEN s.starts ELSE s.starts - interval '15 hours' END,
               CASE WHEN is_date THEN last.bucket ELSE last.bucket + interval '15 hours' END
        FROM split AS s CROSS JOIN LATERAL (
            SELECT (s.ends AT TIME ZONE 'UTC' - one_unit) AT TIME ZONE 'UTC' AS bucket) AS last
        WHERE unit <> 'hour' AND NOT has_meter
    ) AS b
    ORDER BY b.meter_id, b.range_start;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_buckets(text, boolean, boolean, integer[], timestamptz[], timestamptz[]) IS
    'The buckets that hold the marked readings, near ones joined: readings of [range_start, range_end) give the whole of those that begin from first_bucket to last_bucket, both included (days of UTC where the bucket is a date). meter_id is NULL where the view has no meter.';
