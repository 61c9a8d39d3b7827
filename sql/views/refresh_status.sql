-- How fresh each materialized view is.

--: view v_refresh_status
CREATE VIEW @extschema@.v_refresh_status AS
SELECT
    CASE WHEN c.relnamespace = '@extschema@'::regnamespace THEN format('%I', c.relname)
         ELSE format('%s.%I', c.relnamespace::regnamespace, c.relname) END COLLATE "default" AS view,
    v.last_data,
    CASE WHEN isfinite(v.last_data)
         THEN floor(extract(epoch FROM CURRENT_TIMESTAMP - v.last_data) / 86400)::integer END AS days_behind,
    w.dirty_hours,
    v.refreshed_at AS last_refresh,
    v.strategy,
    v.duration_ms,
    CASE
        WHEN NOT c.relispopulated THEN 'not populated: SELECT * FROM @extschema@.argo_refresh();'
        WHEN v.refreshed_at IS NULL THEN 'never refreshed: SELECT * FROM @extschema@.argo_refresh();'
        WHEN v.duration_ms > 60000 THEN format('the last refresh took %s s', round(v.duration_ms / 1000))
    END AS warning
FROM @extschema@._argo_refreshed_views AS v
JOIN pg_class AS c ON c.oid = v.matview AND v.is_in_use
CROSS JOIN LATERAL (
    -- Hours of UTC; where all of a meter is marked, as far as there is anything to recompute.
    SELECT coalesce(sum(extract(epoch FROM
        date_trunc('hour', least(upper(r.span), m.newest), 'UTC')
        - date_trunc('hour', greatest(lower(r.span), m.oldest), 'UTC')) / 3600 + 1), 0)::bigint AS dirty_hours
    FROM (
        SELECT range_agg(tstzrange(d.first_reading, d.last_reading, '[]')) AS spans,
               (SELECT min(x."timestamp") FROM @extschema@.readings AS x WHERE x.channel_id = d.meter_id AND x."timestamp" > '0001-01-01 00:00:00+00') AS oldest,
               (SELECT max(x."timestamp") FROM @extschema@.readings AS x WHERE x.channel_id = d.meter_id AND x."timestamp" < '290000-01-01 00:00:00+00') AS newest
        FROM @extschema@._argo_dirty AS d
        WHERE d.matview IS NULL OR d.matview = v.matview
        GROUP BY d.meter_id
    ) AS m
    CROSS JOIN LATERAL unnest(m.spans) AS r (span)
    WHERE upper(r.span) >= m.oldest AND lower(r.span) <= m.newest
) AS w
ORDER BY v.position;
GRANT SELECT ON @extschema@.v_refresh_status TO pg_monitor;
COMMENT ON VIEW @extschema@.v_refresh_status IS
    'One row per view that argo_refresh() keeps: how far its data reaches and what waits to be taken in. The views v_readings_* are exact whatever waits. Members of pg_monitor may read it.';
COMMENT ON COLUMN @extschema@.v_refresh_status.last_data IS 'Start of the newest bucket after the last refresh.';
COMMENT ON COLUMN @extschema@.v_refresh_status.days_behind IS 'Whole days since then.';
COMMENT ON COLUMN @extschema@.v_refresh_status.dirty_hours IS 'Hours of meters whose readings changed since the last refresh.';
COMMENT ON COLUMN @extschema@.v_refresh_status.last_refresh IS 'When a refresh last had something to do.';
COMMENT ON COLUMN @extschema@.v_refresh_status.strategy IS 'full or incremental.';
COMMENT ON COLUMN @extschema@.v_refresh_status.duration_ms IS 'Milliseconds that it took.';
COMMENT ON COLUMN @extschema@.v_refresh_status.warning IS 'What to look at, or NULL; over 60 s a refresh is too slow.';
