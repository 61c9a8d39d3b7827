-- argo_use_timescaledb() turns readings into a hypertable of TimescaleDB, and argo_drop_readings() drops its old chunks.

CREATE FUNCTION @extschema@._argo_timescaledb(
    OUT is_offered boolean, OUT is_loaded boolean, OUT installed text, OUT shipped text, OUT schema name, OUT edition text,
    OUT is_hypertable boolean, OUT chunk_interval interval, OUT chunks bigint
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    SELECT true, a.default_version INTO is_offered, shipped FROM pg_available_extensions AS a WHERE a.name = 'timescaledb';
    is_offered := coalesce(is_offered, false);
    -- Only a library that is preloaded knows its settings in a database without the extension.
    is_loaded := current_setting('timescaledb.disable_load', true) IS NOT NULL;
    is_hypertable := false;
    SELECT e.extversion, n.nspname INTO installed, schema
    FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname = 'timescaledb';
    IF installed IS NULL OR NOT is_loaded THEN
        RETURN;
    END IF;
    edition := current_setting('timescaledb.license', true);
    EXECUTE $query$
        SELECT true, d.time_interval, h.num_chunks
        FROM timescaledb_information.hypertables AS h
        JOIN timescaledb_information.dimensions AS d USING (hypertable_schema, hypertable_name)
        JOIN pg_namespace AS n ON n.nspname = h.hypertable_schema
        JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = h.hypertable_name
        WHERE c.oid = to_regclass('@extschema@.readings') AND d.dimension_number = 1
    $query$ INTO is_hypertable, chunk_interval, chunks;
    is_hypertable := coalesce(is_hypertable, false);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_timescaledb() IS
    'What is known of TimescaleDB: whether its files are on this server, whether it is preloaded, versions installed and shipped, its schema, edition apache or timescale; and whether readings is a hypertable, of what interval and how many chunks.';

CREATE FUNCTION @extschema@._argo_timescaledb_offers(edition text)
RETURNS TABLE (step text, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT o.step, o.detail
    FROM @extschema@._argo_timescaledb() AS t
    CROSS JOIN LATERAL (VALUES
        ('apache', 'edition', 'Apache: compression and policies are not there'),
        ('timescale', 'edition', 'community: compression and policies are there'),
        ('timescale', 'compression', 'ALTER TABLE @extschema@.readings SET (timescaledb.compress, '
            || 'timescaledb.compress_segmentby = ''channel_id'', timescaledb.compress_orderby = ''"timestamp"'');'),
        ('timescale', 'compression', format('SELECT %I.add_compression_policy(''@extschema@.readings'', interval ''90 days'');',
                                            coalesce(t.schema, 'public'))),
        ('timescale', 'retention', format('SELECT %I.add_retention_policy(''@extschema@.readings'', interval ''3 years''); ',
                                          coalesce(t.schema, 'public'))
            || '-- which leaves no mark: summaries of what it drops stay until the next full refresh'),
        (NULL, 'retention', 'SELECT * FROM @extschema@.argo_drop_readings(now() - interval ''3 years''); '
            || '-- the summaries follow; say it to pg_cron')
    ) AS o (edition, step, detail)
    WHERE o.edition IS NULL OR o.edition = _argo_timescaledb_offers.edition
$$;

COMMENT ON FUNCTION @extschema@._argo_timescaledb_offers(text) IS
    'What can be typed once readings is a hypertable, by the edition of TimescaleDB: apache or timescale.';

CREATE FUNCTION @extschema@._argo_require_readings_owner()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    readings CONSTANT regclass := to_regclass('@extschema@.readings');
    owner name;
BEGIN
    IF readings IS NULL THEN
        RAISE EXCEPTION 'argo is not set up in schema @extschema@'
            USING ERRCODE = '55000', DETAIL = 'There is no table readings.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_setup();';
    END IF;
    PERFORM @extschema@._argo_require_schema();
    SELECT pg_get_userbyid(c.relowner) INTO owner FROM pg_class AS c WHERE c.oid = readings;
    IF NOT pg_has_role(owner, 'USAGE') THEN
        RAISE EXCEPTION 'must be owner of table %', readings
            USING ERRCODE = '42501', DETAIL = format('Its owner is %I. Nothing was changed.', owner),
                  HINT = format('Ask an administrator to type GRANT %I TO %I;', owner, current_user);
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_require_readings_owner() IS
    'Raises 55000 where Argo is not set up, and 42501 for another than the owner of readings.';

CREATE FUNCTION @extschema@._argo_check_hypertable(may_create boolean)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    readings CONSTANT regclass := '@extschema@.readings';
    again CONSTANT text := 'SELECT * FROM @extschema@.argo_use_timescaledb();';
    major CONSTANT integer := current_setting('server_version_num')::integer / 10000;
    present record;
    odd record;
BEGIN
    SELECT * INTO present FROM @extschema@._argo_timescaledb();
    IF NOT present.is_offered THEN
        RAISE EXCEPTION 'extension timescaledb is not installed on this server'
            USING ERRCODE = '55000', DETAIL = 'PostgreSQL does not find its files. Nothing was changed.',
                  HINT = format('On the server''s machine, type apt-get install postgresql-%s-timescaledb', major);
    ELSIF NOT present.is_loaded THEN
        RAISE EXCEPTION 'timescaledb is not preloaded'
            USING ERRCODE = '55000', DETAIL = 'It works only where the server loads it when it starts. Nothing was changed.',
                  HINT = 'Add timescaledb to shared_preload_libraries in postgresql.conf, restart the server, and type ' || again;
    ELSIF present.installed IS NULL AND NOT may_create THEN
        RAISE EXCEPTION 'permission denied to create extension timescaledb'
            USING ERRCODE = '42501',
                  DETAIL = format('Role %I may not create extensions in this database. Nothing was changed.', current_user),
                  HINT = 'Ask an administrator to type CREATE EXTENSION timescaledb; in this database.';
    END IF;
    IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = readings AND (c.relkind <> 'r' OR c.relispartition))
       OR EXISTS (SELECT FROM pg_inherits AS i WHERE readings IN (i.inhparent, i.inhrelid)) THEN
        RAISE EXCEPTION 'table % is partitioned, or inherits', readings
            USING ERRCODE = '55000', DETAIL = 'TimescaleDB takes plain tables only. Nothing was changed.',
                  HINT = 'Leave it as it is: all features work with it.';
    END IF;
    IF NOT EXISTS (SELECT FROM @extschema@._argo_readings_indexes() AS i WHERE i.part = 'key') THEN
        RAISE EXCEPTION 'table % has the keys of the older system', readings
            USING ERRCODE = '55000',
                  DETAIL = 'A hypertable needs the primary key (channel_id, "timestamp"). Nothing was changed.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_slim_readings(); and then ' || again;
    END IF;
    SELECT x.indexrelid::regclass AS name, pg_get_indexdef(x.indexrelid) AS definition, n.conname INTO odd
    FROM pg_index AS x
    LEFT JOIN pg_constraint AS n ON n.conindid = x.indexrelid AND n.conrelid = x.indrelid AND n.contype IN ('p', 'u', 'x')
    WHERE x.indrelid = readings AND (x.indisunique OR x.indisexclusion)
      AND NOT EXISTS (SELECT FROM pg_attribute AS a
                      WHERE a.attrelid = readings AND a.attname = 'timestamp' AND a.attnum = ANY (x.indkey::smallint[]))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'unique index % lacks the column "timestamp"', odd.name
            USING ERRCODE = '55000', DETAIL = odd.definition || '. A hypertable cannot keep it. Nothing was changed.',
                  HINT = 'If it can go, type ' || CASE WHEN odd.conname IS NULL THEN format('DROP INDEX %s;', odd.name)
                      ELSE format('ALTER TABLE %s DROP CONSTRAINT %I;', readings, odd.conname) END;
    END IF;
    SELECT n.conname, n.conrelid::regclass AS table_name INTO odd
    FROM pg_constraint AS n WHERE n.contype = 'f' AND n.confrelid = readings LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'foreign key % of % refers to %', odd.conname, odd.table_name, readings
            USING ERRCODE = '55000', DETAIL = 'Readings that others refer to cannot be moved. Nothing was changed.',
                  HINT = format('Type ALTER TABLE %s DROP CONSTRAINT %I; and afterwards, if need be, ADD it again.',
                                odd.table_name, odd.conname);
    END IF;
    -- Moved rows fire row triggers of INSERT, and the emptied table those of TRUNCATE.
    SELECT t.tgname, pg_get_triggerdef(t.oid) AS definition INTO odd
    FROM pg_trigger AS t JOIN pg_proc AS p ON p.oid = t.tgfoid
    WHERE t.tgrelid = readings AND NOT t.tgisinternal
      AND (p.proname, p.pronamespace) IS DISTINCT FROM ('_argo_mark_readings', '@extschema@'::regnamespace::oid)
      AND (t.tgtype & 32 = 32
           OR t.tgtype & 1 = 1 AND (t.tgtype & 4 = 4 OR t.tgoldtable IS NOT NULL OR t.tgnewtable IS NOT NULL))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'trigger % of % is in the way', odd.tgname, readings
            USING ERRCODE = '55000',
                  DETAIL = odd.definition || '. It would fire for readings that are only moved, or cannot be on a hypertable. '
                           'Nothing was changed.',
                  HINT = format('Type DROP TRIGGER %I ON %s; and afterwards, if need be, CREATE it again.', odd.tgname, readings);
    END IF;
    SELECT r.rulename INTO odd FROM pg_rewrite AS r WHERE r.ev_class = readings LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'rule % of % is in the way', odd.rulename, readings
            USING ERRCODE = '55000', DETAIL = 'Hypertables have no rules. Nothing was changed.',
                  HINT = format('Type DROP RULE %I ON %s;', odd.rulename, readings);
    END IF;
    SELECT p.pubname, p.puballtables INTO odd
    FROM pg_publication AS p
    WHERE p.puballtables OR EXISTS (SELECT FROM pg_publication_tables AS t
                                    WHERE t.pubname = p.pubname AND t.tablename = 'readings'
                                      AND t.schemaname::text = '@extschema@'::regnamespace::text)
    ORDER BY p.puballtables
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'publication % has %', odd.pubname, readings
            USING ERRCODE = '55000', DETAIL = 'Readings in chunks would no longer be published. Nothing was changed.',
                  HINT = 'Type ' || CASE WHEN odd.puballtables THEN format('DROP PUBLICATION %I;', odd.pubname)
                      ELSE format('ALTER PUBLICATION %I DROP TABLE %s;', odd.pubname, readings) END;
    END IF;
    IF EXISTS (SELECT FROM @extschema@.channels AS c
               JOIN @extschema@.readings AS r ON r.channel_id = c.channel_id AND r."timestamp" = '-infinity') THEN
        RAISE EXCEPTION 'table % has readings at -infinity', readings
            USING ERRCODE = '55000', DETAIL = 'No chunk can hold them. Nothing was changed.',
                  HINT = format('Type DELETE FROM %s WHERE "timestamp" = ''-infinity'';', readings);
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_check_hypertable(boolean) IS
    'Raises what argo_use_timescaledb() raises before it begins: 55000, 42501.';

CREATE FUNCTION @extschema@._argo_lock_for_chunks(channels_mode text, again text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    readings CONSTANT regclass := '@extschema@.readings';
    give_up_at CONSTANT timestamptz := clock_timestamp() + interval '10 s';
    holders text;
BEGIN
    LOOP
        BEGIN
            -- In the order of an ingest, which writes channels first.
            EXECUTE format('LOCK TABLE ONLY @extschema@.channels IN %s MODE', channels_mode);
            LOCK TABLE ONLY @extschema@.readings IN ACCESS EXCLUSIVE MODE;
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            IF clock_timestamp() >= give_up_at THEN
                SELECT string_agg(DISTINCT l.pid::text, ', ') INTO holders
                FROM pg_locks AS l
                JOIN pg_database AS d ON d.oid = l.database AND d.datname = current_database()
                WHERE l.relation IN (readings, '@extschema@.channels'::regclass) AND l.granted AND l.pid <> pg_backend_pid();
                RAISE EXCEPTION 'could not lock table %', readings
                    USING ERRCODE = '55P03',
                          DETAIL = format('Others have been using it or channels for ten seconds: %s. Nothing was changed.',
                                          coalesce('processes ' || holders, 'one after the other')),
                          HINT = 'When they have ended, type ' || again;
            END IF;
        END;
        -- Who comes meanwhile is not held up.
        PERFORM pg_sleep(0.2);
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_lock_for_chunks(text, text) IS
    'Locks readings against everybody and channels as its foreign keys need, SHARE ROW EXCLUSIVE to come and ACCESS EXCLUSIVE to go, waiting in line a tenth of a second at a time. Raises 55P03 after ten seconds.';

CREATE FUNCTION @extschema@._argo_lock_channels_for_chunks()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A new chunk gets the foreign key to channels, for which it locks channels so. Two that have written channels
    -- and then store the first readings of a week would wait for each other.
    IF to_regclass('_timescaledb_catalog.hypertable') IS NOT NULL
       AND (SELECT t.is_hypertable FROM @extschema@._argo_timescaledb() AS t) THEN
        LOCK TABLE ONLY @extschema@.channels IN SHARE ROW EXCLUSIVE MODE;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_lock_channels_for_chunks() IS
    'For a transaction that is about to write channels and then readings: where readings is a hypertable, one such at a time.';

CREATE FUNCTION @extschema@.argo_use_timescaledb(dry_run boolean DEFAULT false)
RETURNS TABLE (step text, detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    readings CONSTANT regclass := to_regclass('@extschema@.readings');
    -- Readings that are moved in a second on two busy cores, foreign key and indexes included.
    readings_per_s CONSTANT numeric := 130000;
    present record;
    may_create boolean;
    stock record;
    plan text;
    room text;
    wait text;
    locked_at timestamptz;
BEGIN
    PERFORM @extschema@._argo_require_readings_owner();
    IF dry_run IS NULL THEN
        RAISE EXCEPTION 'dry_run must not be NULL'
            USING ERRCODE = '22023', DETAIL = 'Nothing was changed.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_use_timescaledb(dry_run => true);';
    END IF;
    IF NOT dry_run AND current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'cannot turn readings into a hypertable in a read-only transaction'
            USING ERRCODE = '25006', DETAIL = 'Nothing was changed.',
                  HINT = 'Type SET transaction_read_only = off; first, or connect to the primary server.';
    END IF;
    SELECT * INTO present FROM @extschema@._argo_timescaledb();
    IF present.is_hypertable THEN
        RETURN QUERY VALUES ('nothing to do', format('readings is a hypertable: %s chunks of %s days', present.chunks,
                                                     extract(epoch FROM present.chunk_interval)::bigint / 86400));
        RETURN QUERY SELECT o.step, o.detail FROM @extschema@._argo_timescaledb_offers(present.edition) AS o;
        RETURN;
    END IF;
    IF NOT dry_run
       AND NOT pg_try_advisory_xact_lock(hashtextextended('argo_setup', '@extschema@'::regnamespace::oid::bigint)) THEN
        RAISE EXCEPTION 'argo_setup(), argo_slim_readings() or argo_use_timescaledb() is running'
            USING ERRCODE = '55P03', DETAIL = 'Nothing was changed.',
                  HINT = 'When it has ended, type SELECT * FROM @extschema@.argo_use_timescaledb();';
    END IF;
    SELECT r.rolsuper OR has_database_privilege(current_database(), 'CREATE')
               AND EXISTS (SELECT FROM pg_available_extension_versions AS v WHERE v.name = 'timescaledb' AND v.trusted)
    INTO may_create
    FROM pg_roles AS r WHERE r.rolname = current_user;
    PERFORM @extschema@._argo_check_hypertable(may_create);

    SELECT min(f.first) AS first, max(f.last) AS last, pg_total_relation_size(readings) AS bytes,
           (SELECT greatest(c.reltuples, 0)::numeric FROM pg_class AS c WHERE c.oid = readings) AS readings
    INTO stock
    FROM @extschema@.channels AS c
    CROSS JOIN LATERAL (SELECT min(r."timestamp") AS first, max(r."timestamp") AS last
                        FROM @extschema@.readings AS r
                        WHERE r.channel_id = c.channel_id AND isfinite(r."timestamp")) AS f;
    -- Never analyzed: some hundred and twenty bytes each.
    IF stock.readings = 0 THEN
        stock.readings := pg_relation_size(readings) / 120;
    END IF;
    IF present.installed IS NULL THEN
        RETURN QUERY VALUES ('extension', format('CREATE EXTENSION timescaledb: %s', present.shipped));
    END IF;
    plan := format('about %s readings%s move into chunks of 7 days',
                   trim(to_char(round(stock.readings, CASE WHEN stock.readings > 10000 THEN -3 ELSE 0 END), '999,999,999,990')),
                   CASE WHEN stock.first IS NULL THEN '' ELSE format(' from %s to %s', (stock.first AT TIME ZONE 'UTC')::date,
                                                                     (stock.last AT TIME ZONE 'UTC')::date) END);
    room := format('another %s on disk until it is done, and about as much WAL', pg_size_pretty(stock.bytes));
    wait := format('whoever reads or writes readings, or writes channels, waits until it is done, in about %s s',
                   greatest(1, round(stock.readings / readings_per_s)));
    RETURN QUERY VALUES ('move', plan), ('room', room), ('lock', wait);
    RETURN QUERY
    SELECT CASE WHEN i.part IN ('key', 'time') THEN 'key' ELSE 'stays' END,
           format('%I on each chunk: %s', i.index_name, substring(i.definition FROM ' USING (.*)'))
    FROM @extschema@._argo_readings_indexes() AS i ORDER BY i.part NOT IN ('key', 'time'), i.index_name;
    IF dry_run THEN
        IF present.installed IS NOT NULL THEN
            RETURN QUERY SELECT o.step, o.detail FROM @extschema@._argo_timescaledb_offers(present.edition) AS o;
        END IF;
        RETURN QUERY VALUES ('dry run', 'nothing was changed; type SELECT * FROM @extschema@.argo_use_timescaledb();');
        RETURN;
    END IF;
    RAISE NOTICE '%', plan USING DETAIL = format('It takes %s; %s.', room, wait);

    PERFORM @extschema@._argo_lock_for_chunks('SHARE ROW EXCLUSIVE', 'SELECT * FROM @extschema@.argo_use_timescaledb();');
    -- While it waited others may have changed things.
    PERFORM @extschema@._argo_check_hypertable(may_create);
    locked_at := clock_timestamp();
    PERFORM @extschema@._argo_make_hypertable();
    SELECT * INTO present FROM @extschema@._argo_timescaledb();
    RETURN QUERY VALUES ('done', format('%s chunks; readings was locked for %s ms', present.chunks,
                                        round(extract(epoch FROM clock_timestamp() - locked_at)::numeric * 1000)));
    RETURN QUERY SELECT o.step, o.detail FROM @extschema@._argo_timescaledb_offers(present.edition) AS o;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_use_timescaledb(boolean) IS
    'Turns readings into a hypertable of TimescaleDB: chunks of 7 days, the keys it has, no others; makes the extension where the role may. One row a step: what is moved, the disk it takes, how long others wait, which indexes each chunk has, and what the edition offers; dry_run => true shows them and changes nothing. Readings stay as they are, and so do views, grants and marks. Whoever reads or writes readings waits until it is done, or gets back what it asked for if it fails: all or nothing. On a hypertable there is nothing to do. Needs the owner. Raises 55000 for what TimescaleDB cannot take, with what to type; 55P03 where others use readings for ten seconds, 42501, 25006, 22023.';

CREATE FUNCTION @extschema@._argo_make_hypertable()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- TimescaleDB greets, and says that it moves rows.
SET client_min_messages = warning
AS $$
DECLARE
    readings CONSTANT regclass := '@extschema@.readings';
    schema name := (SELECT t.schema FROM @extschema@._argo_timescaledb() AS t);
BEGIN
    IF schema IS NULL THEN
        schema := CASE WHEN to_regnamespace('public') IS NOT NULL THEN 'public' ELSE trim('"' FROM '@extschema@') END;
        SET LOCAL client_min_messages = error;
        EXECUTE format('CREATE EXTENSION timescaledb SCHEMA %I', schema);
        SET LOCAL client_min_messages = warning;
    END IF;
    -- The moved rows leave the table by TRUNCATE, which would mark all there is. A trigger cannot be disabled here: on
    -- some versions a hypertable does not let it be enabled again.
    DROP TRIGGER _argo_readings_truncated ON @extschema@.readings;
    EXECUTE format('SELECT %I.create_hypertable(%L::regclass, ''timestamp''::name, chunk_time_interval => interval ''7 days'',
                        create_default_indexes => false, migrate_data => true)', schema, readings);
    EXECUTE (SELECT s.ddl FROM @extschema@._argo_setup_steps() AS s
             WHERE s.object_kind = 'trigger' AND s.object_name = '_argo_readings_truncated');
    -- The planner knows nothing of the chunks yet.
    EXECUTE format('ANALYZE %s', readings);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_make_hypertable() IS
    'The work of argo_use_timescaledb(), under its locks.';

CREATE FUNCTION @extschema@.argo_drop_readings(before timestamptz, dry_run boolean DEFAULT false)
RETURNS TABLE (chunk text, range tstzrange, bytes bigint, action text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    look CONSTANT text := 'Type SELECT * FROM @extschema@.argo_drop_readings(now() - interval ''3 years'', dry_run => true);';
    present record;
    oldest timestamptz;
    newest timestamptz;
BEGIN
    PERFORM @extschema@._argo_require_readings_owner();
    IF dry_run IS NULL THEN
        RAISE EXCEPTION 'dry_run must not be NULL'
            USING ERRCODE = '22023', DETAIL = 'Nothing was changed.', HINT = look;
    END IF;
    IF before IS NULL OR NOT isfinite(before) THEN
        RAISE EXCEPTION 'before must be a finite time'
            USING ERRCODE = '22023', DETAIL = 'Nothing was changed.', HINT = look;
    END IF;
    IF NOT dry_run AND current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'cannot drop readings in a read-only transaction'
            USING ERRCODE = '25006', DETAIL = 'Nothing was changed.',
                  HINT = 'Type SET transaction_read_only = off; first, or connect to the primary server.';
    END IF;
    SELECT * INTO present FROM @extschema@._argo_timescaledb();
    IF NOT present.is_hypertable THEN
        RAISE EXCEPTION 'readings is not a hypertable'
            USING ERRCODE = '55000', DETAIL = 'It has no chunks that could be dropped. Nothing was changed.',
                  HINT = format('Type DELETE FROM @extschema@.readings WHERE "timestamp" < %L; or first '
                                'SELECT * FROM @extschema@.argo_use_timescaledb();', before);
    END IF;
    -- A chunk's foreign key goes with it, for which channels is locked against everybody.
    IF NOT dry_run THEN
        PERFORM @extschema@._argo_lock_for_chunks('ACCESS EXCLUSIVE',
            format('SELECT * FROM @extschema@.argo_drop_readings(%L);', before));
    END IF;
    FOR chunk, range, bytes, action IN EXECUTE $query$
        SELECT format('%I.%I', c.chunk_schema, c.chunk_name), tstzrange(c.range_start, c.range_end),
               pg_total_relation_size(format('%I.%I', c.chunk_schema, c.chunk_name)::regclass),
               CASE WHEN $2 THEN 'dry run' ELSE 'dropped' END
        FROM timescaledb_information.chunks AS c
        WHERE format('%I.%I', c.hypertable_schema, c.hypertable_name)::regclass = '@extschema@.readings'::regclass
          AND c.range_end <= $1
        ORDER BY c.range_start
    $query$ USING before, dry_run LOOP
        oldest := coalesce(oldest, lower(range));
        newest := upper(range);
        RETURN NEXT;
    END LOOP;
    IF dry_run OR newest IS NULL THEN
        RETURN;
    END IF;
    -- No trigger sees chunks go.
    INSERT INTO @extschema@._argo_dirty (meter_id, first_reading, last_reading)
    SELECT c.channel_id, oldest, newest - interval '1 us'
    FROM @extschema@.channels AS c
    WHERE EXISTS (SELECT FROM @extschema@.readings AS r WHERE r.channel_id = c.channel_id AND r."timestamp" < newest);
    EXECUTE format('SELECT FROM %I.drop_chunks(''@extschema@.readings''::regclass, older_than => $1)', present.schema)
    USING before;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_drop_readings(timestamptz, boolean) IS
    'Drops the chunks of readings, a hypertable of TimescaleDB, that end at or before this time, and marks what they held: the views follow at once, and the materialized ones with the next refresh, so that the summaries of dropped readings go, too. One row a chunk: its range, its size in bytes. dry_run => true shows them and changes nothing. drop_chunks() and retention policies, in contrast, leave no mark: the summaries stay until the next full refresh. Whoever reads or writes readings or channels waits some milliseconds. Needs the owner. Raises 55000 where readings is no hypertable, 55P03 where others use readings for ten seconds, 42501, 25006, 22023.';
