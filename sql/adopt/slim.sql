-- argo_slim_readings() gives an adopted readings the keys of a new one.

CREATE FUNCTION @extschema@._argo_readings_indexes()
RETURNS TABLE (
    index_name name,
    index_oid oid,
    constraint_name name,
    constraint_oid oid,
    part text,
    is_like_key boolean,
    bytes bigint,
    definition text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT i.relname, i.oid, i.conname, i.constraint_oid,
           CASE WHEN i.is_primary AND i.columns = '{channel_id,timestamp}' THEN 'key'
                WHEN i.is_primary THEN 'old key'
                WHEN i.relname = 'idx_readings_unique' AND i.columns = '{channel_id,timestamp}' THEN 'unique'
                WHEN i.relname = 'idx_readings_channel_timestamp' AND i.columns = '{channel_id,timestamp}'
                     AND i.is_plain AND i.method = 'btree' AND i.constraint_oid IS NULL THEN 'twin'
                WHEN i.relname = 'idx_readings_timestamp' AND i.columns = '{timestamp}'
                     AND i.is_plain AND i.method = 'brin' THEN 'time'
                WHEN i.relname IN ('_argo_new_readings_timestamp', '_argo_new_readings_unique') THEN 'new'
                WHEN i.relname = 'idx_readings_timestamp' AND i.columns = '{timestamp}'
                     AND i.is_plain AND i.method = 'btree' AND i.constraint_oid IS NULL THEN 'old time'
                ELSE 'other' END,
           i.columns = '{channel_id,timestamp}' AND i.is_plain AND i.method = 'btree' AND i.is_unique AND i.is_usable
               AND i.options = '0 0',
           pg_relation_size(i.oid), pg_get_indexdef(i.oid)
    FROM (
        SELECT c.relname, c.oid, n.conname, n.oid AS constraint_oid, x.indisprimary AS is_primary, x.indisunique AS is_unique,
               x.indisvalid AND x.indisready AND x.indimmediate AS is_usable, x.indoption::text AS options, m.amname AS method,
               x.indpred IS NULL AND x.indexprs IS NULL AND x.indnatts = x.indnkeyatts
                   AND NOT EXISTS (SELECT FROM unnest(x.indclass::oid[]) AS o (class)
                                   JOIN pg_opclass AS p ON p.oid = o.class WHERE NOT p.opcdefault) AS is_plain,
               (SELECT array_agg(a.attname::text ORDER BY k.position)
                FROM unnest(x.indkey::smallint[]) WITH ORDINALITY AS k (attnum, position)
                LEFT JOIN pg_attribute AS a ON a.attrelid = x.indrelid AND a.attnum = k.attnum) AS columns
        FROM pg_index AS x
        JOIN pg_class AS c ON c.oid = x.indexrelid
        JOIN pg_am AS m ON m.oid = c.relam
        LEFT JOIN pg_constraint AS n ON n.conindid = x.indexrelid AND n.conrelid = x.indrelid AND n.contype IN ('p', 'u', 'x')
        WHERE x.indrelid = '@extschema@.readings'::regclass
    ) AS i
    ORDER BY i.relname;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_readings_indexes() IS
    'Indexes of readings and what each is to argo_slim_readings(): key (channel_id, timestamp), old key, unique, twin of the key, time (BRIN), old time, new (built by a call that could not finish), or other. is_like_key: can become the primary key as it is. Sizes in bytes.';

CREATE FUNCTION @extschema@._argo_check_slimming()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    readings CONSTANT regclass := '@extschema@.readings';
    owner name;
    names text;
    odd record;
BEGIN
    SELECT pg_get_userbyid(c.relowner) INTO owner FROM pg_class AS c WHERE c.oid = readings;
    IF NOT pg_has_role(owner, 'USAGE') THEN
        RAISE EXCEPTION 'must be owner of table %', readings
            USING ERRCODE = '42501', DETAIL = format('Its owner is %I. Nothing was changed.', owner),
                  HINT = format('Ask an administrator to type GRANT %I TO %I;', owner, current_user);
    END IF;
    IF EXISTS (SELECT FROM pg_class AS c WHERE c.oid = readings AND (c.relkind <> 'r' OR c.relispartition))
       OR EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = readings) THEN
        RAISE EXCEPTION 'table % is partitioned, or others inherit from it', readings
            USING ERRCODE = '55000', DETAIL = 'Its keys are those of its parts. Nothing was changed.',
                  HINT = 'Leave it as it is: all features work with the keys it has.';
    END IF;
    SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) INTO names
    FROM pg_attribute AS a
    WHERE a.attrelid = readings AND a.attname IN ('channel_id', 'timestamp') AND NOT a.attnotnull AND NOT a.attisdropped;
    IF names IS NOT NULL THEN
        RAISE EXCEPTION 'column % of % may be NULL', names, readings
            USING ERRCODE = '55000', DETAIL = 'A primary key allows none. Nothing was changed.',
                  HINT = format('Type %s', (
                      SELECT format('ALTER TABLE %s %s;', readings,
                                    string_agg(format('ALTER COLUMN %s SET NOT NULL', c.name), ', ' ORDER BY c.position))
                      FROM unnest(string_to_array(names, ', ')) WITH ORDINALITY AS c (name, position)));
    END IF;

    SELECT i.index_name, i.definition INTO odd
    FROM @extschema@._argo_readings_indexes() AS i
    WHERE i.index_name IN ('idx_readings_timestamp', 'idx_readings_unique') AND i.part = 'other'
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'index % is another one than in the older system', odd.index_name
            USING ERRCODE = '55000', DETAIL = odd.definition || '. Its name is needed. Nothing was changed.',
                  HINT = format('Type ALTER INDEX @extschema@.%I RENAME TO %I;', odd.index_name, odd.index_name || '_own');
    END IF;
    SELECT i.constraint_name, pg_get_constraintdef(i.constraint_oid) AS definition INTO odd
    FROM @extschema@._argo_readings_indexes() AS i
    WHERE i.part = 'old key' AND pg_get_constraintdef(i.constraint_oid) <> 'PRIMARY KEY (id)';
    IF FOUND THEN
        RAISE EXCEPTION 'the primary key of % is neither (id) nor (channel_id, "timestamp")', readings
            USING ERRCODE = '55000',
                  DETAIL = format('%I is %s, which somebody chose. Nothing was changed.', odd.constraint_name, odd.definition),
                  HINT = format('Leave it as it is, or type ALTER TABLE %s DROP CONSTRAINT %I; first.', readings, odd.constraint_name);
    END IF;

    -- A foreign key, or a view that groups by the key and shows other columns.
    SELECT string_agg(DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid), ', ') INTO names
    FROM @extschema@._argo_readings_indexes() AS i
    JOIN pg_depend AS d
        ON d.deptype = 'n'
       AND ((d.refclassid = 'pg_constraint'::regclass AND d.refobjid = i.constraint_oid)
            OR (d.refclassid = 'pg_class'::regclass AND d.refobjid = i.index_oid))
    WHERE i.part IN ('old key', 'twin', 'old time') OR (i.part = 'unique' AND (NOT i.is_like_key OR i.constraint_oid IS NOT NULL));
    IF names IS NOT NULL THEN
        RAISE EXCEPTION 'other objects depend on the keys of %', readings
            USING ERRCODE = '2BP01', DETAIL = names || '. Nothing was changed.',
                  HINT = 'Have them refer to (channel_id, "timestamp") or drop them, and type SELECT * FROM @extschema@.argo_slim_readings();';
    END IF;
    SELECT i.index_name INTO names
    FROM @extschema@._argo_readings_indexes() AS i
    JOIN pg_index AS x ON x.indexrelid = i.index_oid AND x.indisreplident
    WHERE i.part IN ('old key', 'twin', 'old time');
    IF names IS NOT NULL THEN
        RAISE EXCEPTION 'index % is the replica identity of %', names, readings
            USING ERRCODE = '55000', DETAIL = 'Without it, updates could not be replicated. Nothing was changed.',
                  HINT = format('Type ALTER TABLE %s REPLICA IDENTITY DEFAULT;', readings);
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_check_slimming() IS
    'Raises what argo_slim_readings() raises before it begins: 42501, 55000, 2BP01.';

