-- Stored readings of a few meters and a bounded range, for dashboards; longer ranges are for the summary views.

CREATE FUNCTION @extschema@.argo_readings(meters integer[], range_start timestamptz, range_end timestamptz)
RETURNS TABLE (
    meter_id integer, meter_name text, "timestamp" timestamptz, energy_kwh real, power_kw real, voltage_v real,
    current_a real, power_factor real, reactive_power_kvar real, temperature_c real, relative_humidity real
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- The planner takes some rows of an index for enough to compile.
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    max_days CONSTANT integer := @extschema@._argo_parameter('argo.max_raw_days', 31, 1);
    unknown integer;
BEGIN
    IF to_regclass('@extschema@.v_readings_all') IS NULL THEN
        RAISE EXCEPTION 'argo is not set up in schema @extschema@'
            USING ERRCODE = '55000', DETAIL = 'There are no readings.', HINT = 'Type SELECT * FROM @extschema@.argo_setup();';
    END IF;
    IF cardinality(meters) > 0 IS NOT TRUE OR EXISTS (SELECT FROM unnest(meters) AS u (id) WHERE u.id IS NULL) THEN
        RAISE EXCEPTION 'argument meters must name at least one meter, and no NULL'
            USING ERRCODE = '22023', DETAIL = 'Readings are those of the meters that are named.',
                  HINT = 'SELECT meter_id, meter_name FROM @extschema@.v_meters; lists them.';
    END IF;
    IF (isfinite(range_start) AND isfinite(range_end)) IS NOT TRUE THEN
        RAISE EXCEPTION 'range_start and range_end must be finite times, not % and %',
                        coalesce(range_start::text, 'NULL'), coalesce(range_end::text, 'NULL')
            USING ERRCODE = '22023', DETAIL = 'Without a range this would be a scan of all that is stored.',
                  HINT = format('For example: SELECT * FROM @extschema@.argo_readings(%L, now() - interval ''1 day'', now());',
                                meters);
    END IF;
    IF range_start >= range_end THEN
        RAISE EXCEPTION 'no reading lies from % to %', range_start, range_end
            USING ERRCODE = '22023', DETAIL = 'The range is half open, and ends after it begins.',
                  HINT = format('For example: SELECT * FROM @extschema@.argo_readings(%L, now() - interval ''1 day'', now());',
                                meters);
    END IF;
    -- A month in which the clock is put back has an hour more.
    IF extract(epoch FROM range_end) - extract(epoch FROM range_start) > max_days * 86400::bigint + 3600 THEN
        RAISE EXCEPTION 'a range of % days is too long for readings',
                        ceil((extract(epoch FROM range_end) - extract(epoch FROM range_start)) / 86400)
            USING ERRCODE = '54000', DETAIL = format('argo.max_raw_days allows %s days; nothing was read.', max_days),
                  HINT = CASE WHEN extract(epoch FROM range_end) - extract(epoch FROM range_start) <= 100 * 86400
                              THEN format('SELECT * FROM @extschema@.v_readings_hourly WHERE meter_id = ANY (%L) '
                                          || 'AND hour >= %L AND hour < %L; has it by hour.',
                                          meters, range_start, range_end)
                              ELSE format('SELECT * FROM @extschema@.v_readings_daily WHERE meter_id = ANY (%L) '
                                          || 'AND reading_date >= %L AND reading_date < %L; has it by day.',
                                          meters, range_start::date, (range_end - interval '1 microsecond')::date + 1) END;
    END IF;
    SELECT u.id INTO unknown FROM unnest(meters) AS u (id)
    WHERE NOT EXISTS (SELECT FROM @extschema@.v_meters AS m WHERE m.meter_id = u.id)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unknown meter %', unknown
            USING ERRCODE = '22023', DETAIL = 'No ingest has ever met it; nothing was read.',
                  HINT = 'SELECT meter_id, meter_name FROM @extschema@.v_meters; lists those that are known.';
    END IF;

    -- A meter at a time, so that each is a stretch of the key, whatever the planner takes the range for.
    RETURN QUERY
    SELECT r.meter_id, r.meter_name::text, r."timestamp", r.energy_kwh, r.power_kw, r.voltage_v, r.current_a,
           r.power_factor, r.reactive_power_kvar, r.temperature_c, r.relative_humidity
    FROM (SELECT DISTINCT u.id FROM unnest(meters) AS u (id)) AS u
    CROSS JOIN LATERAL (
        SELECT a.* FROM @extschema@.v_readings_all AS a
        WHERE a.meter_id = u.id AND a."timestamp" >= range_start AND a."timestamp" < range_end
        ORDER BY a."timestamp"
        OFFSET 0
    ) AS r
    ORDER BY r.meter_id, r."timestamp";
END
$$;

COMMENT ON FUNCTION @extschema@.argo_readings(integer[], timestamptz, timestamptz) IS
    'Every stored reading, zeros and NULLs included, of some meters from range_start (included) to range_end (excluded), by meter and time; units as in the columns of v_readings_all. Needs SELECT on v_readings_all and v_meters only. Raises 22023 for no or an unknown meter and for a range that is missing, infinite or empty, 54000 for one longer than argo.max_raw_days (31) days and an hour, with the view to read instead, and 55000.';
