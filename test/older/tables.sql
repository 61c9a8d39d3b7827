-- The tables of the older system as its setup script and its ingestion make them; :time is the type of its
-- times, timestamptz or, before its migration, timestamp.
CREATE TABLE IF NOT EXISTS organizations (
    organization_id TEXT PRIMARY KEY,
    organization_name TEXT NOT NULL,
    address TEXT,
    city TEXT,
    postcode TEXT,
    country TEXT,
    timezone TEXT DEFAULT 'America/New_York',
    created_at :time DEFAULT CURRENT_TIMESTAMP,
    updated_at :time DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS devices (
    device_id INTEGER PRIMARY KEY,
    device_name TEXT,
    organization_id TEXT REFERENCES organizations (organization_id),
    device_type TEXT,
    serial_number TEXT,
    firmware_version TEXT,
    last_seen :time,
    created_at :time DEFAULT CURRENT_TIMESTAMP,
    updated_at :time DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS channels (
    channel_id INTEGER PRIMARY KEY,
    channel_name TEXT NOT NULL,
    device_id INTEGER REFERENCES devices (device_id),
    organization_id TEXT REFERENCES organizations (organization_id),
    channel_type TEXT,
    unit TEXT,
    description TEXT,
    created_at :time DEFAULT CURRENT_TIMESTAMP,
    updated_at :time DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS readings (
    id BIGSERIAL PRIMARY KEY,
    channel_id INTEGER NOT NULL REFERENCES channels (channel_id),
    timestamp :time NOT NULL,
    energy_kwh REAL,
    power_kw REAL,
    voltage_v REAL,
    current_a REAL,
    power_factor REAL,
    reactive_power_kvar REAL,
    temperature_c REAL,
    relative_humidity REAL,
    created_at :time DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS data_sync_status (
    id SERIAL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    channel_id INTEGER,
    last_sync_timestamp :time NOT NULL,
    last_reading_timestamp :time,
    readings_count INTEGER,
    sync_status TEXT,
    error_message TEXT,
    created_at :time DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX IF NOT EXISTS idx_readings_channel_timestamp ON readings (channel_id, timestamp DESC);
CREATE INDEX IF NOT EXISTS idx_readings_timestamp ON readings (timestamp DESC);
CREATE UNIQUE INDEX IF NOT EXISTS idx_readings_unique ON readings (channel_id, timestamp);
CREATE INDEX IF NOT EXISTS idx_channels_org ON channels (organization_id);
CREATE INDEX IF NOT EXISTS idx_devices_org ON devices (organization_id);
CREATE INDEX IF NOT EXISTS idx_sync_status_org ON data_sync_status (organization_id, last_sync_timestamp DESC);

CREATE TABLE IF NOT EXISTS ingestion_logs (
    id SERIAL PRIMARY KEY,
    organization_id TEXT NOT NULL,
    channel_id INTEGER NOT NULL,
    start_time :time NOT NULL,
    end_time :time NOT NULL,
    readings_fetched INTEGER NOT NULL DEFAULT 0,
    readings_inserted INTEGER NOT NULL DEFAULT 0,
    readings_rejected INTEGER NOT NULL DEFAULT 0,
    status TEXT NOT NULL DEFAULT 'success',
    error_message TEXT,
    created_at :time DEFAULT CURRENT_TIMESTAMP
);
CREATE INDEX IF NOT EXISTS idx_ingestion_logs_time ON ingestion_logs (organization_id, channel_id, start_time, end_time);
CREATE TABLE playing_with_neon (id SERIAL PRIMARY KEY, name TEXT, value REAL);
