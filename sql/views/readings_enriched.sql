-- Readings with the names of their meter, site and device.

--: view v_readings_enriched
CREATE VIEW @extschema@.v_readings_enriched AS
SELECT
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    m.device_id,
    m.device_name,
    r."timestamp",
    r.energy_kwh,
    r.power_kw,
    r.voltage_v,
    r.current_a,
    r.power_factor,
    r.reactive_power_kvar,
    r.temperature_c,
    r.relative_humidity
FROM @extschema@.v_clean_readings AS r
JOIN @extschema@.v_meters AS m ON m.meter_id = r.channel_id;
COMMENT ON VIEW @extschema@.v_readings_enriched IS
    'Clean readings with the names of their meter, site and device; what analysis reads. Give a range of "timestamp".';

--: view v_readings_all
CREATE VIEW @extschema@.v_readings_all AS
SELECT
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    m.device_id,
    m.device_name,
    r."timestamp",
    r.energy_kwh,
    r.power_kw,
    r.voltage_v,
    r.current_a,
    r.power_factor,
    r.reactive_power_kvar,
    r.temperature_c,
    r.relative_humidity
FROM @extschema@.readings AS r
JOIN @extschema@.v_meters AS m ON m.meter_id = r.channel_id;
COMMENT ON VIEW @extschema@.v_readings_all IS
    'Every stored reading, zeros and NULLs included, in the columns of v_readings_enriched; for completeness, gaps, flat lines and base load, where a zero is data.';
