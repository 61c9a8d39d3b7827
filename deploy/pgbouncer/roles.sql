-- The roles behind the pools of pgbouncer.ini, and the two functions they need; can be run again, after upgrades of Argo too.
--
--   psql -X energy -f deploy/pgbouncer/roles.sql          as a superuser, in the database of the readings
--   psql -X energy -v schema=meters -v reader=… -f …      other names than those below
--
-- It sets no password: \password ahu_reader in psql does, for each of the four, and until then nobody can log in by them.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
\if :{?schema} \else \set schema public \endif
\if :{?reader} \else \set reader ahu_reader \endif
\if :{?writer} \else \set writer ahu_writer \endif
\if :{?pooler} \else \set pooler ahu_pooler \endif
\if :{?monitor} \else \set monitor ahu_monitor \endif
\if :{?server} \else \set server eniscope \endif

SELECT set_config('pools.schema', :'schema', false) \g /dev/null
DO $$
DECLARE
    schema CONSTANT text := current_setting('pools.schema');
BEGIN
    IF to_regclass(format('%I.v_readings_daily', schema)) IS NULL THEN
        RAISE EXCEPTION 'argo is not set up in schema %', quote_ident(schema)
            USING ERRCODE = '55000', DETAIL = 'No role was made or changed.',
                  HINT = 'Type SELECT * FROM argo_setup(); or give -v schema=NAME.';
    END IF;
    IF NOT (SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user) THEN
        RAISE EXCEPTION 'permission denied to make the roles of the pools'
            USING ERRCODE = '42501',
                  DETAIL = 'A superuser may, since logins are looked up in pg_authid. No role was made or changed.',
                  HINT = 'Log in as one, or see docs/option-a.md for servers that have none for you.';
    END IF;
END
$$;

BEGIN;
SELECT format('CREATE ROLE %I', r.name)
FROM unnest(ARRAY[:'reader', :'writer', :'pooler', :'monitor']) AS r (name)
WHERE NOT EXISTS (SELECT FROM pg_roles AS p WHERE p.rolname = r.name) \gexec

-- Some more than the pools have, for connections that are just ending.
ALTER ROLE :"reader" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 30;
ALTER ROLE :"writer" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 10;
ALTER ROLE :"pooler" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 8;
ALTER ROLE :"monitor" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS CONNECTION LIMIT 5;

-- A reader may undo the first two for itself: it still has no right to write, and is ended by query_timeout of pgbouncer.
ALTER ROLE :"reader" SET default_transaction_read_only = on;
ALTER ROLE :"reader" SET statement_timeout = '30s';
ALTER ROLE :"reader" SET idle_in_transaction_session_timeout = '30s';
-- Never a queue behind a lock that some ALTER TABLE waits for.
ALTER ROLE :"reader" SET lock_timeout = '5s';
-- Ends what runs for a client, or a pooler, that is gone.
ALTER ROLE :"reader" SET client_connection_check_interval = '2s';
-- This one it cannot undo: a sort that does not fit is an error, and no full disk.
ALTER ROLE :"reader" SET temp_file_limit = '1GB';
-- Dashboards ask for little at a time: to compile a query takes longer than to run it.
ALTER ROLE :"reader" SET jit = off;
ALTER ROLE :"writer" SET idle_in_transaction_session_timeout = '10min';
ALTER ROLE :"writer" SET client_connection_check_interval = '10s';

SELECT format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), r.name)
FROM unnest(ARRAY[:'reader', :'writer', :'pooler', :'monitor']) AS r (name) \gexec
GRANT USAGE ON SCHEMA :"schema" TO :"reader", :"writer", :"monitor";

-- The reader: Argo's views and nothing else. Those of a monitor show what sessions run.
SELECT format('GRANT SELECT ON %s TO %I', c.oid::regclass, :'reader')
FROM pg_class AS c
JOIN :"schema".argo_setup(dry_run => true) AS s ON s.object_name = c.relname
WHERE c.relnamespace = quote_ident(:'schema')::regnamespace AND c.relkind IN ('v', 'm') AND c.relname ~ '^(v|mv)_'
  AND c.relname <> ALL ('{v_connections,v_long_queries,v_refresh_status}')
ORDER BY c.relname \gexec
SELECT format('GRANT EXECUTE ON FUNCTION %s TO %I', p.oid::regprocedure, :'reader')
FROM pg_proc AS p
WHERE p.pronamespace = quote_ident(:'schema')::regnamespace AND p.proname = 'argo_readings' \gexec

