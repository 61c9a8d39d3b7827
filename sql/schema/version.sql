-- Records which version of the data schema argo_setup() made here.

--: table _argo_schema_version
CREATE TABLE @extschema@._argo_schema_version (
    version integer NOT NULL PRIMARY KEY CHECK (version > 0),
    installed_at timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP
);
-- Anyone may ask whether Argo is set up here and how far.
GRANT SELECT ON @extschema@._argo_schema_version TO PUBLIC;
COMMENT ON TABLE @extschema@._argo_schema_version IS
    'Versions of the data schema that argo_setup() installed here; the highest one counts.';
COMMENT ON COLUMN @extschema@._argo_schema_version.version IS 'Number of the data schema, from 1.';
