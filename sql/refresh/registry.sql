-- Materialized views of one's own under argo_refresh().

CREATE FUNCTION @extschema@._argo_view_label(matview regclass)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN c.relnamespace = '@extschema@'::regnamespace THEN format('%I', c.relname)
                ELSE format('%s.%I', c.relnamespace::regnamespace, c.relname) END
    FROM pg_class AS c
    WHERE c.oid = $1
$$;

COMMENT ON FUNCTION @extschema@._argo_view_label(regclass) IS
    'Name under which argo_refresh() shows and takes a view: qualified unless it lies in Argo''s schema.';

CREATE FUNCTION @extschema@._argo_is_named(matview regclass, names text[])
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT $2 IS NULL OR @extschema@._argo_view_label(c.oid) = ANY ($2)
           OR format('%s.%I', c.relnamespace::regnamespace, c.relname) = ANY ($2)
    FROM pg_class AS c
    WHERE c.oid = $1
$$;

COMMENT ON FUNCTION @extschema@._argo_is_named(regclass, text[]) IS
    'Whether a view is among those names, with its schema or as argo_refresh() shows it; NULL names all.';

CREATE FUNCTION @extschema@._argo_range_function(range_function text, has_meter boolean)
RETURNS regprocedure
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_regprocedure(range_function || CASE WHEN has_meter THEN '(integer, timestamptz, timestamptz)'
                                                  ELSE '(timestamptz, timestamptz)' END)
$$;

COMMENT ON FUNCTION @extschema@._argo_range_function(text, boolean) IS
    'The range function of that name, with a meter as its first argument or without; NULL where there is none.';

