-- How each site is, in a line, and what a monitor asks the server.

--: view _argo_clock
-- A view of one row, so that what is judged by the time can be judged for another one.
CREATE VIEW @extschema@._argo_clock AS SELECT CURRENT_TIMESTAMP AS as_of;
COMMENT ON VIEW @extschema@._argo_clock IS 'The time for which v_site_status judges: now.';

--: view _argo_site_coverage
-- Two probes and one range of the key of readings a meter; nothing else here may read readings. The window is
-- materialized so that the planner cannot see how long it is: it would find the range dear enough for JIT, which
-- takes ten times as long as the range.
CREATE VIEW @extschema@._argo_site_coverage AS
WITH w AS MATERIALIZED (
    -- Up to the end of the newest slot that can be there.
    SELECT x.as_of, x.as_of - interval '720 hours' AS retired_before, x.due, x.due - interval '24 hours' AS since_24h,
           x.due - interval '168 hours' AS since_7d
    FROM (SELECT k.as_of, date_bin('15 minutes', k.as_of - interval '15 minutes', '1970-01-01 00:00:00+00'::timestamptz) AS due
          FROM @extschema@._argo_clock AS k) AS x
)
SELECT
    o.organization_id AS site_id,
    w.as_of,
    m.meters,
    m.last_reading,
    m.expected_24h,
    m.filled_24h,
    m.expected_7d,
    m.filled_7d
FROM @extschema@.organizations AS o
CROSS JOIN w
CROSS JOIN LATERAL (
    SELECT
        count(*) AS meters,
        max(newest.instant) AS last_reading,
        sum(extract(epoch FROM greatest(x.ends - greatest(x.starts, w.since_24h), '0')))
            FILTER (WHERE oldest.instant IS NOT NULL) / 900 AS expected_24h,
        sum(f.slots_24h) AS filled_24h,
        sum(extract(epoch FROM greatest(x.ends - greatest(x.starts, w.since_7d), '0')))
            FILTER (WHERE oldest.instant IS NOT NULL) / 900 AS expected_7d,
        sum(f.slots_7d) AS filled_7d
    FROM @extschema@.channels AS c
    LEFT JOIN LATERAL (
        SELECT r."timestamp" AS instant FROM @extschema@.readings AS r
        WHERE r.channel_id = c.channel_id AND r."timestamp" >= '2000-01-01 00:00:00+00' AND r."timestamp" <= w.as_of
        ORDER BY r."timestamp" LIMIT 1
    ) AS oldest ON true
    LEFT JOIN LATERAL (
        SELECT r."timestamp" AS instant FROM @extschema@.readings AS r
        WHERE r.channel_id = c.channel_id AND r."timestamp" > '-infinity' AND r."timestamp" <= w.as_of
        ORDER BY r."timestamp" DESC LIMIT 1
    ) AS newest ON true
    CROSS JOIN LATERAL (
        SELECT date_bin('15 minutes', oldest.instant, '1970-01-01 00:00:00+00'::timestamptz) AS starts,
               -- As _argo_missing() has it: a meter silent for 30 days is retired.
               CASE WHEN newest.instant > w.retired_before THEN w.due
                    ELSE least(date_bin('15 minutes', newest.instant, '1970-01-01 00:00:00+00'::timestamptz)
                               + interval '15 minutes', w.due) END AS ends
    ) AS x
    LEFT JOIN LATERAL (
        SELECT count(DISTINCT s.slot) FILTER (WHERE s.slot >= w.since_24h) AS slots_24h,
               count(DISTINCT s.slot) AS slots_7d
        FROM (SELECT date_bin('15 minutes', r."timestamp", '1970-01-01 00:00:00+00'::timestamptz) AS slot
              FROM @extschema@.readings AS r
              WHERE r.channel_id = c.channel_id
                AND r."timestamp" >= w.since_7d AND r."timestamp" < w.due) AS s
    ) AS f ON oldest.instant IS NOT NULL
    WHERE c.organization_id = o.organization_id
) AS m;
COMMENT ON VIEW @extschema@._argo_site_coverage IS
    'Per site its meters, its newest reading, and how many slots of the last 24 hours and 7 days are expected and hold a reading. Expected is a slot from a meter''s first reading on up to the newest slot that ended 15 minutes ago; of a meter silent for 30 days, up to its last one.';

