-- The dirty log: whoever changes readings leaves exactly the marks that a refresh needs, and no right to it.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(47);

DO $$ BEGIN PERFORM argo_setup(); END $$;
SET LOCAL TimeZone = 'UTC';
SET LOCAL DateStyle = 'ISO';

-- The marks, which are then gone: "meter: first - last; …".
CREATE FUNCTION pg_temp.marks() RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
    SELECT string_agg(format('%s: %s - %s%s', meter_id, substr(first_reading::text, 1, 16), substr(last_reading::text, 1, 16),
                             ' for ' || matview), '; ' ORDER BY meter_id, first_reading, last_reading, matview)
    INTO result FROM _argo_dirty;
    DELETE FROM _argo_dirty;
    RETURN coalesce(result, 'none');
END $$;

CREATE ROLE argo_test_inserter;
CREATE ROLE argo_test_upserter;
CREATE ROLE argo_test_updater;
CREATE ROLE argo_test_deleter;
CREATE ROLE argo_test_truncater;
CREATE ROLE argo_test_steward;
GRANT INSERT ON readings TO argo_test_inserter;
GRANT SELECT, INSERT, UPDATE ON readings TO argo_test_upserter;
GRANT SELECT, UPDATE ON readings TO argo_test_updater;
GRANT SELECT, DELETE ON readings TO argo_test_deleter;
GRANT TRUNCATE ON readings TO argo_test_truncater;
GRANT SELECT, INSERT, UPDATE ON organizations, channels TO argo_test_steward;

INSERT INTO organizations (organization_id, organization_name, timezone) VALUES
    ('a', 'Alpha', 'America/New_York'), ('b', 'Beta', 'Asia/Kolkata'), ('x', 'X', 'Mars/Olympus');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES
    (1, 'One', 'a'), (2, 'Two', 'a'), (3, 'Three', 'b'), (4, 'Four', 'x'), (5, 'Five', NULL);
SELECT is(pg_temp.marks(), '1: -infinity - infinity; 2: -infinity - infinity; 3: -infinity - infinity; 4: -infinity - infinity; '
    '5: -infinity - infinity', 'meters that come: the matviews may know an earlier one of that number');

-- Who may only INSERT.
SET LOCAL ROLE argo_test_inserter;
COPY readings (channel_id, "timestamp", energy_kwh, power_kw) FROM stdin;
2	2025-06-01 23:45:00+00	1	4
1	2025-06-01 12:15:00+00	1	4
1	2025-06-01 12:00:00+00	0	\N
1	2025-06-02 00:00:00+00	NaN	4
2	2025-06-02 00:15:00+00	1	4
2	2025-06-02 00:00:00+00	1	4
\.
RESET ROLE;
SELECT is(pg_temp.marks(), '1: 2025-06-01 12:00 - 2025-06-01 12:15; 1: 2025-06-02 00:00 - 2025-06-02 00:00; '
    '2: 2025-06-01 23:45 - 2025-06-01 23:45; 2: 2025-06-02 00:00 - 2025-06-02 00:15',
    'COPY: a mark per meter and day of UTC, clean or not');

SET LOCAL ROLE argo_test_inserter;
COPY readings (channel_id, "timestamp") FROM stdin;
\.
RESET ROLE;
SELECT is(pg_temp.marks(), 'none', 'COPY of nothing: none');

SET LOCAL ROLE argo_test_inserter;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (3, '2025-06-03 05:45Z', 1, 4);
RESET ROLE;
SELECT is(pg_temp.marks(), '3: 2025-06-03 05:45 - 2025-06-03 05:45', 'INSERT of one');

SET LOCAL ROLE argo_test_inserter;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, 1, 4 FROM generate_series(3, 4) AS c,
    generate_series('2025-07-01 00:00Z', '2025-07-02 23:45Z', interval '15 minutes') AS t;
RESET ROLE;
SELECT is(pg_temp.marks(), '3: 2025-07-01 00:00 - 2025-07-01 23:45; 3: 2025-07-02 00:00 - 2025-07-02 23:45; '
    '4: 2025-07-01 00:00 - 2025-07-01 23:45; 4: 2025-07-02 00:00 - 2025-07-02 23:45', 'INSERT of many: a row of marks a day');

