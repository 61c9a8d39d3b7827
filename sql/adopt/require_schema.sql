-- Refuses a data schema that another version of Argo made.

CREATE FUNCTION @extschema@._argo_require_schema()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shipped CONSTANT integer := @extschema@._argo_setup_version();
    installed integer;
BEGIN
    IF to_regclass('@extschema@._argo_schema_version') IS NULL THEN
        RAISE EXCEPTION 'argo is not set up in schema @extschema@'
            USING ERRCODE = '55000',
                  DETAIL = 'Its tables and views do not exist. Nothing was changed.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_setup();';
    END IF;
    SELECT coalesce(max(v.version), 0) INTO installed FROM @extschema@._argo_schema_version AS v;
    IF installed < shipped THEN
        RAISE EXCEPTION 'data schema version % is older than this argo', installed
            USING ERRCODE = '55000',
                  DETAIL = format('This version of argo works with data schema version %s. Nothing was changed.', shipped),
                  HINT = 'Type SELECT * FROM @extschema@.argo_setup(); it keeps all data.';
    ELSIF installed > shipped THEN
        RAISE EXCEPTION 'data schema version % is newer than this argo', installed
            USING ERRCODE = '55000',
                  DETAIL = format('This version of argo works with data schema version %s. Nothing was changed.', shipped),
                  HINT = CASE WHEN @extschema@._argo_has_library()
                      THEN 'Install the newer files of the extension and type ALTER EXTENSION argo UPDATE;'
                      ELSE 'Install the newer argo-loader, which made these tables, and type argo-loader setup' END;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_require_schema() IS
    'Raises 55000 where argo_setup() has not been called here, or made the tables and views of an older or a newer version of Argo.';
