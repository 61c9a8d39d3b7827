-- Usage per meter and day of the site's calendar.

--: view v_readings_daily
CREATE VIEW @extschema@.v_readings_daily AS
SELECT
    d.meter_id,
    d.meter_name,
    d.site_id,
    d.site_name,
    d.day AS reading_date,
    d.total_kwh AS total_energy_kwh,
    d.avg_kw AS avg_power_kw,
    d.peak_kw AS peak_power_kw,
    d.avg_voltage_v,
    d.min_voltage_v,
    d.max_voltage_v,
    d.avg_power_factor,
    d.reading_count
FROM @extschema@._argo_exact_days AS d;
COMMENT ON VIEW @extschema@.v_readings_daily IS
    'Clean readings per meter and day, exact at every moment: from mv_daily_usage, and live where readings changed since its last refresh. A day is the site''s own: 92, 96 or 100 quarters of an hour.';
COMMENT ON COLUMN @extschema@.v_readings_daily.reading_date IS 'Calendar day at the site.';
COMMENT ON COLUMN @extschema@.v_readings_daily.total_energy_kwh IS 'Energy, kWh.';
COMMENT ON COLUMN @extschema@.v_readings_daily.avg_power_kw IS 'Mean power, kW.';
COMMENT ON COLUMN @extschema@.v_readings_daily.peak_power_kw IS 'Highest 15-minute power, kW.';
COMMENT ON COLUMN @extschema@.v_readings_daily.reading_count IS 'Clean readings in the day.';