SET LOCAL ROLE argo_test_inserter;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (3, '2025-06-03 05:45Z', 9, 9) ON CONFLICT DO NOTHING;
RESET ROLE;
SELECT is(pg_temp.marks(), 'none', 'ON CONFLICT DO NOTHING that inserts nothing: none');
SET LOCAL ROLE argo_test_inserter;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (3, '2025-06-03 05:45Z', 9, 9), (3, '2025-06-03 06:00Z', 9, 9)
ON CONFLICT DO NOTHING;
RESET ROLE;
SELECT is(pg_temp.marks(), '3: 2025-06-03 06:00 - 2025-06-03 06:00', 'that inserts one of two: that one');

SET LOCAL ROLE argo_test_inserter;
\if :is_hypertable
INSERT INTO readings (channel_id, "timestamp") VALUES (3, 'infinity');
\else
INSERT INTO readings (channel_id, "timestamp") VALUES (3, '-infinity'), (3, 'infinity');
\endif
RESET ROLE;
SELECT matches(pg_temp.marks(), CASE WHEN :is_hypertable = 1 THEN '' ELSE '^3: -infinity - -infinity; ' END || '3: infinity - infinity$',
    'an instant that is none is marked as it is');
DELETE FROM readings WHERE NOT isfinite("timestamp");
DELETE FROM _argo_dirty;

SET LOCAL ROLE argo_test_upserter;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (3, '2025-06-03 05:45Z', 5, 5), (2, '2025-06-04 00:00Z', 5, 5)
ON CONFLICT (channel_id, "timestamp") DO UPDATE SET energy_kwh = excluded.energy_kwh, power_kw = excluded.power_kw;
RESET ROLE;
SELECT is(pg_temp.marks(), '2: 2025-06-04 00:00 - 2025-06-04 00:00; 3: 2025-06-03 05:45 - 2025-06-03 05:45',
    'ON CONFLICT DO UPDATE: what it inserted and what it updated');
SET LOCAL ROLE argo_test_upserter;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (3, '2025-06-03 05:45Z', 6, 6)
ON CONFLICT (channel_id, "timestamp") DO UPDATE SET energy_kwh = excluded.energy_kwh WHERE readings.energy_kwh > 100;
RESET ROLE;
SELECT is(pg_temp.marks(), 'none', 'that updates nothing: none');
SET LOCAL ROLE argo_test_upserter;
MERGE INTO readings AS r USING (VALUES (3, '2025-06-03 05:45Z'::timestamptz, 7), (2, '2025-06-05 00:00Z', 7)) AS n (c, t, v)
    ON r.channel_id = n.c AND r."timestamp" = n.t
WHEN MATCHED THEN UPDATE SET energy_kwh = n.v
WHEN NOT MATCHED THEN INSERT (channel_id, "timestamp", energy_kwh, power_kw) VALUES (n.c, n.t, n.v, n.v);
RESET ROLE;
SELECT is(pg_temp.marks(), '2: 2025-06-05 00:00 - 2025-06-05 00:00; 3: 2025-06-03 05:45 - 2025-06-03 05:45', 'MERGE');

SET LOCAL ROLE argo_test_updater;
UPDATE readings SET energy_kwh = 8 WHERE channel_id = 1;
RESET ROLE;
SELECT is(pg_temp.marks(), '1: 2025-06-01 12:00 - 2025-06-01 12:15; 1: 2025-06-02 00:00 - 2025-06-02 00:00', 'UPDATE of values');
SET LOCAL ROLE argo_test_updater;
UPDATE readings SET energy_kwh = 8 WHERE channel_id = 99;
RESET ROLE;
SELECT is(pg_temp.marks(), 'none', 'of no row: none');
SET LOCAL ROLE argo_test_updater;
UPDATE readings SET "timestamp" = '2025-06-04 12:00Z' WHERE channel_id = 1 AND "timestamp" = '2025-06-01 12:15Z';
RESET ROLE;
SELECT is(pg_temp.marks(), '1: 2025-06-01 12:15 - 2025-06-01 12:15; 1: 2025-06-04 12:00 - 2025-06-04 12:00',
    'UPDATE that moves a reading in time: where it was and where it is');
SET LOCAL ROLE argo_test_updater;
UPDATE readings SET "timestamp" = "timestamp" + interval '3 hours' WHERE channel_id = 1 AND "timestamp" = '2025-06-04 12:00Z';
RESET ROLE;
SELECT is(pg_temp.marks(), '1: 2025-06-04 12:00 - 2025-06-04 15:00', 'within a day: one mark over both');
SET LOCAL ROLE argo_test_updater;
UPDATE readings SET channel_id = 5 WHERE channel_id = 1 AND "timestamp" = '2025-06-04 15:00Z';
RESET ROLE;
SELECT is(pg_temp.marks(), '1: 2025-06-04 15:00 - 2025-06-04 15:00; 5: 2025-06-04 15:00 - 2025-06-04 15:00',
    'to another meter: both meters');