CREATE FUNCTION @extschema@.argo_register_matview(
    matview regclass,
    bucket_column name,
    bucket_unit text DEFAULT NULL,
    range_function regproc DEFAULT NULL,
    meter_column name DEFAULT NULL
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    units CONSTANT text[] := ARRAY['hour', 'day', 'week', 'month', 'quarter', 'year'];
    function_name text;
    bucket_type regtype;
    meter_type regtype;
BEGIN
    IF to_regclass('@extschema@._argo_refreshed_views') IS NULL THEN
        RAISE EXCEPTION 'argo is not set up in schema @extschema@'
            USING ERRCODE = '55000', DETAIL = 'Nothing was registered.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_setup();';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = matview AND c.relkind = 'm') THEN
        RAISE EXCEPTION '% is not a materialized view', coalesce(matview::text, 'NULL')
            USING ERRCODE = '42809', DETAIL = 'Nothing was registered.',
                  HINT = 'Type CREATE MATERIALIZED VIEW ... first; see docs/refresh.md.';
    END IF;
    IF NOT pg_has_role((SELECT c.relowner FROM pg_class AS c WHERE c.oid = matview), 'USAGE') THEN
        RAISE EXCEPTION 'must be owner of materialized view %', matview
            USING ERRCODE = '42501', DETAIL = 'Nothing was registered.', HINT = 'Ask its owner to register it.';
    END IF;
    SELECT a.atttypid INTO bucket_type FROM pg_attribute AS a
    WHERE a.attrelid = matview AND a.attname = bucket_column AND a.attnum > 0 AND NOT a.attisdropped;
    IF bucket_type IS NULL OR bucket_type NOT IN ('timestamptz'::regtype, 'date'::regtype) THEN
        RAISE EXCEPTION 'column % of % is not a timestamptz or a date', coalesce(quote_ident(bucket_column), 'NULL'), matview
            USING ERRCODE = '22023', DETAIL = 'It must say where the stretch of time of a row begins. Nothing was registered.',
                  HINT = 'Name the column with bucket_column => ''...''.';
    END IF;
    SELECT a.atttypid INTO meter_type FROM pg_attribute AS a
    WHERE a.attrelid = matview AND a.attname = meter_column AND a.attnum > 0 AND NOT a.attisdropped;
    IF meter_column IS NOT NULL AND meter_type IS DISTINCT FROM 'integer'::regtype THEN
        RAISE EXCEPTION 'column % of % is not an integer', quote_ident(meter_column), matview
            USING ERRCODE = '22023', DETAIL = 'It must hold the meter of a row. Nothing was registered.',
                  HINT = 'Name the column with meter_column => ''...'', or leave it out.';
    END IF;
    IF bucket_unit <> ALL (units) OR (range_function IS NOT NULL AND bucket_unit IS NULL)
       OR (bucket_unit = 'hour' AND bucket_type = 'date'::regtype) THEN
        RAISE EXCEPTION 'bucket_unit % does not fit', coalesce(quote_literal(bucket_unit), 'NULL')
            USING ERRCODE = '22023', DETAIL = format('Column %I is a %s. Nothing was registered.', bucket_column, bucket_type),
                  HINT = 'Use one of: ' || array_to_string(units, ', ') || '; hours begin with a timestamptz.';
    END IF;
    IF range_function IS NOT NULL THEN
        SELECT format('%s.%I', p.pronamespace::regnamespace, p.proname) INTO function_name
        FROM pg_proc AS p WHERE p.oid = range_function;
        IF @extschema@._argo_range_function(function_name, meter_column IS NOT NULL) IS NULL THEN
            RAISE EXCEPTION 'function % does not take a range', range_function
                USING ERRCODE = '42883', DETAIL = 'Nothing was registered.',
                      HINT = CASE WHEN meter_column IS NOT NULL
                          THEN 'With a meter_column its arguments are (integer, timestamptz, timestamptz): meter, range_start, range_end.'
                          ELSE 'Without a meter_column its arguments are (timestamptz, timestamptz): range_start, range_end.' END;
        END IF;
        IF NOT EXISTS (
            SELECT FROM pg_proc AS p JOIN pg_roles AS o ON o.oid = p.proowner
            WHERE p.oid = range_function
              AND (o.rolsuper OR p.proowner = (SELECT c.relowner FROM pg_class AS c WHERE c.oid = matview))) THEN
            RAISE EXCEPTION 'range function % belongs to another role than %', function_name, matview
                USING ERRCODE = '42501',
                      DETAIL = 'It would run with the rights of the view''s owner. Nothing was registered.',
                      HINT = format('Type ALTER FUNCTION %s OWNER TO ...;', function_name);
        END IF;
    END IF;
    INSERT INTO @extschema@._argo_refreshed_views AS v (matview, bucket_column, bucket_unit, meter_column, range_function)
    VALUES ($1, $2, $3, $5, function_name)
    ON CONFLICT ON CONSTRAINT _argo_refreshed_views_matview_key DO UPDATE
        SET bucket_column = excluded.bucket_column, bucket_unit = excluded.bucket_unit,
            meter_column = excluded.meter_column, range_function = excluded.range_function, source_digest = NULL;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_register_matview(regclass, name, text, regproc, name) IS
    'Has argo_refresh() keep a materialized view of the caller''s. bucket_column: timestamptz or date at which the stretch of time of a row begins, on the site''s clock; bucket_unit: hour, day, week, month, quarter or year. range_function gives the view''s rows for readings of a range, (range_start, range_end) or, with a meter_column, (meter, range_start, range_end); the view''s own query must call it with -infinity and infinity. Without one every refresh is a full one. Again for the same view: changes what is registered. Needs INSERT and UPDATE on _argo_refreshed_views. Raises 42809, 22023, 42883, 42501.';

CREATE FUNCTION @extschema@.argo_unregister_matview(matview regclass)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF matview IN ('@extschema@.mv_hourly_usage'::regclass, '@extschema@.mv_daily_usage'::regclass)
       OR EXISTS (SELECT FROM @extschema@._argo_refreshed_views AS v WHERE v.matview = $1 AND v.key_kind = 'equipment') THEN
        RAISE EXCEPTION '% is read by argo''s own views', matview
            USING ERRCODE = '22023', DETAIL = 'It stays registered.',
                  HINT = 'Leave it to argo_refresh(); views => ARRAY[...] chooses what a call refreshes.';
    END IF;
    IF NOT pg_has_role((SELECT c.relowner FROM pg_class AS c WHERE c.oid = matview), 'USAGE') THEN
        RAISE EXCEPTION 'must be owner of materialized view %', matview
            USING ERRCODE = '42501', DETAIL = 'It stays registered.', HINT = 'Ask its owner to type it.';
    END IF;
    DELETE FROM @extschema@._argo_dirty AS d WHERE d.matview = $1;
    DELETE FROM @extschema@._argo_refreshed_views AS v WHERE v.matview = $1;
    RETURN FOUND;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_unregister_matview(regclass) IS
    'Has argo_refresh() leave a view alone; the view stays. False: it was not registered.';
