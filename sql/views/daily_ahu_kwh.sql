-- Energy per equipment, day and coil, materialized.

--: function _argo_daily_ahu_kwh
CREATE FUNCTION @extschema@._argo_daily_ahu_kwh(equipment integer, range_start timestamptz, range_end timestamptz)
RETURNS TABLE (
    equipment_id integer,
    site_id text,
    day date,
    hcv_kwh double precision,
    dh_hcv_kwh double precision,
    ccv_kwh double precision,
    pc_ccv_kwh double precision,
    steam_kwh double precision,
    cold_water_kwh double precision,
    electricity_kwh double precision,
    completeness double precision,
    reading_count bigint,
    expected_count bigint
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT d.equipment_id, d.site_id, d.day, d.hcv_kwh, d.dh_hcv_kwh, d.ccv_kwh, d.pc_ccv_kwh, d.steam_kwh, d.cold_water_kwh,
           d.electricity_kwh, d.completeness, d.reading_count, d.expected_count
    FROM @extschema@._argo_ahu_days(equipment, range_start, range_end) AS d;
END;
COMMENT ON FUNCTION @extschema@._argo_daily_ahu_kwh(integer, timestamptz, timestamptz) IS
    'Rows of mv_daily_ahu_kwh of an equipment on the days of [range_start, range_end), midnights of UTC that stand for days at the site.';

--: materialized view mv_daily_ahu_kwh
CREATE MATERIALIZED VIEW @extschema@.mv_daily_ahu_kwh AS
SELECT u.equipment_id, u.site_id, u.day, u.hcv_kwh, u.dh_hcv_kwh, u.ccv_kwh, u.pc_ccv_kwh, u.steam_kwh, u.cold_water_kwh,
       u.electricity_kwh, u.completeness, u.reading_count, u.expected_count
FROM @extschema@.equipment AS e
CROSS JOIN LATERAL @extschema@._argo_daily_ahu_kwh(e.equipment_id, '-infinity', 'infinity') AS u
WHERE (SELECT @extschema@._argo_overtaken('@extschema@.mv_daily_ahu_kwh', pg_current_snapshot())) IS NOT NULL
WITH DATA;
COMMENT ON MATERIALIZED VIEW @extschema@.mv_daily_ahu_kwh IS
    'Energy per equipment and day, by coil and by utility, as of the last argo_refresh(). Read it through v_daily_ahu_kwh, which is exact at every moment.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_kwh.equipment_id IS 'equipment.equipment_id.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_kwh.day IS 'Calendar day at the site.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_kwh.hcv_kwh IS 'Energy of the heating coil, kWh, by the shares of its meters; NULL: none of them has a reading.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_kwh.dh_hcv_kwh IS 'Likewise of the coil that heats after dehumidification.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_kwh.ccv_kwh IS 'Likewise of the cooling coil.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_kwh.pc_ccv_kwh IS 'Likewise of the pre-cooling coil.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_kwh.steam_kwh IS 'Steam, kWh of heat, whatever the coil.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_kwh.cold_water_kwh IS 'Cold water, kWh of heat, whatever the coil.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_kwh.electricity_kwh IS 'Electricity, kWh.';
COMMENT ON COLUMN @extschema@.mv_daily_ahu_kwh.completeness IS 'As in mv_daily_ahu_costs.';
INSERT INTO @extschema@._argo_refreshed_views
    (matview, bucket_column, bucket_unit, meter_column, key_kind, is_in_use, range_function, relfilenode, source_digest)
SELECT c.oid, 'day', 'day', 'equipment_id', 'equipment', EXISTS (SELECT FROM @extschema@.equipment),
       '@extschema@._argo_daily_ahu_kwh', c.relfilenode,
       md5(pg_get_functiondef('@extschema@._argo_daily_ahu_kwh'::regproc))
FROM pg_class AS c WHERE c.oid = '@extschema@.mv_daily_ahu_kwh'::regclass;

--: index idx_mv_daily_ahu_kwh_unique
CREATE UNIQUE INDEX idx_mv_daily_ahu_kwh_unique ON @extschema@.mv_daily_ahu_kwh (equipment_id, day);
COMMENT ON INDEX @extschema@.idx_mv_daily_ahu_kwh_unique IS 'REFRESH MATERIALIZED VIEW CONCURRENTLY needs it, and argo_refresh() finds rows by it.';

--: index idx_mv_daily_ahu_kwh_day
CREATE INDEX idx_mv_daily_ahu_kwh_day ON @extschema@.mv_daily_ahu_kwh (day);
COMMENT ON INDEX @extschema@.idx_mv_daily_ahu_kwh_day IS 'Days of all equipment, and the newest day.';
