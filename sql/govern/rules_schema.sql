-- Rules about what must be there before any reading can be judged: tables, columns, the site, its zone.

CREATE FUNCTION @extschema@._argo_rule_tables_present(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT NULL::integer, NULL::date, NULL::double precision, true,
           format('table %s is missing; type SELECT * FROM @extschema@.argo_setup();', s.object_name)
    FROM @extschema@._argo_setup_steps() AS s
    WHERE s.object_kind IN ('table', 'materialized view')
      AND NOT EXISTS (
          SELECT FROM pg_class AS c
          WHERE c.oid = to_regclass(format('@extschema@.%I', s.object_name)) AND c.relkind IN ('r', 'p', 'f', 'v', 'm'))
    ORDER BY s.step;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_tables_present(text, timestamptz, timestamptz, double precision) IS
    'Rule tables_present: every table and materialized view of argo_setup() exists.';

CREATE FUNCTION @extschema@._argo_rule_timestamptz_columns(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT NULL::integer, NULL::date, NULL::double precision, true,
           CASE WHEN a.attname IS NULL THEN format('column %s of table %s is missing', w.column_name, w.table_name)
                ELSE format('column %s of table %s is %s, not timestamp with time zone',
                            w.column_name, w.table_name, format_type(a.atttypid, a.atttypmod)) END
    FROM (
        -- The statements that make the tables are the one list of their columns.
        SELECT s.step, s.object_name AS table_name, m.found[1] AS column_name,
               to_regclass(format('@extschema@.%I', s.object_name)) AS relation
        FROM @extschema@._argo_setup_steps() AS s
        CROSS JOIN LATERAL regexp_matches(s.ddl, '^ +"?([a-z_]+)"? timestamptz', 'gn') AS m (found)
        WHERE s.object_kind = 'table'
    ) AS w
    LEFT JOIN pg_attribute AS a
        ON a.attrelid = w.relation AND a.attname = w.column_name AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_type AS t ON t.oid = a.atttypid
    WHERE w.relation IS NOT NULL
      AND coalesce(nullif(t.typbasetype, 0), t.oid) IS DISTINCT FROM 'timestamptz'::regtype
    ORDER BY (w.table_name, w.column_name) <> ('readings', 'timestamp'), w.step, w.column_name;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_timestamptz_columns(text, timestamptz, timestamptz, double precision) IS
    'Rule timestamptz_columns: every time in a table of argo_setup() is a timestamptz. A table that is missing is for tables_present.';

CREATE FUNCTION @extschema@._argo_rule_site_present(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known CONSTANT boolean := EXISTS (SELECT FROM @extschema@.organizations AS o WHERE o.organization_id = site);
    meters integer;
    with_readings integer;
BEGIN
    SELECT count(*), count(*) FILTER (WHERE EXISTS (
               SELECT FROM @extschema@.readings AS r WHERE r.channel_id = c.channel_id))
    INTO meters, with_readings
    FROM @extschema@.channels AS c
    WHERE c.organization_id = site;

    RETURN QUERY
    SELECT NULL::integer, NULL::date, with_readings::double precision, NOT known OR with_readings = 0,
           CASE WHEN NOT known THEN format('organizations has no row for site %s', site)
                WHEN meters = 0 THEN format('channels has no meter of site %s', site)
                WHEN with_readings = 0 THEN format('none of the %s of site %s has a reading',
                                                   @extschema@._argo_counted(meters, 'meter'), site)
                ELSE format('%s of %s have readings', with_readings, @extschema@._argo_counted(meters, 'meter')) END;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_site_present(text, timestamptz, timestamptz, double precision) IS
    'Rule site_present: the site is known, has meters, and one of them has a reading. Observed: meters with readings.';

CREATE FUNCTION @extschema@._argo_rule_time_zone(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT NULL::integer, NULL::date, NULL::double precision, z.is_valid IS NOT TRUE,
           CASE WHEN z.is_valid THEN format('time zone %s', z.timezone)
                ELSE format('%s, America/New_York counts; type UPDATE %s SET timezone = ''...'' WHERE %s = %L;',
                            CASE WHEN o.timezone IS NULL THEN 'the site has no time zone'
                                 ELSE format('time zone %L is unknown to this server', o.timezone) END,
                            '@extschema@.organizations', 'organization_id', site) END
    FROM @extschema@.organizations AS o
    LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = o.organization_id
    WHERE o.organization_id = site;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_time_zone(text, timestamptz, timestamptz, double precision) IS
    'Rule time_zone: this server knows the zone of the site.';
