-- Costs per equipment and month, materialized from the days, and exact at every moment.

--: function _argo_monthly_ahu_costs
CREATE FUNCTION @extschema@._argo_monthly_ahu_costs(equipment integer, range_start timestamptz, range_end timestamptz)
RETURNS TABLE (
    equipment_id integer,
    site_id text,
    month date,
    steam_cost double precision,
    cold_water_cost double precision,
    electricity_cost double precision,
    total_cost double precision,
    currency text,
    days_without_tariff integer,
    kwh_without_tariff double precision,
    day_count integer,
    completeness double precision,
    reading_count bigint,
    expected_count bigint
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        s.equipment_id,
        s.site_id,
        s.month,
        s.steam_cost,
        s.cold_water_cost,
        s.electricity_cost,
        s.total_cost,
        s.currency,
        s.days_without_tariff,
        s.kwh_without_tariff,
        s.day_count,
        least(s.reading_count / x.expected_count::double precision, 1) AS completeness,
        s.reading_count,
        x.expected_count
    FROM (
        SELECT
            d.equipment_id,
            d.site_id,
            date_trunc('month', d.day::timestamp)::date AS month,
            CASE WHEN bool_and('steam' <> ALL (d.without_tariff))
                 THEN sum(d.steam_cost::numeric)::double precision END AS steam_cost,
            CASE WHEN bool_and('cold_water' <> ALL (d.without_tariff))
                 THEN sum(d.cold_water_cost::numeric)::double precision END AS cold_water_cost,
            CASE WHEN bool_and('electricity' <> ALL (d.without_tariff))
                 THEN sum(d.electricity_cost::numeric)::double precision END AS electricity_cost,
            CASE WHEN bool_and(d.without_tariff = '{}') THEN sum(d.total_cost::numeric)::double precision END AS total_cost,
            max(d.currency) AS currency,
            count(*) FILTER (WHERE d.without_tariff <> '{}')::integer AS days_without_tariff,
            sum(d.kwh_without_tariff::numeric)::double precision AS kwh_without_tariff,
            count(*)::integer AS day_count,
            sum(d.reading_count)::bigint AS reading_count
        FROM @extschema@.v_daily_ahu_costs AS d
        WHERE d.equipment_id = equipment
          AND d.day >= (range_start AT TIME ZONE 'UTC')::date AND d.day < (range_end AT TIME ZONE 'UTC')::date
        GROUP BY d.equipment_id, d.site_id, date_trunc('month', d.day::timestamp)::date
    ) AS s
    LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = s.site_id
    CROSS JOIN LATERAL (
        -- Of all days of the month, also those without a single reading.
        SELECT sum(@extschema@._argo_day_slots(n.day, coalesce(z.timezone, 'America/New_York')) * (
                   SELECT count(*) FROM @extschema@.equipment_meters AS m
                   WHERE m.equipment_id = s.equipment_id AND daterange(m.valid_from, m.valid_to) @> n.day))::bigint
               AS expected_count
        FROM (SELECT s.month + o.days AS day FROM generate_series(0, 30) AS o (days)) AS n
        WHERE n.day < (s.month::timestamp + interval '1 month')::date
    ) AS x
    ORDER BY 3;
END;
COMMENT ON FUNCTION @extschema@._argo_monthly_ahu_costs(integer, timestamptz, timestamptz) IS
    'Rows of mv_monthly_ahu_costs of an equipment from its days of [range_start, range_end), midnights of UTC that stand for days at the site; a month is complete when the range covers it.';

--: materialized view mv_monthly_ahu_costs
CREATE MATERIALIZED VIEW @extschema@.mv_monthly_ahu_costs AS
SELECT u.equipment_id, u.site_id, u.month, u.steam_cost, u.cold_water_cost, u.electricity_cost, u.total_cost, u.currency,
       u.days_without_tariff, u.kwh_without_tariff, u.day_count, u.completeness, u.reading_count, u.expected_count
FROM @extschema@.equipment AS e
CROSS JOIN LATERAL @extschema@._argo_monthly_ahu_costs(e.equipment_id, '-infinity', 'infinity') AS u
-- pg_dump fills a view after those that it finds named in it, and does not look into functions.
CROSS JOIN (SELECT count(*) FROM (SELECT FROM @extschema@.mv_daily_ahu_costs LIMIT 1) AS d) AS filled_before
WHERE (SELECT @extschema@._argo_overtaken('@extschema@.mv_monthly_ahu_costs', pg_current_snapshot())) IS NOT NULL
WITH DATA;
COMMENT ON MATERIALIZED VIEW @extschema@.mv_monthly_ahu_costs IS
    'Costs per equipment and month, as of the last argo_refresh(). Read it through v_monthly_ahu_costs, which is exact at every moment.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.month IS
    'First day of the month.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.steam_cost IS
    'Cost of the steam that was measured, in the currency; NULL: no readings of steam, or a day with some has no tariff for it.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.cold_water_cost IS
    'Likewise of cold water.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.electricity_cost IS
    'Likewise of electricity.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.total_cost IS
    'Cost of all utilities with readings; NULL where a day lacks a tariff for one of them.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.currency IS
    'That of the site''s tariffs, ISO 4217.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.days_without_tariff IS
    'Days with readings of a utility that had no tariff; v_daily_ahu_costs says which.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.kwh_without_tariff IS
    'Their energy, kWh.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.day_count IS
    'Days with readings.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.completeness IS
    'Part of the expected readings of the whole month that are there, 0 to 1: days without any reading, and those to come, are missing. The costs are of what was measured.';
COMMENT ON COLUMN @extschema@.mv_monthly_ahu_costs.expected_count IS
    'Quarter-hours of all days of the month times the meters mapped on each.';
INSERT INTO @extschema@._argo_refreshed_views
    (matview, bucket_column, bucket_unit, meter_column, key_kind, is_in_use, range_function, relfilenode, source_digest)
SELECT c.oid, 'month', 'month', 'equipment_id', 'equipment', EXISTS (SELECT FROM @extschema@.equipment),
       '@extschema@._argo_monthly_ahu_costs', c.relfilenode,
       md5(pg_get_functiondef('@extschema@._argo_monthly_ahu_costs'::regproc))
FROM pg_class AS c WHERE c.oid = '@extschema@.mv_monthly_ahu_costs'::regclass;

--: index idx_mv_monthly_ahu_costs_unique
CREATE UNIQUE INDEX idx_mv_monthly_ahu_costs_unique ON @extschema@.mv_monthly_ahu_costs (equipment_id, month);
COMMENT ON INDEX @extschema@.idx_mv_monthly_ahu_costs_unique IS 'REFRESH MATERIALIZED VIEW CONCURRENTLY needs it, and argo_refresh() finds rows by it.';

--: view _argo_dirty_ahu_months
CREATE VIEW @extschema@._argo_dirty_ahu_months AS
SELECT e.equipment_id, m.days
FROM @extschema@.equipment AS e
CROSS JOIN LATERAL (
    SELECT range_agg(daterange(
        date_trunc('month', coalesce(lower(k.days), '-infinity')::timestamp)::date,
        (date_trunc('month', (coalesce(upper(k.days), 'infinity') - 1)::timestamp) + interval '1 month')::date)) AS days
    FROM @extschema@._argo_ahu_marks AS k
    WHERE k.equipment_id = e.equipment_id AND NOT isempty(k.days)
      AND (k.matview IS NULL OR k.matview = '@extschema@.mv_monthly_ahu_costs'::regclass)
) AS m;
COMMENT ON VIEW @extschema@._argo_dirty_ahu_months IS
    'Per equipment, the days of the months that mv_monthly_ahu_costs may not show as they are; NULL: none.';

--: view v_monthly_ahu_costs
CREATE VIEW @extschema@.v_monthly_ahu_costs AS
SELECT
    e.equipment_id,
    e.equipment_name,
    e.kind,
    e.site_id,
    o.organization_name AS site_name,
    u.month,
    u.steam_cost,
    u.cold_water_cost,
    u.electricity_cost,
    u.total_cost,
    u.currency,
    u.days_without_tariff,
    u.kwh_without_tariff,
    u.day_count,
    u.completeness,
    u.reading_count,
    u.expected_count
FROM @extschema@.equipment AS e
JOIN @extschema@.organizations AS o ON o.organization_id = e.site_id
JOIN @extschema@._argo_dirty_ahu_months AS d ON d.equipment_id = e.equipment_id
JOIN @extschema@.mv_monthly_ahu_costs AS u ON u.equipment_id = e.equipment_id
WHERE d.days IS NULL OR NOT d.days @> u.month
UNION ALL
SELECT
    e.equipment_id,
    e.equipment_name,
    e.kind,
    l.site_id,
    o.organization_name AS site_name,
    l.month,
    l.steam_cost,
    l.cold_water_cost,
    l.electricity_cost,
    l.total_cost,
    l.currency,
    l.days_without_tariff,
    l.kwh_without_tariff,
    l.day_count,
    l.completeness,
    l.reading_count,
    l.expected_count
-- As _argo_monthly_ahu_costs() has it, written out for the rights of readers.
FROM (
    SELECT
        s.equipment_id,
        s.site_id,
        s.month,
        s.steam_cost,
        s.cold_water_cost,
        s.electricity_cost,
        s.total_cost,
        s.currency,
        s.days_without_tariff,
        s.kwh_without_tariff,
        s.day_count,
        least(s.reading_count / x.expected_count::double precision, 1) AS completeness,
        s.reading_count,
        x.expected_count
    FROM (
        SELECT
            d.equipment_id,
            d.site_id,
            date_trunc('month', d.day::timestamp)::date AS month,
            CASE WHEN bool_and('steam' <> ALL (d.without_tariff))
                 THEN sum(d.steam_cost::numeric)::double precision END AS steam_cost,
            CASE WHEN bool_and('cold_water' <> ALL (d.without_tariff))
                 THEN sum(d.cold_water_cost::numeric)::double precision END AS cold_water_cost,
            CASE WHEN bool_and('electricity' <> ALL (d.without_tariff))
                 THEN sum(d.electricity_cost::numeric)::double precision END AS electricity_cost,
            CASE WHEN bool_and(d.without_tariff = '{}') THEN sum(d.total_cost::numeric)::double precision END AS total_cost,
            max(d.currency) AS currency,
            count(*) FILTER (WHERE d.without_tariff <> '{}')::integer AS days_without_tariff,
            sum(d.kwh_without_tariff::numeric)::double precision AS kwh_without_tariff,
            count(*)::integer AS day_count,
            sum(d.reading_count)::bigint AS reading_count
        FROM @extschema@._argo_dirty_ahu_months AS w
        JOIN @extschema@.v_daily_ahu_costs AS d ON d.equipment_id = w.equipment_id AND w.days @> d.day
        GROUP BY d.equipment_id, d.site_id, date_trunc('month', d.day::timestamp)::date
    ) AS s
    LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = s.site_id
    CROSS JOIN LATERAL (
        -- Of all days of the month, also those without a single reading.
        SELECT sum(@extschema@._argo_day_slots(n.day, coalesce(z.timezone, 'America/New_York')) * (
                   SELECT count(*) FROM @extschema@.equipment_meters AS m
                   WHERE m.equipment_id = s.equipment_id AND daterange(m.valid_from, m.valid_to) @> n.day))::bigint
               AS expected_count
        FROM (SELECT s.month + o.days AS day FROM generate_series(0, 30) AS o (days)) AS n
        WHERE n.day < (s.month::timestamp + interval '1 month')::date
    ) AS x
) AS l
JOIN @extschema@.equipment AS e ON e.equipment_id = l.equipment_id
JOIN @extschema@.organizations AS o ON o.organization_id = l.site_id;
COMMENT ON VIEW @extschema@.v_monthly_ahu_costs IS
    'Costs per equipment and month with names, exact at every moment: from mv_monthly_ahu_costs, and from v_daily_ahu_costs where something changed since its last refresh.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.month IS
    'First day of the month.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.steam_cost IS
    'Cost of the steam that was measured, in the currency; NULL: no readings of steam, or a day with some has no tariff for it.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.cold_water_cost IS
    'Likewise of cold water.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.electricity_cost IS
    'Likewise of electricity.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.total_cost IS
    'Cost of all utilities with readings; NULL where a day lacks a tariff for one of them.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.currency IS
    'That of the site''s tariffs, ISO 4217.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.days_without_tariff IS
    'Days with readings of a utility that had no tariff; v_daily_ahu_costs says which.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.kwh_without_tariff IS
    'Their energy, kWh.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.day_count IS
    'Days with readings.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.completeness IS
    'Part of the expected readings of the whole month that are there, 0 to 1: days without any reading, and those to come, are missing. The costs are of what was measured.';
COMMENT ON COLUMN @extschema@.v_monthly_ahu_costs.expected_count IS
    'Quarter-hours of all days of the month times the meters mapped on each.';
