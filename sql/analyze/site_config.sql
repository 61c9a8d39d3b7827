-- The configuration that counts for the analysis of a site.

CREATE FUNCTION @extschema@._argo_config_defaults()
RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN '{
        "business_hours": {"start": 7, "end": 18, "weekdays": [1, 2, 3, 4, 5]},
        "holidays": [],
        "tariff_per_kwh": 0.12,
        "currency": "USD",
        "demand_charge_per_kw": null,
        "time_of_use": null,
        "baseline_weeks": 4,
        "main_meter": null,
        "sensor_health": {"gap_intervals": 2, "gap_intervals_high": 10, "completeness_percent": 90,
            "completeness_percent_high": 50, "flatline_hours": 6, "flatline_variance_kw2": 0.01,
            "flatline_variation": null, "flatline_mean_kw": 0.1, "stale_hours": 2, "stale_hours_high": 24},
        "after_hours": {"base_percentile": 0.05, "significant_kwh": 10, "worst_intervals": 10, "always_on_ratio": 0.5,
            "always_on_ratio_max": 0.8, "always_on_target": 0.3},
        "anomalies": {"iqr_factor": 3, "join_hours": 2, "min_intervals": 3, "min_excess_kwh": 5, "min_baseline_values": 8},
        "spikes": {"factor": 1.5, "percentile": 0.95, "min_kw_meter": 5, "min_kw_main": 20, "join_intervals": 2,
            "min_baseline_values": 8},
        "quick_wins": {"max": 10}}';
END
$$;

COMMENT ON FUNCTION @extschema@._argo_config_defaults() IS 'Every key of site_config with its default.';

CREATE FUNCTION @extschema@._argo_config_ranges()
RETURNS TABLE (key text, least_value double precision, greatest_value double precision, is_whole boolean, may_be_null boolean)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY VALUES
        ('business_hours.start', 0::double precision, 23::double precision, true, false),
        ('business_hours.end', 1, 24, true, false),
        ('tariff_per_kwh', 0, 1e6, false, false),
        ('demand_charge_per_kw', 0, 1e6, false, true),
        ('baseline_weeks', 1, 12, true, false),
        ('main_meter', 0, 2147483647, true, true),
        ('sensor_health.gap_intervals', 1, 2976, true, false),
        ('sensor_health.gap_intervals_high', 1, 2976, true, false),
        ('sensor_health.completeness_percent', 0, 100, false, false),
        ('sensor_health.completeness_percent_high', 0, 100, false, false),
        ('sensor_health.flatline_hours', 1, 168, true, false),
        ('sensor_health.flatline_variance_kw2', 0, 1e6, false, false),
        ('sensor_health.flatline_variation', 0, 1, false, true),
        ('sensor_health.flatline_mean_kw', 0, 1e6, false, false),
        ('sensor_health.stale_hours', 0, 744, false, false),
        ('sensor_health.stale_hours_high', 0, 744, false, false),
        ('after_hours.base_percentile', 0, 1, false, false),
        ('after_hours.significant_kwh', 0, 1e9, false, false),
        ('after_hours.worst_intervals', 0, 100, true, false),
        ('after_hours.always_on_ratio', 0, 1, false, false),
        ('after_hours.always_on_ratio_max', 0, 1, false, false),
        ('after_hours.always_on_target', 0, 1, false, false),
        ('anomalies.iqr_factor', 0, 1000, false, false),
        ('anomalies.join_hours', 0, 168, false, false),
        ('anomalies.min_intervals', 1, 672, true, false),
        ('anomalies.min_excess_kwh', 0, 1e9, false, false),
        ('anomalies.min_baseline_values', 2, 1000, true, false),
        ('spikes.factor', 1, 1000, false, false),
        ('spikes.percentile', 0, 1, false, false),
        ('spikes.min_kw_meter', 0, 1e6, false, false),
        ('spikes.min_kw_main', 0, 1e6, false, false),
        ('spikes.join_intervals', 1, 672, true, false),
        ('spikes.min_baseline_values', 2, 1000, true, false),
        ('quick_wins.max', 0, 100, true, false);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_config_ranges() IS
    'The keys of site_config that are numbers: least and greatest value, whether whole, whether null turns them off.';

