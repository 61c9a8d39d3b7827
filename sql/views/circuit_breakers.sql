-- Whether reports may be made.

--: view v_circuit_breakers
CREATE VIEW @extschema@.v_circuit_breakers AS
SELECT
    s.site_id,
    s.site_name,
    CASE WHEN b.state = 'open' AND b.override_until > CURRENT_TIMESTAMP THEN 'degraded' ELSE b.state END AS state,
    b.since,
    b.validated_at,
    ARRAY(SELECT f ->> 'rule' FROM jsonb_array_elements(b.flags) AS f WHERE (f ->> 'opens')::boolean) AS opened_by,
    ARRAY(SELECT f ->> 'rule' FROM jsonb_array_elements(b.flags) AS f WHERE NOT (f ->> 'opens')::boolean) AS flagged_by,
    CASE WHEN b.override_until > CURRENT_TIMESTAMP THEN b.override_reason END AS override_reason,
    CASE WHEN b.override_until > CURRENT_TIMESTAMP THEN b.override_until END AS override_until
FROM @extschema@.v_sites AS s
LEFT JOIN @extschema@.circuit_breakers AS b ON b.site_id = s.site_id;
COMMENT ON VIEW @extschema@.v_circuit_breakers IS
    'One row a site: its circuit breaker as of the last validation; state is NULL before the first one. An override shows an open breaker as degraded.';
COMMENT ON COLUMN @extschema@.v_circuit_breakers.opened_by IS 'The rules that hold it open.';
COMMENT ON COLUMN @extschema@.v_circuit_breakers.flagged_by IS 'The other rules that fail: reports show them.';
