-- The week of a site and of each meter against the weeks before.

CREATE FUNCTION @extschema@.argo_load_summary(
    site text, period_start date DEFAULT NULL, period_end date DEFAULT NULL, as_of timestamptz DEFAULT NULL
)
RETURNS TABLE (
    meter_id integer, meter_name text, energy_kwh double precision, cost double precision, baseline_energy_kwh double precision,
    change_percent double precision, avg_kw double precision, peak_kw double precision, peak_at timestamptz,
    load_factor double precision, base_load_kw double precision, baseline_base_load_kw double precision,
    base_load_drift_kw double precision, startup_time time, shutdown_time time, startup_drift_minutes double precision,
    shutdown_drift_minutes double precision, demand_cost double precision
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT r.*
    FROM jsonb_to_recordset(@extschema@._argo_analysis(site, period_start, period_end, as_of, ARRAY['load_summary']) -> 'load_summary') AS r (
    meter_id integer, meter_name text, energy_kwh double precision, cost double precision, baseline_energy_kwh double precision,
    change_percent double precision, avg_kw double precision, peak_kw double precision, peak_at timestamptz,
    load_factor double precision, base_load_kw double precision, baseline_base_load_kw double precision,
    base_load_drift_kw double precision, startup_time time, shutdown_time time, startup_drift_minutes double precision,
    shutdown_drift_minutes double precision, demand_cost double precision
    );
END
$$;

COMMENT ON FUNCTION @extschema@.argo_load_summary(text, date, date, timestamptz) IS
    'Energy, cost, peak and base load of a period against its baseline, for the site (meter_id NULL: its main meter, else the sum of all) and for each meter with readings in either. cost follows time_of_use of site_config. baseline_energy_kwh: mean of the baseline weeks with at least 90 % of their readings, for as many days; NULL without one. base_load_kw: 5th percentile of positive power. startup_time and shutdown_time: median over business days of when power first rises above, and last falls below, the middle between that day''s 5th and 95th percentile. demand_cost: peak of the site at demand_charge_per_kw. period_start (included) and period_end (excluded) are days of the site, by default the last complete week before as_of (default now); readings at as_of or later do not count. Raises 22023.';
