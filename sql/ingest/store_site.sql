-- Stores what Eniscope says about a site: its organization, devices and channels.

CREATE FUNCTION @extschema@._argo_store_site(site jsonb)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    site_id CONSTANT text := nullif(site #>> '{organization,organization_id}', '');
    given_zone text := nullif(site #>> '{organization,timezone}', '');
    stored_zone text;
    total integer := 0;
    rows_changed integer;
BEGIN
    IF site_id IS NULL THEN
        RAISE EXCEPTION 'a site has no organization_id'
            USING ERRCODE = '22023',
                  DETAIL = 'Nothing of it was stored.',
                  HINT = 'Give {"organization": {"organization_id": "23271", ...}, "devices": [...], "channels": [...]}.';
    END IF;

    -- A zone is given up only for one that is known here.
    SELECT o.timezone INTO stored_zone FROM @extschema@.organizations AS o WHERE o.organization_id = site_id;
    IF given_zone IS DISTINCT FROM stored_zone THEN
        given_zone := coalesce(@extschema@._argo_verified_zone(given_zone),
                               @extschema@._argo_verified_zone(stored_zone), given_zone);
    END IF;

    -- UPDATE, then INSERT: unlike ON CONFLICT DO UPDATE, this takes no lock on a row that stays as it is.
    UPDATE @extschema@.organizations AS o
    SET organization_name = n.organization_name, address = n.address, city = n.city, postcode = n.postcode,
        country = n.country, timezone = n.timezone, updated_at = CURRENT_TIMESTAMP
    FROM (
        SELECT
            coalesce(nullif(g.organization_name, ''), s.organization_name) AS organization_name,
            coalesce(nullif(g.address, ''), s.address) AS address,
            coalesce(nullif(g.city, ''), s.city) AS city,
            coalesce(nullif(g.postcode, ''), s.postcode) AS postcode,
            coalesce(nullif(g.country, ''), s.country) AS country,
            coalesce(given_zone, s.timezone) AS timezone
        FROM @extschema@.organizations AS s,
             jsonb_to_record(site -> 'organization') AS g (
                 organization_name text, address text, city text, postcode text, country text)
        WHERE s.organization_id = site_id
    ) AS n
    WHERE o.organization_id = site_id
      AND (o.organization_name, o.address, o.city, o.postcode, o.country, o.timezone)
          IS DISTINCT FROM (n.organization_name, n.address, n.city, n.postcode, n.country, n.timezone);
    GET DIAGNOSTICS rows_changed = ROW_COUNT;
    total := total + rows_changed;

    IF NOT EXISTS (SELECT FROM @extschema@.organizations AS o WHERE o.organization_id = site_id) THEN
        INSERT INTO @extschema@.organizations
            (organization_id, organization_name, address, city, postcode, country, timezone)
        SELECT
            site_id, coalesce(nullif(g.organization_name, ''), site_id), nullif(g.address, ''), nullif(g.city, ''),
            nullif(g.postcode, ''), nullif(g.country, ''), coalesce(given_zone, 'America/New_York')
        FROM jsonb_to_record(site -> 'organization') AS g (
            organization_name text, address text, city text, postcode text, country text)
        ON CONFLICT DO NOTHING;
        GET DIAGNOSTICS rows_changed = ROW_COUNT;
        total := total + rows_changed;
    END IF;

    WITH listed AS MATERIALIZED (
        SELECT DISTINCT ON (d.device_id)
            d.device_id, nullif(d.device_name, '') AS device_name, nullif(d.device_type, '') AS device_type,
            nullif(d.serial_number, '') AS serial_number, nullif(d.firmware_version, '') AS firmware_version,
            d.last_seen
        FROM ROWS FROM (jsonb_to_recordset(coalesce(nullif(site -> 'devices', 'null'), '[]')) AS (
            device_id integer, device_name text, device_type text, serial_number text,
            firmware_version text, last_seen timestamptz)) WITH ORDINALITY AS d
        WHERE d.device_id IS NOT NULL
        ORDER BY d.device_id, d.ordinality DESC
    ), given AS MATERIALIZED (
        SELECT l.* FROM listed AS l
        UNION ALL
        -- A device that only its channels mention.
        SELECT DISTINCT c.device_id, NULL::text, NULL::text, NULL::text, NULL::text, NULL::timestamptz
        FROM jsonb_to_recordset(coalesce(nullif(site -> 'channels', 'null'), '[]')) AS c (device_id integer)
        WHERE c.device_id IS NOT NULL AND NOT EXISTS (SELECT FROM listed AS l WHERE l.device_id = c.device_id)
    ), updated AS (
        UPDATE @extschema@.devices AS d
        SET device_name = coalesce(g.device_name, d.device_name), organization_id = site_id,
            device_type = coalesce(g.device_type, d.device_type),
            serial_number = coalesce(g.serial_number, d.serial_number),
            firmware_version = coalesce(g.firmware_version, d.firmware_version),
            last_seen = greatest(g.last_seen, d.last_seen), updated_at = CURRENT_TIMESTAMP
        FROM given AS g
        WHERE d.device_id = g.device_id
          AND (d.device_name, d.organization_id, d.device_type, d.serial_number, d.firmware_version, d.last_seen)
              IS DISTINCT FROM
              (coalesce(g.device_name, d.device_name), site_id, coalesce(g.device_type, d.device_type),
               coalesce(g.serial_number, d.serial_number), coalesce(g.firmware_version, d.firmware_version),
               greatest(g.last_seen, d.last_seen))
        RETURNING 1
    ), added AS (
        INSERT INTO @extschema@.devices
            (device_id, device_name, organization_id, device_type, serial_number, firmware_version, last_seen)
        SELECT g.device_id, g.device_name, site_id, g.device_type, g.serial_number, g.firmware_version, g.last_seen
        FROM given AS g
        WHERE NOT EXISTS (SELECT FROM @extschema@.devices AS d WHERE d.device_id = g.device_id)
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM updated) + (SELECT count(*) FROM added) INTO rows_changed;
    total := total + rows_changed;

    PERFORM @extschema@._argo_lock_channels_for_chunks();
    WITH given AS MATERIALIZED (
        SELECT DISTINCT ON (c.channel_id)
            c.channel_id, nullif(c.channel_name, '') AS channel_name, c.device_id,
            nullif(c.channel_type, '') AS channel_type, nullif(c.unit, '') AS unit,
            nullif(c.description, '') AS description
        FROM ROWS FROM (jsonb_to_recordset(coalesce(nullif(site -> 'channels', 'null'), '[]')) AS (
            channel_id integer, channel_name text, device_id integer, channel_type text,
            unit text, description text)) WITH ORDINALITY AS c
        WHERE c.channel_id IS NOT NULL
        ORDER BY c.channel_id, c.ordinality DESC
    ), updated AS (
        UPDATE @extschema@.channels AS c
        SET channel_name = coalesce(g.channel_name, c.channel_name), device_id = coalesce(g.device_id, c.device_id),
            organization_id = site_id, channel_type = coalesce(g.channel_type, c.channel_type),
            unit = coalesce(g.unit, c.unit), description = coalesce(g.description, c.description),
            updated_at = CURRENT_TIMESTAMP
        FROM given AS g
        WHERE c.channel_id = g.channel_id
          AND (c.channel_name, c.device_id, c.organization_id, c.channel_type, c.unit, c.description)
              IS DISTINCT FROM
              (coalesce(g.channel_name, c.channel_name), coalesce(g.device_id, c.device_id), site_id,
               coalesce(g.channel_type, c.channel_type), coalesce(g.unit, c.unit),
               coalesce(g.description, c.description))
        RETURNING 1
    ), added AS (
        INSERT INTO @extschema@.channels
            (channel_id, channel_name, device_id, organization_id, channel_type, unit, description)
        SELECT g.channel_id, coalesce(g.channel_name, 'channel ' || g.channel_id), g.device_id, site_id,
               g.channel_type, g.unit, g.description
        FROM given AS g
        WHERE NOT EXISTS (SELECT FROM @extschema@.channels AS c WHERE c.channel_id = g.channel_id)
        ON CONFLICT DO NOTHING
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM updated) + (SELECT count(*) FROM added) INTO rows_changed;
    RETURN total + rows_changed;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_store_site(jsonb) IS
    'Stores {"organization": {organization_id, organization_name, address, city, postcode, country, timezone}, "devices": [{device_id, device_name, device_type, serial_number, firmware_version, last_seen}], "channels": [{channel_id, channel_name, device_id, channel_type, unit, description}]} and returns how many rows it inserted or changed. NULL, a missing key and an empty string leave what is stored; rows that stay the same are neither locked nor written.';
