-- What to do first, and what it is worth.

CREATE FUNCTION @extschema@.argo_quick_wins(
    site text, period_start date DEFAULT NULL, period_end date DEFAULT NULL, as_of timestamptz DEFAULT NULL
)
RETURNS TABLE (
    rank integer, kind text, meter_id integer, meter_name text, title text, action text, weekly_kwh double precision,
    weekly_cost double precision, yearly_cost double precision, confidence text, basis text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT r.*
    FROM jsonb_to_recordset(@extschema@._argo_analysis(site, period_start, period_end, as_of, ARRAY['quick_wins']) -> 'quick_wins') AS r (
    rank integer, kind text, meter_id integer, meter_name text, title text, action text, weekly_kwh double precision,
    weekly_cost double precision, yearly_cost double precision, confidence text, basis text
    );
END
$$;

COMMENT ON FUNCTION @extschema@.argo_quick_wins(text, date, date, timestamptz) IS
    'What to do first at a site and what it is worth, at most 10, by money: kind after hours (significant excess of argo_after_hours), base load (a meter that never goes off), anomaly, spike, and sensor, without money, last. No kWh counts twice: an interval belongs to after hours, else to its anomaly, else to its spike, and a main meter above sub-meters has no row of money. yearly_cost is for what recurs, after hours and base load, with at least 4 whole weeks (90 % of the readings) in the baseline; confidence is high with these and 90 % of the readings of the period, medium with 2 whole weeks. Limits: quick_wins and always_on_* of after_hours in site_config. period_start (included) and period_end (excluded) are days of the site, by default the last complete week before as_of (default now); readings at as_of or later do not count. Raises 22023.';
