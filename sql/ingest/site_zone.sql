-- The time zone in which the days of a site begin.

CREATE FUNCTION @extschema@._argo_site_zone(site text, reported text)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    stored text;
    known text;
BEGIN
    SELECT z.timezone INTO stored FROM @extschema@._argo_zones AS z
    WHERE z.organization_id = site AND z.is_valid;
    IF nullif(reported, '') IS NULL THEN
        IF stored IS NULL THEN
            RAISE NOTICE 'the API reports no time zone for site %, America/New_York counts', site
                USING HINT = format('UPDATE @extschema@.organizations SET timezone = ''Europe/London'' WHERE organization_id = %L;', site);
        END IF;
        RETURN coalesce(stored, 'America/New_York');
    END IF;
    IF reported = stored THEN
        RETURN stored;
    END IF;
    known := @extschema@._argo_verified_zone(reported);
    IF known IS NOT NULL THEN
        RETURN known;
    END IF;
    IF stored IS NOT NULL THEN
        RAISE WARNING 'the API reports time zone % for site %, which this server does not know', quote_literal(left(reported, 60)), site
            USING DETAIL = format('The stored zone %s stays.', stored);
        RETURN stored;
    END IF;
    RAISE EXCEPTION 'the API reports time zone % for site %, which this server does not know', quote_literal(left(reported, 60)), site
        USING ERRCODE = '22023',
              DETAIL = 'Without it Argo cannot tell where the days of the site begin. Nothing was stored.',
              HINT = format('Give the site a zone of pg_timezone_names, which then stays: INSERT INTO @extschema@.organizations (organization_id, organization_name, timezone) VALUES (%L, %L, ''America/New_York'') ON CONFLICT (organization_id) DO UPDATE SET timezone = excluded.timezone;',
                            site, 'Site ' || site);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_site_zone(text, text) IS
    'The zone of a site: the one that the API reports if this server knows it, else a stored one that it knows; America/New_York, with a NOTICE, where neither says anything. Raises 22023 where the API reports an unknown one and none is stored.';
