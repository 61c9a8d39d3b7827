-- argo_validate() judges the readings of sites by the rules.

CREATE FUNCTION @extschema@._argo_readings_are_sound()
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN to_regclass('@extschema@.channels') IS NOT NULL
       AND to_regclass('@extschema@.organizations') IS NOT NULL
       AND to_regclass('@extschema@._argo_zones') IS NOT NULL
       AND to_regclass('@extschema@._argo_dirty') IS NOT NULL
       AND EXISTS (
           SELECT FROM pg_attribute AS a
           WHERE a.attrelid = to_regclass('@extschema@.readings') AND a.attname = 'timestamp' AND a.atttypid = 'timestamptz'::regtype);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_readings_are_sound() IS
    'Whether facts about readings can be computed: the tables are there, and timestamps have a time zone. Rules say what is wrong otherwise.';

CREATE FUNCTION @extschema@._argo_check_validation(site text, as_of timestamptz)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (
        SELECT FROM unnest(ARRAY['organizations', 'validation_rules', 'circuit_breakers', 'data_quality_days',
                                 'data_quality_history', '_argo_unvalidated']) AS t (relation)
        WHERE to_regclass('@extschema@.' || t.relation) IS NULL) THEN
        RAISE EXCEPTION 'argo is not set up in schema @extschema@'
            USING ERRCODE = '55000', DETAIL = 'There is nothing to validate.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_setup();';
    END IF;
    PERFORM @extschema@._argo_require_schema();
    IF site IS NOT NULL AND NOT EXISTS (SELECT FROM @extschema@.organizations AS o WHERE o.organization_id = site) THEN
        RAISE EXCEPTION 'unknown site %', quote_literal(site)
            USING ERRCODE = '22023', DETAIL = 'Nothing was validated.',
                  HINT = 'SELECT site_id, site_name FROM @extschema@.v_sites; lists those that were ingested.';
    END IF;
    IF NOT isfinite(as_of) THEN
        RAISE EXCEPTION 'as_of must be a finite time, not %', as_of
            USING ERRCODE = '22023', DETAIL = 'Nothing was validated.', HINT = 'Leave it out: now counts.';
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_check_validation(text, timestamptz) IS
    'Raises 55000 where there is nothing to validate with or with a data schema of another version, and 22023 for an unknown site or an as_of without end.';

CREATE FUNCTION @extschema@._argo_validation_lock()
RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN hashtextextended('argo_validate', '@extschema@.validation_rules'::regclass::oid::bigint);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_validation_lock() IS
    'Key of the advisory lock of whoever takes marks from _argo_unvalidated or changes a circuit breaker.';

