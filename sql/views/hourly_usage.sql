-- Usage per meter and hour of the site's clock: one definition, materialized.

--: function _argo_hourly_usage
-- The matview and each refresh of a part of it share this one body, so that they cannot drift. It has no
-- SET clause and a single SELECT: the planner inlines it, and the range reaches the key of readings.
-- The real columns are summed as float8, because sum(real) depends on the order of the rows.
-- sum() / count() is what avg() gives, bit for bit, in less time.
CREATE FUNCTION @extschema@._argo_hourly_usage(meter integer, range_start timestamptz, range_end timestamptz)
RETURNS TABLE (
    meter_id integer,
    hour timestamptz,
    avg_kw double precision,
    total_kwh double precision,
    reading_count bigint,
    peak_kw real,
    avg_voltage_v double precision,
    min_voltage_v real,
    max_voltage_v real,
    voltage_count bigint,
    avg_power_factor double precision,
    power_factor_count bigint
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        meter AS meter_id,
        @extschema@._argo_hour(
            r."timestamp", z.timezone, @extschema@._argo_valid_origin(r."timestamp", z.timezone, z.hour_origin)) AS hour,
        sum(r.power_kw::double precision) / count(*) AS avg_kw,
        sum(r.energy_kwh::double precision) AS total_kwh,
        count(*) AS reading_count,
        max(r.power_kw) AS peak_kw,
        sum(r.voltage_v::double precision) / count(r.voltage_v) AS avg_voltage_v,
        min(r.voltage_v) AS min_voltage_v,
        max(r.voltage_v) AS max_voltage_v,
        count(r.voltage_v) AS voltage_count,
        sum(r.power_factor::double precision) / count(r.power_factor) AS avg_power_factor,
        count(r.power_factor) AS power_factor_count
    FROM @extschema@.v_clean_readings AS r
    JOIN @extschema@.channels AS c ON c.channel_id = r.channel_id
    LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = c.organization_id
    WHERE r.channel_id = meter AND r."timestamp" >= range_start AND r."timestamp" < range_end
    GROUP BY @extschema@._argo_hour(
            r."timestamp", z.timezone, @extschema@._argo_valid_origin(r."timestamp", z.timezone, z.hour_origin))
    -- In order in the matview, so that neighbours are read together and a full refresh has less to sort.
    ORDER BY 2;
END;
COMMENT ON FUNCTION @extschema@._argo_hourly_usage(integer, timestamptz, timestamptz) IS
    'Rows of mv_hourly_usage from the clean readings of a meter in [range_start, range_end). The readings of an hour H lie in [H, H + 1 hour): a bucket is complete when the range covers that.';

--: materialized view mv_hourly_usage
CREATE MATERIALIZED VIEW @extschema@.mv_hourly_usage AS
SELECT u.meter_id, u.hour, u.avg_kw, u.total_kwh, u.reading_count, u.peak_kw, u.avg_voltage_v, u.min_voltage_v,
       u.max_voltage_v, u.voltage_count, u.avg_power_factor, u.power_factor_count
FROM @extschema@.channels AS c
CROSS JOIN LATERAL @extschema@._argo_hourly_usage(c.channel_id, '-infinity', 'infinity') AS u
WHERE (SELECT @extschema@._argo_overtaken('@extschema@.mv_hourly_usage', pg_current_snapshot())) IS NOT NULL
WITH DATA;
COMMENT ON MATERIALIZED VIEW @extschema@.mv_hourly_usage IS
    'Clean readings per meter and hour, as of the last argo_refresh(). Read it through v_readings_hourly, which is exact at every moment.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.meter_id IS 'channels.channel_id.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.hour IS
    'Start of the hour on the site''s clock. The two hours 01:00 of an autumn night are two rows. Where the clock moves by half an hour (Australia/Lord_Howe) an hour that the change cut keeps the start it would have had at the offset of its own readings.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.avg_kw IS 'Mean power, kW.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.total_kwh IS 'Energy, kWh.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.reading_count IS 'Clean readings in the hour, 1 to 4 of 15 minutes; bigint, as count(*) gives it.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.peak_kw IS 'Highest 15-minute power, kW.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.avg_voltage_v IS 'Mean voltage, V, of the readings that have one.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.min_voltage_v IS 'Lowest voltage, V.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.max_voltage_v IS 'Highest voltage, V.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.voltage_count IS 'Clean readings with a voltage.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.avg_power_factor IS 'Mean power factor of the readings that have one.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.power_factor_count IS 'Clean readings with a power factor.';
INSERT INTO @extschema@._argo_refreshed_views
    (matview, bucket_column, bucket_unit, meter_column, range_function, relfilenode, source_digest)
SELECT c.oid, 'hour', 'hour', 'meter_id', '@extschema@._argo_hourly_usage', c.relfilenode,
       md5(pg_get_functiondef('@extschema@._argo_hourly_usage'::regproc))
FROM pg_class AS c WHERE c.oid = '@extschema@.mv_hourly_usage'::regclass;

--: index idx_mv_hourly_usage_unique
CREATE UNIQUE INDEX idx_mv_hourly_usage_unique ON @extschema@.mv_hourly_usage (meter_id, hour);
COMMENT ON INDEX @extschema@.idx_mv_hourly_usage_unique IS 'REFRESH MATERIALIZED VIEW CONCURRENTLY needs it, and argo_refresh() finds rows by it.';

--: index idx_mv_hourly_usage_hour
CREATE INDEX idx_mv_hourly_usage_hour ON @extschema@.mv_hourly_usage (hour);
COMMENT ON INDEX @extschema@.idx_mv_hourly_usage_hour IS 'Hours of all meters, and the newest hour.';
