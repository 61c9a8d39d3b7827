-- Meters with the names of their site and device.

--: view v_meters
CREATE VIEW @extschema@.v_meters AS
SELECT
    c.channel_id AS meter_id,
    c.channel_name AS meter_name,
    c.organization_id AS site_id,
    o.organization_name AS site_name,
    c.device_id,
    d.device_name,
    d.device_type,
    d.serial_number AS device_uuid,
    c.channel_type,
    c.unit,
    c.created_at,
    c.updated_at
FROM @extschema@.channels AS c
LEFT JOIN @extschema@.organizations AS o ON o.organization_id = c.organization_id
LEFT JOIN @extschema@.devices AS d ON d.device_id = c.device_id;
COMMENT ON VIEW @extschema@.v_meters IS
    'Every meter, also those without a site or a device, with the names of both.';
COMMENT ON COLUMN @extschema@.v_meters.device_uuid IS 'Serial number or UUID of the device.';
