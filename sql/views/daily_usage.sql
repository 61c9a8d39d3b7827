-- Usage per meter and day of the site's calendar, materialized from the hours.

--: function _argo_daily_usage
CREATE FUNCTION @extschema@._argo_daily_usage(meter integer, range_start timestamptz, range_end timestamptz)
RETURNS TABLE (
    meter_id integer,
    day date,
    avg_kw double precision,
    total_kwh double precision,
    reading_count bigint,
    peak_kw real,
    avg_voltage_v double precision,
    min_voltage_v real,
    max_voltage_v real,
    avg_power_factor double precision
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        h.meter_id,
        (h.hour AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS day,
        sum(h.avg_kw * h.reading_count) / sum(h.reading_count)::double precision AS avg_kw,
        sum(h.total_kwh) AS total_kwh,
        sum(h.reading_count)::bigint AS reading_count,
        max(h.peak_kw) AS peak_kw,
        sum(h.avg_voltage_v * h.voltage_count) / nullif(sum(h.voltage_count), 0)::double precision AS avg_voltage_v,
        min(h.min_voltage_v) AS min_voltage_v,
        max(h.max_voltage_v) AS max_voltage_v,
        sum(h.avg_power_factor * h.power_factor_count)
            / nullif(sum(h.power_factor_count), 0)::double precision AS avg_power_factor
    FROM @extschema@._argo_exact_hours AS h
    LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = h.site_id
    WHERE h.meter_id = meter AND h.hour >= range_start - interval '1 hour' AND h.hour < range_end
    GROUP BY h.meter_id, (h.hour AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date
    ORDER BY 2;
END;
COMMENT ON FUNCTION @extschema@._argo_daily_usage(integer, timestamptz, timestamptz) IS
    'Rows of mv_daily_usage from the hours of a meter that hold readings of [range_start, range_end); a day is complete when the range covers it.';

--: materialized view mv_daily_usage
CREATE MATERIALIZED VIEW @extschema@.mv_daily_usage AS
SELECT u.meter_id, u.day, u.avg_kw, u.total_kwh, u.reading_count, u.peak_kw, u.avg_voltage_v, u.min_voltage_v,
       u.max_voltage_v, u.avg_power_factor
FROM @extschema@.channels AS c
CROSS JOIN LATERAL @extschema@._argo_daily_usage(c.channel_id, '-infinity', 'infinity') AS u
-- pg_dump fills a view after those that it finds named in it, and does not look into functions.
CROSS JOIN (SELECT count(*) FROM (SELECT FROM @extschema@.mv_hourly_usage LIMIT 1) AS h) AS filled_before
WHERE (SELECT @extschema@._argo_overtaken('@extschema@.mv_daily_usage', pg_current_snapshot())) IS NOT NULL
WITH DATA;
COMMENT ON MATERIALIZED VIEW @extschema@.mv_daily_usage IS
    'Clean readings per meter and day, as of the last argo_refresh(). Read it through v_readings_daily, which is exact at every moment.';
COMMENT ON COLUMN @extschema@.mv_daily_usage.meter_id IS 'channels.channel_id.';
COMMENT ON COLUMN @extschema@.mv_daily_usage.day IS 'Calendar day at the site.';
COMMENT ON COLUMN @extschema@.mv_daily_usage.avg_kw IS 'Mean power, kW.';
COMMENT ON COLUMN @extschema@.mv_daily_usage.total_kwh IS 'Energy, kWh.';
COMMENT ON COLUMN @extschema@.mv_daily_usage.reading_count IS 'Clean readings in the day: 96 of 15 minutes at most, 92 or 100 where the clock changes by an hour.';
COMMENT ON COLUMN @extschema@.mv_daily_usage.peak_kw IS 'Highest 15-minute power, kW.';
COMMENT ON COLUMN @extschema@.mv_daily_usage.avg_voltage_v IS 'Mean voltage, V, of the readings that have one.';
COMMENT ON COLUMN @extschema@.mv_daily_usage.min_voltage_v IS 'Lowest voltage, V.';
COMMENT ON COLUMN @extschema@.mv_daily_usage.max_voltage_v IS 'Highest voltage, V.';
COMMENT ON COLUMN @extschema@.mv_daily_usage.avg_power_factor IS 'Mean power factor of the readings that have one.';
INSERT INTO @extschema@._argo_refreshed_views
    (matview, bucket_column, bucket_unit, meter_column, range_function, relfilenode, source_digest)
SELECT c.oid, 'day', 'day', 'meter_id', '@extschema@._argo_daily_usage', c.relfilenode,
       md5(pg_get_functiondef('@extschema@._argo_daily_usage'::regproc))
FROM pg_class AS c WHERE c.oid = '@extschema@.mv_daily_usage'::regclass;

--: index idx_mv_daily_usage_unique
CREATE UNIQUE INDEX idx_mv_daily_usage_unique ON @extschema@.mv_daily_usage (meter_id, day);
COMMENT ON INDEX @extschema@.idx_mv_daily_usage_unique IS 'REFRESH MATERIALIZED VIEW CONCURRENTLY needs it, and argo_refresh() finds rows by it.';

--: index idx_mv_daily_usage_day
CREATE INDEX idx_mv_daily_usage_day ON @extschema@.mv_daily_usage (day);
COMMENT ON INDEX @extschema@.idx_mv_daily_usage_day IS 'Days of all meters, and the newest day.';
