-- Usage per meter and month of the site's calendar.

--: view v_readings_monthly
CREATE VIEW @extschema@.v_readings_monthly AS
SELECT
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    date_trunc('month', r."timestamp" AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS reading_month,
    sum(r.energy_kwh::double precision) AS total_energy_kwh,
    avg(r.power_kw::double precision) AS avg_power_kw,
    max(r.power_kw) AS peak_power_kw,
    count(*) AS reading_count
FROM @extschema@.v_clean_readings AS r
JOIN @extschema@.v_meters AS m ON m.meter_id = r.channel_id
LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = m.site_id
GROUP BY
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    date_trunc('month', r."timestamp" AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date;
COMMENT ON VIEW @extschema@.v_readings_monthly IS
    'Clean readings per meter and calendar month at the site, exact at every moment.';
COMMENT ON COLUMN @extschema@.v_readings_monthly.reading_month IS 'First day of the month.';
COMMENT ON COLUMN @extschema@.v_readings_monthly.total_energy_kwh IS 'Energy, kWh.';
COMMENT ON COLUMN @extschema@.v_readings_monthly.avg_power_kw IS 'Mean power, kW.';
COMMENT ON COLUMN @extschema@.v_readings_monthly.peak_power_kw IS 'Highest 15-minute power, kW.';
COMMENT ON COLUMN @extschema@.v_readings_monthly.reading_count IS 'Clean readings in the month.';