SET LOCAL ROLE argo_test_deleter;
DELETE FROM readings WHERE channel_id = 2 AND "timestamp" < '2025-06-02 00:10Z';
RESET ROLE;
SELECT is(pg_temp.marks(), '2: 2025-06-01 23:45 - 2025-06-01 23:45; 2: 2025-06-02 00:00 - 2025-06-02 00:00', 'DELETE');
SET LOCAL ROLE argo_test_deleter;
DELETE FROM readings WHERE channel_id = 99;
RESET ROLE;
SELECT is(pg_temp.marks(), 'none', 'of no row: none');

-- What is undone is not marked, and what stays is.
SET LOCAL ROLE argo_test_inserter;
SAVEPOINT undone;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-08-01 00:00Z', 1, 4);
ROLLBACK TO undone;
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-08-02 00:00Z', 1, 4);
RELEASE undone;
RESET ROLE;
SELECT is(pg_temp.marks(), '1: 2025-08-02 00:00 - 2025-08-02 00:00', 'a savepoint rolled back takes its marks along');

-- The clock of a site. Marks are of all of its meters and of no other's.
SET LOCAL ROLE argo_test_steward;
UPDATE organizations SET timezone = 'Europe/London' WHERE organization_id = 'a';
RESET ROLE;
SELECT is(pg_temp.marks(), '1: -infinity - infinity; 2: -infinity - infinity', 'another zone of a site: all of its meters');
SET LOCAL ROLE argo_test_steward;
UPDATE organizations SET timezone = 'Nowhere' WHERE organization_id = 'a';
RESET ROLE;
SELECT is(pg_temp.marks(), '1: -infinity - infinity; 2: -infinity - infinity', 'a zone that is none counts as New York, another one');
SET LOCAL ROLE argo_test_steward;
UPDATE organizations SET timezone = 'Nowhere else' WHERE organization_id = 'a';
UPDATE organizations SET timezone = 'America/New_York' WHERE organization_id = 'a';
UPDATE organizations SET timezone = NULL WHERE organization_id = 'a';
RESET ROLE;
SELECT is(pg_temp.marks(), 'none', 'from one that is none to another, to New York itself, to NULL: the clock stays');
SET LOCAL ROLE argo_test_steward;
UPDATE organizations SET timezone = 'asia/KOLKATA' WHERE organization_id = 'b';
UPDATE organizations SET timezone = 'Asia/Kolkata' WHERE organization_id = 'b';
RESET ROLE;
SELECT is(pg_temp.marks(), 'none', 'another spelling of the same zone: none');
SET LOCAL ROLE argo_test_steward;
UPDATE organizations SET organization_name = 'Renamed', city = 'Boston', updated_at = now();
RESET ROLE;
SELECT is(pg_temp.marks(), 'none', 'other columns of a site: none');
SET LOCAL ROLE argo_test_steward;
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('b', 'Beta', 'Asia/Kathmandu'), ('c', 'Gamma', 'UTC')
ON CONFLICT (organization_id) DO UPDATE SET timezone = excluded.timezone;
RESET ROLE;
SELECT is(pg_temp.marks(), '3: -infinity - infinity', 'an upsert of sites: those whose clock changed');
DELETE FROM _argo_zones WHERE organization_id = 'x';
DELETE FROM _argo_dirty;
DO $$ BEGIN PERFORM argo_setup(); END $$;
SELECT is(pg_temp.marks(), '4: -infinity - infinity', 'a zone that argo_setup() verifies anew, too');

-- Meters that come, go and change their site.
INSERT INTO channels (channel_id, channel_name) VALUES (6, 'Six'), (7, 'Seven');
DELETE FROM _argo_dirty;
DELETE FROM channels WHERE channel_id = 6;
SELECT is(pg_temp.marks(), '6: -infinity - infinity', 'a meter that goes');
UPDATE channels SET channel_id = 8 WHERE channel_id = 7;
SELECT is(pg_temp.marks(), '7: -infinity - infinity; 8: -infinity - infinity', 'one that gets another number: both');
DELETE FROM channels WHERE channel_id = 8;
DELETE FROM _argo_dirty;
SET LOCAL ROLE argo_test_steward;
UPDATE channels SET organization_id = 'b' WHERE channel_id = 2;
RESET ROLE;
SELECT is(pg_temp.marks(), '2: -infinity - infinity', 'a meter that goes to another site');
SET LOCAL ROLE argo_test_steward;
UPDATE channels SET organization_id = CASE channel_id WHEN 5 THEN 'a' WHEN 4 THEN NULL ELSE organization_id END;
RESET ROLE;
SELECT is(pg_temp.marks(), '4: -infinity - infinity; 5: -infinity - infinity', 'from none to one and from one to none, among others that stay');
SET LOCAL ROLE argo_test_steward;
UPDATE channels SET channel_name = 'Renamed', unit = 'kWh', device_id = NULL, updated_at = now();
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (1, 'Again', 'a')
ON CONFLICT (channel_id) DO UPDATE SET channel_name = excluded.channel_name, organization_id = excluded.organization_id;
RESET ROLE;
SELECT is(pg_temp.marks(), 'none', 'other columns of a meter: none');

