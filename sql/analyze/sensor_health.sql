-- Meters that cannot be relied on: gaps, incomplete, flat or stale ones.

CREATE FUNCTION @extschema@.argo_sensor_health(
    site text, period_start date DEFAULT NULL, period_end date DEFAULT NULL, as_of timestamptz DEFAULT NULL
)
RETURNS TABLE (
    meter_id integer, meter_name text, issue text, severity text, start_time timestamptz, end_time timestamptz,
    value double precision, unit text, detail text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT r.*
    FROM jsonb_to_recordset(@extschema@._argo_analysis(site, period_start, period_end, as_of, ARRAY['sensor_health']) -> 'sensor_health') AS r (
    meter_id integer, meter_name text, issue text, severity text, start_time timestamptz, end_time timestamptz,
    value double precision, unit text, detail text
    );
END
$$;

COMMENT ON FUNCTION @extschema@.argo_sensor_health(text, date, date, timestamptz) IS
    'What is wrong with the meters of a site in a period, the severe first: gap (quarter-hours without a reading in a row), completeness (percent of the expected readings), flatline (hours without change of power above standby), stale (hours since the last reading, at the end of the period). Zeros are data. A meter that never had a reading, or none for 30 days, is not judged. Limits: sensor_health in site_config. period_start (included) and period_end (excluded) are days of the site, by default the last complete week before as_of (default now); readings at as_of or later do not count. Raises 22023.';
