-- Usage per meter and hour with names.

--: view v_readings_hourly
CREATE VIEW @extschema@.v_readings_hourly AS
SELECT
    h.meter_id,
    h.meter_name,
    h.site_id,
    h.site_name,
    h.device_id,
    h.device_name,
    h.hour,
    h.avg_kw,
    h.total_kwh,
    h.reading_count
FROM @extschema@._argo_exact_hours AS h;
COMMENT ON VIEW @extschema@.v_readings_hourly IS
    'Clean readings per meter and hour of the site''s clock with names, exact at every moment: from mv_hourly_usage, and live where readings changed since its last refresh.';
COMMENT ON COLUMN @extschema@.v_readings_hourly.avg_kw IS 'Mean power, kW.';
COMMENT ON COLUMN @extschema@.v_readings_hourly.total_kwh IS 'Energy, kWh.';
COMMENT ON COLUMN @extschema@.v_readings_hourly.reading_count IS 'Clean readings in the hour.';
