-- Usage per meter and hour with names.

--: view v_readings_hourly
CREATE VIEW @extschema@.v_readings_hourly AS
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
    u.reading_count
FROM @extschema@.mv_hourly_usage AS u
JOIN @extschema@.v_meters AS m ON m.meter_id = u.meter_id;
COMMENT ON VIEW @extschema@.v_readings_hourly IS
    'Usage per meter and hour of the site''s clock with names, as of the last argo_refresh().';
COMMENT ON COLUMN @extschema@.v_readings_hourly.avg_kw IS 'Mean power, kW.';
COMMENT ON COLUMN @extschema@.v_readings_hourly.total_kwh IS 'Energy, kWh.';
COMMENT ON COLUMN @extschema@.v_readings_hourly.reading_count IS 'Clean readings in the hour.';
