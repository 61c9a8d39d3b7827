-- argo_refresh() brings the materialized views up to date.

CREATE FUNCTION @extschema@._argo_refresh(chosen_strategy text, days integer, chosen_views text[])
RETURNS TABLE (
    view text,
    strategy text,
    reason text,
    rows_examined bigint,
    inserted bigint,
    updated bigint,
    deleted bigint,
    duration_ms double precision,
    last_data timestamptz
)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    -- Even where all of it changed, hours cost three quarters of a full refresh and days as much as one:
    -- make bench-refresh, docs/benchmarks.md.
    full_from_share CONSTANT double precision := 0.9;
    is_running boolean;
    chosen regclass[];
    began timestamptz;
    meters integer[];
    firsts timestamptz[];
    lasts timestamptz[];
    marks_of oid[];
    equipment integer[];
    days_of_equipment daterange[];
    equipment_count bigint;
    has_marks boolean;
    since timestamptz;
    kept record;
    digest text;
    first_data timestamptz;
    dirty record;
    share double precision;
BEGIN
    PERFORM @extschema@._argo_check_refresh(chosen_strategy, days, chosen_views);

    SELECT coalesce(array_agg(v.matview ORDER BY v.position), '{}') INTO chosen
    FROM @extschema@._argo_refreshed_views AS v
    WHERE @extschema@._argo_is_named(v.matview, chosen_views) AND (v.is_in_use OR chosen_views IS NOT NULL);

    is_running := NOT pg_try_advisory_xact_lock(hashtextextended(
        'argo_refresh', '@extschema@._argo_refreshed_views'::regclass::oid::bigint));
    IF is_running THEN
        INSERT INTO @extschema@.refresh_log (strategy, reason) VALUES ('skipped', 'already running');
    ELSE
        DELETE FROM @extschema@._argo_refreshed_views AS v
        WHERE NOT EXISTS (SELECT FROM pg_class AS c WHERE c.oid = v.matview);
        DELETE FROM @extschema@._argo_dirty AS d
        WHERE d.matview IS NOT NULL AND NOT EXISTS (SELECT FROM @extschema@._argo_refreshed_views AS v WHERE v.matview = d.matview);
        -- A trigger turns marks of meters that are taken into such of their equipment.
        -- Marks go before any view is locked. The other way round, a REFRESH by hand that waits for the lock
        -- with an older snapshot would bring old rows back after their marks are gone.
        WITH taken AS (
            DELETE FROM @extschema@._argo_dirty AS d
            WHERE d.matview IS NULL OR d.matview = ANY (chosen)
            RETURNING d.matview, d.meter_id, d.first_reading, d.last_reading
        ), left_to_others AS (
            INSERT INTO @extschema@._argo_dirty (meter_id, first_reading, last_reading, matview)
            SELECT t.meter_id, t.first_reading, t.last_reading, o.matview
            FROM taken AS t
            CROSS JOIN @extschema@._argo_refreshed_views AS o
            WHERE t.matview IS NULL AND o.matview <> ALL (chosen) AND o.key_kind = 'meter'
        ), left_to_validation AS (
            INSERT INTO @extschema@._argo_unvalidated (meter_id, first_reading, last_reading)
            SELECT t.meter_id, t.first_reading, t.last_reading FROM taken AS t WHERE t.matview IS NULL
        )
        SELECT array_agg(t.matview::oid), array_agg(t.meter_id), array_agg(t.first_reading), array_agg(t.last_reading)
        INTO marks_of, meters, firsts, lasts
        FROM taken AS t;
        IF marks_of IS NOT NULL THEN
            PERFORM @extschema@._argo_bound_unvalidated();
        END IF;
    END IF;

    FOR kept IN
        SELECT v.*, @extschema@._argo_view_label(v.matview) AS label, c.relispopulated AS is_populated,
               c.relfilenode AS file, @extschema@._argo_may_refresh(v.matview) AND (
                   v.key_kind = 'meter' OR has_table_privilege('@extschema@._argo_dirty_equipment', 'SELECT')
                   AND has_table_privilege('@extschema@._argo_dirty_equipment', 'DELETE')) AS is_ours,
               v.matview IN ('@extschema@.mv_hourly_usage'::regclass, '@extschema@.mv_daily_usage'::regclass) AS is_argos,
               @extschema@._argo_has_key(v.matview) AS has_key, a.atttypid = 'date'::regtype AS is_date,
               @extschema@._argo_range_function(v.range_function, v.meter_column IS NOT NULL) AS source
        FROM @extschema@._argo_refreshed_views AS v
        JOIN pg_class AS c ON c.oid = v.matview
        LEFT JOIN pg_attribute AS a ON a.attrelid = v.matview AND a.attname = v.bucket_column
        WHERE v.matview = ANY (chosen)
        ORDER BY v.position
    LOOP
        began := clock_timestamp();
        view := kept.label;
        last_data := kept.last_data;
        rows_examined := NULL;
        inserted := NULL;
        updated := NULL;
        deleted := NULL;
        IF is_running THEN
            strategy := 'skipped';
            reason := 'already running';
            duration_ms := extract(epoch FROM clock_timestamp() - began) * 1000;
            RETURN NEXT;
            CONTINUE;
        END IF;

        digest := md5(pg_get_functiondef(kept.source));
        has_marks := EXISTS (SELECT FROM unnest(marks_of) AS m (matview)
                             WHERE kept.key_kind = 'meter' AND (m.matview IS NULL OR m.matview = kept.matview));
        IF kept.key_kind = 'equipment' AND kept.is_ours THEN
            has_marks := EXISTS (SELECT FROM @extschema@._argo_dirty_equipment AS d WHERE d.matview = kept.matview);
        END IF;
        strategy := CASE
            WHEN chosen_strategy = 'full' OR NOT kept.is_populated OR kept.relfilenode IS DISTINCT FROM kept.file
                 OR kept.source_digest IS DISTINCT FROM digest THEN 'full'
            WHEN chosen_strategy = 'smart' AND NOT has_marks THEN 'skipped'
            WHEN kept.source IS NULL OR NOT kept.has_key THEN 'full'
            ELSE 'incremental' END;
        reason := CASE
            WHEN chosen_strategy = 'full' THEN 'asked for'
            WHEN NOT kept.is_populated THEN 'not populated'
            WHEN kept.relfilenode IS NULL THEN 'first refresh, or readings were truncated'
            WHEN kept.relfilenode <> kept.file THEN 'somebody has refreshed it by hand'
            WHEN kept.source_digest IS DISTINCT FROM digest THEN 'its range function has changed'
            WHEN strategy = 'skipped' THEN 'nothing has changed'
            WHEN kept.source IS NULL THEN 'it has no range function' END;

        IF NOT kept.is_ours THEN
            strategy := 'skipped';
            reason := 'permission denied';
        END IF;
        BEGIN
            IF strategy <> 'skipped' THEN
                since := CASE WHEN chosen_strategy = 'incremental' THEN (
                    SELECT least(max(newest."timestamp"), CURRENT_TIMESTAMP) - days * interval '1 day'
                    FROM @extschema@.channels AS c
                    CROSS JOIN LATERAL (
                        SELECT r."timestamp" FROM @extschema@.readings AS r
                        WHERE r.channel_id = c.channel_id ORDER BY r."timestamp" DESC LIMIT 1) AS newest) END;
                -- Apart, since it needs rights of its own.
                IF kept.key_kind = 'equipment' THEN
                    WITH taken AS (
                        DELETE FROM @extschema@._argo_dirty_equipment AS d WHERE d.matview = kept.matview
                        RETURNING d.equipment_id, d.days
                    )
                    SELECT array_agg(m.equipment_id), array_agg(m.days), (SELECT count(*) FROM @extschema@.equipment AS e)
                    INTO equipment, days_of_equipment, equipment_count
                    FROM (
                        SELECT t.equipment_id, t.days FROM taken AS t
                        UNION ALL
                        -- Days of a site begin within one of those of UTC.
                        SELECT e.equipment_id, daterange((since AT TIME ZONE 'UTC')::date - 1, NULL)
                        FROM @extschema@.equipment AS e WHERE since IS NOT NULL
                    ) AS m;
                END IF;
            END IF;
            IF strategy = 'incremental' THEN
                SELECT s.first_bucket, s.last_bucket INTO first_data, last_data
                FROM @extschema@._argo_view_span(kept.matview) AS s;
                SELECT array_agg(b.meter_id) AS meters, array_agg(b.range_start) AS starts, array_agg(b.range_end) AS ends,
                       array_agg(b.first_bucket) AS first_buckets, array_agg(b.last_bucket) AS last_buckets,
                       sum(CASE WHEN isfinite(least(b.last_bucket, last_data)) AND isfinite(greatest(b.first_bucket, first_data)) THEN
                           greatest(extract(epoch FROM least(b.last_bucket, last_data))
                                    - extract(epoch FROM greatest(b.first_bucket, first_data)), 0)
                       END) AS seconds
                INTO dirty
                FROM (
                    SELECT b.*
                    FROM (
                        SELECT array_agg(m.meter_id) AS meters, array_agg(m.first_reading) AS firsts,
                               array_agg(m.last_reading) AS lasts
                        FROM (
                            SELECT m.meter_id, m.first_reading, m.last_reading
                            FROM unnest(marks_of, meters, firsts, lasts) AS m (matview, meter_id, first_reading, last_reading)
                            WHERE m.matview IS NULL OR m.matview = kept.matview
                            UNION ALL
                            SELECT c.channel_id, since, 'infinity' FROM @extschema@.channels AS c WHERE since IS NOT NULL
                        ) AS m
                        WHERE kept.key_kind = 'meter'
                    ) AS m
                    CROSS JOIN LATERAL @extschema@._argo_buckets(
                        kept.bucket_unit, kept.meter_column IS NOT NULL, kept.is_date, m.meters, m.firsts, m.lasts) AS b
                    UNION ALL
                    SELECT b.*
                    FROM @extschema@._argo_equipment_buckets(kept.bucket_unit, equipment, days_of_equipment) AS b
                    WHERE kept.key_kind = 'equipment'
                ) AS b;
                -- Unknown where the view is empty: then all of it.
                share := CASE WHEN dirty.seconds IS NULL OR NOT isfinite(first_data) OR NOT isfinite(last_data) THEN 1 ELSE coalesce(
                    dirty.seconds / nullif((extract(epoch FROM last_data) - extract(epoch FROM first_data))
                        * CASE WHEN kept.meter_column IS NULL THEN 1
                           WHEN kept.key_kind = 'equipment' THEN equipment_count
                           ELSE (SELECT count(*) FROM @extschema@.channels AS c) END, 0), 1) END;
                IF dirty.starts IS NULL THEN
                    strategy := 'skipped';
                    reason := 'nothing has changed';
                ELSIF chosen_strategy = 'smart' AND share >= full_from_share THEN
                    strategy := 'full';
                    reason := format('%s %% of it changed', round(least(share, 1) * 100));
                END IF;
            END IF;

            IF strategy = 'incremental' THEN
                SELECT m.strategy, m.reason, m.rows_examined, m.inserted, m.updated, m.deleted
                INTO strategy, reason, rows_examined, inserted, updated, deleted
                FROM @extschema@._argo_merge(kept.matview, dirty.meters, dirty.starts, dirty.ends,
                                             dirty.first_buckets, dirty.last_buckets) AS m;
            ELSIF strategy = 'full' THEN
                SELECT coalesce(f.reason, _argo_refresh.reason), f.inserted, f.updated, f.deleted
                INTO reason, inserted, updated, deleted
                FROM @extschema@._argo_refresh_fully(kept.matview) AS f;
            END IF;
            IF strategy <> 'skipped' THEN
                SELECT s.last_bucket INTO last_data FROM @extschema@._argo_view_span(kept.matview) AS s;
            END IF;
        EXCEPTION WHEN OTHERS THEN
            -- One of the user's own views must not keep the others from being refreshed, unless it was asked for.
            IF kept.is_argos OR chosen_views IS NOT NULL OR SQLSTATE LIKE '40%' THEN
                RAISE;
            END IF;
            strategy := 'failed';
            reason := SQLERRM;
        END;
        -- Those of equipment are back, or never went.
        IF kept.key_kind = 'meter' AND (NOT kept.is_ours OR strategy = 'failed') THEN
            INSERT INTO @extschema@._argo_dirty (meter_id, first_reading, last_reading, matview)
            SELECT m.meter_id, m.first_reading, m.last_reading, kept.matview
            FROM unnest(marks_of, meters, firsts, lasts) AS m (matview, meter_id, first_reading, last_reading)
            WHERE m.matview IS NULL OR m.matview = kept.matview;
        END IF;
        duration_ms := extract(epoch FROM clock_timestamp() - began) * 1000;
        IF strategy IN ('full', 'incremental') THEN
            UPDATE @extschema@._argo_refreshed_views AS v
            SET relfilenode = c.relfilenode, source_digest = digest, refreshed_at = clock_timestamp(),
                refreshed_by = pg_current_xact_id(),
                strategy = _argo_refresh.strategy, duration_ms = _argo_refresh.duration_ms,
                last_data = _argo_refresh.last_data
            FROM pg_class AS c
            WHERE v.matview = kept.matview AND c.oid = kept.matview;
        END IF;
        IF strategy <> 'skipped' THEN
            INSERT INTO @extschema@.refresh_log
                (view, strategy, reason, rows_examined, inserted, updated, deleted, duration_ms, last_data)
            VALUES (view, strategy, reason, rows_examined, inserted, updated, deleted, duration_ms, last_data);
            PERFORM pg_notify('argo_refresh', json_build_object(
                'schema', '@extschema@', 'view', view, 'strategy', strategy, 'inserted', inserted, 'updated', updated, 'deleted', deleted,
                'duration_ms', round(duration_ms::numeric, 3), 'last_data', last_data)::text);
        END IF;
        RETURN NEXT;
    END LOOP;

    DELETE FROM @extschema@.refresh_log AS l
    WHERE l.id <= (SELECT max(n.id) FROM @extschema@.refresh_log AS n) - 10000;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_refresh(text, integer, text[]) IS
    'The work of argo_refresh(), whose result column cannot have the name of its argument in plpgsql.';

