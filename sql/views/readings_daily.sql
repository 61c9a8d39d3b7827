-- Usage per meter and day of the site's calendar.

--: view v_readings_daily
CREATE VIEW @extschema@.v_readings_daily AS
SELECT
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    (r."timestamp" AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS reading_date,
    sum(r.energy_kwh::double precision) AS total_energy_kwh,
    avg(r.power_kw::double precision) AS avg_power_kw,
    max(r.power_kw) AS peak_power_kw,
    avg(r.voltage_v::double precision) AS avg_voltage_v,
    min(r.voltage_v) AS min_voltage_v,
    max(r.voltage_v) AS max_voltage_v,
    avg(r.power_factor::double precision) AS avg_power_factor,
    count(*) AS reading_count
FROM @extschema@.v_clean_readings AS r
JOIN @extschema@.v_meters AS m ON m.meter_id = r.channel_id
LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = m.site_id
GROUP BY
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    (r."timestamp" AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date;
COMMENT ON VIEW @extschema@.v_readings_daily IS
    'Clean readings per meter and day, exact at every moment. A day is the site''s own: 92, 96 or 100 quarters of an hour.';
COMMENT ON COLUMN @extschema@.v_readings_daily.reading_date IS 'Calendar day at the site.';
COMMENT ON COLUMN @extschema@.v_readings_daily.total_energy_kwh IS 'Energy, kWh.';
COMMENT ON COLUMN @extschema@.v_readings_daily.avg_power_kw IS 'Mean power, kW.';
COMMENT ON COLUMN @extschema@.v_readings_daily.peak_power_kw IS 'Highest 15-minute power, kW.';
COMMENT ON COLUMN @extschema@.v_readings_daily.reading_count IS 'Clean readings in the day.';
