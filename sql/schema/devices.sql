-- Metering devices: the gateways of a site.

--: table devices
CREATE TABLE @extschema@.devices (
    device_id integer NOT NULL,
    device_name text,
    organization_id text,
    device_type text,
    serial_number text,
    firmware_version text,
    last_seen timestamptz,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT devices_pkey PRIMARY KEY (device_id),
    CONSTRAINT devices_organization_id_fkey FOREIGN KEY (organization_id)
        REFERENCES @extschema@.organizations (organization_id)
);
COMMENT ON TABLE @extschema@.devices IS 'Gateways that meter a site''s channels.';
COMMENT ON COLUMN @extschema@.devices.device_id IS 'Eniscope''s id of the device.';
COMMENT ON COLUMN @extschema@.devices.serial_number IS 'Serial number or UUID; v_meters shows it as device_uuid.';
COMMENT ON COLUMN @extschema@.devices.last_seen IS 'When Eniscope last heard from the device.';
COMMENT ON COLUMN @extschema@.devices.updated_at IS 'When the ingest last changed a value of this row.';

--: index idx_devices_org
CREATE INDEX idx_devices_org ON @extschema@.devices (organization_id);
COMMENT ON INDEX @extschema@.idx_devices_org IS 'Devices of a site.';
