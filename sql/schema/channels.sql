-- Meters: the channels of a device.

--: table channels
CREATE TABLE @extschema@.channels (
    channel_id integer NOT NULL,
    channel_name text NOT NULL,
    device_id integer,
    organization_id text,
    channel_type text,
    unit text,
    description text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT channels_pkey PRIMARY KEY (channel_id),
    CONSTRAINT channels_device_id_fkey FOREIGN KEY (device_id)
        REFERENCES @extschema@.devices (device_id),
    CONSTRAINT channels_organization_id_fkey FOREIGN KEY (organization_id)
        REFERENCES @extschema@.organizations (organization_id)
);
COMMENT ON TABLE @extschema@.channels IS 'Meters. The views call a channel a meter.';
COMMENT ON COLUMN @extschema@.channels.channel_id IS 'Eniscope''s id of the data channel; meter_id in the views.';
COMMENT ON COLUMN @extschema@.channels.unit IS 'Unit that Eniscope names for the channel; readings are stored in the units of their columns whatever it says.';
COMMENT ON COLUMN @extschema@.channels.updated_at IS 'When the ingest last changed a value of this row.';

--: index idx_channels_org
CREATE INDEX idx_channels_org ON @extschema@.channels (organization_id);
COMMENT ON INDEX @extschema@.idx_channels_org IS 'Meters of a site.';
