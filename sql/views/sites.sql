-- Sites under the names that reports use.

--: view v_sites
CREATE VIEW @extschema@.v_sites AS
SELECT
    o.organization_id AS site_id,
    o.organization_name AS site_name,
    o.address,
    o.city,
    o.postcode,
    o.country,
    o.timezone,
    o.created_at,
    o.updated_at
FROM @extschema@.organizations AS o;
COMMENT ON VIEW @extschema@.v_sites IS 'Sites: organizations under the names that reports use.';
COMMENT ON COLUMN @extschema@.v_sites.timezone IS 'As given; an unknown name or NULL counts as America/New_York.';
