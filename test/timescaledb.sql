-- For ARGO_TIMESCALEDB=1: in each database made from here, readings becomes a hypertable as soon as argo_setup() has made it.
SET client_min_messages = error;
-- In a schema of their own, since tests count what is in public, and drop it.
CREATE SCHEMA test_timescaledb;
GRANT USAGE ON SCHEMA test_timescaledb TO PUBLIC;
CREATE EXTENSION timescaledb SCHEMA test_timescaledb;

CREATE FUNCTION test_timescaledb.use_timescaledb() RETURNS trigger LANGUAGE plpgsql SET client_min_messages = warning AS $$
BEGIN
    -- An adopted readings has other keys, until it is slim; and tests write versions of their own.
    IF NOT EXISTS (SELECT FROM timescaledb_information.hypertables AS h
                   WHERE h.hypertable_schema = TG_TABLE_SCHEMA AND h.hypertable_name = 'readings')
       AND EXISTS (SELECT FROM pg_constraint AS n
               WHERE n.conrelid = format('%I.readings', TG_TABLE_SCHEMA)::regclass AND n.contype = 'p'
                     AND cardinality(n.conkey) = 2) THEN
        EXECUTE format('SELECT FROM %I.argo_use_timescaledb()', TG_TABLE_SCHEMA);
    END IF;
    RETURN NULL;
END
$$;

-- Its row is the last that argo_setup() writes.
CREATE FUNCTION test_timescaledb.watch_setup() RETURNS event_trigger LANGUAGE plpgsql AS $$
DECLARE
    made record;
BEGIN
    FOR made IN SELECT c.* FROM pg_event_trigger_ddl_commands() AS c WHERE c.object_identity ~ '\._argo_schema_version$' LOOP
        EXECUTE format('CREATE TRIGGER test_use_timescaledb AFTER INSERT ON %s FOR EACH STATEMENT
                            EXECUTE FUNCTION test_timescaledb.use_timescaledb()', made.objid::regclass);
    END LOOP;
END
$$;
CREATE EVENT TRIGGER test_watch_setup ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION test_timescaledb.watch_setup();
