-- The views of the older system, as create-layered-views.sql makes them.
CREATE OR REPLACE VIEW v_clean_readings AS
SELECT r.id, r.channel_id, r.timestamp::timestamptz AS timestamp, r.energy_kwh, r.power_kw, r.voltage_v, r.current_a, r.power_factor,
       r.reactive_power_kvar, r.temperature_c, r.relative_humidity, r.created_at
FROM readings r
WHERE r.energy_kwh IS NOT NULL AND r.energy_kwh <> 0 AND r.power_kw IS NOT NULL AND r.power_kw <> 0;

DROP MATERIALIZED VIEW IF EXISTS mv_hourly_usage CASCADE;
CREATE MATERIALIZED VIEW mv_hourly_usage AS
SELECT channel_id AS meter_id, date_trunc('hour', timestamp) AS hour, avg(power_kw) AS avg_kw, sum(energy_kwh) AS total_kwh,
       count(*) AS reading_count
FROM v_clean_readings GROUP BY channel_id, date_trunc('hour', timestamp);
CREATE UNIQUE INDEX idx_mv_hourly_usage_meter_hour ON mv_hourly_usage (meter_id, hour);

CREATE OR REPLACE VIEW v_sites AS
SELECT organization_id AS site_id, organization_name AS site_name, address, city, postcode, country, timezone, created_at, updated_at
FROM organizations;

CREATE OR REPLACE VIEW v_meters AS
SELECT c.channel_id AS meter_id, c.channel_name AS meter_name, c.organization_id AS site_id, o.organization_name AS site_name,
       c.device_id, d.device_name, d.device_type, d.serial_number AS device_uuid, c.channel_type, c.unit, c.created_at, c.updated_at
FROM channels c
LEFT JOIN organizations o ON o.organization_id = c.organization_id
LEFT JOIN devices d ON d.device_id = c.device_id;

CREATE OR REPLACE VIEW v_readings_enriched AS
SELECT m.meter_id, m.meter_name, m.site_id, m.site_name, m.device_id, m.device_name, r.timestamp, r.energy_kwh, r.power_kw,
       r.voltage_v, r.current_a, r.power_factor, r.reactive_power_kvar, r.temperature_c, r.relative_humidity
FROM v_clean_readings r JOIN v_meters m ON m.meter_id = r.channel_id;

CREATE OR REPLACE VIEW v_latest_readings AS
SELECT DISTINCT ON (r.channel_id) m.meter_id, m.meter_name, m.site_id, m.site_name, r.timestamp, r.energy_kwh, r.power_kw, r.voltage_v,
       r.current_a, r.power_factor
FROM v_clean_readings r JOIN v_meters m ON m.meter_id = r.channel_id
ORDER BY r.channel_id, r.timestamp DESC;

CREATE OR REPLACE VIEW v_readings_hourly AS
SELECT h.meter_id, m.meter_name, m.site_id, m.site_name, h.hour, h.avg_kw, h.total_kwh, h.reading_count
FROM mv_hourly_usage h JOIN v_meters m ON m.meter_id = h.meter_id;

CREATE OR REPLACE VIEW v_readings_daily AS
SELECT m.meter_id, m.meter_name, m.site_id, m.site_name, date_trunc('day', r.timestamp)::date AS reading_date,
       sum(r.energy_kwh) AS total_energy_kwh, avg(r.power_kw) AS avg_power_kw, max(r.power_kw) AS peak_power_kw,
       avg(r.voltage_v) AS avg_voltage_v, min(r.voltage_v) AS min_voltage_v, max(r.voltage_v) AS max_voltage_v,
       avg(r.power_factor) AS avg_power_factor, count(*) AS reading_count
FROM v_clean_readings r JOIN v_meters m ON m.meter_id = r.channel_id
GROUP BY m.meter_id, m.meter_name, m.site_id, m.site_name, date_trunc('day', r.timestamp)::date;

CREATE OR REPLACE VIEW v_readings_monthly AS
SELECT m.meter_id, m.meter_name, m.site_id, m.site_name, date_trunc('month', r.timestamp)::date AS reading_month,
       sum(r.energy_kwh) AS total_energy_kwh, avg(r.power_kw) AS avg_power_kw, max(r.power_kw) AS peak_power_kw, count(*) AS reading_count
FROM v_clean_readings r JOIN v_meters m ON m.meter_id = r.channel_id
GROUP BY m.meter_id, m.meter_name, m.site_id, m.site_name, date_trunc('month', r.timestamp)::date;
