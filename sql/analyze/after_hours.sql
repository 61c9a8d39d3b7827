-- What runs while nobody is there.

CREATE FUNCTION @extschema@.argo_after_hours(
    site text, period_start date DEFAULT NULL, period_end date DEFAULT NULL, as_of timestamptz DEFAULT NULL
)
RETURNS TABLE (
    meter_id integer, meter_name text, base_load_kw double precision, after_hours_kwh double precision,
    excess_kwh double precision, share double precision, cost double precision, is_significant boolean,
    after_hours_intervals bigint, baseline_intervals bigint, worst jsonb
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT r.*
    FROM jsonb_to_recordset(@extschema@._argo_analysis(site, period_start, period_end, as_of, ARRAY['after_hours']) -> 'after_hours') AS r (
    meter_id integer, meter_name text, base_load_kw double precision, after_hours_kwh double precision,
    excess_kwh double precision, share double precision, cost double precision, is_significant boolean,
    after_hours_intervals bigint, baseline_intervals bigint, worst jsonb
    );
END
$$;

COMMENT ON FUNCTION @extschema@.argo_after_hours(text, date, date, timestamptz) IS
    'What each meter of a site with readings in the period used outside business hours, the largest excess first: base_load_kw is the 5th percentile of its positive power outside business hours over the baseline, excess_kwh what lies above it, share the part (0 to 1) of its energy that is used outside business hours, cost that of the excess, worst the intervals with the largest excess as [{at, powerKw, excessKwh}]. excess_kwh is NULL without a baseline. Limits: after_hours in site_config. period_start (included) and period_end (excluded) are days of the site, by default the last complete week before as_of (default now); readings at as_of or later do not count. Raises 22023.';
