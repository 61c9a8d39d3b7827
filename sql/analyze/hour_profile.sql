-- Mean power by hour of the day.

CREATE FUNCTION @extschema@.argo_hour_profile(
    site text, period_start date DEFAULT NULL, period_end date DEFAULT NULL, as_of timestamptz DEFAULT NULL
)
RETURNS TABLE (
    meter_id integer, hour integer, avg_kw double precision, baseline_avg_kw double precision, intervals bigint
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT r.*
    FROM jsonb_to_recordset(@extschema@._argo_analysis(site, period_start, period_end, as_of, ARRAY['hour_profile']) -> 'hour_profile') AS r (
    meter_id integer, hour integer, avg_kw double precision, baseline_avg_kw double precision, intervals bigint
    );
END
$$;

COMMENT ON FUNCTION @extschema@.argo_hour_profile(text, date, date, timestamptz) IS
    'Mean power of each meter of a site by hour of the day on its clock (0 to 23), in the period and in the baseline before it; intervals: the quarter-hours of the period in the mean. period_start (included) and period_end (excluded) are days of the site, by default the last complete week before as_of (default now); readings at as_of or later do not count. Raises 22023.';