-- The writer: docs/security.md. What lacks there is not granted: an older schema has serials, a newer Argo more tables.
SELECT format('GRANT %s ON %s TO %I', g.rights, c.oid::regclass, :'writer')
FROM (VALUES
    ('SELECT, INSERT, UPDATE', '{organizations,devices,channels,data_sync_status,ingest_runs,circuit_breakers}'::text[]),
    ('SELECT, INSERT', '{readings,ingestion_logs}'),
    ('SELECT, INSERT, DELETE', '{rejected_readings,data_quality_days,data_quality_history}'),
    ('SELECT, DELETE', '{_argo_unvalidated}'),
    ('SELECT', '{_argo_zones,_argo_dirty,validation_rules,v_sites,v_meters,v_refresh_status}')
) AS g (rights, relations)
CROSS JOIN LATERAL unnest(g.relations) AS r (name)
JOIN pg_class AS c ON c.relnamespace = quote_ident(:'schema')::regnamespace AND c.relname = r.name \gexec
SELECT format('GRANT USAGE ON SEQUENCE %s TO %I', s.name, :'writer')
FROM pg_attribute AS a
JOIN pg_class AS c ON c.oid = a.attrelid
CROSS JOIN LATERAL (SELECT pg_get_serial_sequence(c.oid::regclass::text, a.attname) AS name) AS s
WHERE c.relnamespace = quote_ident(:'schema')::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
  AND c.relname = ANY ('{readings,ingestion_logs,data_sync_status,ingest_runs,rejected_readings,data_quality_history}')
  AND a.attidentity = '' AND s.name IS NOT NULL \gexec
SELECT format('GRANT EXECUTE ON ROUTINE %s TO %I', p.oid::regprocedure, :'writer')
FROM pg_proc AS p
WHERE p.pronamespace = quote_ident(:'schema')::regnamespace AND p.proname IN ('argo_ingest', '_argo_probe', 'argo_backfill') \gexec
SELECT format('GRANT USAGE ON FOREIGN SERVER %I TO %I', s.srvname, :'writer')
FROM pg_foreign_server AS s WHERE s.srvname = :'server' \gexec

-- The monitor: what pg_monitor may see, which includes v_connections, v_long_queries and v_refresh_status.
GRANT pg_monitor TO :"monitor";

-- Out of the way of Argo's schema, which reports and dumps list.
CREATE SCHEMA IF NOT EXISTS pools;
COMMENT ON SCHEMA pools IS 'What pgbouncer and the roles behind it call; see docs/option-a.md of Argo.';
ALTER SCHEMA pools OWNER TO CURRENT_USER;
GRANT USAGE ON SCHEMA pools TO :"pooler", :"writer";

-- The secrets of these three roles and of no one else, so that whoever gets at the pooler's password gets nothing more.
SELECT format($query$
CREATE OR REPLACE FUNCTION pools.user_lookup(name text)
RETURNS TABLE (role_name text, secret text)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
    SELECT a.rolname::text, a.rolpassword FROM pg_authid AS a
    WHERE a.rolname = $1 AND a.rolname = ANY (%L::text[])
      AND a.rolcanlogin AND NOT a.rolsuper AND coalesce(a.rolvaliduntil > now(), true)
$function$
$query$, ARRAY[:'reader', :'writer', :'monitor']) \gexec
COMMENT ON FUNCTION pools.user_lookup(text) IS
    'What pgbouncer asks for a login: the SCRAM secret of a role of its pools, and no row for any other.';
ALTER FUNCTION pools.user_lookup(text) OWNER TO CURRENT_USER;
REVOKE ALL ON FUNCTION pools.user_lookup(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pools.user_lookup(text) TO :"pooler";

-- Before PostgreSQL 17 only the owner may refresh a materialized view: the writer may have it done, and nothing else.
SELECT format($query$
CREATE OR REPLACE FUNCTION pools.refresh()
RETURNS TABLE (view text, strategy text, reason text, duration_ms double precision)
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$ SELECT r.view, r.strategy, r.reason, r.duration_ms FROM %I.argo_refresh() AS r $function$
$query$, :'schema') \gexec
SELECT format('ALTER FUNCTION pools.refresh() OWNER TO %I', pg_get_userbyid(c.relowner))
FROM pg_class AS c WHERE c.oid = format('%I.mv_daily_usage', :'schema')::regclass \gexec
COMMENT ON FUNCTION pools.refresh() IS 'argo_refresh() as the owner of the materialized views, for the ETL.';
REVOKE ALL ON FUNCTION pools.refresh() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pools.refresh() TO :"writer";

-- Databases from before PostgreSQL 15 let everybody make tables here, which no setting of a role can forbid.
DO $$
BEGIN
    IF has_schema_privilege('public', 'public', 'CREATE') THEN
        RAISE WARNING 'every role may create tables in schema public'
            USING DETAIL = 'A reader that sets default_transaction_read_only = off could fill the disk with them.',
                  HINT = 'Type REVOKE CREATE ON SCHEMA public FROM PUBLIC;';
    END IF;
END
$$;
COMMIT;

\echo 'roles are ready; without a password are:'
SELECT '  \password ' || quote_ident(a.rolname) FROM pg_authid AS a
WHERE a.rolname IN (:'reader', :'writer', :'pooler', :'monitor') AND a.rolpassword IS NULL ORDER BY 1
\g (format=unaligned tuples_only=on)
