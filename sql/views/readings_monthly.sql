-- Usage per meter and month of the site's calendar.

--: view v_readings_monthly
CREATE VIEW @extschema@.v_readings_monthly AS
SELECT
    d.meter_id,
    d.meter_name,
    d.site_id,
    d.site_name,
    date_trunc('month', d.day::timestamp)::date AS reading_month,
    sum(d.total_kwh) AS total_energy_kwh,
    sum(d.avg_kw * d.reading_count) / sum(d.reading_count)::double precision AS avg_power_kw,
    max(d.peak_kw) AS peak_power_kw,
    sum(d.reading_count)::bigint AS reading_count
FROM @extschema@._argo_exact_days AS d
GROUP BY d.meter_id, d.meter_name, d.site_id, d.site_name, date_trunc('month', d.day::timestamp)::date;
COMMENT ON VIEW @extschema@.v_readings_monthly IS
    'Clean readings per meter and calendar month at the site, exact at every moment.';
COMMENT ON COLUMN @extschema@.v_readings_monthly.reading_month IS 'First day of the month.';
COMMENT ON COLUMN @extschema@.v_readings_monthly.total_energy_kwh IS 'Energy, kWh.';
COMMENT ON COLUMN @extschema@.v_readings_monthly.avg_power_kw IS 'Mean power, kW.';
COMMENT ON COLUMN @extschema@.v_readings_monthly.peak_power_kw IS 'Highest 15-minute power, kW.';
COMMENT ON COLUMN @extschema@.v_readings_monthly.reading_count IS 'Clean readings in the month.';
