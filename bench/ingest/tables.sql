-- Two schemas to store into: ours as argo_setup() makes it, and the older system's with its four indexes.
\set ON_ERROR_STOP on
CREATE EXTENSION argo;
SELECT count(*) FROM argo_setup();

CREATE SCHEMA older;
CREATE TABLE older.channels (LIKE public.channels INCLUDING DEFAULTS, PRIMARY KEY (channel_id));
CREATE TABLE older.readings (
    id bigserial PRIMARY KEY,
    channel_id integer NOT NULL REFERENCES older.channels,
    "timestamp" timestamptz NOT NULL,
    energy_kwh real,
    power_kw real,
    voltage_v real,
    current_a real,
    power_factor real,
    reactive_power_kvar real,
    temperature_c real,
    relative_humidity real,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT idx_readings_unique UNIQUE (channel_id, "timestamp")
);
CREATE INDEX idx_readings_channel_timestamp ON older.readings (channel_id, "timestamp" DESC);
CREATE INDEX idx_readings_timestamp ON older.readings ("timestamp" DESC);
-- Where the ingest notes what it inserts.
CREATE TABLE older._argo_dirty (LIKE public._argo_dirty INCLUDING ALL);

INSERT INTO organizations (organization_id, organization_name) VALUES ('bench', 'Bench');
INSERT INTO channels (channel_id, channel_name, organization_id)
SELECT n, 'Channel ' || n, 'bench' FROM generate_series(1, 17) AS n;
INSERT INTO older.channels SELECT * FROM channels;

CREATE FUNCTION bench_store(schema text, way text, slots integer) RETURNS bigint
    LANGUAGE C AS :'module', 'bench_store';
CREATE FUNCTION bench_load(directory text) RETURNS bigint
    LANGUAGE C AS :'module', 'bench_load';
CREATE FUNCTION bench_parse(schema text, now bigint) RETURNS bigint
    LANGUAGE C AS :'module', 'bench_parse';
