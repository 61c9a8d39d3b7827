-- What differs from the defaults in the analysis of a site.

--: table site_config
CREATE TABLE @extschema@.site_config (
    site_id text NOT NULL PRIMARY KEY
        REFERENCES @extschema@.organizations (organization_id) ON UPDATE CASCADE ON DELETE CASCADE,
    config jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP
);
COMMENT ON TABLE @extschema@.site_config IS
    'Business hours, holidays, tariff and thresholds of a site where they differ from the defaults; a site without a row has the defaults. SELECT argo_site_config(''23271''); shows what counts, and refuses what makes no sense.';
COMMENT ON COLUMN @extschema@.site_config.site_id IS 'organizations.organization_id.';
COMMENT ON COLUMN @extschema@.site_config.config IS
    'Only what differs, as {"tariff_per_kwh": 0.21, "business_hours": {"start": 8}}; docs/settings.md lists the keys with their defaults and ranges.';
COMMENT ON COLUMN @extschema@.site_config.updated_at IS 'When it was last changed; whoever changes it says so.';
