-- Short peaks far above the usual ones of the same hour of the week.

CREATE FUNCTION @extschema@.argo_spikes(
    site text, period_start date DEFAULT NULL, period_end date DEFAULT NULL, as_of timestamptz DEFAULT NULL
)
RETURNS TABLE (
    meter_id integer, meter_name text, start_time timestamptz, end_time timestamptz, intervals bigint, peak_kw double precision,
    peak_at timestamptz, threshold_kw double precision, excess_kwh double precision, is_main boolean, is_business boolean,
    cost double precision
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT r.*
    FROM jsonb_to_recordset(@extschema@._argo_analysis(site, period_start, period_end, as_of, ARRAY['spikes']) -> 'spikes') AS r (
    meter_id integer, meter_name text, start_time timestamptz, end_time timestamptz, intervals bigint, peak_kw double precision,
    peak_at timestamptz, threshold_kw double precision, excess_kwh double precision, is_main boolean, is_business boolean,
    cost double precision
    );
END
$$;

COMMENT ON FUNCTION @extschema@.argo_spikes(text, date, date, timestamptz) IS
    'Peaks of a period above 1.5 times the 95th percentile of the same hour of the week in the baseline and above 5 kW (the main meter: 20 kW), the largest excess first; peaks at most 2 intervals apart are one. excess_kwh is what lies above the percentile, threshold_kw that of the peak. The main meter is main_meter of site_config or, unless that is set, the one whose energy is at least 0.8 of that of all others, of which there must be two. Limits: spikes in site_config. period_start (included) and period_end (excluded) are days of the site, by default the last complete week before as_of (default now); readings at as_of or later do not count. Raises 22023.';
