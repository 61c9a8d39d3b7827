-- Rules about how readings came: pulls that failed or were never made, runs that brought nothing, clocks.

CREATE FUNCTION @extschema@._argo_rule_failed_pulls(
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
    bound CONSTANT double precision := coalesce(threshold, 0);
BEGIN
    RETURN QUERY
    WITH failures AS MATERIALIZED (
        SELECT l.id, l.channel_id, tstzrange(l.start_time, l.end_time) AS range, l.error_message
        FROM @extschema@.ingestion_logs AS l
        WHERE l.organization_id = site AND l.status = 'failure' AND l.start_time < l.end_time
          AND l.end_time > coalesce(since, '-infinity') AND l.start_time < as_of
    ), latest AS MATERIALIZED (
        -- Tomorrow's pull of a longer range stands for today's, whether it fails or heals it.
        SELECT f.*
        FROM failures AS f
        WHERE NOT EXISTS (SELECT FROM failures AS n
                          WHERE n.channel_id = f.channel_id AND n.id > f.id AND n.range @> f.range)
    ), judged AS MATERIALIZED (
        SELECT f.channel_id AS meter_id, f.range, f.error_message, s.is_known, s.attempts
        FROM latest AS f
        CROSS JOIN LATERAL (
            SELECT tstzmultirange(f.range)
                       <@ range_agg(l.range) FILTER (WHERE l.status = 'success' AND l.id > f.id) AS is_healed,
                   count(*) FILTER (WHERE l.status = 'failure' AND l.id <= f.id AND l.range <@ f.range) AS attempts,
                   count(*) FILTER (WHERE l.status = 'success') > 0
                   OR EXISTS (SELECT FROM @extschema@.readings AS r WHERE r.channel_id = f.channel_id)
                   OR EXISTS (SELECT FROM @extschema@.ingestion_logs AS g
                              WHERE g.organization_id = site AND g.channel_id = f.channel_id
                                AND g.status = 'success') AS is_known
            FROM (
                SELECT k.id, k.status, tstzrange(k.start_time, k.end_time) AS range
                FROM @extschema@.ingestion_logs AS k
                WHERE k.organization_id = site AND k.channel_id = f.channel_id AND k.start_time < k.end_time
                  AND k.start_time < upper(f.range) AND k.end_time > lower(f.range)
            ) AS l
        ) AS s
        WHERE s.is_healed IS NOT TRUE
    )
    SELECT j.meter_id, @extschema@._argo_local_day(lower(j.range), zone), j.attempts::double precision, true,
           format('pull of %s failed%s: %s', @extschema@._argo_stretch(lower(j.range), upper(j.range), zone),
                  CASE WHEN j.attempts > 1 THEN format(' %s times', j.attempts) ELSE '' END,
                  coalesce(nullif(j.error_message, ''), 'no reason was logged'))
    FROM judged AS j
    WHERE j.is_known AND j.attempts > bound
    UNION ALL
    SELECT NULL, NULL, coalesce(max(j.attempts) FILTER (WHERE j.is_known), 0), false,
           'never answered, so not counted: ' || (SELECT string_agg(DISTINCT u.meter_id::text, ', ')
                                                  FROM judged AS u WHERE NOT u.is_known)
    FROM judged AS j
    WHERE NOT EXISTS (SELECT FROM judged AS v WHERE v.is_known AND v.attempts > bound)
    HAVING EXISTS (SELECT FROM @extschema@.ingestion_logs AS l WHERE l.organization_id = site)
    ORDER BY 3 DESC, 2 DESC, 1;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_failed_pulls(text, timestamptz, timestamptz, double precision) IS
    'Rule failed_pulls: no range of a meter failed more than threshold times without later pulls that succeeded on all of it. Meters that never gave an answer or a reading do not count.';

CREATE FUNCTION @extschema@._argo_rule_missing_pulls(
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
    most_hours CONSTANT double precision := @extschema@._argo_rule_limit('missing_pulls', threshold);
BEGIN
    -- Whoever fills the tables without Argo keeps no log of pulls.
    IF NOT EXISTS (SELECT FROM @extschema@.ingestion_logs AS l WHERE l.organization_id = site) THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH lacking AS MATERIALIZED (
        SELECT k.meter_id, k.missing
        FROM @extschema@._argo_missing(site, since, as_of) AS k
        WHERE NOT isempty(k.missing)
    ), asked AS (
        SELECT k.meter_id, range_agg(tstzrange(l.start_time, l.end_time)) AS ranges
        FROM lacking AS k
        JOIN @extschema@.ingestion_logs AS l ON l.channel_id = k.meter_id
        WHERE l.organization_id = site AND l.start_time < l.end_time AND l.end_time > lower(k.missing)
        GROUP BY k.meter_id
    ), stretches AS MATERIALIZED (
        SELECT k.meter_id, s.span, @extschema@._argo_hours(s.span) AS hours
        FROM lacking AS k
        LEFT JOIN asked AS a ON a.meter_id = k.meter_id
        CROSS JOIN LATERAL unnest(k.missing - coalesce(a.ranges, '{}')) AS s (span)
    ), worst AS (
        SELECT s.* FROM stretches AS s WHERE s.hours > most_hours
        UNION ALL
        (SELECT s.* FROM stretches AS s
         WHERE NOT EXISTS (SELECT FROM stretches AS v WHERE v.hours > most_hours)
         ORDER BY s.hours DESC, lower(s.span) DESC LIMIT 1)
    )
    SELECT w.meter_id, @extschema@._argo_local_day(lower(w.span), zone), w.hours, w.hours > most_hours,
           format('no pull ever asked for %s h, %s; type %s',
                  @extschema@._argo_figure(w.hours, 2),
                  @extschema@._argo_stretch(lower(w.span), upper(w.span), zone),
                  @extschema@._argo_backfill_command(
                      'argo_backfill', site, @extschema@._argo_local_day(lower(w.span), zone),
                      @extschema@._argo_local_day(upper(w.span) - interval '1 microsecond', zone)))
    FROM worst AS w
    ORDER BY w.hours DESC, lower(w.span) DESC, w.meter_id;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_missing_pulls(text, timestamptz, timestamptz, double precision) IS
    'Rule missing_pulls: no meter lacks readings for longer than threshold hours on end for which no pull ever asked. Passes where nothing was ever pulled.';

CREATE FUNCTION @extschema@._argo_rule_empty_run(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    least_slots CONSTANT double precision := @extschema@._argo_rule_limit('empty_run', threshold);
    newest_end timestamptz;
BEGIN
    SELECT max(l.end_time) INTO newest_end
    FROM @extschema@.ingestion_logs AS l
    WHERE l.organization_id = site AND l.start_time < l.end_time AND isfinite(l.start_time)
      AND l.end_time > coalesce(since, '-infinity') AND l.end_time <= as_of;

    -- A pull that failed is for failed_pulls.
    RETURN QUERY
    SELECT NULL::integer, NULL::date, CASE WHEN p.is_empty THEN p.slots ELSE 0 END,
           p.is_empty AND p.slots >= least_slots,
           format('%s up to %s asked for %s and brought %s, %s of them new and %s rejected',
                  @extschema@._argo_counted(p.pulls, 'pull'), @extschema@._argo_local_time(newest_end, zone),
                  @extschema@._argo_counted(p.slots::bigint, 'slot'), @extschema@._argo_counted(p.fetched, 'reading'),
                  p.inserted, p.rejected)
    FROM (
        SELECT count(*) AS pulls, sum(extract(epoch FROM l.end_time - l.start_time))::double precision / 900 AS slots,
               sum(l.readings_fetched) AS fetched, sum(l.readings_inserted) AS inserted,
               sum(l.readings_rejected) AS rejected,
               sum(l.readings_inserted) <= 0 AND sum(l.readings_fetched) <= sum(l.readings_rejected) AS is_empty
        FROM (
            SELECT DISTINCT ON (k.channel_id) k.*
            FROM @extschema@.ingestion_logs AS k
            WHERE k.organization_id = site AND k.end_time = newest_end AND k.start_time < k.end_time
              AND isfinite(k.start_time)
            ORDER BY k.channel_id, k.id DESC
        ) AS l
        WHERE l.status = 'success'
    ) AS p
    WHERE p.pulls > 0;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_empty_run(text, timestamptz, timestamptz, double precision) IS
    'Rule empty_run: the last pulls of a site, where they asked for at least threshold slots together, brought a reading that could be stored or was stored already.';

CREATE FUNCTION @extschema@._argo_rule_clock_skew(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    most_seconds CONSTANT double precision := @extschema@._argo_rule_limit('clock_skew', threshold);
BEGIN
    RETURN QUERY
    SELECT NULL::integer, NULL::date, abs(r.clock_skew_s), abs(r.clock_skew_s) > most_seconds,
           format('this server''s clock is %s s %s that of the API, as of %s',
                  @extschema@._argo_figure(abs(r.clock_skew_s)),
                  CASE WHEN r.clock_skew_s > 0 THEN 'behind' ELSE 'ahead of' END,
                  @extschema@._argo_local_time(date_trunc('second', r.started_at), @extschema@._argo_zone_of(site)))
    FROM @extschema@.ingest_runs AS r
    WHERE r.organization_id = site AND r.finished_at IS NOT NULL AND r.clock_skew_s IS NOT NULL
      AND r.started_at >= coalesce(since, '-infinity')
    ORDER BY r.started_at DESC, r.id DESC
    LIMIT 1;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_clock_skew(text, timestamptz, timestamptz, double precision) IS
    'Rule clock_skew: during the newest run that could tell, this server''s clock and the API''s Date were at most threshold seconds apart.';
