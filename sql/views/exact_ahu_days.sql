-- Costs and energy that are exact at every moment: days of the matviews that no mark touches, and the others live.

--: view _argo_ahu_marks
CREATE VIEW @extschema@._argo_ahu_marks AS
SELECT d.matview, d.equipment_id, d.days
FROM @extschema@._argo_dirty_equipment AS d
UNION ALL
-- Those of its meters, as _argo_pass_marks() will have them, are for every view.
SELECT
    NULL,
    m.equipment_id,
    daterange((d.first_reading AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date,
              (d.last_reading AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date, '[]')
        * daterange(m.valid_from, m.valid_to)
FROM @extschema@._argo_dirty AS d
JOIN @extschema@.equipment_meters AS m ON m.meter_id = d.meter_id
JOIN @extschema@.equipment AS e ON e.equipment_id = m.equipment_id
LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = e.site_id
WHERE d.matview IS NULL;
COMMENT ON VIEW @extschema@._argo_ahu_marks IS
    'Days at the site of an equipment that a materialized view of costs (NULL: any of them) may not show as they are.';

--: view _argo_live_ahu_days
-- As _argo_ahu_days() has it, written out: an inlined function would ask rights of the reader that only the owner of the
-- view need have.
CREATE VIEW @extschema@._argo_live_ahu_days AS
SELECT
    p.matview,
    p.equipment_id,
    p.site_id,
    p.day,
    CASE WHEN bool_and(p.is_priced) FILTER (WHERE p.utility = 'steam' AND p.reading_count > 0)
         THEN (sum(p.cost::numeric) FILTER (WHERE p.utility = 'steam'))::double precision END AS steam_cost,
    CASE WHEN bool_and(p.is_priced) FILTER (WHERE p.utility = 'cold_water' AND p.reading_count > 0)
         THEN (sum(p.cost::numeric) FILTER (WHERE p.utility = 'cold_water'))::double precision END AS cold_water_cost,
    CASE WHEN bool_and(p.is_priced) FILTER (WHERE p.utility = 'electricity' AND p.reading_count > 0)
         THEN (sum(p.cost::numeric) FILTER (WHERE p.utility = 'electricity'))::double precision END AS electricity_cost,
    CASE WHEN bool_and(p.is_priced) FILTER (WHERE p.reading_count > 0)
         THEN sum(p.cost::numeric)::double precision END AS total_cost,
    max(p.currency) AS currency,
    coalesce(array_agg(DISTINCT p.utility ORDER BY p.utility) FILTER (WHERE p.reading_count > 0 AND NOT p.is_priced), '{}')
        AS without_tariff,
    coalesce((sum(p.kwh::numeric) FILTER (WHERE NOT p.is_priced))::double precision, 0) AS kwh_without_tariff,
    (sum(p.kwh::numeric) FILTER (WHERE p.coil = 'HCV'))::double precision AS hcv_kwh,
    (sum(p.kwh::numeric) FILTER (WHERE p.coil = 'DH_HCV'))::double precision AS dh_hcv_kwh,
    (sum(p.kwh::numeric) FILTER (WHERE p.coil = 'CCV'))::double precision AS ccv_kwh,
    (sum(p.kwh::numeric) FILTER (WHERE p.coil = 'PC_CCV'))::double precision AS pc_ccv_kwh,
    (sum(p.kwh::numeric) FILTER (WHERE p.utility = 'steam'))::double precision AS steam_kwh,
    (sum(p.kwh::numeric) FILTER (WHERE p.utility = 'cold_water'))::double precision AS cold_water_kwh,
    (sum(p.kwh::numeric) FILTER (WHERE p.utility = 'electricity'))::double precision AS electricity_kwh,
    least(sum(p.reading_count) / sum(p.expected_count)::double precision, 1) AS completeness,
    sum(p.reading_count)::bigint AS reading_count,
    sum(p.expected_count)::bigint AS expected_count
FROM (
    SELECT
        v.matview,
        e.equipment_id,
        e.site_id,
        c.day,
        m.utility,
        m.coil,
        u.kwh * m.share AS kwh,
        CASE WHEN t.hourly_rates IS NULL THEN u.kwh * t.rate ELSE u.priced_kwh END * m.share / t.kwh_per_unit AS cost,
        t.tariff_id IS NOT NULL AS is_priced,
        t.currency,
        u.reading_count,
        CASE WHEN c.is_ordinary THEN 96
             ELSE @extschema@._argo_day_slots(c.day, coalesce(z.timezone, 'America/New_York')) END AS expected_count
    FROM @extschema@._argo_refreshed_views AS v
    CROSS JOIN @extschema@.equipment AS e
    -- For each, so that the planner knows it to be one row.
    CROSS JOIN LATERAL (
        SELECT range_agg(k.days) AS days FROM @extschema@._argo_ahu_marks AS k
        WHERE k.equipment_id = e.equipment_id AND (k.matview IS NULL OR k.matview = v.matview)
    ) AS d
    LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = e.site_id
    CROSS JOIN LATERAL (
        -- An open range is no longer than the readings.
        SELECT (min(x.first_reading) AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS first_day,
               (max(x.last_reading) AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS last_day
        FROM @extschema@.equipment_meters AS a
        CROSS JOIN LATERAL (
            SELECT min(r."timestamp") AS first_reading, max(r."timestamp") AS last_reading
            FROM @extschema@.readings AS r
            WHERE r.channel_id = a.meter_id
              AND r."timestamp" >= '1900-01-01 00:00:00+00' AND r."timestamp" < '2200-01-01 00:00:00+00'
        ) AS x
        WHERE a.equipment_id = e.equipment_id
    ) AS b
    JOIN @extschema@.equipment_meters AS m ON m.equipment_id = e.equipment_id
    CROSS JOIN LATERAL @extschema@._argo_days(
        d.days * datemultirange(daterange(m.valid_from, m.valid_to)),
        b.first_day, b.last_day, coalesce(z.timezone, 'America/New_York')) AS c
    LEFT JOIN @extschema@.tariffs AS t
        ON t.site_id = e.site_id AND t.utility = m.utility AND daterange(t.valid_from, t.valid_to) @> c.day
    CROSS JOIN LATERAL (
        SELECT
            count(*) AS reading_count,
            sum(r.energy_kwh::double precision) AS kwh,
            (sum((r.energy_kwh::double precision * t.hourly_rates[
                (date_part('isodow', l.local) * 24 + date_part('hour', l.local))::integer - 23])::numeric)
                FILTER (WHERE t.hourly_rates IS NOT NULL))::double precision AS priced_kwh
        FROM @extschema@.readings AS r
        CROSS JOIN LATERAL (SELECT r."timestamp" AT TIME ZONE coalesce(z.timezone, 'America/New_York') AS local) AS l
        WHERE r.channel_id = m.meter_id AND r."timestamp" >= c.range_start AND r."timestamp" < c.range_end
          AND (c.is_ordinary OR l.local::date = c.day)
          -- A NULL fails this too, and NaN is greater than infinity.
          AND abs(r.energy_kwh) < 'Infinity'
    ) AS u
    WHERE v.key_kind = 'equipment' AND d.days IS NOT NULL
) AS p
GROUP BY p.matview, p.equipment_id, p.site_id, p.day
HAVING sum(p.reading_count) > 0;
COMMENT ON VIEW @extschema@._argo_live_ahu_days IS
    'What _argo_ahu_days() says of the days that are marked, per materialized view. Give a view, and an equipment or a site.';

--: view v_daily_ahu_costs
CREATE VIEW @extschema@.v_daily_ahu_costs AS
SELECT
    e.equipment_id,
    e.equipment_name,
    e.kind,
    e.site_id,
    o.organization_name AS site_name,
    u.day,
    u.steam_cost,
    u.cold_water_cost,
    u.electricity_cost,
    u.total_cost,
    u.currency,
    u.without_tariff,
    u.kwh_without_tariff,
    u.completeness,
    u.reading_count,
    u.expected_count
FROM @extschema@.equipment AS e
JOIN @extschema@.organizations AS o ON o.organization_id = e.site_id
CROSS JOIN LATERAL (
    SELECT range_agg(k.days) AS days FROM @extschema@._argo_ahu_marks AS k
    WHERE k.equipment_id = e.equipment_id AND (k.matview IS NULL OR k.matview = '@extschema@.mv_daily_ahu_costs'::regclass)
) AS d
JOIN @extschema@.mv_daily_ahu_costs AS u ON u.equipment_id = e.equipment_id
WHERE d.days IS NULL OR NOT d.days @> u.day
UNION ALL
SELECT
    e.equipment_id,
    e.equipment_name,
    e.kind,
    l.site_id,
    o.organization_name AS site_name,
    l.day,
    l.steam_cost,
    l.cold_water_cost,
    l.electricity_cost,
    l.total_cost,
    l.currency,
    l.without_tariff,
    l.kwh_without_tariff,
    l.completeness,
    l.reading_count,
    l.expected_count
FROM @extschema@._argo_live_ahu_days AS l
JOIN @extschema@.equipment AS e ON e.equipment_id = l.equipment_id
JOIN @extschema@.organizations AS o ON o.organization_id = l.site_id
WHERE l.matview = '@extschema@.mv_daily_ahu_costs'::regclass;
COMMENT ON VIEW @extschema@.v_daily_ahu_costs IS
    'Costs per equipment and day with names, exact at every moment: from mv_daily_ahu_costs, and live where readings, tariffs or meters changed since its last refresh.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_costs.day IS 'Calendar day at the site.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_costs.steam_cost IS 'Cost of the steam that was measured, in the currency; NULL: no readings of steam, or no tariff for it.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_costs.cold_water_cost IS 'Likewise of cold water.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_costs.electricity_cost IS 'Likewise of electricity.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_costs.total_cost IS 'Cost of all utilities with readings; NULL where one of them has no tariff.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_costs.currency IS 'That of the site''s tariffs, ISO 4217.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_costs.without_tariff IS 'Utilities with readings and without a tariff on that day; cardinality() counts them.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_costs.kwh_without_tariff IS 'Their energy, kWh.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_costs.completeness IS 'Part of the expected readings that are there, 0 to 1. The costs are of what was measured.';

--: view v_daily_ahu_kwh
CREATE VIEW @extschema@.v_daily_ahu_kwh AS
SELECT
    e.equipment_id,
    e.equipment_name,
    e.kind,
    e.site_id,
    o.organization_name AS site_name,
    u.day,
    u.hcv_kwh,
    u.dh_hcv_kwh,
    u.ccv_kwh,
    u.pc_ccv_kwh,
    u.steam_kwh,
    u.cold_water_kwh,
    u.electricity_kwh,
    u.completeness,
    u.reading_count,
    u.expected_count
FROM @extschema@.equipment AS e
JOIN @extschema@.organizations AS o ON o.organization_id = e.site_id
CROSS JOIN LATERAL (
    SELECT range_agg(k.days) AS days FROM @extschema@._argo_ahu_marks AS k
    WHERE k.equipment_id = e.equipment_id AND (k.matview IS NULL OR k.matview = '@extschema@.mv_daily_ahu_kwh'::regclass)
) AS d
JOIN @extschema@.mv_daily_ahu_kwh AS u ON u.equipment_id = e.equipment_id
WHERE d.days IS NULL OR NOT d.days @> u.day
UNION ALL
SELECT
    e.equipment_id,
    e.equipment_name,
    e.kind,
    l.site_id,
    o.organization_name AS site_name,
    l.day,
    l.hcv_kwh,
    l.dh_hcv_kwh,
    l.ccv_kwh,
    l.pc_ccv_kwh,
    l.steam_kwh,
    l.cold_water_kwh,
    l.electricity_kwh,
    l.completeness,
    l.reading_count,
    l.expected_count
FROM @extschema@._argo_live_ahu_days AS l
JOIN @extschema@.equipment AS e ON e.equipment_id = l.equipment_id
JOIN @extschema@.organizations AS o ON o.organization_id = l.site_id
WHERE l.matview = '@extschema@.mv_daily_ahu_kwh'::regclass;
COMMENT ON VIEW @extschema@.v_daily_ahu_kwh IS
    'Energy per equipment and day by coil and by utility, with names, exact at every moment.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_kwh.day IS 'Calendar day at the site.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_kwh.hcv_kwh IS 'Energy of the heating coil, kWh; NULL: none of its meters has a reading.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_kwh.dh_hcv_kwh IS 'Likewise of the coil that heats after dehumidification.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_kwh.ccv_kwh IS 'Likewise of the cooling coil.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_kwh.pc_ccv_kwh IS 'Likewise of the pre-cooling coil.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_kwh.steam_kwh IS 'Steam, kWh of heat, whatever the coil.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_kwh.cold_water_kwh IS 'Cold water, kWh of heat, whatever the coil.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_kwh.electricity_kwh IS 'Electricity, kWh.';
COMMENT ON COLUMN @extschema@.v_daily_ahu_kwh.completeness IS 'Part of the expected readings that are there, 0 to 1.';
