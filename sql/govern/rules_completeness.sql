-- Rules about readings that should be there: completeness, gaps, freshness.
-- The planner takes a few ranges for millions of rows: compiling their plans took a second, running them none.

CREATE FUNCTION @extschema@._argo_rule_completeness(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    least_percent CONSTANT double precision := @extschema@._argo_rule_limit('completeness', threshold);
BEGIN
    RETURN QUERY
    WITH lacking AS MATERIALIZED (
        SELECT m.* FROM @extschema@._argo_missing(site, since, as_of) AS m
    ), parts AS MATERIALIZED (
        SELECT k.meter_id, k.expected, p.span, p.is_absent,
               @extschema@._argo_local_day(lower(p.span), zone) AS first_day,
               @extschema@._argo_local_day(upper(p.span) - interval '1 microsecond', zone) AS last_day
        FROM lacking AS k
        CROSS JOIN LATERAL (
            SELECT u.span, false AS is_absent FROM unnest(k.missing - k.absent) AS u (span)
            UNION ALL
            SELECT u.span, true FROM unnest(k.missing * k.absent) AS u (span)
        ) AS p
    ), days AS MATERIALIZED (
        SELECT d.day,
               tstzrange(@extschema@._argo_midnight(d.day, zone), @extschema@._argo_midnight(d.day + 1, zone)) AS range
        FROM (SELECT DISTINCT p.first_day + n.day AS day
              FROM parts AS p CROSS JOIN LATERAL generate_series(0, p.last_day - p.first_day) AS n (day)) AS d
    ), slots AS (
        SELECT p.meter_id, d.day,
               extract(epoch FROM min(upper(p.expected * d.range) - lower(p.expected * d.range)))::integer / 900
                   AS expected,
               extract(epoch FROM sum(upper(p.span * d.range) - lower(p.span * d.range))
                   FILTER (WHERE NOT p.is_absent))::integer / 900 AS missing,
               extract(epoch FROM sum(upper(p.span * d.range) - lower(p.span * d.range))
                   FILTER (WHERE p.is_absent))::integer / 900 AS absent
        FROM parts AS p
        JOIN days AS d ON d.day >= p.first_day AND d.day <= p.last_day
        GROUP BY p.meter_id, d.day
    ), shares AS MATERIALIZED (
        SELECT s.*, 100.0::double precision * (s.expected - coalesce(s.missing, 0)) / s.expected AS percent
        FROM slots AS s
        WHERE s.expected > 0
    ), worst AS (
        SELECT s.* FROM shares AS s WHERE s.percent < least_percent
        UNION ALL
        (SELECT s.* FROM shares AS s
         WHERE NOT EXISTS (SELECT FROM shares AS v WHERE v.percent < least_percent)
         ORDER BY s.percent, s.day DESC, s.meter_id LIMIT 1)
    )
    SELECT w.meter_id, w.day, w.percent, w.percent < least_percent,
           format('%s %% on %s: %s of %s missing%s', @extschema@._argo_figure(w.percent, 1),
                  to_char(w.day, 'YYYY-MM-DD'), coalesce(w.missing, 0), w.expected,
                  CASE WHEN w.absent > 0 THEN format(', %s more confirmed absent', w.absent) ELSE '' END)
    FROM worst AS w
    UNION ALL
    SELECT NULL, NULL, 100, 100 < least_percent,
           format('no slot of %s is missing', @extschema@._argo_counted(count(*), 'meter'))
    FROM lacking AS k
    WHERE NOT EXISTS (SELECT FROM worst)
    HAVING count(*) > 0
    ORDER BY 3, 2 DESC, 1;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_completeness(text, timestamptz, timestamptz, double precision) IS
    'Rule completeness: per meter and day of the site, at least threshold percent of the slots expected hold a reading or are confirmed absent.';

CREATE FUNCTION @extschema@._argo_rule_gaps(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    most_hours CONSTANT double precision := @extschema@._argo_rule_limit('gaps', threshold);
BEGIN
    RETURN QUERY
    WITH gaps AS MATERIALIZED (
        SELECT k.meter_id, s.span, @extschema@._argo_hours(s.span) AS hours,
               @extschema@._argo_hours(k.absent * tstzmultirange(s.span)) AS absent_hours
        FROM @extschema@._argo_missing(site, since, as_of) AS k
        CROSS JOIN LATERAL unnest(k.missing) AS s (span)
    ), worst AS (
        SELECT g.* FROM gaps AS g WHERE g.hours > most_hours
        UNION ALL
        (SELECT g.* FROM gaps AS g
         WHERE NOT EXISTS (SELECT FROM gaps AS v WHERE v.hours > most_hours)
         ORDER BY g.hours DESC, lower(g.span) DESC LIMIT 1)
    )
    SELECT w.meter_id, @extschema@._argo_local_day(lower(w.span), zone), w.hours, w.hours > most_hours,
           format('no reading for %s, %s%s', @extschema@._argo_figure(w.hours, 2) || ' h',
                  @extschema@._argo_stretch(lower(w.span), upper(w.span), zone),
                  CASE WHEN w.absent_hours >= w.hours THEN ', confirmed absent'
                       WHEN w.absent_hours > 0
                       THEN format(', %s h of it confirmed absent', @extschema@._argo_figure(w.absent_hours))
                       ELSE '' END)
    FROM worst AS w
    ORDER BY w.hours DESC, lower(w.span) DESC, w.meter_id;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_gaps(text, timestamptz, timestamptz, double precision) IS
    'Rule gaps: no meter lacks readings for longer than threshold hours on end, whatever day it is when they begin or end.';

CREATE FUNCTION @extschema@._argo_rule_freshness(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    most_hours CONSTANT double precision :=
        @extschema@._argo_rule_limit('freshness_warning or freshness_error', threshold);
    -- A threshold of a month must be able to find something, too.
    retired_after CONSTANT double precision := greatest(720, 2 * most_hours);
BEGIN
    RETURN QUERY
    WITH meters AS MATERIALIZED (
        SELECT c.channel_id AS meter_id, n.instant,
               greatest(extract(epoch FROM as_of) - extract(epoch FROM n.instant) - 900, 0)::double precision / 3600
                   AS hours
        FROM @extschema@.channels AS c
        CROSS JOIN LATERAL (
            SELECT r."timestamp" AS instant
            FROM @extschema@.readings AS r
            WHERE r.channel_id = c.channel_id AND r."timestamp" > '-infinity' AND r."timestamp" <= as_of
            ORDER BY r."timestamp" DESC
            LIMIT 1
        ) AS n
        WHERE c.organization_id = site
    ), whole AS MATERIALIZED (
        SELECT min(m.hours) AS hours, max(m.instant) AS instant, count(*) AS meters,
               array_agg(m.meter_id ORDER BY m.meter_id) FILTER (WHERE m.hours > retired_after) AS retired
        FROM meters AS m
    ), active AS (
        SELECT m.*, m.hours > most_hours AS is_stale
        FROM meters AS m CROSS JOIN whole AS w
        WHERE w.hours <= most_hours AND m.hours <= retired_after
    )
    SELECT NULL::integer, NULL::date, w.hours, true,
           format('no reading of any meter for %s h, the newest is of %s',
                  @extschema@._argo_figure(w.hours, 2), @extschema@._argo_local_time(w.instant, zone))
    FROM whole AS w
    WHERE w.hours > most_hours
    UNION ALL
    SELECT a.meter_id, NULL, a.hours, a.is_stale,
           format('no reading for %s h, the newest is of %s%s',
                  @extschema@._argo_figure(a.hours, 2), @extschema@._argo_local_time(a.instant, zone),
                  CASE WHEN NOT a.is_stale AND w.retired IS NOT NULL
                       THEN format('; silent for over %s days and so retired: %s%s',
                                   @extschema@._argo_figure(retired_after / 24),
                                   array_to_string(w.retired[:10], ', '),
                                   CASE WHEN cardinality(w.retired) > 10
                                        THEN format(' and %s more', cardinality(w.retired) - 10) ELSE '' END)
                       ELSE '' END)
    FROM whole AS w
    CROSS JOIN LATERAL (
        SELECT s.* FROM active AS s WHERE s.is_stale
        UNION ALL
        (SELECT s.* FROM active AS s
         WHERE NOT EXISTS (SELECT FROM active AS v WHERE v.is_stale)
         ORDER BY s.hours DESC, s.meter_id LIMIT 1)
    ) AS a
    ORDER BY 3 DESC, 1;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_freshness(text, timestamptz, timestamptz, double precision) IS
    'Rules freshness_warning and freshness_error: the newest reading of each meter ended at most threshold hours before as_of. A meter silent for over 30 days is retired; where all are silent, the site is.';

CREATE FUNCTION @extschema@._argo_rule_freshness_pipeline(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    most_hours CONSTANT double precision := @extschema@._argo_rule_limit('freshness_pipeline', threshold);
    newest timestamptz;
    hours double precision;
BEGIN
    SELECT max(n.instant) INTO newest
    FROM @extschema@.channels AS c
    CROSS JOIN LATERAL (
        SELECT r."timestamp" AS instant
        FROM @extschema@.readings AS r
        WHERE r.channel_id = c.channel_id AND r."timestamp" > '-infinity' AND r."timestamp" <= as_of
        ORDER BY r."timestamp" DESC
        LIMIT 1
    ) AS n;
    hours := greatest(extract(epoch FROM as_of) - extract(epoch FROM newest) - 900, 0) / 3600;
    IF newest IS NOT NULL THEN
        RETURN QUERY SELECT NULL::integer, NULL::date, hours, hours > most_hours,
            format('no reading of any site for %s h, the newest is of %s',
                   @extschema@._argo_figure(hours, 2), @extschema@._argo_local_time(newest, zone));
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_freshness_pipeline(text, timestamptz, timestamptz, double precision) IS
    'Rule freshness_pipeline: the newest reading of all sites of this database ended at most threshold hours before as_of.';
