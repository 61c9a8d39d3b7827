-- Which readings are missing, whether they were asked for, and what came back.

CREATE FUNCTION @extschema@.argo_gaps(
    site text, range_start timestamptz DEFAULT NULL, range_end timestamptz DEFAULT NULL, as_of timestamptz DEFAULT NULL
)
RETURNS TABLE (
    meter_id integer, meter_name text, gap_start timestamptz, gap_end timestamptz, slots bigint, status text,
    last_asked_at timestamptz, message text
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- The planner takes a few ranges for millions of rows.
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    epoch CONSTANT timestamptz := '1970-01-01 00:00:00+00';
    quarter CONSTANT interval := '15 minutes';
    -- To the first slot that begins at or after a time.
    to_next CONSTANT interval := '899.999999 seconds';
    asked_at CONSTANT timestamptz := coalesce(as_of, clock_timestamp());
    due CONSTANT timestamptz := date_bin(quarter, CASE WHEN isfinite(asked_at) THEN asked_at END - quarter, epoch);
    starts timestamptz;
    ends timestamptz;
    zone text;
BEGIN
    IF site IS NULL THEN
        RAISE EXCEPTION 'argument site must not be null'
            USING ERRCODE = '22023', DETAIL = 'Gaps are those of the meters of one site.',
                  HINT = 'For example: SELECT * FROM @extschema@.argo_gaps(''23271'');';
    END IF;
    IF to_regclass('@extschema@.readings') IS NULL OR to_regclass('@extschema@.ingestion_logs') IS NULL
       OR to_regclass('@extschema@._argo_zones') IS NULL THEN
        RAISE EXCEPTION 'argo is not set up in schema @extschema@'
            USING ERRCODE = '55000', DETAIL = 'There are no readings that could be missing.',
                  HINT = 'Type SELECT * FROM @extschema@.argo_setup();';
    END IF;
    IF NOT EXISTS (SELECT FROM @extschema@.organizations AS o WHERE o.organization_id = site) THEN
        RAISE EXCEPTION 'unknown site %', quote_literal(site)
            USING ERRCODE = '22023', DETAIL = 'It was never ingested, so that nothing of it is known.',
                  HINT = 'SELECT site_id, site_name FROM @extschema@.v_sites; lists those that were ingested.';
    END IF;
    IF NOT isfinite(asked_at) THEN
        RAISE EXCEPTION 'as_of must be a finite time, not %', asked_at
            USING ERRCODE = '22023', DETAIL = 'It says which slots can be there.', HINT = 'Leave it out: now counts.';
    END IF;
    starts := date_bin(quarter, coalesce(range_start, due - interval '720 hours') + to_next, epoch);
    ends := date_bin(quarter, coalesce(range_end, due) + to_next, epoch);
    IF (isfinite(starts) AND isfinite(ends) AND starts < ends) IS NOT TRUE THEN
        RAISE EXCEPTION 'no slot lies from % to %', coalesce(range_start, starts), coalesce(range_end, ends)
            USING ERRCODE = '22023', DETAIL = 'The range is half open, of quarter-hours, and ends after it begins.',
                  HINT = format('For example: SELECT * FROM @extschema@.argo_gaps(%L, now() - interval ''7 days'', now());',
                                site);
    END IF;
    zone := @extschema@._argo_zone_of(site);

    RETURN QUERY
    WITH meters AS MATERIALIZED (
        SELECT c.channel_id AS meter, c.channel_name AS name,
               EXISTS (SELECT FROM @extschema@.readings AS r WHERE r.channel_id = c.channel_id) AS has_readings
        FROM @extschema@.channels AS c
        WHERE c.organization_id = site
    ), gaps AS MATERIALIZED (
        SELECT m.meter, x.starts, x.ends, false AS is_whole
        FROM meters AS m
        CROSS JOIN LATERAL (
            SELECT e.instant, lag(e.instant) OVER (ORDER BY e.instant) AS previous
            FROM (SELECT r."timestamp" AS instant FROM @extschema@.readings AS r
                  WHERE r.channel_id = m.meter AND r."timestamp" >= starts AND r."timestamp" < ends) AS e
        ) AS e
        CROSS JOIN LATERAL (
            SELECT coalesce(date_bin(quarter, e.previous, epoch) + quarter, starts) AS starts,
                   date_bin(quarter, e.instant, epoch) AS ends
        ) AS x
        -- First what costs less: slots apart are more than a quarter of an hour apart.
        WHERE m.has_readings AND (e.previous IS NULL OR e.instant > e.previous + quarter) AND x.starts < x.ends
        UNION ALL
        SELECT m.meter, coalesce(date_bin(quarter, e.instant, epoch) + quarter, starts), ends, false
        FROM meters AS m
        LEFT JOIN LATERAL (
            SELECT r."timestamp" AS instant FROM @extschema@.readings AS r
            WHERE r.channel_id = m.meter AND r."timestamp" >= starts AND r."timestamp" < ends
            ORDER BY r."timestamp" DESC LIMIT 1
        ) AS e ON true
        WHERE m.has_readings AND coalesce(date_bin(quarter, e.instant, epoch) + quarter, starts) < ends
        UNION ALL
        SELECT m.meter, starts, ends, true FROM meters AS m WHERE NOT m.has_readings
    ), pulls AS MATERIALIZED (
        -- The slots that begin within each, whoever logged it.
        SELECT l.id, l.channel_id AS meter, date_bin(quarter, greatest(l.start_time, starts) + to_next, epoch) AS starts,
               date_bin(quarter, least(l.end_time, ends) + to_next, epoch) AS ends, l.status = 'success' AS is_answer,
               l.readings_rejected AS rejected, l.error_message AS error, l.created_at
        FROM (SELECT DISTINCT g.meter FROM gaps AS g) AS g
        JOIN @extschema@.ingestion_logs AS l
            ON l.organization_id = site AND l.channel_id = g.meter
           AND l.start_time < ends AND l.end_time > starts AND l.start_time < l.end_time
    ), cuts AS (
        SELECT g.meter, g.starts, g.ends, g.starts AS cut FROM gaps AS g
        UNION
        SELECT g.meter, g.starts, g.ends, p.cut
        FROM gaps AS g
        JOIN (SELECT p.meter, p.starts AS cut FROM pulls AS p
              UNION SELECT p.meter, p.ends FROM pulls AS p
              UNION SELECT m.meter, due FROM meters AS m) AS p
            ON p.meter = g.meter AND p.cut > g.starts AND p.cut < g.ends
        WHERE NOT g.is_whole
    ), parts AS MATERIALIZED (
        SELECT row_number() OVER () AS part, c.meter, c.starts AS gap, c.cut AS starts,
               lead(c.cut, 1, c.ends) OVER (PARTITION BY c.meter, c.starts ORDER BY c.cut) AS ends
        FROM cuts AS c
    ), asked AS MATERIALIZED (
        SELECT k.part, count(*) AS pulls, count(*) FILTER (WHERE p.is_answer) AS answers, max(p.created_at) AS last_asked_at,
               coalesce(max(p.created_at) FILTER (WHERE p.is_answer) - interval '1 day'
                        >= min(p.created_at) FILTER (WHERE p.is_answer), false) AS is_absent,
               max(p.id) FILTER (WHERE NOT p.is_answer) > coalesce(max(p.id) FILTER (WHERE p.is_answer), 0) AS has_failed,
               coalesce((max(ARRAY[lpad(p.id::text, 20, '0'), p.error]) FILTER (WHERE NOT p.is_answer))[2],
                        'no reason was logged') AS error,
               coalesce(sum(p.rejected), 0) AS rejected
        FROM parts AS k
        JOIN pulls AS p ON p.meter = k.meter AND p.starts < k.ends AND p.ends > k.starts
        GROUP BY k.part
    ), judged AS (
        SELECT k.meter, k.gap, k.starts, k.ends, a.answers, a.last_asked_at, a.rejected,
               x.status, CASE WHEN x.status = 'failed' THEN a.error END AS error
        FROM parts AS k
        LEFT JOIN asked AS a ON a.part = k.part
        CROSS JOIN LATERAL (
            SELECT CASE WHEN k.starts >= due THEN 'not due yet'
                        WHEN a.pulls IS NULL THEN 'never asked'
                        WHEN a.is_absent THEN 'confirmed absent'
                        WHEN a.has_failed THEN 'failed'
                        ELSE 'answered without' END AS status
        ) AS x
    ), runs AS (
        SELECT j.*, count(*) FILTER (WHERE j.is_other) OVER (PARTITION BY j.meter, j.gap ORDER BY j.starts) AS run
        FROM (SELECT j.*, (j.status, j.error) IS DISTINCT FROM
                          (lag(j.status) OVER w, lag(j.error) OVER w) AS is_other
              FROM judged AS j
              WINDOW w AS (PARTITION BY j.meter, j.gap ORDER BY j.starts)) AS j
    ), found AS (
        SELECT r.meter, min(r.starts) AS starts, max(r.ends) AS ends, r.status, r.error,
               max(r.last_asked_at) AS last_asked_at, min(r.answers) AS answers, max(r.rejected) AS rejected
        FROM runs AS r
        GROUP BY r.meter, r.gap, r.run, r.status, r.error
    )
    SELECT f.meter, m.name, f.starts, f.ends, (extract(epoch FROM f.ends) - extract(epoch FROM f.starts))::bigint / 900, f.status,
           f.last_asked_at,
           CASE WHEN m.has_readings THEN '' ELSE 'no reading of this meter was ever stored: ' END
           || CASE f.status
               WHEN 'not due yet' THEN format('the newest reading that can be there is of %s',
                                              @extschema@._argo_local_time(due - quarter, zone))
               WHEN 'never asked' THEN t.command
               WHEN 'failed' THEN format('%s; %s', f.error, t.command)
               WHEN 'confirmed absent'
                   THEN 'the API has answered without them twice, a day or more apart: nothing more is expected'
               ELSE format('the API has answered without them; later runs ask again, as does %s', t.command) END
           || CASE WHEN f.rejected > 0 AND f.status IN ('answered without', 'confirmed absent')
                   THEN format('; readings of such pulls were rejected: SELECT * FROM %s.rejected_readings WHERE channel_id = %s '
                               || 'AND pull_end > %L AND pull_start < %L;', '@extschema@'::regnamespace, f.meter,
                               to_char(f.starts AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI"Z"'),
                               to_char(f.ends AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI"Z"'))
                   ELSE '' END
    FROM found AS f
    JOIN meters AS m ON m.meter = f.meter
    CROSS JOIN LATERAL (
        SELECT @extschema@._argo_backfill_command(
            '@extschema@'::regnamespace::text || '.argo_backfill', site, (f.starts AT TIME ZONE zone)::date,
            ((f.ends - interval '1 microsecond') AT TIME ZONE zone)::date) AS command
    ) AS t
    ORDER BY f.meter, f.starts;
END
$$;

COMMENT ON FUNCTION @extschema@.argo_gaps(text, timestamptz, timestamptz, timestamptz) IS
    'Quarter-hours without a reading of each meter of a site from range_start (included; default 30 days before range_end''s default) to range_end (excluded; default the newest slot that can be there), exact from readings, a row a stretch with the same history: status never asked; failed, the newest pull of it did; answered without; confirmed absent, twice and at least a day apart; not due yet, newer than the bin that ended 15 minutes before as_of (default now). A meter that never had a reading is one row. last_asked_at: the newest pull of it; message: what to type, with days of the site, or what came back. Zeros are data. Raises 22023 for an unknown site or an empty range, 55000.';
