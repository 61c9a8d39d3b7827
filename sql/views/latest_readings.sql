-- The newest clean reading of each meter.

--: view v_latest_readings
-- It lies in the newest hour of the matview that no mark touches, or where a mark is: a meter that has
-- been off for a year is not searched through a year of zeros.
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
LEFT JOIN @extschema@._argo_dirty_hours AS d ON d.meter_id = m.meter_id
CROSS JOIN LATERAL (
    SELECT c."timestamp", c.energy_kwh, c.power_kw, c.voltage_v, c.current_a, c.power_factor
    FROM (
        (SELECT tstzrange(u.hour, u.hour, '[]') AS hours
         FROM @extschema@.mv_hourly_usage AS u
         WHERE u.meter_id = m.meter_id AND (d.hours IS NULL OR NOT d.hours @> u.hour)
         ORDER BY u.hour DESC
         LIMIT 1)
        UNION ALL
        SELECT s.starts FROM @extschema@._argo_split(d.hours, NULL, NULL) AS s
    ) AS w
    CROSS JOIN LATERAL (
        SELECT c.*
        FROM @extschema@.v_clean_readings AS c
        WHERE c.channel_id = m.meter_id
          AND c."timestamp" >= lower(w.hours) AND c."timestamp" < CASE WHEN upper(w.hours) < '290000-01-01 00:00:00+00' THEN upper(w.hours) + interval '1 hour'
                                    ELSE 'infinity' END
        ORDER BY c."timestamp" DESC
        LIMIT 1
    ) AS c
    ORDER BY c."timestamp" DESC
    LIMIT 1
) AS r;
COMMENT ON VIEW @extschema@.v_latest_readings IS
    'The newest clean reading of each meter that has one, exact at every moment.';
