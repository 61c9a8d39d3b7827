-- Hours that are exact at every moment: those of the matview that no mark touches, and the others live.

--: function _argo_split
-- In PL/pgSQL because ROWS counts: the planner would take unnest() for a hundred ranges, and a plan that
-- dear for JIT.
CREATE FUNCTION @extschema@._argo_split(hours tstzmultirange, zone text, origin timestamptz)
RETURNS TABLE (starts tstzrange, valid_origin timestamptz)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Where an origin may be valid: asked once a range instead of once a reading.
    era CONSTANT tstzmultirange := '{[1970-01-01 00:00:00+00, 2099-12-31 00:00:00+00)}';
BEGIN
    RETURN QUERY
    SELECT r.hours, CASE WHEN zone IS NULL THEN timestamptz '1970-01-01 00:00:00+00' ELSE origin END FROM unnest($1 * era) AS r (hours)
    UNION ALL
    SELECT r.hours, NULL FROM unnest($1 - era) AS r (hours);
END
$$;
COMMENT ON FUNCTION @extschema@._argo_split(tstzmultirange, text, timestamptz) IS
    'The ranges of a multirange of hours'' starts, one a row, each with the origin that is valid for its readings.';

--: view _argo_dirty_hours
CREATE VIEW @extschema@._argo_dirty_hours AS
SELECT
    d.meter_id,
    -- The hour of a reading begins after one hour before it, and no later than it, in every zone.
    range_agg(tstzrange(d.first_reading - interval '1 hour', d.last_reading, '(]')) AS hours
FROM @extschema@._argo_dirty AS d
WHERE d.matview IS NULL OR d.matview = '@extschema@.mv_hourly_usage'::regclass
GROUP BY d.meter_id;
COMMENT ON VIEW @extschema@._argo_dirty_hours IS
    'Per meter with marks, where the hours begin that mv_hourly_usage may not show as they are.';

--: view _argo_exact_hours
-- The meters are joined in each half, so that a site or a meter asked for reaches the index of each, and
-- the marks to the few meters first, so that the many hours are never joined to marks.
CREATE VIEW @extschema@._argo_exact_hours AS
SELECT
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    m.device_id,
    m.device_name,
    u.hour,
    u.avg_kw,
    u.total_kwh,
    u.reading_count,
    u.peak_kw,
    u.avg_voltage_v,
    u.min_voltage_v,
    u.max_voltage_v,
    u.voltage_count,
    u.avg_power_factor,
    u.power_factor_count
FROM @extschema@.v_meters AS m
LEFT JOIN @extschema@._argo_dirty_hours AS d ON d.meter_id = m.meter_id
JOIN @extschema@.mv_hourly_usage AS u ON u.meter_id = m.meter_id
WHERE d.hours IS NULL OR NOT d.hours @> u.hour
UNION ALL
SELECT
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    m.device_id,
    m.device_name,
    l.hour,
    l.avg_kw,
    l.total_kwh,
    l.reading_count,
    l.peak_kw,
    l.avg_voltage_v,
    l.min_voltage_v,
    l.max_voltage_v,
    l.voltage_count,
    l.avg_power_factor,
    l.power_factor_count
FROM @extschema@._argo_dirty_hours AS d
JOIN @extschema@.v_meters AS m ON m.meter_id = d.meter_id
LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = m.site_id
CROSS JOIN LATERAL @extschema@._argo_split(d.hours, z.timezone, z.hour_origin) AS w
-- As _argo_hourly_usage() has it, written out: an inlined function would ask rights of the reader that
-- only the owner of the view need have.
CROSS JOIN LATERAL (
    SELECT
        @extschema@._argo_hour(r."timestamp", z.timezone, w.valid_origin) AS hour,
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
    WHERE r.channel_id = d.meter_id
      AND r."timestamp" >= lower(w.starts) AND r."timestamp" < upper(w.starts) + interval '1 hour'
    GROUP BY @extschema@._argo_hour(r."timestamp", z.timezone, w.valid_origin)
) AS l
WHERE w.starts @> l.hour;
COMMENT ON VIEW @extschema@._argo_exact_hours IS
    'The columns of mv_hourly_usage with the names of meter, site and device, exact at every moment. Give a meter or a site.';
