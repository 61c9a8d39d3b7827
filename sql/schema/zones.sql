-- The verified time zone of each organization, so that one bad name cannot break every view.

--: function _argo_verified_zone
CREATE FUNCTION @extschema@._argo_verified_zone(zone text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    -- AT TIME ZONE would also take abbreviations, POSIX rules such as XYZ5 and names of one host only.
    SELECT n.name
    FROM pg_catalog.pg_timezone_names AS n
    WHERE lower(n.name COLLATE "C") = lower(zone COLLATE "C")
      AND n.name !~ '^(posix|right)/'
      AND n.name NOT IN ('localtime', 'posixrules', 'Factory')
    ORDER BY n.name
    LIMIT 1
$$;
COMMENT ON FUNCTION @extschema@._argo_verified_zone(text) IS
    'IANA spelling of a time zone that this server knows, whatever its case; NULL for anything else. Reads all zone files: about 20 ms.';

--: function _argo_hour_origin
CREATE FUNCTION @extschema@._argo_hour_origin(zone text)
RETURNS timestamptz
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN count(DISTINCT p.seconds) = 1
                THEN timestamptz '1970-01-01 00:00:00+00' + (3600 - min(p.seconds)) % 3600 * interval '1 second' END
    FROM (
        SELECT (extract(epoch FROM (t.instant AT TIME ZONE zone) - (t.instant AT TIME ZONE 'UTC'))::integer % 3600 + 3600)
               % 3600 AS seconds
        FROM generate_series(timestamptz '1970-01-01 00:00:00+00', '2100-01-01 00:00:00+00', '7 days') AS t (instant)
    ) AS p
$$;
COMMENT ON FUNCTION @extschema@._argo_hour_origin(text) IS
    'An instant at which an hour begins in a zone whose hours begin at the same minute of UTC from 1970 to 2100; NULL for others, such as Australia/Lord_Howe.';

--: table _argo_zones
CREATE TABLE @extschema@._argo_zones (
    organization_id text NOT NULL PRIMARY KEY
        REFERENCES @extschema@.organizations (organization_id) ON UPDATE CASCADE ON DELETE CASCADE,
    timezone text NOT NULL,
    is_valid boolean NOT NULL,
    hour_origin timestamptz
);
COMMENT ON TABLE @extschema@._argo_zones IS
    'The zone that counts for each organization, kept by triggers on organizations and by argo_setup(). Views read this and never organizations.timezone.';
COMMENT ON COLUMN @extschema@._argo_zones.timezone IS 'A name that this server knows.';
COMMENT ON COLUMN @extschema@._argo_zones.is_valid IS
    'False: the organization''s own zone is unknown here or NULL, and America/New_York counts instead.';
COMMENT ON COLUMN @extschema@._argo_zones.hour_origin IS
    'What _argo_hour_origin() says of it: finding the hour of a reading from here takes a tenth of the time.';

--: function _argo_keep_zones
CREATE FUNCTION @extschema@._argo_keep_zones(organizations text[] DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
    kept record;
    changed integer := 0;
BEGIN
    FOR kept IN
        -- Each spelling is verified once, since every verification reads all zone files.
        WITH own AS MATERIALIZED (
            SELECT o.organization_id, o.timezone
            FROM @extschema@.organizations AS o
            WHERE $1 IS NULL OR o.organization_id = ANY ($1)
        ), verified AS MATERIALIZED (
            SELECT d.timezone, d.name, @extschema@._argo_hour_origin(coalesce(d.name, 'America/New_York')) AS hour_origin
            FROM (SELECT own.timezone, @extschema@._argo_verified_zone(own.timezone) AS name
                  FROM own GROUP BY own.timezone) AS d
        )
        SELECT own.organization_id, own.timezone AS given, v.name IS NOT NULL AS is_valid,
               coalesce(v.name, 'America/New_York') AS timezone, v.hour_origin
        FROM own
        JOIN verified AS v ON v.timezone IS NOT DISTINCT FROM own.timezone
        LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = own.organization_id
        WHERE (z.timezone, z.is_valid, z.hour_origin)
              IS DISTINCT FROM (coalesce(v.name, 'America/New_York'), v.name IS NOT NULL, v.hour_origin)
        ORDER BY own.organization_id
    LOOP
        INSERT INTO @extschema@._argo_zones AS z (organization_id, timezone, is_valid, hour_origin)
        VALUES (kept.organization_id, kept.timezone, kept.is_valid, kept.hour_origin)
        ON CONFLICT (organization_id) DO UPDATE
            SET timezone = excluded.timezone, is_valid = excluded.is_valid, hour_origin = excluded.hour_origin;
        changed := changed + 1;
        IF NOT kept.is_valid AND kept.given IS NOT NULL THEN
            RAISE WARNING 'time zone "%" of organization "%" is unknown', kept.given, kept.organization_id
                USING DETAIL = 'Its hours, days and months are those of America/New_York.',
                      HINT = format('Type UPDATE %s SET timezone = ''...'' WHERE organization_id = %L; with a name from pg_timezone_names.',
                                    '@extschema@.organizations', kept.organization_id);
        END IF;
    END LOOP;
    RETURN changed;
END
$$;
COMMENT ON FUNCTION @extschema@._argo_keep_zones(text[]) IS
    'Verifies the zones of the given organizations (NULL: of all) and returns how many rows of _argo_zones changed; a name unknown to this server is a WARNING.';

--: function _argo_zones_changed
CREATE FUNCTION @extschema@._argo_zones_changed()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM @extschema@._argo_keep_zones(ARRAY(SELECT n.organization_id FROM new_rows AS n));
    ELSE
        PERFORM @extschema@._argo_keep_zones(ids.changed)
        FROM (SELECT array_agg(n.organization_id) AS changed
              FROM new_rows AS n
              WHERE NOT EXISTS (SELECT FROM old_rows AS o
                                WHERE o.organization_id = n.organization_id
                                  AND o.timezone IS NOT DISTINCT FROM n.timezone)) AS ids
        WHERE ids.changed IS NOT NULL;
    END IF;
    RETURN NULL;
END
$$;
-- A trigger function needs no right when it fires; on a table of theirs others could have it run as its owner.
REVOKE ALL ON FUNCTION @extschema@._argo_zones_changed() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_zones_changed() IS
    'Statement trigger on organizations: keeps _argo_zones. Runs as the owner, so that writers of organizations need no right on it.';

--: trigger _argo_zones_inserted
CREATE TRIGGER _argo_zones_inserted
    AFTER INSERT ON @extschema@.organizations
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_zones_changed();
COMMENT ON TRIGGER _argo_zones_inserted ON @extschema@.organizations IS 'Verifies the zones of new organizations.';

--: trigger _argo_zones_updated
CREATE TRIGGER _argo_zones_updated
    AFTER UPDATE ON @extschema@.organizations
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_zones_changed();
COMMENT ON TRIGGER _argo_zones_updated ON @extschema@.organizations IS 'Verifies zones that an UPDATE changed.';

--: function _argo_hour
-- Inlined. A zone is NULL for a meter without a site.
CREATE FUNCTION @extschema@._argo_hour(reading timestamptz, zone text, origin timestamptz)
RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN origin IS NOT NULL THEN date_bin('1 hour', reading, origin)
                ELSE date_trunc('hour', reading, coalesce(zone, 'America/New_York')) END;
END;
COMMENT ON FUNCTION @extschema@._argo_hour(timestamptz, text, timestamptz) IS
    'Start of the hour of a reading on the site''s clock, as date_trunc() has it. The origin is what _argo_valid_origin() says.';

--: function _argo_valid_origin
-- Inlined.
CREATE FUNCTION @extschema@._argo_valid_origin(reading timestamptz, zone text, origin timestamptz)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT CASE WHEN reading >= timestamptz '1970-01-01 00:00:00+00' AND reading < timestamptz '2100-01-01 00:00:00+00'
                THEN CASE WHEN zone IS NULL THEN timestamptz '1970-01-01 00:00:00+00' ELSE origin END END;
END;
COMMENT ON FUNCTION @extschema@._argo_valid_origin(timestamptz, text, timestamptz) IS
    'An instant at which hours begin in the zone of a reading, from zone and hour_origin of _argo_zones; NULL where that is not known.';
