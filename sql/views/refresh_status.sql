-- How fresh each materialized view is.

--: view v_refresh_status
CREATE VIEW @extschema@.v_refresh_status AS
SELECT
    CASE WHEN c.relnamespace = '@extschema@'::regnamespace THEN format('%I', c.relname)
         ELSE format('%s.%I', c.relnamespace::regnamespace, c.relname) END COLLATE "default" AS view,
    v.last_data,
    CASE WHEN isfinite(v.last_data)
         THEN floor(extract(epoch FROM CURRENT_TIMESTAMP - v.last_data) / 86400)::integer END AS days_behind,
    CASE v.key_kind WHEN 'equipment' THEN q.dirty_days * 24 ELSE w.dirty_hours END AS dirty_hours,
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
    SELECT coalesce(sum(greatest(r.hours, 1)), 0)::bigint AS dirty_hours
    FROM (
        SELECT range_agg(tstzrange(d.first_reading, d.last_reading, '[]')) AS spans,
               (SELECT min(x."timestamp") FROM @extschema@.readings AS x WHERE x.channel_id = d.meter_id AND x."timestamp" > '0001-01-01 00:00:00+00') AS oldest,
               (SELECT max(x."timestamp") FROM @extschema@.readings AS x WHERE x.channel_id = d.meter_id AND x."timestamp" < '290000-01-01 00:00:00+00') AS newest
        FROM @extschema@._argo_dirty AS d
        WHERE v.key_kind = 'meter' AND (d.matview IS NULL OR d.matview = v.matview)
        GROUP BY d.meter_id
    ) AS m
    CROSS JOIN LATERAL (
        SELECT sum(extract(epoch FROM
            date_trunc('hour', least(upper(s.span), m.newest), 'UTC')
            - date_trunc('hour', greatest(lower(s.span), m.oldest), 'UTC')) / 3600 + 1) AS hours
        FROM unnest(m.spans) AS s (span)
        WHERE upper(s.span) >= m.oldest AND lower(s.span) <= m.newest
    ) AS r
) AS w
CROSS JOIN LATERAL (
    -- Days at the site, as far as its meters have readings.
    SELECT coalesce(sum(greatest(r.days, 1)), 0)::bigint AS dirty_days
    FROM (
        SELECT k.equipment_id, range_agg(k.days) AS days
        FROM @extschema@._argo_ahu_marks AS k
        WHERE v.key_kind = 'equipment' AND (k.matview IS NULL OR k.matview = v.matview)
        GROUP BY k.equipment_id
    ) AS k
    LEFT JOIN @extschema@.equipment AS e ON e.equipment_id = k.equipment_id
    LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = e.site_id
    CROSS JOIN LATERAL (
        SELECT CASE WHEN count(x.oldest) > 0 THEN daterange(
            (min(x.oldest) AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date,
            (max(x.newest) AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date, '[]') END AS days
        FROM @extschema@.equipment_meters AS a
        CROSS JOIN LATERAL (
            SELECT min(x."timestamp") AS oldest, max(x."timestamp") AS newest FROM @extschema@.readings AS x
            WHERE x.channel_id = a.meter_id
              AND x."timestamp" >= '1900-01-01 00:00:00+00' AND x."timestamp" < '2200-01-01 00:00:00+00'
        ) AS x
        WHERE a.equipment_id = k.equipment_id
    ) AS b
    CROSS JOIN LATERAL (
        SELECT sum(upper(s.days) - lower(s.days)) AS days FROM unnest(k.days * datemultirange(b.days)) AS s (days)
    ) AS r
    WHERE NOT isempty(k.days)
) AS q
ORDER BY v.position;
GRANT SELECT ON @extschema@.v_refresh_status TO pg_monitor;
COMMENT ON VIEW @extschema@.v_refresh_status IS
    'One row per view that argo_refresh() keeps: how far its data reaches and what waits to be taken in. The views v_readings_* are exact whatever waits. Members of pg_monitor may read it.';
COMMENT ON COLUMN @extschema@.v_refresh_status.last_data IS 'Start of the newest bucket after the last refresh.';
COMMENT ON COLUMN @extschema@.v_refresh_status.days_behind IS 'Whole days since then.';
COMMENT ON COLUMN @extschema@.v_refresh_status.dirty_hours IS 'Hours of meters whose readings changed since the last refresh, at least 1 of each such meter; of a view of costs, 24 for each day of an equipment that readings, tariffs or meters changed, at least one of each such equipment.';
COMMENT ON COLUMN @extschema@.v_refresh_status.last_refresh IS 'When a refresh last had something to do.';
COMMENT ON COLUMN @extschema@.v_refresh_status.strategy IS 'full or incremental.';
COMMENT ON COLUMN @extschema@.v_refresh_status.duration_ms IS 'Milliseconds that it took.';
COMMENT ON COLUMN @extschema@.v_refresh_status.warning IS 'What to look at, or NULL; over 60 s a refresh is too slow.';
