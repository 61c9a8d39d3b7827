-- The reports that were made of each site, as they were delivered.

--: table weekly_reports
CREATE TABLE @extschema@.weekly_reports (
    site_id text NOT NULL
        REFERENCES @extschema@.organizations (organization_id) ON UPDATE CASCADE ON DELETE CASCADE,
    period_start date NOT NULL,
    period_end date NOT NULL,
    generated_at timestamptz NOT NULL,
    gate_state text NOT NULL CHECK (gate_state IN ('closed', 'degraded')),
    report jsonb NOT NULL,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT weekly_reports_pkey PRIMARY KEY (site_id, period_start, period_end),
    CHECK (period_start < period_end)
);
COMMENT ON TABLE @extschema@.weekly_reports IS
    'What argo_publish_report() stored, one row a site and period; published again, a period''s row is replaced. Only reports that the circuit breaker let through are here. Read v_last_reports for the newest.';
COMMENT ON COLUMN @extschema@.weekly_reports.period_start IS 'First day of the period, at the site.';
COMMENT ON COLUMN @extschema@.weekly_reports.period_end IS 'The first day after it.';
COMMENT ON COLUMN @extschema@.weekly_reports.generated_at IS 'The time for which the data was judged.';
COMMENT ON COLUMN @extschema@.weekly_reports.gate_state IS 'degraded: rules failed, and the report says which.';
COMMENT ON COLUMN @extschema@.weekly_reports.report IS 'The report itself: docs/report.schema.json says what is in it.';
COMMENT ON COLUMN @extschema@.weekly_reports.created_at IS 'When the row was first stored.';
