-- Costs per equipment and day, materialized.

--: function _argo_daily_ahu_costs
CREATE FUNCTION @extschema@._argo_daily_ahu_costs(equipment integer, range_start timestamptz, range_end timestamptz)
RETURNS TABLE (
    equipment_id integer,
    site_id text,
    day date,
    steam_cost double precision,
    cold_water_cost double precision,
    electricity_cost double precision,
    total_cost double precision,
    currency text,
    without_tariff text[],
    kwh_without_tariff double precision,
    completeness double precision,
    reading_count bigint,
    expected_count bigint
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.equipment_id, d.site_id, d.day, d.steam_cost, d.cold_water_cost, d.electricity_cost, d.total_cost, d.currency,
           d.without_tariff, d.kwh_without_tariff, d.completeness, d.reading_count, d.expected_count
    FROM @extschema@._argo_ahu_days(equipment, range_start, range_end) AS d;
END;
COMMENT ON FUNCTION @extschema@._argo_daily_ahu_costs(integer, timestamptz, timestamptz) IS
    'Rows of mv_daily_ahu_costs of an equipment on the days of [range_start, range_end), midnights of UTC that stand for days at the site.';

--: materialized view mv_daily_ahu_costs
CREATE MATERIALIZED VIEW @extschema@.mv_daily_ahu_costs AS
SELECT u.equipment_id, u.site_id, u.day, u.steam_cost, u.cold_water_cost, u.electricity_cost, u.total_cost, u.currency,
       u.without_tariff, u.kwh_without_tariff, u.completeness, u.reading_count, u.expected_count
FROM @extschema@.equipment AS e
CROSS JOIN LATERAL @extschema@._argo_daily_ahu_costs(e.equipment_id, '-infinity', 'infinity') AS u
WHERE (SELECT @extschema@._argo_overtaken('@extschema@.mv_daily_ahu_costs', pg_current_snapshot())) IS NOT NULL
WITH DATA;
COMMENT ON MATERIALIZED VIEW @extschema@.mv_daily_ahu_costs IS
    'Costs per equipment and day, as of the last argo_refresh(). Read it through v_daily_ahu_costs, which is exact at every moment. A day without a reading of any of its meters has no row.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.equipment_id IS 'equipment.equipment_id.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.day IS 'Calendar day at the site.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.steam_cost IS
    'Cost of the steam that was measured, in the currency: each reading times its meter''s share at the rate of its hour. NULL: no readings of steam, or no tariff for it.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.cold_water_cost IS 'Likewise of cold water.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.electricity_cost IS 'Likewise of electricity.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.total_cost IS 'Cost of all utilities with readings; NULL where one of them has no tariff.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.currency IS 'That of the site''s tariffs, ISO 4217.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.without_tariff IS 'Utilities with readings and without a tariff on that day; cardinality() counts them.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.kwh_without_tariff IS 'Their energy, kWh.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.completeness IS
    'Part of the expected readings that are there, 0 to 1, of all meters mapped on that day; zeros count as readings. The costs are of what was measured.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.reading_count IS 'Readings of its meters with an energy that is a finite number.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_costs.expected_count IS 'Quarter-hours of the day times the meters mapped on it.';
INSERT INTO @extschema@._argo_refreshed_views
    (matview, bucket_column, bucket_unit, meter_column, key_kind, is_in_use, range_function, relfilenode, source_digest)
SELECT c.oid, 'day', 'day', 'equipment_id', 'equipment', EXISTS (SELECT FROM @extschema@.equipment),
       '@extschema@._argo_daily_ahu_costs', c.relfilenode,
       md5(pg_get_functiondef('@extschema@._argo_daily_ahu_costs'::regproc))
FROM pg_class AS c WHERE c.oid = '@extschema@.mv_daily_ahu_costs'::regclass;
-- A month taken for a few rows has v_monthly_ahu_costs look at the marks of an equipment once for each of its days.
CREATE STATISTICS @extschema@.mv_daily_ahu_costs_month ON (date_trunc('month', day::timestamp)::date) FROM @extschema@.mv_daily_ahu_costs;
COMMENT ON STATISTICS @extschema@.mv_daily_ahu_costs_month IS 'How many days a month has, for the planner.';

--: index idx_mv_daily_ahu_costs_unique
CREATE UNIQUE INDEX idx_mv_daily_ahu_costs_unique ON @extschema@.mv_daily_ahu_costs (equipment_id, day);
COMMENT ON INDEX @extschema@.idx_mv_daily_ahu_costs_unique IS 'REFRESH MATERIALIZED VIEW CONCURRENTLY needs it, and argo_refresh() finds rows by it.';

--: index idx_mv_daily_ahu_costs_day
CREATE INDEX idx_mv_daily_ahu_costs_day ON @extschema@.mv_daily_ahu_costs (day);
COMMENT ON INDEX @extschema@.idx_mv_daily_ahu_costs_day IS 'Days of all equipment, and the newest day.';