CREATE FUNCTION @extschema@._argo_id_to_slim(
    OUT sequence regclass, OUT is_identity boolean, OUT cache bigint, OUT reason text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    id record;
BEGIN
    SELECT a.attidentity <> '' AS is_identity, a.attnotnull, a.atttypid, d.oid AS default_oid, pg_get_expr(d.adbin, d.adrelid) AS expression
    INTO id
    FROM pg_attribute AS a
    LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = '@extschema@.readings'::regclass AND a.attname = 'id' AND NOT a.attisdropped;
    IF NOT FOUND THEN
        reason := 'there is none';
        RETURN;
    END IF;
    is_identity := id.is_identity;
    sequence := pg_get_serial_sequence('@extschema@.readings', 'id');
    SELECT s.seqcache INTO cache FROM pg_sequence AS s WHERE s.seqrelid = sequence;
    reason := CASE
        WHEN id.atttypid <> 'bigint'::regtype THEN format('it is %s, too small to be handed out in thousands', id.atttypid::regtype)
        WHEN is_identity AND cache >= 1000 THEN 'as it should be'
        WHEN NOT id.attnotnull THEN 'it may be NULL'
        WHEN sequence IS NULL THEN 'no sequence belongs to it'
        WHEN NOT is_identity AND id.expression IS DISTINCT FROM format('nextval(%L::regclass)', sequence)
            THEN 'its default is ' || coalesce(id.expression, 'NULL')
        WHEN EXISTS (
            SELECT FROM pg_depend AS d
            WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = sequence AND d.deptype = 'n'
              AND (d.classid, d.objid) IS DISTINCT FROM ('pg_attrdef'::regclass::oid, id.default_oid))
            THEN format('others use %s, too', sequence)
    END;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_id_to_slim() IS
    'The sequence of readings.id, and why it stays as it is; reason NULL: it can become an identity with CACHE 1000.';

CREATE FUNCTION @extschema@._argo_lock_readings(may_wait boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '100ms'
AS $$
DECLARE
    readings CONSTANT regclass := '@extschema@.readings';
    give_up_at CONSTANT timestamptz := clock_timestamp() + CASE WHEN may_wait THEN interval '5 s' ELSE interval '2 s' END;
    holders text;
BEGIN
    LOOP
        BEGIN
            EXECUTE format('LOCK TABLE ONLY %s IN ACCESS EXCLUSIVE MODE%s', readings,
                           CASE WHEN may_wait THEN '' ELSE ' NOWAIT' END);
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            IF clock_timestamp() >= give_up_at THEN
                SELECT string_agg(DISTINCT l.pid::text, ', ') INTO holders
                FROM pg_locks AS l
                JOIN pg_database AS d ON d.oid = l.database AND d.datname = current_database()
                WHERE l.relation = readings AND l.granted AND l.pid <> pg_backend_pid();
                RAISE EXCEPTION 'could not lock table %', readings
                    USING ERRCODE = '55P03',
                          DETAIL = format('Others have been using it without a pause: %s. Nothing was changed.',
                                          coalesce('processes ' || holders, 'one after the other')),
                          HINT = format('Type SELECT * FROM @extschema@.argo_slim_readings(); when they have ended or fewer read%s',
                                        coalesce('; SELECT * FROM pg_stat_activity WHERE pid IN (' || holders || '); shows them.', '.'));
            END IF;
        END;
        -- Who comes meanwhile is not held up.
        PERFORM pg_sleep(CASE WHEN may_wait THEN 0.2 ELSE 0.005 END);
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_lock_readings(boolean) IS
    'Locks readings against everybody. While it waits in line new readers do, too, so it does for a tenth of a second at a time, or never: who holds a lock on readings and waits makes others who have read and now write the victims of a deadlock at once. Raises 55P03 after five seconds, or two.';

-- A function and no procedure, which could show no rows; CREATE INDEX CONCURRENTLY is possible in neither.
CREATE FUNCTION @extschema@.argo_slim_readings(dry_run boolean DEFAULT false)
RETURNS TABLE (step text, detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '5s'
AS $$
#variable_conflict use_column
DECLARE
    readings CONSTANT regclass := to_regclass('@extschema@.readings');
    -- What the key or the BRIN index does as well.
    dropped CONSTANT text[] := '{old key,twin,old time}';
    stock record;
    must_build_time boolean;
    key_index name;
    must_build_key boolean;
    id record;
    one record;
    bytes_gone bigint;
    bytes_new bigint := 0;
    next_id bigint;
    id_sequence name;
    grants text[];
    statement text;
    order_of_rows real;
    locked_at timestamptz;
BEGIN
    IF readings IS NULL THEN
        RAISE EXCEPTION 'argo is not set up in schema @extschema@'
            USING ERRCODE = '55000', DETAIL = 'There is no table readings.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_setup();';
    END IF;
    PERFORM @extschema@._argo_require_schema();
    IF dry_run IS NULL THEN
        RAISE EXCEPTION 'dry_run must not be NULL'
            USING ERRCODE = '22023', DETAIL = 'Nothing was changed.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_slim_readings(dry_run => true);';
    END IF;
    IF NOT dry_run AND current_setting('transaction_read_only')::boolean THEN
        RAISE EXCEPTION 'cannot change the keys of readings in a read-only transaction'
            USING ERRCODE = '25006', DETAIL = 'Nothing was changed.',
                  HINT = 'Type SET transaction_read_only = off; first, or connect to the primary server.';
    END IF;
    IF NOT dry_run
       AND NOT pg_try_advisory_xact_lock(hashtextextended('argo_setup', '@extschema@'::regnamespace::oid::bigint)) THEN
        RAISE EXCEPTION 'argo_setup(), argo_slim_readings() or argo_use_timescaledb() is running'
            USING ERRCODE = '55P03', DETAIL = 'Nothing was changed.',
                  HINT = 'When it has ended, type SELECT * FROM @extschema@.argo_slim_readings();';
    END IF;
    PERFORM @extschema@._argo_check_slimming();

    SELECT count(*) FILTER (WHERE i.part = 'key') = 0 AS lacks_key, count(*) FILTER (WHERE i.part = 'time') = 0 AS lacks_time,
           count(*) FILTER (WHERE i.index_name = '_argo_new_readings_timestamp') = 0 AS lacks_new_time,
           count(*) FILTER (WHERE i.part = ANY (dropped)) AS dropped,
           coalesce(sum(i.bytes), 0)::bigint AS bytes,
           coalesce(sum(i.bytes) FILTER (WHERE i.part = ANY (dropped)), 0) AS bytes_dropped,
           sum(i.bytes) FILTER (WHERE i.part = 'unique') AS bytes_unique
    INTO stock
    FROM @extschema@._argo_readings_indexes() AS i;
    bytes_gone := stock.bytes_dropped;
    -- The index of a constraint cannot become that of another one.
    SELECT i.index_name INTO key_index
    FROM @extschema@._argo_readings_indexes() AS i
    WHERE stock.lacks_key AND i.is_like_key AND i.constraint_oid IS NULL
    ORDER BY i.part = 'unique' DESC, i.index_name
    LIMIT 1;
    must_build_time := stock.lacks_time AND stock.lacks_new_time;
    must_build_key := stock.lacks_key AND key_index IS NULL;
    SELECT * INTO id FROM @extschema@._argo_id_to_slim();
    IF NOT stock.lacks_key AND NOT stock.lacks_time AND stock.dropped = 0 AND id.reason IS NOT NULL THEN
        RETURN QUERY VALUES ('nothing to do', 'readings has the keys of a new installation');
        RETURN;
    END IF;

    IF must_build_time THEN
        -- Some thirty bytes for sixteen pages.
        bytes_new := 24576 + pg_relation_size(readings) / current_setting('block_size')::integer / 16 * 32;
        RETURN QUERY VALUES ('build', format('idx_readings_timestamp: BRIN ("timestamp"), about %s', pg_size_pretty(bytes_new)));
    END IF;
    IF must_build_key THEN
        bytes_new := bytes_new + coalesce(stock.bytes_unique, pg_relation_size(readings) / 3);
        RETURN QUERY VALUES ('build', 'an index for the key, since none that is there can become that of a primary key');
    END IF;
    IF stock.lacks_key AND key_index IS DISTINCT FROM 'idx_readings_unique' THEN
        bytes_gone := bytes_gone + coalesce(stock.bytes_unique, 0);
    END IF;
    IF stock.lacks_key THEN
        RETURN QUERY VALUES ('key', 'idx_readings_unique: PRIMARY KEY (channel_id, "timestamp")');
    END IF;
    RETURN QUERY
    SELECT 'drop', format('%I: %s, %s', i.index_name,
                          coalesce(pg_get_constraintdef(i.constraint_oid), substring(i.definition FROM ' USING (.*)')),
                          pg_size_pretty(i.bytes))
    FROM @extschema@._argo_readings_indexes() AS i
    WHERE i.part = ANY (dropped);
    IF id.reason IS NULL THEN
        RETURN QUERY VALUES ('id', format('numbers go on from %s, as an identity with CACHE 1000', id.sequence));
    ELSIF id.cache IS DISTINCT FROM 1000 THEN
        RETURN QUERY VALUES ('stays', format('id: %s', id.reason));
    END IF;
    RETURN QUERY
    SELECT 'stays', format('%I: %s, %s', i.index_name, substring(i.definition FROM ' USING (.*)'), pg_size_pretty(i.bytes))
    FROM @extschema@._argo_readings_indexes() AS i
    WHERE i.part = 'other' AND i.index_name IS DISTINCT FROM key_index;

    SELECT abs(s.correlation) INTO order_of_rows
    FROM pg_stats AS s
    WHERE s.schemaname = (SELECT n.nspname FROM pg_namespace AS n WHERE n.oid = '@extschema@'::regnamespace)
      AND s.tablename = 'readings' AND s.attname = 'timestamp';
    IF stock.lacks_time AND order_of_rows < 0.9 THEN
        RETURN QUERY VALUES ('mind', format(
            'rows lie little in order of time (correlation %s): a query of all channels for a day reads more than with the btree index',
            round(order_of_rows::numeric, 2)));
    END IF;
    statement := format('indexes of %s become about %s; with these keys COPY stored 265 thousand readings/s, with the older ones 150',
                        pg_size_pretty(stock.bytes), pg_size_pretty(stock.bytes - bytes_gone + bytes_new));
    RETURN QUERY VALUES ('gain', statement);
    IF dry_run THEN
        RETURN QUERY VALUES ('dry run', 'nothing was changed; type SELECT * FROM @extschema@.argo_slim_readings();');
        RETURN;
    END IF;
    RAISE NOTICE '%', statement;

    -- Readers go on, writers wait until the end.
    IF must_build_time OR must_build_key THEN
        BEGIN
            LOCK TABLE ONLY @extschema@.readings IN SHARE MODE;
        EXCEPTION WHEN lock_not_available THEN
            RAISE EXCEPTION 'could not lock table %', readings
                USING ERRCODE = '55P03',
                      DETAIL = 'Others have been writing into it for 5 seconds. Nothing was changed.',
                      HINT = 'When their transactions have ended, type SELECT * FROM @extschema@.argo_slim_readings();';
        END;
    END IF;
    IF must_build_time THEN
        EXECUTE (SELECT replace(s.ddl, 'idx_readings_timestamp', '_argo_new_readings_timestamp')
                 FROM @extschema@._argo_setup_steps() AS s WHERE s.object_name = 'idx_readings_timestamp');
    END IF;
    IF must_build_key THEN
        key_index := '_argo_new_readings_unique';
        CREATE UNIQUE INDEX _argo_new_readings_unique ON @extschema@.readings (channel_id, "timestamp");
    END IF;

    BEGIN
        PERFORM @extschema@._argo_lock_readings(may_wait => NOT (must_build_time OR must_build_key));
    EXCEPTION WHEN lock_not_available THEN
        IF NOT (must_build_time OR must_build_key) THEN
            RAISE;
        END IF;
        -- With what is built the next call needs no lock that keeps it from waiting in line.
        RETURN QUERY VALUES ('again', 'what had to be built is, but readings is read without a pause; '
                                      'type SELECT * FROM @extschema@.argo_slim_readings(); once more for the rest');
        RETURN;
    END;
    locked_at := clock_timestamp();
    FOR one IN
        SELECT i.* FROM @extschema@._argo_readings_indexes() AS i
        WHERE i.part = ANY (dropped) OR (i.part = 'unique' AND i.index_name <> key_index)
    LOOP
        IF one.constraint_oid IS NULL THEN
            EXECUTE format('DROP INDEX @extschema@.%I', one.index_name);
        ELSE
            EXECUTE format('ALTER TABLE ONLY %s DROP CONSTRAINT %I', readings, one.constraint_name);
        END IF;
    END LOOP;
    IF stock.lacks_time THEN
        ALTER INDEX @extschema@._argo_new_readings_timestamp RENAME TO idx_readings_timestamp;
    END IF;
    IF stock.lacks_key THEN
        IF key_index <> 'idx_readings_unique' THEN
            EXECUTE format('ALTER INDEX @extschema@.%I RENAME TO idx_readings_unique', key_index);
        END IF;
        ALTER TABLE ONLY @extschema@.readings ADD CONSTRAINT idx_readings_unique PRIMARY KEY USING INDEX idx_readings_unique;
        COMMENT ON CONSTRAINT idx_readings_unique ON @extschema@.readings IS
            'One reading per channel and instant; INSERT ... ON CONFLICT (channel_id, "timestamp") uses it.';
    END IF;
    IF id.reason IS NULL AND id.is_identity THEN
        ALTER TABLE ONLY @extschema@.readings ALTER COLUMN id SET CACHE 1000;
    ELSIF id.reason IS NULL THEN
        -- Under its name, and with what was granted on it, for those who call nextval() themselves.
        EXECUTE format('SELECT s.last_value + CASE WHEN s.is_called THEN p.seqincrement ELSE 0 END
                        FROM %s AS s CROSS JOIN pg_sequence AS p WHERE p.seqrelid = %L::regclass', id.sequence, id.sequence)
        INTO next_id;
        SELECT c.relname, array(
                   SELECT format('GRANT %s ON SEQUENCE @extschema@.%I TO %s%s', a.privilege_type, c.relname,
                                 CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                                 CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
                   FROM aclexplode(c.relacl) AS a WHERE a.grantee <> c.relowner)
        INTO id_sequence, grants
        FROM pg_class AS c WHERE c.oid = id.sequence;
        ALTER TABLE ONLY @extschema@.readings ALTER COLUMN id DROP DEFAULT;
        EXECUTE format('DROP SEQUENCE %s', id.sequence);
        EXECUTE format('ALTER TABLE ONLY %s ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY
                            (SEQUENCE NAME @extschema@.%I START WITH %s CACHE 1000)', readings, id_sequence, next_id);
        FOREACH statement IN ARRAY grants LOOP
            EXECUTE statement;
        END LOOP;
    END IF;
    RETURN QUERY VALUES
        ('done', format('indexes have %s now; readings was locked for readers for %s ms', pg_size_pretty(pg_indexes_size(readings)),
                        round(extract(epoch FROM clock_timestamp() - locked_at)::numeric * 1000)));
END
$$;

COMMENT ON FUNCTION @extschema@.argo_slim_readings(boolean) IS
    'Moves a readings of the older system to the keys of a new installation: PRIMARY KEY (channel_id, "timestamp") from its unique index, idx_readings_timestamp as BRIN, id as an identity without an index; other indexes stay, and no row is touched. One row a step, the bytes and the rate gained among them; dry_run => true shows them and changes nothing. Readers wait for the swap only, which takes milliseconds, and nobody waits in line for it longer than a tenth of a second; writers wait while BRIN is built and, for two seconds at most, until nobody reads. Where readings is read all the time, a last row again says that a second call is needed. Inside a transaction block the locks stay until its end. On what is slim already there is nothing to do. Needs the owner. Raises 55P03 where others use readings without a pause, 2BP01 where other objects depend on the old keys, 55000, 42501, 25006, 22023.';
