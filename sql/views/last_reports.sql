-- The last good report of each site, and how old it is.

--: view v_last_reports
CREATE VIEW @extschema@.v_last_reports AS
SELECT
    s.site_id,
    s.site_name,
    w.period_start,
    w.period_end,
    w.generated_at,
    CURRENT_TIMESTAMP - w.generated_at AS age,
    w.gate_state,
    w.report #>> '{summary,headline}' AS headline,
    w.report
FROM @extschema@.v_sites AS s
LEFT JOIN LATERAL (
    SELECT r.period_start, r.period_end, r.generated_at, r.gate_state, r.report
    FROM @extschema@.weekly_reports AS r
    WHERE r.site_id = s.site_id
    ORDER BY r.period_end DESC, r.period_start DESC
    LIMIT 1
) AS w ON true;
COMMENT ON VIEW @extschema@.v_last_reports IS
    'One row a site: the report of its latest period that argo_publish_report() stored; NULLs where there is none. It stays while the circuit breaker blocks new ones.';
COMMENT ON COLUMN @extschema@.v_last_reports.age IS 'How long ago it was made.';
COMMENT ON COLUMN @extschema@.v_last_reports.gate_state IS 'What argo_gate() said then: closed or degraded.';
