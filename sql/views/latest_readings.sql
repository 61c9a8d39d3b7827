-- The newest clean reading of each meter.

--: view v_latest_readings
CREATE VIEW @extschema@.v_latest_readings AS
SELECT
    m.meter_id,
    m.meter_name,
    m.site_id,
    m.site_name,
    r."timestamp",
    r.energy_kwh,
    r.power_kw,
    r.voltage_v,
    r.current_a,
    r.power_factor
FROM @extschema@.v_meters AS m
-- One descent of idx_readings_unique per meter instead of a scan of all readings.
CROSS JOIN LATERAL (
    SELECT c."timestamp", c.energy_kwh, c.power_kw, c.voltage_v, c.current_a, c.power_factor
    FROM @extschema@.v_clean_readings AS c
    WHERE c.channel_id = m.meter_id
    ORDER BY c."timestamp" DESC
    LIMIT 1
) AS r;
COMMENT ON VIEW @extschema@.v_latest_readings IS
    'The newest clean reading of each meter that has one, exact at every moment.';