CREATE FUNCTION @extschema@._argo_refuse_config(site text, key text, value jsonb, allowed text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'invalid value for key % in site_config: %', key, left(coalesce(value::text, 'null'), 60)
        USING ERRCODE = '22023',
              DETAIL = format('Of site %s; it must be %s. Nothing was analyzed.', site, allowed),
              HINT = format('For the default: UPDATE @extschema@.site_config SET config = config #- %L WHERE site_id = %L;',
                            '{' || replace(key, '.', ',') || '}', site);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_refuse_config(text, text, jsonb, text) IS
    'Raises 22023 for a value of site_config, with the key and what is allowed.';

CREATE FUNCTION @extschema@._argo_is_whole(value jsonb, least_value integer, greatest_value integer)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coalesce(jsonb_typeof(value), '') <> 'number' THEN
        RETURN false;
    END IF;
    -- Not 2.0, which is no integer to a cast.
    RETURN value::text ~ '^[0-9]+$' AND value::numeric BETWEEN least_value AND greatest_value;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_is_whole(jsonb, integer, integer) IS 'Whether a jsonb is a whole number within a range.';

CREATE FUNCTION @extschema@._argo_is_weekdays(value jsonb)
RETURNS boolean
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF coalesce(jsonb_typeof(value), '') <> 'array' THEN
        RETURN false;
    END IF;
    RETURN NOT EXISTS (SELECT FROM jsonb_array_elements(value) AS e (d) WHERE NOT @extschema@._argo_is_whole(e.d, 1, 7));
END
$$;

COMMENT ON FUNCTION @extschema@._argo_is_weekdays(jsonb) IS 'Whether a jsonb is an array of ISO weekdays, 1 (Monday) to 7.';

CREATE FUNCTION @extschema@._argo_is_date(value jsonb)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET datestyle = 'ISO, YMD'
AS $$
BEGIN
    IF coalesce(jsonb_typeof(value), '') <> 'string' OR value #>> '{}' !~ '^\d{4}-\d{2}-\d{2}$' THEN
        RETURN false;
    END IF;
    PERFORM (value #>> '{}')::date;
    RETURN true;
EXCEPTION
    WHEN datetime_field_overflow OR invalid_datetime_format THEN
        RETURN false;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_is_date(jsonb) IS 'Whether a jsonb is a day as "2026-12-25".';

CREATE FUNCTION @extschema@._argo_check_config(site text, config jsonb)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    bad record;
    hours CONSTANT jsonb := config -> 'business_hours';
BEGIN
    FOR bad IN
        SELECT r.key, v.value, r.is_whole, r.least_value, r.greatest_value, r.may_be_null
        FROM @extschema@._argo_config_ranges() AS r
        CROSS JOIN LATERAL (SELECT config #> string_to_array(r.key, '.') AS value) AS v
        WHERE NOT (r.may_be_null AND jsonb_typeof(v.value) = 'null')
          AND CASE WHEN jsonb_typeof(v.value) = 'number'
                   THEN NOT (v.value::numeric BETWEEN r.least_value::numeric AND r.greatest_value::numeric)
                        OR (r.is_whole AND v.value::text !~ '^[0-9]+$')
                   ELSE true END
        LIMIT 1
    LOOP
        PERFORM @extschema@._argo_refuse_config(site, bad.key, bad.value,
            format('a %s from %s to %s%s', CASE WHEN bad.is_whole THEN 'whole number' ELSE 'number' END,
                   bad.least_value::numeric, bad.greatest_value::numeric,
                   CASE WHEN bad.may_be_null THEN ', or null' ELSE '' END));
    END LOOP;
    IF NOT @extschema@._argo_is_weekdays(hours -> 'weekdays') THEN
        PERFORM @extschema@._argo_refuse_config(site, 'business_hours.weekdays', hours -> 'weekdays',
                                                'an array of weekdays from 1 (Monday) to 7');
    ELSIF (hours ->> 'start')::numeric >= (hours ->> 'end')::numeric THEN
        PERFORM @extschema@._argo_refuse_config(site, 'business_hours.end', hours -> 'end',
                                                'after business_hours.start, ' || (hours ->> 'start'));
    END IF;
    IF jsonb_typeof(config -> 'holidays') <> 'array'
       OR EXISTS (SELECT FROM jsonb_array_elements(config -> 'holidays') AS h (day)
                  WHERE NOT @extschema@._argo_is_date(h.day)) THEN
        PERFORM @extschema@._argo_refuse_config(site, 'holidays', config -> 'holidays', 'an array of days such as "2026-12-25"');
    END IF;
    IF jsonb_typeof(config -> 'currency') <> 'string' OR config ->> 'currency' !~ '^[A-Z]{3}$' THEN
        PERFORM @extschema@._argo_refuse_config(site, 'currency', config -> 'currency', 'three capital letters, such as "USD"');
    END IF;
    IF jsonb_typeof(config -> 'time_of_use') NOT IN ('null', 'array') THEN
        PERFORM @extschema@._argo_refuse_config(site, 'time_of_use', config -> 'time_of_use', 'an array of periods, or null');
    ELSIF jsonb_typeof(config -> 'time_of_use') = 'array' THEN
        FOR bad IN
            SELECT p.value FROM jsonb_array_elements(config -> 'time_of_use') AS p (value)
            WHERE CASE WHEN jsonb_typeof(p.value) <> 'object' THEN true
                ELSE (SELECT array_agg(k.key ORDER BY k.key) FROM jsonb_object_keys(p.value) AS k (key))
                         IS DISTINCT FROM ARRAY['end', 'name', 'rate_per_kwh', 'start', 'weekdays']
                     OR NOT @extschema@._argo_is_weekdays(p.value -> 'weekdays')
                     OR NOT @extschema@._argo_is_whole(p.value -> 'start', 0, 23)
                     OR NOT @extschema@._argo_is_whole(p.value -> 'end', 1, 24)
                     OR jsonb_typeof(p.value -> 'name') <> 'string' OR jsonb_typeof(p.value -> 'rate_per_kwh') <> 'number'
                     OR CASE WHEN jsonb_typeof(p.value -> 'start') = 'number' AND jsonb_typeof(p.value -> 'end') = 'number'
                                  AND jsonb_typeof(p.value -> 'rate_per_kwh') = 'number'
                             THEN (p.value ->> 'start')::numeric >= (p.value ->> 'end')::numeric
                                  OR NOT (p.value ->> 'rate_per_kwh')::numeric BETWEEN 0 AND 1e6 END
                END
            LIMIT 1
        LOOP
            PERFORM @extschema@._argo_refuse_config(site, 'time_of_use', bad.value,
                'periods of name, weekdays (1 to 7), start (0 to 23), end (after start, to 24) and rate_per_kwh (0 to 1000000)');
        END LOOP;
    END IF;
    IF jsonb_typeof(config -> 'main_meter') = 'number'
       AND NOT EXISTS (SELECT FROM @extschema@.v_meters AS m
                       WHERE m.meter_id = (config ->> 'main_meter')::numeric::integer AND m.site_id = site) THEN
        PERFORM @extschema@._argo_refuse_config(site, 'main_meter', config -> 'main_meter',
                                                'the id of a meter of the site, or null');
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_check_config(text, jsonb) IS
    'Raises 22023 for the first value of a merged site_config that is out of its range.';

CREATE FUNCTION @extschema@.argo_site_config(site text)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    merged jsonb := @extschema@._argo_config_defaults();
    given jsonb;
    part record;
    unknown text;
BEGIN
    IF NOT EXISTS (SELECT FROM @extschema@.v_sites AS s WHERE s.site_id = site) THEN
        RAISE EXCEPTION 'unknown site %', coalesce(quote_literal(site), 'NULL')
            USING ERRCODE = '22023', DETAIL = 'It was never ingested, so that there is nothing to analyze.',
                  HINT = 'SELECT site_id, site_name FROM @extschema@.v_sites; lists those that were ingested.';
    END IF;
    SELECT c.config INTO given FROM @extschema@.site_config AS c WHERE c.site_id = site;
    IF given IS NULL THEN
        RETURN merged;
    END IF;
    IF jsonb_typeof(given) <> 'object' THEN
        PERFORM @extschema@._argo_refuse_config(site, 'config', given, 'an object');
    END IF;
    FOR part IN SELECT g.key, g.value, merged -> g.key AS standard FROM jsonb_each(given) AS g ORDER BY g.key LOOP
        IF part.standard IS NULL THEN
            unknown := part.key;
        ELSIF jsonb_typeof(part.standard) <> 'object' THEN
            merged := jsonb_set(merged, ARRAY[part.key], part.value);
        ELSIF jsonb_typeof(part.value) <> 'object' THEN
            PERFORM @extschema@._argo_refuse_config(site, part.key, part.value, 'an object');
        ELSE
            SELECT part.key || '.' || k.key INTO unknown
            FROM jsonb_object_keys(part.value) AS k (key) WHERE NOT part.standard ? k.key ORDER BY k.key LIMIT 1;
            merged := jsonb_set(merged, ARRAY[part.key], part.standard || part.value);
        END IF;
        IF unknown IS NOT NULL THEN
            RAISE EXCEPTION 'unknown key % in site_config', left(unknown, 60)
                USING ERRCODE = '22023', DETAIL = format('Of site %s. Nothing was analyzed.', site),
                      HINT = 'SELECT jsonb_pretty(@extschema@._argo_config_defaults()); lists the keys.';
        END IF;
    END LOOP;
    PERFORM @extschema@._argo_check_config(site, merged);
    RETURN merged;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_site_config(text) IS
    'The configuration that counts for the analysis of a site: the defaults, and what its row of site_config says differently, object by object. Raises 22023 for an unknown site, an unknown key or a value out of its range.';
