-- Which days of which equipment changed since the materialized views of costs last took them in.
--
--   readings ──> _argo_dirty ── taken by argo_refresh() ──┐
--   tariffs, equipment, equipment_meters, clocks ─────────┴──> _argo_dirty_equipment ── taken view by view

--: table _argo_dirty_equipment
-- Append-only, and without a unique key, as _argo_dirty is.
CREATE TABLE @extschema@._argo_dirty_equipment (
    equipment_id integer NOT NULL,
    days daterange NOT NULL,
    matview regclass NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000);
COMMENT ON TABLE @extschema@._argo_dirty_equipment IS
    'Marks: days of an equipment that a materialized view of costs does not show as they are. Beside these, marks of its meters in _argo_dirty count, until a refresh takes those and leaves marks here.';
COMMENT ON COLUMN @extschema@._argo_dirty_equipment.days IS 'Days at the site.';
COMMENT ON COLUMN @extschema@._argo_dirty_equipment.matview IS 'The view that has not taken them in.';
ALTER TABLE @extschema@._argo_dirty_equipment REPLICA IDENTITY FULL;
ANALYZE @extschema@._argo_dirty_equipment;

--: function _argo_mark_days
CREATE FUNCTION @extschema@._argo_mark_days(equipment integer[], days daterange[], is_of_tariffs boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO @extschema@._argo_dirty_equipment (equipment_id, days, matview)
    SELECT g.equipment_id, r.days, v.matview
    FROM (SELECT m.equipment_id, range_agg(m.days) AS days
          FROM unnest($1, $2) AS m (equipment_id, days)
          GROUP BY m.equipment_id) AS g
    CROSS JOIN LATERAL unnest(g.days) AS r (days)
    CROSS JOIN @extschema@._argo_refreshed_views AS v
    WHERE v.key_kind = 'equipment' AND NOT (is_of_tariffs AND v.range_function LIKE '%.\_argo\_daily\_ahu\_kwh');
END
$$;
REVOKE ALL ON FUNCTION @extschema@._argo_mark_days(integer[], daterange[], boolean) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_mark_days(integer[], daterange[], boolean) IS
    'Marks days of equipment for each view of costs, joined; of the energy, which knows no tariff, only where it is more than tariffs that changed.';

--: function _argo_pass_marks
CREATE FUNCTION @extschema@._argo_pass_marks()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM @extschema@._argo_mark_days(m.equipment, m.days, false)
    FROM (SELECT array_agg(p.equipment_id) AS equipment, array_agg(p.days) AS days
          FROM (
              SELECT m.equipment_id,
                     daterange((o.first_reading AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date,
                               (o.last_reading AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date, '[]')
                     * daterange(m.valid_from, m.valid_to) AS days
              FROM old_rows AS o
              JOIN @extschema@.equipment_meters AS m ON m.meter_id = o.meter_id
              JOIN @extschema@.equipment AS e ON e.equipment_id = m.equipment_id
              LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = e.site_id
              WHERE o.matview IS NULL
          ) AS p
          WHERE NOT isempty(p.days)) AS m
    WHERE m.equipment IS NOT NULL;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION @extschema@._argo_pass_marks() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_pass_marks() IS
    'Statement trigger on _argo_dirty: marks of meters that are taken leave marks of the equipment they measure. Runs as its owner.';

--: trigger _argo_marks_passed
CREATE TRIGGER _argo_marks_passed
    AFTER DELETE ON @extschema@._argo_dirty
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_pass_marks();
COMMENT ON TRIGGER _argo_marks_passed ON @extschema@._argo_dirty IS 'Keeps the marks of equipment.';

--: function _argo_mark_tariffs
CREATE FUNCTION @extschema@._argo_mark_tariffs()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    sites text[];
    mixed record;
    changed_sites text[];
    utilities text[];
    days datemultirange[];
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        SELECT array_agg(n.site_id), array_agg(n.utility), array_agg(datemultirange(daterange(n.valid_from, n.valid_to)))
        INTO changed_sites, utilities, days FROM new_rows AS n;
    WHEN 'DELETE' THEN
        SELECT array_agg(o.site_id), array_agg(o.utility), array_agg(datemultirange(daterange(o.valid_from, o.valid_to)))
        INTO changed_sites, utilities, days FROM old_rows AS o;
    ELSE
        SELECT array_agg(c.site_id), array_agg(c.utility), array_agg(c.days) INTO changed_sites, utilities, days
        FROM (
            SELECT o.site_id, o.utility,
                   datemultirange(daterange(o.valid_from, o.valid_to))
                   - CASE WHEN u.is_same THEN datemultirange(daterange(n.valid_from, n.valid_to)) ELSE '{}' END AS days
            FROM old_rows AS o
            LEFT JOIN new_rows AS n ON n.tariff_id = o.tariff_id
            CROSS JOIN LATERAL (
                SELECT (o.site_id, o.utility, o.kwh_per_unit, o.rate, o.currency, o.hourly_rates)
                       IS NOT DISTINCT FROM (n.site_id, n.utility, n.kwh_per_unit, n.rate, n.currency, n.hourly_rates)
            ) AS u (is_same)
            UNION ALL
            SELECT n.site_id, n.utility,
                   datemultirange(daterange(n.valid_from, n.valid_to))
                   - CASE WHEN u.is_same THEN datemultirange(daterange(o.valid_from, o.valid_to)) ELSE '{}' END
            FROM new_rows AS n
            LEFT JOIN old_rows AS o ON o.tariff_id = n.tariff_id
            CROSS JOIN LATERAL (
                SELECT (o.site_id, o.utility, o.kwh_per_unit, o.rate, o.currency, o.hourly_rates)
                       IS NOT DISTINCT FROM (n.site_id, n.utility, n.kwh_per_unit, n.rate, n.currency, n.hourly_rates)
            ) AS u (is_same)
        ) AS c;
    END CASE;
    -- Of two writers at one site the second waits, or fails with 40001 where its snapshot is older.
    UPDATE @extschema@._argo_zones AS z SET timezone = z.timezone WHERE z.organization_id = ANY (changed_sites);
    IF TG_OP <> 'DELETE' THEN
        SELECT t.site_id, min(t.currency) AS one, max(t.currency) AS other INTO mixed
        FROM @extschema@.tariffs AS t
        WHERE t.site_id = ANY (changed_sites)
        GROUP BY t.site_id
        HAVING min(t.currency) <> max(t.currency)
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'tariffs of site % are in % and in %', quote_literal(mixed.site_id), mixed.one, mixed.other
                USING ERRCODE = '23514', DETAIL = 'Costs of several currencies have no sum. Nothing was written.',
                      HINT = 'Give all of them in one currency, the older ones converted, in one statement.';
        END IF;
    END IF;
    PERFORM @extschema@._argo_mark_days(array_agg(e.equipment_id), array_agg(r.days), true)
    FROM unnest(changed_sites, utilities, days) AS c (site_id, utility, days)
    JOIN @extschema@.equipment AS e ON e.site_id = c.site_id
    JOIN @extschema@.equipment_meters AS m ON m.equipment_id = e.equipment_id AND m.utility = c.utility
    CROSS JOIN LATERAL unnest(c.days * datemultirange(daterange(m.valid_from, m.valid_to))) AS r (days);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION @extschema@._argo_mark_tariffs() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_mark_tariffs() IS
    'Statement trigger on tariffs: marks the days whose costs changed, of the equipment that has meters of the utility then, and refuses a second currency of a site (23514). Runs as its owner.';

--: trigger _argo_tariffs_inserted
CREATE TRIGGER _argo_tariffs_inserted
    AFTER INSERT ON @extschema@.tariffs
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_tariffs();
COMMENT ON TRIGGER _argo_tariffs_inserted ON @extschema@.tariffs IS 'Keeps the marks of equipment.';

--: trigger _argo_tariffs_updated
CREATE TRIGGER _argo_tariffs_updated
    AFTER UPDATE ON @extschema@.tariffs
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_tariffs();
COMMENT ON TRIGGER _argo_tariffs_updated ON @extschema@.tariffs IS 'Keeps the marks of equipment.';

--: trigger _argo_tariffs_deleted
CREATE TRIGGER _argo_tariffs_deleted
    AFTER DELETE ON @extschema@.tariffs
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_tariffs();
COMMENT ON TRIGGER _argo_tariffs_deleted ON @extschema@.tariffs IS 'Keeps the marks of equipment.';

--: function _argo_mark_mappings
CREATE FUNCTION @extschema@._argo_mark_mappings()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    meters integer[];
    equipment integer[];
    days daterange[];
    over record;
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        SELECT array_agg(n.equipment_id), array_agg(daterange(n.valid_from, n.valid_to)), array_agg(n.meter_id)
        INTO equipment, days, meters FROM new_rows AS n;
    WHEN 'DELETE' THEN
        SELECT array_agg(o.equipment_id), array_agg(daterange(o.valid_from, o.valid_to)) INTO equipment, days FROM old_rows AS o;
    ELSE
        SELECT array_agg(n.meter_id) INTO meters FROM new_rows AS n;
        SELECT array_agg(c.equipment_id), array_agg(r.days) INTO equipment, days
        FROM (
            SELECT o.equipment_id,
                   datemultirange(daterange(o.valid_from, o.valid_to))
                   - CASE WHEN u.is_same THEN datemultirange(daterange(n.valid_from, n.valid_to)) ELSE '{}' END AS days
            FROM old_rows AS o
            LEFT JOIN new_rows AS n ON n.mapping_id = o.mapping_id
            CROSS JOIN LATERAL (
                SELECT (o.equipment_id, o.meter_id, o.utility, o.coil, o.share)
                       IS NOT DISTINCT FROM (n.equipment_id, n.meter_id, n.utility, n.coil, n.share)
            ) AS u (is_same)
            UNION ALL
            SELECT n.equipment_id,
                   datemultirange(daterange(n.valid_from, n.valid_to))
                   - CASE WHEN u.is_same THEN datemultirange(daterange(o.valid_from, o.valid_to)) ELSE '{}' END
            FROM new_rows AS n
            LEFT JOIN old_rows AS o ON o.mapping_id = n.mapping_id
            CROSS JOIN LATERAL (
                SELECT (o.equipment_id, o.meter_id, o.utility, o.coil, o.share)
                       IS NOT DISTINCT FROM (n.equipment_id, n.meter_id, n.utility, n.coil, n.share)
            ) AS u (is_same)
        ) AS c
        CROSS JOIN LATERAL unnest(c.days) AS r (days);
    END CASE;
    IF TG_OP <> 'DELETE' THEN
        -- Of two writers at one site the second waits, or fails with 40001 where its snapshot is older.
        UPDATE @extschema@._argo_zones AS z SET timezone = z.timezone
        WHERE z.organization_id IN (
            SELECT c.organization_id FROM @extschema@.channels AS c WHERE c.channel_id = ANY (meters)
            UNION ALL
            SELECT e.site_id FROM @extschema@.equipment AS e WHERE e.equipment_id = ANY (equipment));
        -- A sum is greatest on the first day of one of them.
        SELECT b.meter_id, b.utility, b.valid_from, sum(m.share) AS shares INTO over
        FROM (SELECT DISTINCT b.meter_id, b.utility, coalesce(b.valid_from, '-infinity') AS valid_from
              FROM @extschema@.equipment_meters AS b WHERE b.meter_id = ANY (meters)) AS b
        JOIN @extschema@.equipment_meters AS m ON m.meter_id = b.meter_id AND m.utility = b.utility
             AND coalesce(m.valid_from, '-infinity') <= b.valid_from AND b.valid_from < coalesce(m.valid_to, 'infinity')
        GROUP BY b.meter_id, b.utility, b.valid_from
        HAVING sum(m.share) > 1 + 1e-9
        ORDER BY b.meter_id, b.valid_from
        LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'shares of meter % add up to %', over.meter_id, round(over.shares::numeric, 6)
                USING ERRCODE = '23514',
                      DETAIL = format('Of its %s, from %s on; more than 1 would count energy twice. Nothing was written.',
                                      over.utility, CASE WHEN isfinite(over.valid_from) THEN over.valid_from::text ELSE 'ever' END),
                      HINT = format('SELECT * FROM @extschema@.equipment_meters WHERE meter_id = %s; shows them. '
                                    || 'Change several in one statement, or lower the old one first.', over.meter_id);
        END IF;
    END IF;
    PERFORM @extschema@._argo_mark_days(equipment, days, false);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION @extschema@._argo_mark_mappings() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_mark_mappings() IS
    'Statement trigger on equipment_meters: marks the days that changed, and refuses shares of a meter over 1 (23514). Runs as its owner.';

--: trigger _argo_equipment_meters_inserted
CREATE TRIGGER _argo_equipment_meters_inserted
    AFTER INSERT ON @extschema@.equipment_meters
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_mappings();
COMMENT ON TRIGGER _argo_equipment_meters_inserted ON @extschema@.equipment_meters IS 'Keeps the marks of equipment.';

--: trigger _argo_equipment_meters_updated
CREATE TRIGGER _argo_equipment_meters_updated
    AFTER UPDATE ON @extschema@.equipment_meters
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_mappings();
COMMENT ON TRIGGER _argo_equipment_meters_updated ON @extschema@.equipment_meters IS 'Keeps the marks of equipment.';

--: trigger _argo_equipment_meters_deleted
CREATE TRIGGER _argo_equipment_meters_deleted
    AFTER DELETE ON @extschema@.equipment_meters
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_mappings();
COMMENT ON TRIGGER _argo_equipment_meters_deleted ON @extschema@.equipment_meters IS 'Keeps the marks of equipment.';

--: function _argo_mark_equipment
CREATE FUNCTION @extschema@._argo_mark_equipment()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    equipment integer[];
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        -- A view of costs is refreshed from the first equipment on; it may still hold an earlier one of that number.
        UPDATE @extschema@._argo_refreshed_views AS v SET is_in_use = true
        WHERE v.key_kind = 'equipment' AND NOT v.is_in_use AND EXISTS (SELECT FROM new_rows);
        SELECT array_agg(n.equipment_id) INTO equipment FROM new_rows AS n;
    WHEN 'DELETE' THEN
        SELECT array_agg(o.equipment_id) INTO equipment FROM old_rows AS o;
    WHEN 'UPDATE' THEN
        SELECT array_agg(c.equipment_id) INTO equipment
        FROM (
            (SELECT o.equipment_id, o.site_id FROM old_rows AS o EXCEPT SELECT n.equipment_id, n.site_id FROM new_rows AS n)
            UNION
            (SELECT n.equipment_id, n.site_id FROM new_rows AS n EXCEPT SELECT o.equipment_id, o.site_id FROM old_rows AS o)
        ) AS c;
        -- Who changes a tariff of that site sees it elsewhere until we commit.
        UPDATE @extschema@._argo_zones AS z SET timezone = z.timezone
        WHERE z.organization_id IN (SELECT e.site_id FROM @extschema@.equipment AS e WHERE e.equipment_id = ANY (equipment));
    ELSE
        -- Of equipment that went with its rows only the views know; one that is not populated is made anew.
        SELECT array_agg(e.equipment_id) INTO equipment FROM @extschema@.equipment AS e;
        IF (SELECT bool_and(c.relispopulated) FROM @extschema@._argo_refreshed_views AS v JOIN pg_class AS c ON c.oid = v.matview
            WHERE v.key_kind = 'equipment') THEN
            SELECT equipment || array_agg(DISTINCT u.equipment_id) INTO equipment
            FROM (SELECT c.equipment_id FROM @extschema@.mv_daily_ahu_costs AS c
                  UNION
                  SELECT k.equipment_id FROM @extschema@.mv_daily_ahu_kwh AS k
                  UNION
                  SELECT m.equipment_id FROM @extschema@.mv_monthly_ahu_costs AS m) AS u;
        END IF;
    END CASE;
    PERFORM @extschema@._argo_mark_days(array_agg(e.equipment_id), array_agg(daterange(NULL, NULL)), TG_TABLE_NAME = 'tariffs')
    FROM unnest(equipment) AS e (equipment_id);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION @extschema@._argo_mark_equipment() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_mark_equipment() IS
    'Statement trigger on equipment, and for TRUNCATE on tariffs and equipment_meters: marks all of an equipment that came, went, or moved. Runs as its owner.';

--: trigger _argo_equipment_inserted
CREATE TRIGGER _argo_equipment_inserted
    AFTER INSERT ON @extschema@.equipment
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_equipment();
COMMENT ON TRIGGER _argo_equipment_inserted ON @extschema@.equipment IS 'Keeps the marks of equipment.';

--: trigger _argo_equipment_updated
CREATE TRIGGER _argo_equipment_updated
    AFTER UPDATE ON @extschema@.equipment
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_equipment();
COMMENT ON TRIGGER _argo_equipment_updated ON @extschema@.equipment IS 'Keeps the marks of equipment.';

--: trigger _argo_equipment_deleted
CREATE TRIGGER _argo_equipment_deleted
    AFTER DELETE ON @extschema@.equipment
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_equipment();
COMMENT ON TRIGGER _argo_equipment_deleted ON @extschema@.equipment IS 'Keeps the marks of equipment.';

--: trigger _argo_equipment_truncated
CREATE TRIGGER _argo_equipment_truncated
    AFTER TRUNCATE ON @extschema@.equipment
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_equipment();
COMMENT ON TRIGGER _argo_equipment_truncated ON @extschema@.equipment IS 'Keeps the marks of equipment.';

--: trigger _argo_equipment_meters_truncated
CREATE TRIGGER _argo_equipment_meters_truncated
    AFTER TRUNCATE ON @extschema@.equipment_meters
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_equipment();
COMMENT ON TRIGGER _argo_equipment_meters_truncated ON @extschema@.equipment_meters IS 'Keeps the marks of equipment.';

--: trigger _argo_tariffs_truncated
CREATE TRIGGER _argo_tariffs_truncated
    AFTER TRUNCATE ON @extschema@.tariffs
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_equipment();
COMMENT ON TRIGGER _argo_tariffs_truncated ON @extschema@.tariffs IS 'Keeps the marks of equipment.';

--: function _argo_mark_zoned_equipment
CREATE FUNCTION @extschema@._argo_mark_zoned_equipment()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM @extschema@._argo_mark_days(array_agg(e.equipment_id), array_agg(daterange(NULL, NULL)), false)
    FROM new_rows AS n
    JOIN @extschema@.equipment AS e ON e.site_id = n.organization_id
    WHERE NOT EXISTS (SELECT FROM old_rows AS o WHERE o.organization_id = n.organization_id AND o.timezone = n.timezone);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION @extschema@._argo_mark_zoned_equipment() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_mark_zoned_equipment() IS
    'Statement trigger on _argo_zones: marks all equipment of a site whose clock changed, also that with meters of another site. Runs as its owner.';

--: trigger _argo_zones_marked_equipment
CREATE TRIGGER _argo_zones_marked_equipment
    AFTER UPDATE ON @extschema@._argo_zones
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_zoned_equipment();
COMMENT ON TRIGGER _argo_zones_marked_equipment ON @extschema@._argo_zones IS 'Keeps the marks of equipment.';
