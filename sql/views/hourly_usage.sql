-- Usage per meter and hour of the site's clock: one definition, materialized.

--: function _argo_hourly_usage
-- The matview and whatever recomputes a part of it share this one body, so that they cannot drift. It has
-- no SET clause and a single SELECT: the planner inlines it, and the range reaches the index on readings.
-- The real columns are summed as float8, because sum(real) depends on the order of the rows.
CREATE FUNCTION @extschema@._argo_hourly_usage(range_start timestamptz, range_end timestamptz)
RETURNS TABLE (
    meter_id integer,
    hour timestamptz,
    avg_kw double precision,
    total_kwh double precision,
    reading_count bigint,
    peak_kw real
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        r.channel_id AS meter_id,
        date_trunc('hour', r."timestamp", coalesce(z.timezone, 'America/New_York')) AS hour,
        avg(r.power_kw::double precision) AS avg_kw,
        sum(r.energy_kwh::double precision) AS total_kwh,
        count(*) AS reading_count,
        max(r.power_kw) AS peak_kw
    FROM @extschema@.v_clean_readings AS r
    JOIN @extschema@.channels AS c ON c.channel_id = r.channel_id
    LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = c.organization_id
    WHERE r."timestamp" >= range_start AND r."timestamp" < range_end
    GROUP BY r.channel_id, date_trunc('hour', r."timestamp", coalesce(z.timezone, 'America/New_York'));
END;
COMMENT ON FUNCTION @extschema@._argo_hourly_usage(timestamptz, timestamptz) IS
    'Rows of mv_hourly_usage from the clean readings of [range_start, range_end). The readings of an hour H lie in [H, H + 1 hour): a bucket is complete when the range covers that.';

--: materialized view mv_hourly_usage
CREATE MATERIALIZED VIEW @extschema@.mv_hourly_usage AS
SELECT u.meter_id, u.hour, u.avg_kw, u.total_kwh, u.reading_count, u.peak_kw
FROM @extschema@._argo_hourly_usage('-infinity', 'infinity') AS u
WITH DATA;
COMMENT ON MATERIALIZED VIEW @extschema@.mv_hourly_usage IS
    'Clean readings per meter and hour, as of the last argo_refresh(). Read it through v_readings_hourly.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.meter_id IS 'channels.channel_id.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.hour IS
    'Start of the hour on the site''s clock. The two hours 01:00 of an autumn night are two rows. Where the clock moves by half an hour (Australia/Lord_Howe) an hour that the change cut keeps the start it would have had at the offset of its own readings.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.avg_kw IS 'Mean power, kW.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.total_kwh IS 'Energy, kWh.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.reading_count IS 'Clean readings in the hour, 1 to 4; bigint, as count(*) gives it.';
COMMENT ON COLUMN @extschema@.mv_hourly_usage.peak_kw IS 'Highest 15-minute power, kW.';

--: index idx_mv_hourly_usage_unique
CREATE UNIQUE INDEX idx_mv_hourly_usage_unique ON @extschema@.mv_hourly_usage (meter_id, hour);
COMMENT ON INDEX @extschema@.idx_mv_hourly_usage_unique IS 'REFRESH MATERIALIZED VIEW CONCURRENTLY needs it.';

--: index idx_mv_hourly_usage_hour
CREATE INDEX idx_mv_hourly_usage_hour ON @extschema@.mv_hourly_usage (hour);
COMMENT ON INDEX @extschema@.idx_mv_hourly_usage_hour IS 'Hours of all meters, and the newest hour.';
