-- argo_slim_readings(): from the older system's keys to those of a new installation; what it refuses, and leaves.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(79);

CREATE ROLE slim_writer;
CREATE FUNCTION pg_temp.attempt(statement text, OUT state text, OUT message text, OUT detail text, OUT hint text)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE statement;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
END $$;
SET LOCAL check_function_bodies = off;
-- The keys, indexes and id of readings, as a dump would have them.
CREATE FUNCTION pg_temp.keys() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 'public.readings'::regclass
    UNION ALL SELECT conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'public.readings'::regclass AND contype IN ('p', 'u', 'f')
    UNION ALL SELECT format('id %s %s %s', a.attidentity, a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = 'public.readings'::regclass AND a.attname = 'id'
    UNION ALL SELECT format('%s %s', seqrelid::regclass, seqcache) FROM pg_sequence
    WHERE seqrelid = pg_get_serial_sequence('public.readings', 'id')::regclass
$$;
-- Puts the keys of the older system in the place of ours; rows stay.
CREATE FUNCTION pg_temp.older_keys() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ALTER TABLE public.readings ALTER id DROP IDENTITY, DROP CONSTRAINT idx_readings_unique;
    DROP INDEX public.idx_readings_timestamp;
    CREATE SEQUENCE public.readings_id_seq OWNED BY public.readings.id;
    PERFORM setval('public.readings_id_seq', (SELECT max(id) FROM public.readings));
    ALTER TABLE public.readings ALTER id SET DEFAULT nextval('public.readings_id_seq'::regclass),
        ADD CONSTRAINT readings_pkey PRIMARY KEY (id);
    CREATE UNIQUE INDEX idx_readings_unique ON public.readings (channel_id, "timestamp");
    CREATE INDEX idx_readings_channel_timestamp ON public.readings (channel_id, "timestamp" DESC);
    CREATE INDEX idx_readings_timestamp ON public.readings ("timestamp" DESC);
END $$;

SELECT is((pg_temp.attempt('SELECT argo_slim_readings()')).state, '55000', 'before argo_setup() there is nothing to slim');
DO $$ BEGIN PERFORM argo_setup(); END $$;
CREATE TEMP TABLE ours AS SELECT keys FROM pg_temp.keys() AS keys;
SELECT results_eq('SELECT step FROM argo_slim_readings(dry_run => true)', ARRAY['nothing to do'], 'a new installation has the keys');
SELECT results_eq('SELECT step FROM argo_slim_readings()', ARRAY['nothing to do'], 'and is left alone');

INSERT INTO channels (channel_id, channel_name) VALUES (1, 'Main'), (2, 'Chiller');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, 1, 4 FROM generate_series('2026-01-01 00:00Z'::timestamptz, '2026-02-01', '15 minutes') AS t, generate_series(1, 2) AS c
ORDER BY t, c;
SELECT pg_temp.older_keys();
CREATE INDEX own_power ON readings (power_kw) WHERE power_kw > 3;
GRANT SELECT, INSERT ON readings TO slim_writer;
GRANT USAGE ON SEQUENCE readings_id_seq TO slim_writer;
ANALYZE readings;
CREATE TEMP TABLE older AS SELECT keys FROM pg_temp.keys() AS keys;
CREATE TEMP TABLE rows_before AS SELECT ctid AS place, xmin AS writer, r.* FROM readings AS r;
CREATE TEMP TABLE last_before AS SELECT last_value FROM readings_id_seq;

CREATE TEMP TABLE dry AS SELECT * FROM argo_slim_readings(dry_run => true) WITH ORDINALITY AS d (step, detail, place);
SELECT results_eq('SELECT step FROM dry ORDER BY place',
    ARRAY['build', 'key', 'drop', 'drop', 'drop', 'id', 'stays', 'gain', 'dry run'], 'a dry run says each step');
SELECT matches((SELECT string_agg(detail, E'\n' ORDER BY place) FROM dry WHERE step = 'drop'),
    '^idx_readings_channel_timestamp: btree \(channel_id, "timestamp" DESC\), [0-9]+ kB
idx_readings_timestamp: btree \("timestamp" DESC\), [0-9]+ kB
readings_pkey: PRIMARY KEY \(id\), [0-9]+ kB$', 'what goes, and how large it is');
SELECT matches((SELECT detail FROM dry WHERE step = 'stays'), '^own_power: btree \(power_kw\) WHERE', 'what stays');
SELECT matches((SELECT detail FROM dry WHERE step = 'gain'),
    '^indexes of [0-9]+ kB become about [0-9]+ kB; with these keys COPY stored 265 thousand readings/s, with the older ones 150$', 'what is gained');
SELECT matches((SELECT detail FROM dry WHERE step = 'dry run'), 'SELECT \* FROM public\.argo_slim_readings\(\);', 'and what to type');
SELECT set_eq('SELECT * FROM pg_temp.keys()', 'SELECT keys FROM older', 'and changes nothing');

SAVEPOINT older;
CREATE TEMP TABLE slimmed AS SELECT * FROM argo_slim_readings() WITH ORDINALITY AS d (step, detail, place);
SELECT results_eq($$SELECT step, detail FROM slimmed WHERE step <> 'done' ORDER BY place$$,
    $$SELECT step, detail FROM dry WHERE step <> 'dry run' ORDER BY place$$, 'a real run says the same');
SELECT matches((SELECT detail FROM slimmed WHERE step = 'done'), '^indexes have [0-9]+ kB now; readings was locked for readers for [0-9]+ ms$', 'and what came of it');
SELECT set_eq($$SELECT * FROM pg_temp.keys() WHERE keys !~ 'own_power'$$, 'SELECT keys FROM ours', 'the keys are those of a new installation');
SELECT has_index('public', 'readings', 'own_power', 'the user''s index is there');
SELECT set_eq('SELECT ctid AS place, xmin AS writer, r.* FROM readings AS r', 'SELECT * FROM rows_before', 'no row is touched');
SELECT is(obj_description('idx_readings_timestamp'::regclass), 'Readings of a time range over all channels; small because readings arrive roughly in order of time.', 'with comments');
SELECT ok(has_sequence_privilege('slim_writer', 'readings_id_seq', 'USAGE'), 'grants on the sequence stay');
SELECT results_eq('SELECT step FROM argo_slim_readings()', ARRAY['nothing to do'], 'a second call has nothing to do');
SELECT is_empty($$SELECT * FROM argo_setup() WHERE action NOT IN ('unchanged')$$, 'nor has argo_setup()');

SET ROLE slim_writer;
SELECT lives_ok($$INSERT INTO public.readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2026-02-02 00:00Z', 1, 4)
    ON CONFLICT (channel_id, "timestamp") DO NOTHING$$, 'the older system''s INSERT goes on');
SELECT lives_ok($$INSERT INTO public.readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2026-01-01 00:00Z', 1, 4)
    ON CONFLICT (channel_id, "timestamp") DO NOTHING$$, 'on a key that is there, too');
SELECT lives_ok($$INSERT INTO public.readings (id, channel_id, "timestamp", energy_kwh) VALUES (nextval('public.readings_id_seq'), 1, '2026-02-02 00:15Z', 1)$$,
    'and one that counts by itself');
RESET ROLE;
SELECT lives_ok($$INSERT INTO readings (channel_id, "timestamp", energy_kwh) VALUES (2, '2026-01-01 00:00Z', 7)
    ON CONFLICT (channel_id, "timestamp") DO UPDATE SET energy_kwh = excluded.energy_kwh$$, 'so does its upsert');
SELECT is((SELECT energy_kwh FROM readings WHERE channel_id = 2 AND "timestamp" = '2026-01-01 00:00Z'), 7::real, 'which stores');
SELECT results_eq($$SELECT id - (SELECT last_value FROM last_before) FROM readings WHERE "timestamp" >= '2026-02-02' ORDER BY "timestamp"$$,
    ARRAY[1, 3]::bigint[], 'numbers go on');
SELECT throws_ok($$INSERT INTO readings (channel_id, "timestamp") VALUES (2, '2026-01-01 00:00Z')$$, '23505', NULL, 'a second reading of an instant is refused');
SELECT cmp_ok((SELECT count(*) FROM _argo_dirty), '>', 0::bigint, 'changes are marked');
ROLLBACK TO older;

-- Another way to have had the unique key.
DROP INDEX idx_readings_unique;
ALTER TABLE readings ADD CONSTRAINT idx_readings_unique UNIQUE (channel_id, "timestamp");
SELECT results_eq('SELECT count(*) FROM argo_slim_readings() WHERE step = ''build''', ARRAY[2::bigint], 'a unique constraint: an index is built');
SELECT set_eq($$SELECT * FROM pg_temp.keys() WHERE keys !~ 'own_power'$$, 'SELECT keys FROM ours', 'and the keys are the same');
ROLLBACK TO older;
ALTER INDEX idx_readings_unique RENAME TO readings_channel_time_key;
SELECT lives_ok('SELECT argo_slim_readings()', 'a unique index of another name');
SELECT set_eq($$SELECT * FROM pg_temp.keys() WHERE keys !~ 'own_power'$$, 'SELECT keys FROM ours', 'becomes the key');
ROLLBACK TO older;
DROP INDEX idx_readings_unique;
SELECT lives_ok('SELECT argo_slim_readings()', 'no unique index at all');
SELECT set_eq($$SELECT * FROM pg_temp.keys() WHERE keys !~ 'own_power'$$, 'SELECT keys FROM ours', 'one is built');
ROLLBACK TO older;
DROP INDEX idx_readings_unique;
INSERT INTO readings (channel_id, "timestamp", energy_kwh) VALUES (2, '2026-01-01 00:00Z', 7);
SELECT is((pg_temp.attempt('SELECT argo_slim_readings()')).state, '23505', 'not over duplicates');
ROLLBACK TO older;
CREATE INDEX idx_wide ON readings (channel_id, "timestamp" DESC) INCLUDE (energy_kwh);
DROP INDEX idx_readings_channel_timestamp;
ALTER INDEX idx_wide RENAME TO idx_readings_channel_timestamp;
SELECT matches((SELECT string_agg(detail, ' ') FROM argo_slim_readings() WHERE step = 'stays'), 'idx_readings_channel_timestamp.*INCLUDE', 'an index that can more stays');
SELECT has_index('public', 'readings', 'idx_readings_channel_timestamp', 'it is there');
ROLLBACK TO older;

UPDATE readings SET power_kw = 5 WHERE "timestamp" < '2026-01-16';
ANALYZE readings;
SELECT matches((SELECT detail FROM argo_slim_readings(true) WHERE step = 'mind'), 'correlation -?0\.[0-8]', 'rows out of order are said');
ROLLBACK TO older;

-- Ids that cannot change.
CREATE TABLE own_log (id bigint DEFAULT nextval('readings_id_seq'));
SELECT matches((SELECT string_agg(detail, ' ') FROM argo_slim_readings() WHERE step = 'stays'), 'id: others use public\.readings_id_seq, too', 'a sequence that others use stays');
SELECT lives_ok($$INSERT INTO readings (channel_id, "timestamp") VALUES (1, '2026-02-03 00:00Z')$$, 'and goes on');
ROLLBACK TO older;
DROP VIEW v_clean_readings, v_readings_all CASCADE;
ALTER TABLE readings ALTER id TYPE integer;
SELECT matches((SELECT string_agg(detail, ' ') FROM argo_slim_readings() WHERE step = 'stays'), 'id: it is integer, too small', 'so does a short id');
SELECT lives_ok($$INSERT INTO readings (channel_id, "timestamp") VALUES (1, '2026-02-03 00:00Z')$$, 'and goes on');
SELECT results_eq('SELECT step FROM argo_slim_readings()', ARRAY['nothing to do'], 'which is all that can be done');
ROLLBACK TO older;

-- Refusals.
CREATE TEMP TABLE refusals (what text, statement text, state text, says text, cure text);
INSERT INTO refusals VALUES
    ('a foreign key', 'CREATE TABLE notes (reading bigint REFERENCES readings (id))', '2BP01', 'notes_reading_fkey', 'argo_slim_readings'),
    ('a view that groups by the key', 'CREATE VIEW own_view AS SELECT r.id, r.power_kw, count(*) FROM readings AS r GROUP BY r.id', '2BP01', 'own_view', 'argo_slim_readings'),
    ('a key of one''s own', 'ALTER TABLE readings DROP CONSTRAINT readings_pkey, ADD CONSTRAINT own_pkey PRIMARY KEY ("timestamp", channel_id)', '55000', 'own_pkey', 'DROP CONSTRAINT own_pkey'),
    ('a name that is taken', 'DROP INDEX idx_readings_timestamp; CREATE INDEX idx_readings_timestamp ON readings ("timestamp", power_kw)', '55000', 'power_kw', 'RENAME TO idx_readings_timestamp_own'),
    ('a replica identity', 'ALTER TABLE readings REPLICA IDENTITY USING INDEX readings_pkey', '55000', 'replicated', 'REPLICA IDENTITY DEFAULT'),
    ('a time that may be NULL', 'ALTER TABLE readings ALTER "timestamp" DROP NOT NULL', '55000', 'allows none', 'ALTER COLUMN "timestamp" SET NOT NULL;'),
    ('a child', 'CREATE TABLE more_readings () INHERITS (readings)', '55000', 'its parts', 'all features work'),
    ('an older data schema', 'DELETE FROM _argo_schema_version', '55000', 'is older than this argo', 'argo_setup'),
    ('a newer data schema', 'INSERT INTO _argo_schema_version VALUES (9999)', '55000', 'is newer than this argo', 'ALTER EXTENSION argo UPDATE'),
    ('no table', 'DROP TABLE readings CASCADE', '55000', 'no table', 'argo_setup');
CREATE TEMP TABLE refused (what text, state text, said text, hint text, state_wanted text, says text, cure text);
DO $$
DECLARE r refusals; a record;
BEGIN
    FOR r IN SELECT * FROM refusals LOOP
        BEGIN
            EXECUTE r.statement;
            SELECT * INTO a FROM pg_temp.attempt('SELECT argo_slim_readings(dry_run => true)');
            IF a.state IS DISTINCT FROM r.state THEN RAISE EXCEPTION 'dry run of %: %', r.what, a; END IF;
            SELECT * INTO a FROM pg_temp.attempt('SELECT argo_slim_readings()');
            RAISE EXCEPTION USING ERRCODE = 'P0099', MESSAGE = jsonb_build_object('state', a.state, 'said', concat_ws(' ', a.message, a.detail), 'hint', a.hint);
        EXCEPTION WHEN SQLSTATE 'P0099' THEN
            INSERT INTO refused SELECT r.what, j ->> 'state', j ->> 'said', j ->> 'hint', r.state, r.says, r.cure FROM (SELECT SQLERRM::jsonb AS j) AS s;
        END;
    END LOOP;
END $$;
SELECT is(state, state_wanted, what || ' is refused') FROM refused;
SELECT matches(said, says, what || ' is named') FROM refused;
SELECT matches(hint, cure, what || ' has a cure') FROM refused;
SELECT is((SELECT count(*) FROM refused), (SELECT count(*) FROM refusals), 'all of them');

CREATE TABLE notes (reading bigint REFERENCES readings (id), channel integer, at timestamptz,
                    FOREIGN KEY (channel, at) REFERENCES readings (channel_id, "timestamp"));
ALTER TABLE notes DROP CONSTRAINT notes_reading_fkey;
SELECT lives_ok('SELECT argo_slim_readings()', 'a foreign key to (channel_id, timestamp) does not hinder');
SELECT throws_ok($$INSERT INTO notes VALUES (1, 9, '2026-01-01')$$, '23503', NULL, 'and goes on');
ROLLBACK TO older;

SET ROLE slim_writer;
SELECT is((pg_temp.attempt('SELECT public.argo_slim_readings()')).state, '42501', 'only the owner may');
RESET ROLE;
SELECT is((pg_temp.attempt('SELECT argo_slim_readings(NULL)')).state, '22023', 'NULL is neither');
SELECT is(current_setting('lock_timeout'), '0', 'no setting is left behind');

-- Nothing after it can write.
SET LOCAL transaction_read_only = on;
SELECT is((pg_temp.attempt('SELECT argo_slim_readings()')).state, '25006', 'not where nothing can be changed');
SELECT is((pg_temp.attempt('SELECT argo_slim_readings(true)')).state, NULL, 'where a dry run can be made');

SELECT * FROM finish();
ROLLBACK;
