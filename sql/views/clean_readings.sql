-- The readings that count as measured.

--: view v_clean_readings
CREATE VIEW @extschema@.v_clean_readings AS
SELECT
    r.id,
    r.channel_id,
    r."timestamp",
    r.energy_kwh,
    r.power_kw,
    r.voltage_v,
    r.current_a,
    r.power_factor,
    r.reactive_power_kvar,
    r.temperature_c,
    r.relative_humidity,
    r.created_at
FROM @extschema@.readings AS r
-- A NULL fails these comparisons too.
WHERE r.energy_kwh <> 0::real AND r.energy_kwh <> 'NaN'::real
  AND r.power_kw <> 0::real AND r.power_kw <> 'NaN'::real;
COMMENT ON VIEW @extschema@.v_clean_readings IS
    'Readings whose energy and power are neither NULL nor zero nor NaN; the source of every business view.';