CREATE FUNCTION @extschema@.argo_validate(
    site text DEFAULT NULL, since timestamptz DEFAULT NULL, as_of timestamptz DEFAULT NULL
)
RETURNS TABLE (
    site_id text,
    rule text,
    severity text,
    status text,
    observed double precision,
    threshold double precision,
    meters_affected integer,
    detail text
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- As in _argo_judge().
SET jit = off
SET random_page_cost = 1.1
AS $$
#variable_conflict use_column
DECLARE
    max_named CONSTANT integer := 50;
    judged_at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
    one_site text;
    meter_count bigint;
    judged record;
    flags jsonb;
    earlier jsonb;
    last_log bigint;
    last_run bigint;
BEGIN
    PERFORM @extschema@._argo_check_validation(site, judged_at);
    -- Of two at once the second finds the facts kept.
    PERFORM pg_advisory_xact_lock(@extschema@._argo_validation_lock());

    IF site IS NULL AND @extschema@._argo_readings_are_sound() THEN
        PERFORM @extschema@._argo_forget_meters();
    END IF;
    FOR one_site IN
        SELECT o.organization_id FROM @extschema@.organizations AS o WHERE site IS NULL OR o.organization_id = site ORDER BY 1
    LOOP
        meter_count := 0;
        -- What comes while it is judged is newer.
        last_log := @extschema@._argo_last_id('ingestion_logs');
        last_run := @extschema@._argo_last_id('ingest_runs');
        IF @extschema@._argo_readings_are_sound() THEN
            PERFORM @extschema@._argo_keep_day_quality(one_site, since);
            SELECT count(*) INTO meter_count
            FROM @extschema@.channels AS c
            WHERE c.organization_id = one_site
              AND EXISTS (SELECT FROM @extschema@.readings AS r WHERE r.channel_id = c.channel_id);
        END IF;
        SELECT b.flags INTO earlier FROM @extschema@.circuit_breakers AS b WHERE b.site_id = one_site;
        flags := '[]';

        FOR judged IN
            WITH found AS MATERIALIZED (
                SELECT j.*, row_number() OVER (PARTITION BY j.rule, j.violated ORDER BY j.place) AS number
                FROM @extschema@._argo_judge(one_site, NULL, since, judged_at) AS j
            ), named AS (
                SELECT f.rule, string_agg(
                           concat_ws(': ', nullif(concat_ws(' ', f.meter_id, @extschema@._argo_meter_name(f.meter_id)), ''), f.detail),
                           '; ' ORDER BY f.number) AS findings
                FROM found AS f
                WHERE f.violated AND f.number <= max_named
                GROUP BY f.rule
            ), by_day AS (
                SELECT f.rule, f.day, count(DISTINCT f.meter_id) AS meters
                FROM found AS f WHERE f.violated AND f.meter_id IS NOT NULL GROUP BY f.rule, f.day
            ), worst AS (
                SELECT d.rule, max(d.meters) AS meters FROM by_day AS d GROUP BY d.rule
            )
            SELECT
                f.rule, min(f.severity) AS severity, min(f.threshold) AS threshold,
                bool_or(f.violated) AS fails,
                (array_agg(f.observed ORDER BY f.violated DESC, f.place) FILTER (WHERE f.place > 0))[1] AS observed,
                count(DISTINCT f.meter_id) FILTER (WHERE f.violated)::integer AS meters_affected,
                CASE WHEN bool_or(f.violated) THEN
                    min(n.findings) || CASE WHEN count(*) FILTER (WHERE f.violated) > max_named THEN
                        format('; and %s more: SELECT * FROM @extschema@.argo_findings(%L, %L)',
                               count(*) FILTER (WHERE f.violated) - max_named, one_site, f.rule) ELSE '' END
                ELSE (array_agg(concat_ws(': ', f.meter_id, f.detail) ORDER BY f.place) FILTER (WHERE f.place > 0))[1]
                END AS detail,
                min(f.severity) = 'error'
                    AND (bool_or(f.violated AND f.meter_id IS NULL)
                         OR coalesce(min(w.meters), 0) > min(f.open_share) * meter_count) AS opens
            FROM found AS f
            LEFT JOIN named AS n ON n.rule = f.rule
            LEFT JOIN worst AS w ON w.rule = f.rule
            GROUP BY f.rule
            ORDER BY 2, 1
        LOOP
            site_id := one_site;
            rule := judged.rule;
            severity := judged.severity;
            status := CASE WHEN judged.fails THEN 'fail' ELSE 'pass' END;
            observed := judged.observed;
            threshold := judged.threshold;
            meters_affected := judged.meters_affected;
            detail := judged.detail;
            IF judged.fails THEN
                flags := flags || jsonb_build_object(
                    'rule', judged.rule, 'severity', judged.severity, 'opens', judged.opens,
                    'since', coalesce((SELECT e ->> 'since' FROM jsonb_array_elements(earlier) AS e WHERE e ->> 'rule' = judged.rule),
                                      @extschema@._argo_time(judged_at)),
                    'observed', judged.observed, 'threshold', judged.threshold,
                    'meters_affected', judged.meters_affected, 'detail', judged.detail);
            END IF;
            INSERT INTO @extschema@.data_quality_history
                (validated_at, site_id, rule, severity, status, observed, threshold, meters_affected, detail, failing_since)
            VALUES (judged_at, one_site, judged.rule, judged.severity, status, judged.observed, judged.threshold,
                    judged.meters_affected, judged.detail,
                    CASE WHEN judged.fails THEN (flags -> -1 ->> 'since')::timestamptz END);
            RETURN NEXT;
        END LOOP;
        PERFORM @extschema@._argo_set_breaker(one_site, judged_at, flags, last_log, last_run);
        PERFORM @extschema@._argo_cut_history(one_site);
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_validate(text, timestamptz, timestamptz) IS
    'Judges a site (NULL: every site) by the rules of validation_rules and returns one row a rule and site: status pass or fail, the worst value observed and the threshold in the unit of the rule, how many meters are affected, and what was found in words. Computes facts anew only for days whose readings changed; with since for all days from then on, and every rule then looks from there on, else as far back as its window_days. as_of: the time for which it is judged, default now. Keeps data_quality_history and the circuit breaker, and tells of changes by NOTIFY argo_alert. One at a time, the next waits. Raises 22023, 25006, 42501, 55000, and 40001 where a transaction of REPEATABLE READ or SERIALIZABLE meets a later validation.';