CREATE FUNCTION @extschema@.argo_refresh(
    strategy text DEFAULT 'smart', days integer DEFAULT 2, views text[] DEFAULT NULL
)
RETURNS TABLE (
    view text,
    strategy text,
    reason text,
    rows_examined bigint,
    inserted bigint,
    updated bigint,
    deleted bigint,
    duration_ms double precision,
    last_data timestamptz
)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.view, r.strategy, r.reason, r.rows_examined, r.inserted, r.updated, r.deleted, r.duration_ms, r.last_data
    FROM @extschema@._argo_refresh($1, $2, $3) AS r
$$;

COMMENT ON FUNCTION @extschema@.argo_refresh(text, integer, text[]) IS
    'Refreshes the materialized views named (NULL: all) and returns one row per view: the strategy used and why, buckets recomputed, rows inserted, updated and deleted (NULL: not known), duration in milliseconds, start of its newest bucket. Strategies: full refreshes all of it; incremental recomputes what readings changed, and the last days (1 or more) even where nothing did; smart recomputes what changed, skips a view where nothing did, and refreshes one fully where most of it did. Readers never wait, except for a view that is filled for the first time or has no unique index. The owner may refresh, from 17 on also a role with MAINTAIN. Raises 22023, 25006, 42501, 55000, and 40001 where a transaction of REPEATABLE READ or SERIALIZABLE meets a later refresh.';

CREATE FUNCTION @extschema@.refresh_materialized_views_smart()
RETURNS TABLE (
    view text,
    strategy text,
    reason text,
    rows_examined bigint,
    inserted bigint,
    updated bigint,
    deleted bigint,
    duration_ms double precision,
    last_data timestamptz
)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.view, r.strategy, r.reason, r.rows_examined, r.inserted, r.updated, r.deleted, r.duration_ms, r.last_data
    FROM @extschema@.argo_refresh() AS r
$$;

COMMENT ON FUNCTION @extschema@.refresh_materialized_views_smart() IS
    'The same as argo_refresh(), under the name that older schedules call.';
