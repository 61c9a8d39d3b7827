-- Sites: the organizations of the Eniscope account.

--: table organizations
CREATE TABLE @extschema@.organizations (
    organization_id text NOT NULL,
    organization_name text NOT NULL,
    address text,
    city text,
    postcode text,
    country text,
    timezone text DEFAULT 'America/New_York',
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT organizations_pkey PRIMARY KEY (organization_id)
);
COMMENT ON TABLE @extschema@.organizations IS 'Sites: one row per Eniscope organization.';
COMMENT ON COLUMN @extschema@.organizations.organization_id IS
    'Eniscope''s id of the organization, kept as text: ''23271''.';
COMMENT ON COLUMN @extschema@.organizations.timezone IS
    'IANA name such as Europe/London. It says where the hours, days and months of the views begin; an unknown name or NULL counts as America/New_York.';
COMMENT ON COLUMN @extschema@.organizations.updated_at IS 'When the ingest last changed a value of this row.';
