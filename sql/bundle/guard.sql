-- Refuses what the functions cannot work with, before anything is replaced.

-- Their tables come with argo_setup().
SET LOCAL check_function_bodies = off;
SET LOCAL search_path = pg_catalog, pg_temp;

DO $_argo_guard$
DECLARE
    shipped CONSTANT integer := @version@;
    installed integer;
BEGIN
    IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'argo') THEN
        RAISE EXCEPTION 'extension "argo" is installed in this database'
            USING ERRCODE = '55000',
                  DETAIL = 'The plain functions would replace the members of the extension. Nothing was changed.',
                  HINT = 'Use the extension, or drop it first: DROP EXTENSION argo; (the data stays).';
    END IF;
    IF current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'cannot install argo in a read-only transaction'
            USING ERRCODE = '25006',
                  DETAIL = CASE WHEN pg_is_in_recovery() THEN 'This server is a standby. Nothing was changed.'
                                ELSE 'Nothing was changed.' END,
                  HINT = CASE WHEN pg_is_in_recovery() THEN 'Connect to the primary server.'
                              ELSE format('Type ALTER ROLE %I SET default_transaction_read_only = off; and connect anew, or '
                                          || 'have the owner of the database do the same for it.', current_user) END;
    END IF;
    IF to_regnamespace('@extschema@') IS NULL THEN
        IF NOT has_database_privilege(current_database(), 'CREATE') THEN
            RAISE EXCEPTION 'permission denied to create schema %', '@extschema@'
                USING ERRCODE = '42501',
                      DETAIL = format('Role %I may not create schemas in database %I. Nothing was changed.',
                                      current_user, current_database()),
                      HINT = format('Ask the owner of the database to type CREATE SCHEMA %s AUTHORIZATION %I;',
                                    '@extschema@', current_user);
        END IF;
        CREATE SCHEMA @extschema@;
    ELSIF NOT has_schema_privilege('@extschema@'::regnamespace, 'CREATE') THEN
        RAISE EXCEPTION 'permission denied to create functions in schema %', '@extschema@'::regnamespace
            USING ERRCODE = '42501',
                  DETAIL = format('Role %I may not create objects in the schema. Nothing was changed.', current_user),
                  HINT = format('Ask its owner to type GRANT CREATE ON SCHEMA %s TO %I;',
                                '@extschema@'::regnamespace, current_user);
    END IF;
    -- That of argo_setup(): of two at once the second finds all made.
    PERFORM pg_advisory_xact_lock(hashtextextended('argo_setup', '@extschema@'::regnamespace::oid::bigint));
    IF to_regclass('@extschema@._argo_schema_version') IS NOT NULL THEN
        SELECT max(v.version) INTO installed FROM @extschema@._argo_schema_version AS v;
        IF installed > shipped THEN
            RAISE EXCEPTION 'data schema version % is newer than this argo', installed
                USING ERRCODE = '55000',
                      DETAIL = format('This argo-loader works with data schema version %s. Nothing was changed.', shipped),
                      HINT = 'Install the newer argo-loader, which made these tables, and type argo-loader setup';
        END IF;
    END IF;
END
$_argo_guard$;