--: view v_site_status
-- Whoever may read the view needs no right on what is under it. Only the jobs are what the reader itself may
-- see, so that a missing one counts as a problem only where the reader would see it.
CREATE VIEW @extschema@.v_site_status AS
WITH jobs AS MATERIALIZED (
    SELECT j.site_id, j.active, j.next_run
    FROM @extschema@._argo_clock AS k
    CROSS JOIN LATERAL @extschema@._argo_jobs(k.as_of) AS j
    WHERE position('.argo_sync(' IN j.command) > 0
), scheduler AS MATERIALIZED (
    SELECT c.state,
           c.state <> 'hidden' AND (
               c.state <> 'here' OR (SELECT r.rolsuper OR r.rolbypassrls FROM pg_roles AS r WHERE r.rolname = CURRENT_USER)
           ) AS is_seen,
           to_regproc('@extschema@.argo_sync') IS NOT NULL AS can_sync
    FROM @extschema@._argo_cron() AS c
), refreshes AS MATERIALIZED (
    SELECT min(coalesce(v.refreshed_at, '-infinity')) AS last_refresh
    FROM @extschema@._argo_refreshed_views AS v
    WHERE v.matview IN ('@extschema@.mv_hourly_usage'::regclass, '@extschema@.mv_daily_usage'::regclass)
), marks AS MATERIALIZED (
    SELECT c.organization_id AS site_id, count(DISTINCT d.meter_id) AS meters
    FROM @extschema@._argo_dirty AS d
    JOIN @extschema@.channels AS c ON c.channel_id = d.meter_id
    GROUP BY c.organization_id
), runs AS MATERIALIZED (
    SELECT DISTINCT ON (p.site_id) p.site_id, p.started_at, p.updated_at, p.status, p.message
    FROM @extschema@.v_ingest_progress AS p
    ORDER BY p.site_id
)
SELECT
    s.site_id,
    s.site_name,
    c.meters,
    c.last_reading,
    a.age_hours,
    trunc(100 * c.filled_24h / nullif(c.expected_24h, 0), 2) AS completeness_24h,
    trunc(100 * c.filled_7d / nullif(c.expected_7d, 0), 2) AS completeness_7d,
    b.shown AS breaker,
    b.since AS breaker_since,
    b.override_until,
    l.last_run,
    l.status AS last_run_status,
    j.next_run,
    p.problem,
    p.cure
