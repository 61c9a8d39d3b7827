-- What the views of readings must show, from the readings alone, and how far views and matviews are from it.

CREATE FUNCTION differs(a double precision, b double precision) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$ SELECT coalesce(abs(a - b) > 1e-12 * greatest(abs(a), abs(b)), a IS DISTINCT FROM b) $$;

CREATE VIEW true_readings AS
SELECT r.channel_id AS meter_id, r."timestamp", coalesce(z.timezone, 'America/New_York') AS zone,
       r.power_kw::float8 AS kw, r.energy_kwh::float8 AS kwh, r.voltage_v AS v
FROM v_clean_readings AS r
JOIN channels AS c USING (channel_id)
LEFT JOIN _argo_zones AS z USING (organization_id);

CREATE VIEW true_hours AS
SELECT meter_id, date_trunc('hour', "timestamp", zone) AS hour, avg(kw) AS avg_kw, sum(kwh) AS total_kwh, count(*) AS reading_count
FROM true_readings GROUP BY 1, 2;

CREATE VIEW true_days AS
SELECT meter_id, ("timestamp" AT TIME ZONE zone)::date AS day, avg(kw) AS avg_kw, sum(kwh) AS total_kwh, count(*) AS reading_count,
       max(kw::real) AS peak_kw, min(v) AS min_voltage_v, max(v) AS max_voltage_v
FROM true_readings GROUP BY 1, 2;

CREATE VIEW true_months AS
SELECT meter_id, date_trunc('month', "timestamp" AT TIME ZONE zone)::date AS month, avg(kw) AS avg_kw, sum(kwh) AS total_kwh,
       count(*) AS reading_count, max(kw::real) AS peak_kw
FROM true_readings GROUP BY 1, 2;

CREATE VIEW true_matview_hours AS
SELECT u.* FROM channels AS c CROSS JOIN LATERAL _argo_hourly_usage(c.channel_id, '-infinity', 'infinity') AS u;

-- Rows in which the exact views are wrong.
CREATE VIEW inexact AS SELECT
    (SELECT count(*) FROM (
        (SELECT meter_id, hour, avg_kw, total_kwh, reading_count FROM v_readings_hourly EXCEPT ALL TABLE true_hours)
        UNION ALL
        (TABLE true_hours EXCEPT ALL SELECT meter_id, hour, avg_kw, total_kwh, reading_count FROM v_readings_hourly)) AS h) AS hours,
    (SELECT count(*) FROM true_days AS t
     FULL JOIN v_readings_daily AS d ON d.meter_id = t.meter_id AND d.reading_date = t.day
     WHERE (d.reading_count, d.peak_power_kw, d.min_voltage_v, d.max_voltage_v)
           IS DISTINCT FROM (t.reading_count, t.peak_kw, t.min_voltage_v, t.max_voltage_v)
        OR differs(d.avg_power_kw, t.avg_kw) OR differs(d.total_energy_kwh, t.total_kwh)) AS days,
    (SELECT count(*) FROM true_months AS t
     FULL JOIN v_readings_monthly AS m ON m.meter_id = t.meter_id AND m.reading_month = t.month
     WHERE (m.reading_count, m.peak_power_kw) IS DISTINCT FROM (t.reading_count, t.peak_kw)
        OR differs(m.avg_power_kw, t.avg_kw) OR differs(m.total_energy_kwh, t.total_kwh)) AS months;

-- Rows in which the matviews are behind.
CREATE VIEW stale AS SELECT
    (SELECT count(*) FROM ((TABLE mv_hourly_usage EXCEPT ALL TABLE true_matview_hours)
                           UNION ALL (TABLE true_matview_hours EXCEPT ALL TABLE mv_hourly_usage)) AS h) AS hours,
    (SELECT count(*) FROM true_days AS t
     FULL JOIN mv_daily_usage AS d ON d.meter_id = t.meter_id AND d.day = t.day
     WHERE (d.reading_count, d.peak_kw, d.min_voltage_v, d.max_voltage_v)
           IS DISTINCT FROM (t.reading_count, t.peak_kw, t.min_voltage_v, t.max_voltage_v)
        OR differs(d.avg_kw, t.avg_kw) OR differs(d.total_kwh, t.total_kwh)) AS days;

-- Three meters in two zones and none, for the first days of March 2026.
INSERT INTO organizations (organization_id, organization_name, timezone)
VALUES ('ny', 'New York', 'America/New_York'), ('kathmandu', 'Kathmandu', 'Asia/Kathmandu');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (1, 'Main', 'ny'), (2, 'Chiller', 'kathmandu'), (3, 'Spare', NULL);
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw, voltage_v, power_factor)
SELECT c, t, abs(hashint8(n + c)) % 1000 / 7.0, abs(hashint8(n * 5 + c)) % 1000 / 3.0, 220 + n % 31, n % 10 / 10.0
FROM generate_series(1, 3) AS c,
     generate_series('2026-03-01 00:00Z'::timestamptz, '2026-03-05 00:00Z', '15 minutes') WITH ORDINALITY AS s (t, n);
SELECT count(*) FROM argo_refresh('full') \g /dev/null
