-- Stretches of unusual use against the same hour of the weeks before.

CREATE FUNCTION @extschema@.argo_anomalies(
    site text, period_start date DEFAULT NULL, period_end date DEFAULT NULL, as_of timestamptz DEFAULT NULL
)
RETURNS TABLE (
    meter_id integer, meter_name text, start_time timestamptz, end_time timestamptz, intervals bigint, peak_kw double precision,
    peak_at timestamptz, expected_kwh double precision, excess_kwh double precision, is_business boolean,
    z_score double precision, cost double precision
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT r.*
    FROM jsonb_to_recordset(@extschema@._argo_analysis(site, period_start, period_end, as_of, ARRAY['anomalies']) -> 'anomalies') AS r (
    meter_id integer, meter_name text, start_time timestamptz, end_time timestamptz, intervals bigint, peak_kw double precision,
    peak_at timestamptz, expected_kwh double precision, excess_kwh double precision, is_business boolean,
    z_score double precision, cost double precision
    );
END
$$;

COMMENT ON FUNCTION @extschema@.argo_anomalies(text, date, date, timestamptz) IS
    'Events of a period in which a meter used far more than in the same hour of the week in the baseline: power above the third quartile plus 3 times the distance of the quartiles, intervals less than 2 hours apart joined, at least 3 of them and 5 kWh above the median; by time. intervals, expected_kwh (the medians) and excess_kwh are those of the intervals that stand out; z_score is that of the peak. An hour of the week with fewer than 8 values in the baseline finds nothing. Limits: anomalies in site_config. period_start (included) and period_end (excluded) are days of the site, by default the last complete week before as_of (default now); readings at as_of or later do not count. Raises 22023.';
