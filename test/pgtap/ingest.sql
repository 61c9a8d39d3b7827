-- argo_ingest() end to end: what it stores is what the API has, and its row says what it did.
BEGIN;
SELECT plan(39);
SET client_min_messages = error;

CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope
    OPTIONS (api_key :'api_key', email :'email', password :'password');

-- 2026-03-11 08:02 in New York: the range spans the change to summer time on the 8th.
SELECT to_timestamp(:now) AS as_of \gset
CREATE TEMP TABLE run AS SELECT * FROM argo_ingest('23271', 7, as_of => :'as_of');

SELECT is(site, '23271', 'the site') FROM run;
SELECT is(range, tstzrange('2026-03-04 05:00+00', '2026-03-11 11:45+00'), 'from local midnight to the last bin that ended 15 minutes ago') FROM run;
SELECT is(channels, 17, 'all channels') FROM run;
SELECT is(expected, 17 * 699::bigint, 'a slot a quarter of an hour and channel') FROM run;
SELECT is(fetched, inserted + duplicates + rejected, 'every record fetched is accounted for') FROM run;
SELECT is(inserted, (SELECT count(*) FROM readings), 'inserted is what the table holds') FROM run;
SELECT is(missing, expected - (SELECT count(*) FROM readings), 'missing is what it does not hold') FROM run;
SELECT is(status, 'partial', 'a channel that cannot be read makes the run partial') FROM run;
SELECT is(failed_pulls, 2::bigint, 'its two windows failed') FROM run;
SELECT cmp_ok(requests, '>=', 3 + 32::bigint, 'requests are counted') FROM run;
SELECT cmp_ok(duration_ms, '>', 0::float8, 'it took some time') FROM run;

-- The simulator's own account of what it has, by another way than its answers.
CREATE TEMP TABLE truth (channel_id integer, ts bigint, e float8, p float8, v float8, i float8, pf float8);
\copy truth FROM PROGRAM 'test/truth 23271 1772600400 1773229500' (FORMAT csv)
SELECT cmp_ok((SELECT count(DISTINCT channel_id) FROM truth), '=', 16::bigint, 'the API has readings of all channels but the virtual one');
SELECT is_empty($$
    SELECT channel_id, to_timestamp(ts), (e / 1000)::real, (p / 1000)::real, v::real, i::real, pf::real FROM truth
    EXCEPT ALL
    SELECT channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor FROM readings
$$, 'nothing that the API has is missing or differs');
SELECT is_empty($$
    SELECT channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor FROM readings
    EXCEPT ALL
    SELECT channel_id, to_timestamp(ts), (e / 1000)::real, (p / 1000)::real, v::real, i::real, pf::real FROM truth
$$, 'nothing is stored that the API does not have');
SELECT is((SELECT count(*) FROM readings WHERE num_nonnulls(reactive_power_kvar, temperature_c, relative_humidity) > 0),
          0::bigint, 'what was not asked for is NULL');
SELECT cmp_ok((SELECT count(*) FROM readings WHERE energy_kwh = 0 AND power_kw = 0), '>', 0::bigint,
              'a meter that is off has zeros, not gaps');

SELECT results_eq(
    'SELECT organization_id, organization_name, timezone FROM organizations',
    $$VALUES ('23271', 'Wilson Center', 'America/New_York')$$, 'the organization');
SELECT is((SELECT count(*) FROM channels WHERE organization_id = '23271' AND device_id IS NOT NULL), 17::bigint, 'the channels');
SELECT is((SELECT count(*) FROM devices WHERE organization_id = '23271' AND serial_number IS NOT NULL), 4::bigint, 'the devices');

SELECT is((SELECT count(*) FROM ingestion_logs), 34::bigint, 'a log row a pull');
SELECT is((SELECT sum(readings_inserted) FROM ingestion_logs), inserted, 'the log rows add up to what was inserted') FROM run;
SELECT is((SELECT sum(readings_fetched) FROM ingestion_logs), fetched, 'and to what was fetched') FROM run;
SELECT set_eq($$SELECT channel_id, status FROM ingestion_logs WHERE status <> 'success'$$,
              $$VALUES (59190, 'failure')$$, 'the pulls that failed are logged as failures');
SELECT alike((SELECT max(error_message) FROM ingestion_logs WHERE status = 'failure'), '%HTTP 500%Invalid Parameter%', 'with the API''s reason');
SELECT is((SELECT range_agg(tstzrange(start_time, end_time)) FROM ingestion_logs WHERE channel_id = 59155),
          tstzmultirange(range), 'the windows of a channel cover the range') FROM run;
SELECT results_eq(
    'SELECT sync_status, last_reading_timestamp, readings_count::bigint FROM data_sync_status WHERE channel_id IS NULL',
    'SELECT status, upper(range) - interval ''15 minutes'', inserted FROM run', 'the state of the site');
SELECT is((SELECT count(*) FROM data_sync_status WHERE channel_id IS NOT NULL), 17::bigint, 'and of each channel');
SELECT is((SELECT sync_status FROM data_sync_status WHERE channel_id = 59190), 'failed', 'the channel that cannot be read');

SELECT set_eq('SELECT * FROM mv_hourly_usage', $$SELECT u.* FROM channels, LATERAL _argo_hourly_usage(channel_id, '-infinity', 'infinity') AS u$$, 'the materialized view was refreshed');
SELECT is((SELECT reading_count FROM v_readings_daily WHERE meter_id = 59155 AND reading_date = '2026-03-08'), 92::bigint,
          'the day of the change has 92 quarters of an hour');

-- Once more: nothing new, nothing touched.
CREATE TEMP TABLE before AS SELECT ctid AS place, xmin::text AS writer, * FROM readings;
SAVEPOINT again;
CREATE TEMP TABLE second_run AS SELECT * FROM argo_ingest('23271', 7, as_of => :'as_of');
SELECT is(inserted, 0::bigint, 'a second run inserts nothing') FROM second_run;
SELECT is(duplicates || '/' || differing, fetched || '/0', 'what it asks for again it finds as it is') FROM second_run;
SELECT is_empty('SELECT ctid, xmin::text, * FROM readings EXCEPT ALL SELECT * FROM before', 'and touches no row');
SELECT is((SELECT count(*) FROM data_sync_status), 18::bigint, 'the state is kept, not appended');
SELECT is((SELECT count(*) FROM ingestion_logs), (SELECT pulls FROM run) + pulls, 'the log is appended') FROM second_run;

-- A later run heals what was late, and does not refresh when told so.
CREATE TEMP TABLE third_run AS SELECT * FROM argo_ingest('23271', 1, refresh => false, as_of => :'as_of'::timestamptz - interval '30 days');
SELECT cmp_ok(inserted, '>', 0::bigint, 'another day') FROM third_run;
SELECT is_empty($$SELECT FROM mv_hourly_usage WHERE hour < '2026-03-01'$$, 'refresh => false leaves the materialized view as it was');

-- The API saw one login, no refusal, and never more than six requests at once.
\! curl -s -X DELETE "$SIM_URL/_sim/log"
SELECT count(*) FROM argo_ingest('23271', 7, as_of => :'as_of') \g /dev/null
\set log `curl -s "$SIM_URL/_sim/log"`
SELECT is((:'log'::jsonb ->> 'logins') || '/' || (:'log'::jsonb ->> 'refused_logins'), '1/0', 'one login');
SELECT cmp_ok((:'log'::jsonb ->> 'peak_concurrency')::int, '<=', 6, 'six requests at once at most');

SELECT * FROM finish();
ROLLBACK;
