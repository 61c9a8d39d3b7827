-- An ingest into adopted tables, by either conflict rule, beside the older system's own statements.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(17);

\set time timestamptz
\ir ../older/tables.sql
\ir ../older/views.sql
ALTER TABLE readings ADD energy_kwh_l1 real, ADD quality text NOT NULL DEFAULT 'raw';
INSERT INTO organizations (organization_id, organization_name) VALUES ('23272', 'As the older system called it');
SELECT count(*) FROM argo_setup() \g /dev/null
CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');

CREATE TEMP TABLE run AS SELECT * FROM argo_ingest('23272', 2, as_of => to_timestamp(:now));
SELECT is(status, 'success', 'the ingest succeeds') FROM run;
SELECT cmp_ok(inserted, '>', 300::bigint, 'and stores readings') FROM run;
SELECT is((SELECT count(*) FROM readings WHERE quality = 'raw' AND energy_kwh_l1 IS NULL), (SELECT inserted FROM run), 'extra columns have their defaults');
SELECT is((SELECT count(DISTINCT id) FROM readings), (SELECT inserted FROM run), 'ids are the sequence''s');
SELECT is((SELECT max(id) FROM readings), (SELECT last_value FROM readings_id_seq), 'and it knows them');
SELECT is((SELECT count(*) FROM ingestion_logs WHERE status = 'success'), (SELECT count(*) FROM ingestion_logs), 'pulls are logged');
SELECT isnt_empty('SELECT FROM data_sync_status WHERE sync_status = ''success''', 'and the sync');
SELECT is_empty('SELECT FROM _argo_dirty', 'the views are refreshed');
SELECT bag_eq('SELECT meter_id, hour, total_kwh, reading_count FROM mv_hourly_usage', $$
    SELECT u.meter_id, u.hour, u.total_kwh, u.reading_count FROM channels c, _argo_hourly_usage(c.channel_id, '-infinity', 'infinity') u$$, 'as they are defined');
SELECT is((SELECT inserted FROM argo_ingest('23272', 2, as_of => to_timestamp(:now))), 0::bigint, 'a second run inserts nothing');

CREATE TEMP TABLE kept AS SELECT * FROM readings;
DELETE FROM readings WHERE id IN (SELECT id FROM kept ORDER BY channel_id, timestamp LIMIT 40);
SELECT lives_ok($$INSERT INTO readings (channel_id, timestamp, energy_kwh, power_kw)
    SELECT channel_id, timestamp, 99, 99 FROM (SELECT * FROM kept ORDER BY channel_id, timestamp LIMIT 50) AS k
    ON CONFLICT (channel_id, timestamp) DO NOTHING$$, 'the older system fills some of a gap');
DELETE FROM readings WHERE id IN (SELECT id FROM kept ORDER BY channel_id, timestamp DESC LIMIT 30);
SELECT is((SELECT inserted FROM argo_ingest('23272', 2, as_of => to_timestamp(:now))),
    (SELECT count(*) FROM kept) - (SELECT count(*) FROM kept WHERE id IN (SELECT id FROM readings)) - 40, 'and Argo the rest');
SELECT is((SELECT count(*) FROM readings WHERE energy_kwh = 99), 40::bigint, 'what was there stays');
SELECT is((SELECT status FROM argo_ingest('23272', 2, on_conflict => 'update', as_of => to_timestamp(:now))), 'success', 'unless it is told to correct it');
SELECT bag_eq('SELECT channel_id, timestamp, energy_kwh, power_kw FROM readings', 'SELECT channel_id, timestamp, energy_kwh, power_kw FROM kept', 'then all is as the API has it');
SELECT is((SELECT count(*) FROM reading_corrections WHERE energy_kwh = 99), 40::bigint, 'and what was there is kept');
SELECT lives_ok('REFRESH MATERIALIZED VIEW CONCURRENTLY mv_hourly_usage', 'the older system''s refresh works');

SELECT * FROM finish();
ROLLBACK;