SET LOCAL ROLE argo_test_truncater;
TRUNCATE readings;
RESET ROLE;
SELECT is(pg_temp.marks(), '1: -infinity - infinity; 2: -infinity - infinity; 3: -infinity - infinity; 4: -infinity - infinity; '
    '5: -infinity - infinity', 'TRUNCATE: all of every meter');

-- A refresh takes the log; of some views, it leaves the others theirs.
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-06-01 12:00Z', 1, 4);
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT is(pg_temp.marks(), 'none', 'a refresh takes the marks');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-06-01 12:15Z', 1, 4);
DO $$ BEGIN PERFORM argo_refresh(views => ARRAY['mv_hourly_usage']); END $$;
SELECT results_eq('SELECT matview::text, meter_id, first_reading FROM _argo_dirty',
    $$VALUES ('mv_daily_usage', 1, '2025-06-01 12:15Z'::timestamptz)$$, 'one of some views leaves the others theirs');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-06-01 12:30Z', 1, 4);
DO $$ BEGIN PERFORM argo_refresh(views => ARRAY['mv_daily_usage']); END $$;
SELECT results_eq('SELECT matview::text, meter_id, first_reading FROM _argo_dirty',
    $$VALUES ('mv_hourly_usage', 1, '2025-06-01 12:30Z'::timestamptz)$$, 'and takes what an earlier one left to it');
SAVEPOINT undone;
DO $$ BEGIN PERFORM argo_refresh(); END $$;
SELECT is_empty('SELECT 1 FROM _argo_dirty', 'the last of them takes the last mark');
ROLLBACK TO undone;
SELECT is(pg_temp.marks(), '1: 2025-06-01 12:30 - 2025-06-01 12:30 for mv_hourly_usage', 'and a refresh rolled back gives it back');

-- Nobody but the owner sees or touches the log, whatever he may write.
GRANT ALL ON readings, channels, organizations TO argo_test_inserter;
SET LOCAL ROLE argo_test_inserter;
SELECT throws_ok(statement, '42501', NULL, 'a writer of readings may not ' || statement)
FROM unnest(ARRAY['SELECT FROM _argo_dirty', 'DELETE FROM _argo_dirty', 'TRUNCATE _argo_dirty',
    $$INSERT INTO _argo_dirty (meter_id, first_reading, last_reading) VALUES (1, 'now', 'now')$$,
    'UPDATE _argo_dirty SET meter_id = 2', 'SELECT FROM _argo_refreshed_views', 'SELECT FROM refresh_log']) AS statement;
CREATE TEMP TABLE readings (channel_id integer, "timestamp" timestamptz);
SELECT throws_ok($$CREATE TRIGGER mine AFTER INSERT ON pg_temp.readings REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION public._argo_mark_readings()$$, '42501', NULL,
    'nor use the log''s functions for tables of its own');
RESET ROLE;
DROP TABLE pg_temp.readings;
SELECT is(pg_temp.marks(), 'none', 'so that no mark is forged');

-- Names that a writer puts in the way mislead no trigger.
SET LOCAL ROLE argo_test_inserter;
CREATE TEMP TABLE _argo_dirty (meter_id integer, first_reading timestamptz, last_reading timestamptz);
CREATE FUNCTION pg_temp.min(timestamptz) RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
INSERT INTO public.readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-09-01 12:15Z', 1, 4);
DROP TABLE pg_temp._argo_dirty;
DROP FUNCTION pg_temp.min(timestamptz);
RESET ROLE;
SELECT is(pg_temp.marks(), '1: 2025-09-01 12:15 - 2025-09-01 12:15', 'a writer''s temporary names mislead no trigger');

SELECT * FROM finish();
ROLLBACK;
