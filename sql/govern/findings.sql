-- Runs the rules of a site and collects what they find.

CREATE FUNCTION @extschema@._argo_rules(site text)
RETURNS TABLE (
    rule text,
    severity text,
    threshold double precision,
    open_share double precision,
    window_days integer,
    rule_function text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT r.name, coalesce(o.severity, r.severity), coalesce(o.threshold, r.threshold),
           coalesce(o.open_share, r.open_share, 0), coalesce(o.window_days, r.window_days), coalesce(o.rule_function, r.rule_function)
    FROM @extschema@.validation_rules AS r
    LEFT JOIN @extschema@.validation_rules AS o ON o.name = r.name AND o.site_id = site
    WHERE r.site_id IS NULL AND coalesce(o.enabled, r.enabled, true)
    ORDER BY 2, 1;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rules(text) IS
    'The rules that count for a site, with what differs there, errors first.';

CREATE FUNCTION @extschema@._argo_rule_function(name text)
RETURNS regprocedure
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found CONSTANT regprocedure := to_regprocedure(name || '(text, timestamptz, timestamptz, double precision)');
    owner record;
BEGIN
    IF found IS NULL THEN
        RAISE EXCEPTION 'there is no function %(text, timestamptz, timestamptz, double precision)', name
            USING ERRCODE = '42883';
    END IF;
    -- It runs with the rights of whoever validates, as Argo's own functions do.
    SELECT o.oid, o.rolname, o.rolsuper INTO owner FROM pg_proc AS p JOIN pg_roles AS o ON o.oid = p.proowner WHERE p.oid = found;
    IF NOT (owner.rolsuper OR owner.rolname = current_user
            OR owner.oid = (SELECT p.proowner FROM pg_proc AS p WHERE p.oid = '@extschema@._argo_rule_function'::regproc)
            OR (NOT (SELECT c.rolsuper FROM pg_roles AS c WHERE c.rolname = current_user)
                AND owner.oid = (SELECT c.relowner FROM pg_class AS c WHERE c.oid = '@extschema@.validation_rules'::regclass))) THEN
        RAISE EXCEPTION 'function % belongs to role %, whose code would run with the rights of %', found, owner.rolname, current_user
            USING ERRCODE = '42501';
    END IF;
    RETURN found;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_function(text) IS
    'The function of a rule, if the caller may trust its owner: a superuser, the owner of Argo''s functions, the caller, or, unless the caller is a superuser, the owner of validation_rules. Raises 42883, 42501.';

CREATE FUNCTION @extschema@._argo_judge(site text, chosen_rule text, since timestamptz, as_of timestamptz)
RETURNS TABLE (
    rule text,
    severity text,
    threshold double precision,
    open_share double precision,
    place bigint,
    meter_id integer,
    day date,
    observed double precision,
    violated boolean,
    detail text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- Many short queries, for whose few pages compiling and reading whole tables cost more than they take.
SET jit = off
SET random_page_cost = 1.1
AS $$
DECLARE
    r record;
BEGIN
    PERFORM @extschema@._argo_check_validation(site, as_of);
    IF chosen_rule IS NOT NULL
       AND NOT EXISTS (SELECT FROM @extschema@.validation_rules AS v WHERE v.name = chosen_rule AND v.site_id IS NULL) THEN
        RAISE EXCEPTION 'unknown rule %', quote_literal(chosen_rule)
            USING ERRCODE = '22023', DETAIL = 'Nothing was judged.',
                  HINT = 'SELECT name, description FROM @extschema@.validation_rules WHERE site_id IS NULL; lists them.';
    END IF;
    FOR r IN
        SELECT e.* FROM @extschema@._argo_rules(site) AS e WHERE chosen_rule IS NULL OR e.rule = chosen_rule
    LOOP
        rule := r.rule;
        severity := r.severity;
        threshold := r.threshold;
        open_share := r.open_share;
        place := 0;
        meter_id := NULL;
        day := NULL;
        observed := NULL;
        violated := false;
        detail := NULL;
        RETURN NEXT;
        BEGIN
            RETURN QUERY EXECUTE format(
                'SELECT $5, $6, $4, $7, row_number() OVER (), f.meter_id, f.day, f.observed, coalesce(f.violated, false), f.detail FROM %s($1, $2, $3, $4) AS f',
                @extschema@._argo_rule_function(r.rule_function)::regproc)
            USING site,
                  coalesce(since, as_of - r.window_days * interval '1 day', '-infinity'), as_of, r.threshold,
                  r.rule, r.severity, r.open_share;
        EXCEPTION WHEN OTHERS THEN
            IF SQLSTATE LIKE '40%' THEN
                RAISE;
            END IF;
            -- Nobody knows what it would have found.
            place := 1;
            violated := true;
            detail := 'could not be checked: ' || SQLERRM;
            RETURN NEXT;
        END;
    END LOOP;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_judge(text, text, timestamptz, timestamptz) IS
    'What the rules of a site return, or the one chosen, each rule''s rows numbered from 1 as they come, and a row 0 for every rule that was judged.';

CREATE FUNCTION @extschema@._argo_meter_name(meter integer)
RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Rules are judged even where tables are missing.
    IF to_regclass('@extschema@.channels') IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN (SELECT c.channel_name FROM @extschema@.channels AS c WHERE c.channel_id = meter);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_meter_name(integer) IS 'Name of a meter; NULL where there is none.';

CREATE FUNCTION @extschema@.argo_findings(
    site text, rule text DEFAULT NULL, since timestamptz DEFAULT NULL, as_of timestamptz DEFAULT NULL
)
RETURNS TABLE (
    rule text,
    severity text,
    meter_id integer,
    meter_name text,
    day date,
    observed double precision,
    threshold double precision,
    detail text
)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT j.rule, j.severity, j.meter_id, @extschema@._argo_meter_name(j.meter_id), j.day, j.observed, j.threshold, j.detail
    FROM @extschema@._argo_judge($1, $2, $3, coalesce($4, clock_timestamp())) AS j
    WHERE j.violated
$$;

COMMENT ON FUNCTION @extschema@.argo_findings(text, text, timestamptz, timestamptz) IS
    'Every single finding of the rules of a site (or of one rule), one row each, worst first within a rule, from the facts as of the last argo_validate(): rule, severity, meter (NULL: the whole site), day at the site (NULL: not about a day), observed value and threshold in the unit of the rule, and what was found in words. since and as_of as in argo_validate(). Changes nothing. Raises 22023 for an unknown site or rule, 55000.';
