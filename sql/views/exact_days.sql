-- Days that are exact at every moment: those of the matview that no mark touches, and the others live.

--: function _argo_days
-- In PL/pgSQL because ROWS counts, as in _argo_split().
CREATE FUNCTION @extschema@._argo_days(days datemultirange, first_day date, last_day date, zone text)
RETURNS TABLE (day date, range_start timestamptz, range_end timestamptz, is_ordinary boolean)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT
        b.day,
        CASE WHEN b.is_ordinary THEN b.midnight ELSE b.midnight - interval '3 hours' END,
        CASE WHEN b.is_ordinary THEN b.next_midnight ELSE b.next_midnight + interval '3 hours' END,
        b.is_ordinary
    FROM (
        SELECT
            m.day,
            m.midnight,
            m.next_midnight,
            m.next_midnight - m.midnight = interval '24 hours'
                AND m.midnight - (m.day - 1)::timestamp AT TIME ZONE zone = interval '24 hours' AS is_ordinary
        FROM (
            SELECT
                lower(r.days) + n.offset_days AS day,
                (lower(r.days) + n.offset_days)::timestamp AT TIME ZONE zone AS midnight,
                (lower(r.days) + n.offset_days + 1)::timestamp AT TIME ZONE zone AS next_midnight
            FROM unnest($1 * datemultirange(daterange(first_day, last_day, '[]'))) AS r (days)
            CROSS JOIN LATERAL generate_series(0, upper(r.days) - lower(r.days) - 1) AS n (offset_days)
        ) AS m
    ) AS b;
END
$$;
COMMENT ON FUNCTION @extschema@._argo_days(datemultirange, date, date, text) IS
    'The days of a multirange from a first to a last one, one a row, each with a range of time that holds it: the day itself where it is an ordinary one, else, near a clock change, more than that.';

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
    w.day,
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
LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = m.site_id
CROSS JOIN LATERAL (
    -- A meter that is marked as a whole is no longer than its readings.
    SELECT (min(e."timestamp") AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS first_day,
           (max(e."timestamp") AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS last_day
    FROM @extschema@.readings AS e
    WHERE e.channel_id = d.meter_id
      AND e."timestamp" >= '1900-01-01 00:00:00+00' AND e."timestamp" < '2200-01-01 00:00:00+00'
) AS e
CROSS JOIN LATERAL @extschema@._argo_days(
    d.days, e.first_day, e.last_day, coalesce(z.timezone, 'America/New_York')) AS w
-- Day by day, so that a date asked for is the only one computed.
CROSS JOIN LATERAL (
    SELECT
        sum(r.power_kw::double precision) / count(*) AS avg_kw,
        sum(r.energy_kwh::double precision) AS total_kwh,
        count(*) AS reading_count,
        max(r.power_kw) AS peak_kw,
        sum(r.voltage_v::double precision) / count(r.voltage_v) AS avg_voltage_v,
        min(r.voltage_v) AS min_voltage_v,
        max(r.voltage_v) AS max_voltage_v,
        sum(r.power_factor::double precision) / count(r.power_factor) AS avg_power_factor
    FROM @extschema@.v_clean_readings AS r
    WHERE r.channel_id = d.meter_id
      AND r."timestamp" >= w.range_start AND r."timestamp" < w.range_end
      AND (w.is_ordinary OR (r."timestamp" AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date = w.day)
    HAVING count(*) > 0
) AS l;
COMMENT ON VIEW @extschema@._argo_exact_days IS
    'The columns of mv_daily_usage with the names of meter and site, exact at every moment. Give a meter or a site.';