FROM @extschema@.v_sites AS s
JOIN @extschema@._argo_site_coverage AS c ON c.site_id = s.site_id
CROSS JOIN scheduler AS h
CROSS JOIN LATERAL (
    -- As the rules of freshness have it: since the quarter-hour of the reading has ended.
    SELECT CASE WHEN c.last_reading IS NOT NULL
                THEN trunc(greatest(extract(epoch FROM c.as_of - c.last_reading) - 900, 0) / 3600, 2) END AS age_hours
) AS a
LEFT JOIN LATERAL (
    SELECT CASE WHEN x.state = 'open' AND x.override_until > c.as_of THEN 'degraded' ELSE x.state END AS shown,
           x.since, x.validated_at, x.override_reason,
           CASE WHEN x.override_until > c.as_of THEN x.override_until END AS override_until,
           worst.flag ->> 'rule' AS rule, worst.flag ->> 'detail' AS detail, worst.flag ->> 'since' AS failing_since
    FROM @extschema@.circuit_breakers AS x
    LEFT JOIN LATERAL (
        SELECT f AS flag FROM jsonb_array_elements(x.flags) AS f
        ORDER BY (f ->> 'opens')::boolean DESC, f ->> 'severity', (f ->> 'since')::timestamptz, f ->> 'rule'
        LIMIT 1
    ) AS worst ON true
    WHERE x.site_id = s.site_id
) AS b ON true
LEFT JOIN runs AS r ON r.site_id = s.site_id
LEFT JOIN LATERAL (
    SELECT d.last_sync_timestamp, d.sync_status, d.error_message
    FROM @extschema@.data_sync_status AS d
    WHERE d.organization_id = s.site_id
    ORDER BY d.last_sync_timestamp DESC, d.channel_id IS NOT NULL, d.id DESC
    LIMIT 1
) AS d ON true
CROSS JOIN LATERAL (
    -- The ledger, unless scripts that keep none were there later.
    SELECT CASE WHEN x.is_ledger THEN r.started_at ELSE d.last_sync_timestamp END AS last_run,
           CASE WHEN x.is_ledger THEN r.status ELSE d.sync_status END AS status,
           CASE WHEN x.is_ledger THEN r.message ELSE d.error_message END AS message
    FROM (SELECT coalesce(r.updated_at >= d.last_sync_timestamp, r.site_id IS NOT NULL) AS is_ledger) AS x
) AS l
LEFT JOIN LATERAL (
    SELECT count(*) AS jobs, bool_or(j.active) AS is_active, min(j.next_run) FILTER (WHERE j.active) AS next_run
    FROM jobs AS j
    WHERE j.site_id = s.site_id
) AS j ON true
LEFT JOIN marks AS m ON m.site_id = s.site_id
LEFT JOIN @extschema@.validation_rules AS t ON t.name = 'freshness_error' AND t.site_id IS NULL
LEFT JOIN @extschema@.validation_rules AS o ON o.name = 'freshness_error' AND o.site_id = s.site_id
CROSS JOIN LATERAL (
    SELECT
        '@extschema@'::regnamespace::text AS here,
        -- What else there may be in an id from outside must not get to a shell.
        regexp_replace(s.site_id, '[^A-Za-z0-9_-]', '_', 'g') AS site,
        CASE WHEN coalesce(o.enabled, t.enabled, true) THEN coalesce(o.threshold, t.threshold, 24)
             ELSE 'Infinity' END AS stale_after
) AS e
CROSS JOIN LATERAL (
    SELECT format('SELECT * FROM %s.argo_doctor(%L);', e.here, s.site_id) AS doctor,
           CASE WHEN h.can_sync THEN format('CALL %s.argo_sync(%L, 7);', e.here, s.site_id)
                ELSE '-- argo-loader sync --site ' || e.site END AS sync,
           CASE WHEN h.can_sync THEN format('SELECT * FROM %s.argo_schedule(%L);', e.here, s.site_id)
                ELSE '-- argo-loader schedule --site ' || e.site END AS schedule,
           format('SELECT * FROM %s.argo_findings(%L, %L);', e.here, s.site_id, b.rule) AS findings
) AS y
LEFT JOIN LATERAL (
    SELECT v.place, left(v.problem, 500) AS problem, v.cure
    FROM (VALUES
        (1, b.shown = 'open',
         format('reports are blocked: %s has failed since %s: %s', b.rule,
                to_char(b.failing_since::timestamptz AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), b.detail),
         CASE WHEN b.rule ~ '^(freshness_|empty_run|site_present)' THEN y.sync ELSE y.findings END),
        (2, c.meters = 0, 'the site has no meters', y.sync),
        (3, c.last_reading IS NULL, 'no meter has a reading', y.sync),
        (4, a.age_hours > e.stale_after,
         format('no reading for %s h, the newest is of %s', trim_scale(round(a.age_hours, 1)),
                to_char(c.last_reading AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')), y.sync),
        (5, l.status = 'failed', concat_ws(': ', 'the last run failed', l.message), y.doctor),
        (6, l.status = 'interrupted', 'the last run was interrupted', y.sync),
        (7, j.jobs > 0 AND j.next_run IS NULL, 'pg_cron starts no sync of the site: '
            || CASE WHEN j.is_active THEN 'the time of its job never comes, or pg_cron starts none' ELSE 'its job is paused' END,
         y.schedule),
        (8, j.jobs = 0 AND (h.is_seen OR NOT h.can_sync)
            -- Elsewhere, or by the system's cron, something may have it run.
            AND ((h.state = 'here' AND h.can_sync) OR l.last_run IS NULL OR l.last_run < c.as_of - interval '26 hours'),
         'nothing is scheduled', y.schedule),
        (9, b.override_until IS NOT NULL,
         format('reports pass only by an override until %s: %s',
                to_char(b.override_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'), b.override_reason), y.findings),
        (10, b.shown = 'degraded', concat_ws(': ', b.rule, b.detail), y.findings),
        (11, b.validated_at IS NULL, 'the site was never validated',
         format('SELECT * FROM %s.argo_validate(%L);', e.here, s.site_id)),
        (12, b.validated_at < c.as_of - interval '24 hours',
         format('the site was last validated at %s', to_char(b.validated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"')),
         format('SELECT * FROM %s.argo_validate(%L);', e.here, s.site_id)),
        (13, l.status = 'partial', concat_ws(': ', 'some pulls of the last run failed', l.message), y.sync),
        (14, m.meters > 0 AND (SELECT f.last_refresh FROM refreshes AS f) < c.as_of - interval '48 hours',
         format('changes of %s meters wait for a refresh, and none has taken any for two days', m.meters),
         format('SELECT * FROM %s.argo_refresh();', e.here))
    ) AS v (place, applies, problem, cure)
    WHERE v.applies
    ORDER BY v.place
    LIMIT 1
) AS p ON true
ORDER BY p.place NULLS LAST, s.site_name, s.site_id;
COMMENT ON VIEW @extschema@.v_site_status IS
    'One row a site, worst first: how fresh and complete its readings are, whether reports may be made, the last and the next run, its worst problem and the command that mends it. Live. SELECT on it is all that a dashboard needs: GRANT SELECT ON v_site_status TO ...; the schedule shows only to those who may see pg_cron''s jobs, as in v_schedule.';
COMMENT ON COLUMN @extschema@.v_site_status.meters IS 'Channels of the site.';
COMMENT ON COLUMN @extschema@.v_site_status.last_reading IS 'Newest reading of any meter, zeros included, that is not later than now.';
COMMENT ON COLUMN @extschema@.v_site_status.age_hours IS 'Hours since its quarter-hour ended.';
COMMENT ON COLUMN @extschema@.v_site_status.completeness_24h IS
    'Percent of the expected slots of the last 24 hours that hold a reading, zeros included, rounded down: 100 is all. The window ends with the newest slot that ended 15 minutes ago. Not expected are slots before a meter''s first reading, and of a meter silent for 30 days those after its last. NULL: none is expected.';
COMMENT ON COLUMN @extschema@.v_site_status.completeness_7d IS 'The same of the last 168 hours.';
COMMENT ON COLUMN @extschema@.v_site_status.breaker IS 'closed, degraded or open, as of the last validation; NULL: never validated. While an override lasts an open one is degraded.';
COMMENT ON COLUMN @extschema@.v_site_status.breaker_since IS 'Since when it is in the state that argo_validate() gave it.';
COMMENT ON COLUMN @extschema@.v_site_status.override_until IS 'End of the override; NULL: none.';
COMMENT ON COLUMN @extschema@.v_site_status.last_run IS 'When the last ingest, sync or backfill began; of scripts that keep no ledger, what data_sync_status says.';
COMMENT ON COLUMN @extschema@.v_site_status.last_run_status IS 'running, success, partial, failed or interrupted.';
COMMENT ON COLUMN @extschema@.v_site_status.next_run IS 'When pg_cron syncs the site next; NULL: it does not, or the reader may not see it.';
COMMENT ON COLUMN @extschema@.v_site_status.problem IS
    'The first of: breaker open; no meters; no readings; newest reading older than the threshold of freshness_error; last run failed; interrupted; job paused or never started; nothing scheduled; override; breaker degraded; never validated; not for a day; pulls of the last run failed; marks waiting though no refresh took any for two days. NULL: all is well.';
COMMENT ON COLUMN @extschema@.v_site_status.cure IS 'What to type.';

--: view v_connections
CREATE VIEW @extschema@.v_connections AS
SELECT
    a.datname::text AS database,
    a.usename::text AS role,
    a.application_name AS application,
    a.state,
    count(*) AS connections,
    round(max(extract(epoch FROM statement_timestamp() - a.state_change))
          FILTER (WHERE a.state LIKE 'idle%'), 1) AS longest_idle_s,
    round(max(extract(epoch FROM statement_timestamp() - a.xact_start)), 1) AS longest_transaction_s,
    (sum(count(*)) OVER ())::bigint AS total_connections,
    current_setting('max_connections')::integer AS max_connections,
    round(100 * sum(count(*)) OVER () / current_setting('max_connections')::integer, 1) AS percent_used
FROM pg_stat_activity AS a
WHERE a.backend_type = 'client backend'
GROUP BY a.datname, a.usename, a.application_name, a.state
ORDER BY count(*) DESC, a.datname, a.usename, a.application_name, a.state;
GRANT SELECT ON @extschema@.v_connections TO pg_monitor;
-- Where the schema is not open to all, the views for it would be out of reach of a monitor.
DO $do$
BEGIN
    IF NOT has_schema_privilege('pg_monitor', '@extschema@'::regnamespace, 'USAGE')
       AND has_schema_privilege('@extschema@'::regnamespace, 'USAGE WITH GRANT OPTION') THEN
        GRANT USAGE ON SCHEMA @extschema@ TO pg_monitor;
    END IF;
END
$do$;
COMMENT ON VIEW @extschema@.v_connections IS
    'Connections of clients to the whole server by database, role, application and state. Members of pg_monitor may read it and see all of it; what sessions of others do is NULL for the rest.';
COMMENT ON COLUMN @extschema@.v_connections.state IS 'As in pg_stat_activity: active, idle, idle in transaction, ...';
COMMENT ON COLUMN @extschema@.v_connections.longest_idle_s IS 'Seconds for which one of them has waited for its client, in a transaction or not.';
COMMENT ON COLUMN @extschema@.v_connections.longest_transaction_s IS 'Age in seconds of the oldest transaction of them.';
COMMENT ON COLUMN @extschema@.v_connections.total_connections IS 'Of all rows together.';
COMMENT ON COLUMN @extschema@.v_connections.percent_used IS 'total_connections, of max_connections.';

--: view v_long_queries
CREATE VIEW @extschema@.v_long_queries AS
SELECT
    a.pid,
    a.datname::text AS database,
    a.usename::text AS role,
    a.application_name AS application,
    a.state,
    round(extract(epoch FROM statement_timestamp() - x.since), 1) AS duration_s,
    a.wait_event_type || ': ' || a.wait_event AS wait_event,
    pg_blocking_pids(a.pid) AS blocked_by,
    -- What an open transaction ran last may be the making of a mapping.
    CASE WHEN a.query ~* '\m(user\s+mapping|password|api_key)' THEN 'hidden: it may hold a login'
         ELSE left(a.query, 200) END AS query
FROM pg_stat_activity AS a
CROSS JOIN LATERAL (
    SELECT CASE WHEN a.state LIKE 'idle in transaction%' THEN a.xact_start ELSE a.query_start END AS since
) AS x
WHERE a.backend_type = 'client backend' AND a.state <> 'idle' AND a.pid <> pg_backend_pid()
  AND x.since < statement_timestamp() - interval '5 seconds'
ORDER BY x.since;
GRANT SELECT ON @extschema@.v_long_queries TO pg_monitor;
COMMENT ON VIEW @extschema@.v_long_queries IS
    'Queries of clients of the whole server that run for over 5 seconds, and transactions left open as long, longest first. Members of pg_monitor may read it and see all of them.';
COMMENT ON COLUMN @extschema@.v_long_queries.duration_s IS 'Seconds since the query began; of one idle in transaction, since the transaction began.';
COMMENT ON COLUMN @extschema@.v_long_queries.wait_event IS 'What it waits for, "Lock: transactionid"; NULL: it works.';
COMMENT ON COLUMN @extschema@.v_long_queries.blocked_by IS 'Processes that hold a lock it waits for; {}: none. SELECT pg_cancel_backend(pid); ends what one of them runs.';
COMMENT ON COLUMN @extschema@.v_long_queries.query IS 'Its first 200 characters; of one idle in transaction, what ran last.';
