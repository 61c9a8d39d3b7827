-- The circuit breaker: a failed validation blocks the reports.

CREATE FUNCTION @extschema@._argo_time(instant timestamptz)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$$;

COMMENT ON FUNCTION @extschema@._argo_time(timestamptz) IS 'A time in JSON: ISO 8601, UTC.';

CREATE FUNCTION @extschema@._argo_set_breaker(
    site text, judged_at timestamptz, new_flags jsonb, last_log bigint, last_run bigint
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    new_state CONSTANT text := CASE
        WHEN new_flags @> '[{"opens": true}]' THEN 'open'
        WHEN new_flags <> '[]' THEN 'degraded'
        ELSE 'closed' END;
    earlier record;
    announced text;
    shown text;
    new_since timestamptz;
    first_seen jsonb;
    still jsonb;
    cleared jsonb;
BEGIN
    SELECT b.* INTO earlier FROM @extschema@.circuit_breakers AS b WHERE b.site_id = site FOR UPDATE;
    announced := coalesce(earlier.announced_state, 'closed');
    shown := CASE WHEN new_state = 'open' AND earlier.override_until > judged_at THEN 'degraded' ELSE new_state END;
    new_since := CASE WHEN earlier.state = new_state THEN earlier.since ELSE judged_at END;

    INSERT INTO @extschema@.circuit_breakers AS b
        (site_id, state, since, validated_at, flags, rules_digest, last_log_id, last_run_id, announced_state)
    VALUES (site, new_state, new_since, judged_at, new_flags, @extschema@._argo_rules_digest(site),
            last_log, last_run, shown)
    ON CONFLICT (site_id) DO UPDATE
        SET state = excluded.state, since = excluded.since, validated_at = excluded.validated_at, flags = excluded.flags,
            rules_digest = excluded.rules_digest, last_log_id = excluded.last_log_id, last_run_id = excluded.last_run_id,
            announced_state = excluded.announced_state,
            override_reason = CASE WHEN b.override_until > judged_at THEN b.override_reason END,
            override_by = CASE WHEN b.override_until > judged_at THEN b.override_by END,
            override_until = CASE WHEN b.override_until > judged_at THEN b.override_until END;

    SELECT coalesce(jsonb_agg(n.rule) FILTER (WHERE e.rule IS NULL), '[]'),
           coalesce(jsonb_agg(n.rule) FILTER (WHERE e.rule IS NOT NULL AND n.rule IS NOT NULL), '[]'),
           coalesce(jsonb_agg(e.rule) FILTER (WHERE n.rule IS NULL), '[]')
    INTO first_seen, still, cleared
    FROM (SELECT f ->> 'rule' AS rule FROM jsonb_array_elements(new_flags) AS f) AS n
    FULL JOIN (SELECT f ->> 'rule' AS rule FROM jsonb_array_elements(earlier.flags) AS f) AS e ON e.rule = n.rule;
    IF shown <> announced OR first_seen <> '[]' OR cleared <> '[]' THEN
        PERFORM @extschema@._argo_alert(site, announced, shown, new_since, first_seen, still, cleared, (
            SELECT string_agg(concat_ws(': ', f ->> 'rule', f ->> 'detail'), '; ' ORDER BY place)
            FROM jsonb_array_elements(new_flags) WITH ORDINALITY AS f (f, place)));
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_set_breaker(text, timestamptz, jsonb, bigint, bigint) IS
    'Sets the circuit breaker of a site to what the failing rules make of it, judged up to those ids of ingestion_logs and ingest_runs, and tells of what changed.';

CREATE FUNCTION @extschema@._argo_alert(
    site text, from_state text, to_state text, since timestamptz,
    first_seen jsonb, still jsonb, cleared jsonb, detail text
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    payload jsonb := jsonb_build_object(
        'schema', '@extschema@', 'site', site, 'event', 'breaker', 'from', from_state, 'to', to_state,
        'since', @extschema@._argo_time(since), 'first_seen', first_seen, 'still', still, 'cleared', cleared);
BEGIN
    -- A payload has room for 7,999 bytes.
    IF octet_length((payload || jsonb_build_object('detail', detail))::text) < 8000 THEN
        payload := payload || jsonb_build_object('detail', detail);
    ELSIF octet_length((payload || jsonb_build_object('detail', left(detail, 500)))::text) < 8000 THEN
        payload := payload || jsonb_build_object('detail', left(detail, 500));
    ELSE
        payload := payload - ARRAY['first_seen', 'still', 'cleared'];
    END IF;
    PERFORM pg_notify('argo_alert', payload::text);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_alert(text, text, text, timestamptz, jsonb, jsonb, jsonb, text) IS
    'NOTIFY argo_alert with what happened to the circuit breaker of a site, as JSON.';

CREATE FUNCTION @extschema@._argo_last_id(relation name)
RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    last_id bigint;
BEGIN
    IF to_regclass(format('@extschema@.%I', relation)) IS NOT NULL THEN
        EXECUTE format('SELECT max(t.id) FROM @extschema@.%I AS t', relation) INTO last_id;
    END IF;
    RETURN coalesce(last_id, 0);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_last_id(name) IS 'Highest id of a table of Argo''s, 0 where it is empty or missing.';

CREATE FUNCTION @extschema@._argo_rules_digest(site text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (SELECT md5(coalesce(string_agg(r::text, ';' ORDER BY r.rule), '')) FROM @extschema@._argo_rules(site) AS r);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rules_digest(text) IS 'MD5 of the rules that count for a site.';

CREATE FUNCTION @extschema@._argo_must_validate(site text, as_of timestamptz)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    breaker record;
BEGIN
    SELECT b.* INTO breaker FROM @extschema@.circuit_breakers AS b WHERE b.site_id = site;
    -- Data also ages.
    IF NOT FOUND OR as_of < breaker.validated_at OR as_of > breaker.validated_at + interval '15 minutes'
       OR breaker.rules_digest IS DISTINCT FROM @extschema@._argo_rules_digest(site)
       OR NOT @extschema@._argo_readings_are_sound()
       OR to_regclass('@extschema@.ingestion_logs') IS NULL OR to_regclass('@extschema@.ingest_runs') IS NULL THEN
        RETURN true;
    END IF;
    RETURN
        EXISTS (SELECT FROM @extschema@._argo_unvalidated AS u JOIN @extschema@.channels AS c ON c.channel_id = u.meter_id
                   WHERE c.organization_id = site)
        OR EXISTS (SELECT FROM @extschema@._argo_dirty AS d JOIN @extschema@.channels AS c ON c.channel_id = d.meter_id
                   WHERE c.organization_id = site AND d.matview IS NULL)
        OR EXISTS (SELECT FROM @extschema@.ingestion_logs AS l WHERE l.id > breaker.last_log_id AND l.organization_id = site)
        OR EXISTS (SELECT FROM @extschema@.ingest_runs AS r WHERE r.id > breaker.last_run_id AND r.organization_id = site);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_must_validate(text, timestamptz) IS
    'Whether the last validation of a site does not speak for as_of: readings, pulls, runs or rules are newer, or a quarter of an hour has passed.';

CREATE FUNCTION @extschema@.argo_gate(
    site text,
    as_of timestamptz DEFAULT NULL,
    OUT state text,
    OUT since timestamptz,
    OUT validated_at timestamptz,
    OUT flags jsonb,
    OUT override_reason text,
    OUT override_until timestamptz
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    asked_at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
    breaker record;
    worst jsonb;
BEGIN
    IF site IS NULL THEN
        RAISE EXCEPTION 'argument site must not be null'
            USING ERRCODE = '22023', DETAIL = 'A gate is that of one site.',
                  HINT = 'For example: SELECT * FROM @extschema@.argo_gate(''23271'');';
    END IF;
    PERFORM @extschema@._argo_check_validation(site, asked_at);
    IF @extschema@._argo_must_validate(site, asked_at) THEN
        IF current_setting('transaction_read_only')::boolean THEN
            RAISE EXCEPTION 'site % must be validated before its reports, which a read-only transaction cannot do', site
                USING ERRCODE = '25006', DETAIL = 'Its readings, pulls or rules are newer than its last validation, or that is over a quarter of an hour old.',
                      HINT = format('On the primary, type SELECT * FROM @extschema@.argo_validate(%L);', site);
        END IF;
        PERFORM @extschema@.argo_validate(site, NULL, asked_at);
    END IF;
    SELECT b.* INTO STRICT breaker FROM @extschema@.circuit_breakers AS b WHERE b.site_id = site;
    state := breaker.state;
    since := breaker.since;
    validated_at := breaker.validated_at;
    flags := breaker.flags;
    IF breaker.state = 'open' THEN
        IF breaker.override_until > asked_at THEN
            state := 'degraded';
            override_reason := breaker.override_reason;
            override_until := breaker.override_until;
            RETURN;
        END IF;
        SELECT f INTO worst FROM jsonb_array_elements(breaker.flags) AS f WHERE (f ->> 'opens')::boolean
        ORDER BY (f ->> 'since')::timestamptz, f ->> 'rule' LIMIT 1;
        RAISE EXCEPTION 'the circuit breaker of site % is open: % has failed since %', site, worst ->> 'rule',
                        to_char((worst ->> 'since')::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')
            USING ERRCODE = 'ZA005',
                  DETAIL = format('Reports are blocked. Failing rules: %s. %s', (
                      SELECT string_agg(f ->> 'rule', ', ' ORDER BY place)
                      FROM jsonb_array_elements(breaker.flags) WITH ORDINALITY AS f (f, place)
                      WHERE (f ->> 'opens')::boolean), left(worst ->> 'detail', 1000)),
                  HINT = format('See SELECT * FROM %1$s.argo_findings(%2$L); mend it and type SELECT * FROM %1$s.argo_validate(%2$L); or let reports through: SELECT %1$s.argo_override_breaker(%2$L, ''the reason'', now() + interval ''1 day'');',
                                '@extschema@', site);
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_gate(text, timestamptz) IS
    'Lets the reports of a site through: one row, state closed or degraded, with flags, the failing rules to show beside the figures: [{rule, severity, opens, since, observed, threshold, meters_affected, detail}]. Validates first where readings, pulls or rules are newer than the last validation, or that is over a quarter of an hour old; as_of: for which time, default now. While an override lasts an open breaker is degraded, with its reason. Raises ZA005 where the breaker is open (what the validation found is then not kept; argo_validate() keeps it), 22023, 25006, 42501, 55000.';

CREATE FUNCTION @extschema@.argo_override_breaker(
    site text, reason text, until timestamptz DEFAULT CURRENT_TIMESTAMP + interval '1 day'
)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    breaker record;
BEGIN
    IF btrim(coalesce(reason, '')) = '' THEN
        RAISE EXCEPTION 'an override needs a reason'
            USING ERRCODE = '22023', DETAIL = 'Reports show it. Nothing was changed.',
                  HINT = format('Type SELECT @extschema@.argo_override_breaker(%L, ''meter 59174 is being replaced'');', site);
    END IF;
    IF until IS NULL OR NOT until > clock_timestamp() OR until > clock_timestamp() + interval '31 days' THEN
        RAISE EXCEPTION 'an override must end within 31 days from now, not at %', coalesce(until::text, 'NULL')
            USING ERRCODE = '22023', DETAIL = 'Nothing was changed.',
                  HINT = 'Use until => now() + interval ''1 day''.';
    END IF;
    PERFORM @extschema@._argo_check_validation(site, CURRENT_TIMESTAMP);
    -- Before the row, as a validation takes them: argo_gate() may follow in this transaction.
    PERFORM pg_advisory_xact_lock(@extschema@._argo_validation_lock());
    UPDATE @extschema@.circuit_breakers AS b
    SET override_reason = reason, override_until = until, override_by = current_user,
        announced_state = CASE WHEN b.state = 'open' THEN 'degraded' ELSE b.state END
    WHERE b.site_id = site
    RETURNING b.* INTO breaker;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'site % was never validated', coalesce(site, 'NULL')
            USING ERRCODE = '55000', DETAIL = 'There is no breaker to override.',
                  HINT = format('Type SELECT * FROM @extschema@.argo_validate(%L);', site);
    END IF;
    IF breaker.state = 'open' THEN
        PERFORM @extschema@._argo_alert(site, 'open', 'degraded', breaker.since, '[]',
            (SELECT jsonb_agg(f -> 'rule') FROM jsonb_array_elements(breaker.flags) AS f), '[]',
            format('overridden by %s until %s: %s', current_user, @extschema@._argo_time(until), reason));
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_override_breaker(text, text, timestamptz) IS
    'Lets the reports of a site through although its breaker is open, until a time at most 31 days away; argo_gate() then says degraded, with the reason. Raises 22023 without a reason or an end, 55000 where the site was never validated.';

CREATE FUNCTION @extschema@.argo_end_override(site text)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    breaker record;
BEGIN
    PERFORM pg_advisory_xact_lock(@extschema@._argo_validation_lock());
    SELECT b.* INTO breaker FROM @extschema@.circuit_breakers AS b WHERE b.site_id = site AND b.override_until IS NOT NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE @extschema@.circuit_breakers AS b
    SET override_reason = NULL, override_until = NULL, override_by = NULL, announced_state = b.state
    WHERE b.site_id = site;
    IF breaker.state <> breaker.announced_state THEN
        PERFORM @extschema@._argo_alert(site, breaker.announced_state, breaker.state, breaker.since, '[]',
            (SELECT jsonb_agg(f -> 'rule') FROM jsonb_array_elements(breaker.flags) AS f), '[]', 'the override was ended');
    END IF;
    RETURN true;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_end_override(text) IS
    'Ends the override of a site''s breaker before its time; false: there was none.';
