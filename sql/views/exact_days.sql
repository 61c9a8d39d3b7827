-- Days that are exact at every moment: those of the matview that no mark touches, and the others live.

--: function _argo_split_days
CREATE FUNCTION @extschema@._argo_split_days(ranges datemultirange)
RETURNS SETOF daterange
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY SELECT unnest(ranges);
END
$$;
COMMENT ON FUNCTION @extschema@._argo_split_days(datemultirange) IS 'The ranges of a multirange, one a row.';

--: view _argo_dirty_days
CREATE VIEW @extschema@._argo_dirty_days AS
SELECT
    d.meter_id,
    range_agg(daterange(
        (d.first_reading AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date,
        (d.last_reading AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date, '[]')) AS days
FROM @extschema@._argo_dirty AS d
JOIN @extschema@.channels AS c ON c.channel_id = d.meter_id
LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = c.organization_id
WHERE d.matview IS NULL OR d.matview = '@extschema@.mv_daily_usage'::regclass
GROUP BY d.meter_id;
COMMENT ON VIEW @extschema@._argo_dirty_days IS
    'Per meter with marks, the days at the site that mv_daily_usage may not show as they are.';

--: view _argo_exact_days
-- The meters are joined in each half, as in _argo_exact_hours.
CREATE VIEW @extschema@._argo_exact_days AS
SELECT
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    u.day,
    u.avg_kw,
    u.total_kwh,
    u.reading_count,
    u.peak_kw,
    u.avg_voltage_v,
    u.min_voltage_v,
    u.max_voltage_v,
    u.avg_power_factor
FROM @extschema@.v_meters AS m
LEFT JOIN @extschema@._argo_dirty_days AS d ON d.meter_id = m.meter_id
JOIN @extschema@.mv_daily_usage AS u ON u.meter_id = m.meter_id
WHERE d.days IS NULL OR NOT d.days @> u.day
UNION ALL
SELECT
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    l.day,
    l.avg_kw,
    l.total_kwh,
    l.reading_count,
    l.peak_kw,
    l.avg_voltage_v,
    l.min_voltage_v,
    l.max_voltage_v,
    l.avg_power_factor
FROM @extschema@._argo_dirty_days AS d
JOIN @extschema@.v_meters AS m ON m.meter_id = d.meter_id
CROSS JOIN LATERAL @extschema@._argo_split_days(d.days) AS w (days)
CROSS JOIN LATERAL (
    SELECT
        (r."timestamp" AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS day,
        avg(r.power_kw::double precision) AS avg_kw,
        sum(r.energy_kwh::double precision) AS total_kwh,
        count(*) AS reading_count,
        max(r.power_kw) AS peak_kw,
        avg(r.voltage_v::double precision) AS avg_voltage_v,
        min(r.voltage_v) AS min_voltage_v,
        max(r.voltage_v) AS max_voltage_v,
        avg(r.power_factor::double precision) AS avg_power_factor
    FROM @extschema@.v_clean_readings AS r
    LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = m.site_id
    WHERE r.channel_id = d.meter_id
      -- Every zone's day lies within these bounds: offsets are -12 to +14 hours.
      AND r."timestamp" >= lower(w.days)::timestamp AT TIME ZONE 'UTC' - interval '15 hours'
      AND r."timestamp" < upper(w.days)::timestamp AT TIME ZONE 'UTC' + interval '13 hours'
    GROUP BY (r."timestamp" AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date
) AS l
WHERE w.days @> l.day;
COMMENT ON VIEW @extschema@._argo_exact_days IS
    'The columns of mv_daily_usage with the names of meter and site, exact at every moment. Give a meter or a site.';
