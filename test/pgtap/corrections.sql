-- What becomes of stored readings that the API now gives another value.
BEGIN;
SELECT plan(24);
SET client_min_messages = error;

CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope
    OPTIONS (api_key :'api_key', email :'email', password :'password');
SELECT to_timestamp(:now) AS as_of \gset
SELECT count(*) FROM argo_setup() \g /dev/null

SELECT throws_ok($$SELECT argo_ingest('23272', 1, on_conflict => 'replace')$$, '22023', NULL, 'another word is refused');
SELECT throws_ok($$SELECT argo_ingest('23272', 1, on_conflict => 'UPDATE')$$, '22023', NULL, 'so is another spelling');
SELECT throws_ok($$SELECT argo_ingest('23272', 1, on_conflict => NULL)$$, '22023', NULL, 'and NULL');

SELECT count(*) FROM argo_ingest('23272', 2, refresh => false, as_of => :'as_of') \g /dev/null
CREATE TEMP TABLE truth AS SELECT * FROM readings;

-- Five readings hold other values than the API gives, each in its own way, and a foreign column has one of its own.
CREATE TEMP TABLE spoilt AS
    SELECT channel_id, "timestamp", row_number() OVER (ORDER BY "timestamp", channel_id) AS number
    FROM readings WHERE "timestamp" >= '2026-03-11 00:00+00' ORDER BY 2, 1 LIMIT 5;
UPDATE readings AS r
SET energy_kwh = CASE s.number WHEN 1 THEN r.energy_kwh + 1 WHEN 2 THEN NULL ELSE r.energy_kwh END,
    voltage_v = CASE s.number WHEN 3 THEN r.voltage_v + 1 ELSE r.voltage_v END,
    power_kw = CASE s.number WHEN 4 THEN 'NaN' ELSE r.power_kw END,
    -- Not asked for, so that the API says nothing about it.
    temperature_c = CASE s.number WHEN 1 THEN 21 WHEN 5 THEN 22 END
FROM spoilt AS s WHERE (r.channel_id, r."timestamp") = (s.channel_id, s."timestamp");
CREATE TEMP TABLE before AS SELECT ctid AS place, xmin::text AS writer, * FROM readings;

CREATE TEMP TABLE left_alone AS SELECT * FROM argo_ingest('23272', 2, refresh => false, as_of => :'as_of');
SELECT is(inserted || '/' || (duplicates = fetched), '0/true', 'the default inserts nothing over') FROM left_alone;
SELECT is(differing, 4::bigint, 'it counts what differs; a value that the API does not give is no difference') FROM left_alone;
SELECT is(corrected, 0::bigint, 'and corrects nothing') FROM left_alone;
SELECT is_empty('SELECT ctid, xmin::text, * FROM readings EXCEPT ALL SELECT * FROM before', 'no row is touched');
SELECT is((SELECT count(*) FROM reading_corrections), 0::bigint, 'and none kept');
SELECT is(status, 'success', 'a difference is no failure') FROM left_alone;

SAVEPOINT here;
CREATE TEMP TABLE corrected AS SELECT * FROM argo_ingest('23272', 2, refresh => false, on_conflict => 'update', as_of => :'as_of');
SELECT is(inserted || '/' || differing || '/' || corrected, '0/4/4', 'update corrects all that differ') FROM corrected;
SELECT is_empty($$
    SELECT channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor FROM truth
    EXCEPT ALL SELECT channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor FROM readings
$$, 'the table is what the API gives');
SELECT results_eq(
    'SELECT s.number, r.temperature_c FROM readings AS r JOIN spoilt AS s USING (channel_id, "timestamp") WHERE r.temperature_c IS NOT NULL ORDER BY 1',
    'VALUES (1::bigint, 21::real), (5, 22)', 'a value that the API does not give stays');
SELECT set_eq('SELECT channel_id, "timestamp" FROM readings AS r JOIN before AS b USING (channel_id, "timestamp") WHERE r.ctid <> b.place',
              'SELECT channel_id, "timestamp" FROM spoilt WHERE number < 5', 'only rows that differed were written');
SELECT is_empty('SELECT id, created_at FROM before EXCEPT ALL SELECT id, created_at FROM readings', 'a corrected row keeps its id and age');
SELECT set_eq($$
    SELECT channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor, reactive_power_kvar, temperature_c, relative_humidity
    FROM reading_corrections$$, $$
    SELECT channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor, reactive_power_kvar, temperature_c, relative_humidity
    FROM before JOIN spoilt USING (channel_id, "timestamp") WHERE number < 5$$, 'the earlier rows are kept whole');
SELECT is((SELECT count(*) FROM reading_corrections WHERE corrected_at = CURRENT_TIMESTAMP), 4::bigint, 'with the time of the correction');
CREATE TEMP TABLE again AS SELECT * FROM argo_ingest('23272', 2, refresh => false, on_conflict => 'update', as_of => :'as_of');
SELECT is(differing || '/' || corrected || '/' || (SELECT count(*) FROM reading_corrections), '0/0/4', 'a second run has nothing to correct') FROM again;
ROLLBACK TO here;

-- The API takes a value back: what is stored is worth more.
\set fault `curl -sf -X POST -d '[{"path": "/readings/60101", "fault": "records", "mutate": "missing", "field": "E", "count": -1, "times": -1}]' "$SIM_URL/_sim/faults" >/dev/null && echo set`
SELECT is(:'fault'::text, 'set', 'the API leaves a field out');
CREATE TEMP TABLE taken_back AS SELECT * FROM argo_ingest('23272', 2, refresh => false, on_conflict => 'update', as_of => :'as_of');
SELECT is((SELECT count(*) FROM readings WHERE energy_kwh IS NULL), 0::bigint, 'no NULL goes over a value');
SELECT is(differing || '/' || corrected, '3/3', 'what the API still gives is corrected') FROM taken_back;
SELECT is((SELECT r.energy_kwh - t.energy_kwh FROM readings AS r JOIN truth AS t USING (channel_id, "timestamp")
           JOIN spoilt AS s USING (channel_id, "timestamp") WHERE s.number = 1) > 0.9, true, 'what it no longer gives stays');
\! curl -sf -X DELETE "$SIM_URL/_sim/faults" >/dev/null
ROLLBACK TO here;

-- Where rows go by SQL the same holds.
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT OR UPDATE ON readings FOR EACH ROW EXECUTE FUNCTION nothing();
CREATE TEMP TABLE by_sql AS SELECT * FROM argo_ingest('23272', 2, refresh => false, on_conflict => 'update', as_of => :'as_of');
SELECT is(inserted || '/' || differing || '/' || corrected, '0/4/4', 'with a trigger on the table') FROM by_sql;
SELECT is((SELECT count(*) FROM reading_corrections), 4::bigint, 'the earlier rows are kept');
CREATE TEMP TABLE by_sql_again AS SELECT * FROM argo_ingest('23272', 2, refresh => false, on_conflict => 'update', as_of => :'as_of');
SELECT is(differing, 0::bigint, 'and nothing differs afterwards') FROM by_sql_again;

SELECT * FROM finish();
ROLLBACK;
