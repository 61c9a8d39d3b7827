-- The dirty log: which readings changed since the materialized views last took them in.

--: table _argo_dirty
-- Append-only, and without a unique key: with ON CONFLICT DO NOTHING a writer's mark would vanish into a
-- row that a running refresh is about to delete.
CREATE TABLE @extschema@._argo_dirty (
    meter_id integer NOT NULL,
    first_reading timestamptz NOT NULL,
    last_reading timestamptz NOT NULL,
    matview regclass
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000,
        autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 1000);
COMMENT ON TABLE @extschema@._argo_dirty IS
    'Marks: readings of a meter that changed and that a materialized view does not show yet. Written by the ingest and by triggers, in the transaction of the change; taken by argo_refresh().';
COMMENT ON COLUMN @extschema@._argo_dirty.first_reading IS 'Every change lies from here, included,';
COMMENT ON COLUMN @extschema@._argo_dirty.last_reading IS 'to here, included; -infinity and infinity: all of the meter.';
COMMENT ON COLUMN @extschema@._argo_dirty.matview IS
    'NULL: no view has taken it in; else only this one, refreshed later than others, has not.';
-- A publication of all tables would refuse to delete marks.
ALTER TABLE @extschema@._argo_dirty REPLICA IDENTITY FULL;
-- A table never analyzed is planned for as if it held ten pages.
ANALYZE @extschema@._argo_dirty;

--: index idx_argo_dirty_meter
CREATE INDEX idx_argo_dirty_meter ON @extschema@._argo_dirty (meter_id);
COMMENT ON INDEX @extschema@.idx_argo_dirty_meter IS 'Marks of one meter, however many wait.';

--: function _argo_mark_from
-- Arithmetic with hours and days, on any clock, must not leave the time that PostgreSQL knows: a mark is
-- open towards the end of time that it is near. The moments -infinity and infinity are none to reckon with.
CREATE FUNCTION @extschema@._argo_mark_from(first_reading timestamptz)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN first_reading <= '0001-01-01 00:00:00+00' THEN '-infinity'
            WHEN first_reading < 'infinity' THEN least(first_reading, '290000-01-01 00:00:00+00')
            ELSE first_reading END;
REVOKE ALL ON FUNCTION @extschema@._argo_mark_from(timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_mark_from(timestamptz) IS
    'Where a mark begins whose first change is here: here, -infinity before year 1, year 290000 after it.';

--: function _argo_mark_to
CREATE FUNCTION @extschema@._argo_mark_to(last_reading timestamptz)
RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN last_reading >= '290000-01-01 00:00:00+00' THEN 'infinity'
            WHEN last_reading > '-infinity' THEN greatest(last_reading, '0001-01-01 00:00:00+00')
            ELSE last_reading END;
REVOKE ALL ON FUNCTION @extschema@._argo_mark_to(timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_mark_to(timestamptz) IS
    'Where a mark ends whose last change is here: here, infinity after year 290000, year 1 before it.';

--: function _argo_mark_readings
-- One mark per meter and day (of UTC), however many readings changed: a range stays one row where hours
-- would be twenty-four. No right on _argo_dirty is asked of who writes readings.
CREATE FUNCTION @extschema@._argo_mark_readings()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        INSERT INTO @extschema@._argo_dirty (meter_id, first_reading, last_reading)
        SELECT n.channel_id, @extschema@._argo_mark_from(min(n."timestamp")), @extschema@._argo_mark_to(max(n."timestamp"))
        FROM new_rows AS n
        GROUP BY n.channel_id, date_bin('1 day', n."timestamp", '2000-01-01 00:00:00+00');
    WHEN 'DELETE' THEN
        INSERT INTO @extschema@._argo_dirty (meter_id, first_reading, last_reading)
        SELECT o.channel_id, @extschema@._argo_mark_from(min(o."timestamp")), @extschema@._argo_mark_to(max(o."timestamp"))
        FROM old_rows AS o
        GROUP BY o.channel_id, date_bin('1 day', o."timestamp", '2000-01-01 00:00:00+00');
    WHEN 'UPDATE' THEN
        INSERT INTO @extschema@._argo_dirty (meter_id, first_reading, last_reading)
        SELECT b.channel_id, @extschema@._argo_mark_from(min(b."timestamp")), @extschema@._argo_mark_to(max(b."timestamp"))
        FROM (SELECT o.channel_id, o."timestamp" FROM old_rows AS o
              UNION ALL
              SELECT n.channel_id, n."timestamp" FROM new_rows AS n) AS b
        GROUP BY b.channel_id, date_bin('1 day', b."timestamp", '2000-01-01 00:00:00+00');
    ELSE
        INSERT INTO @extschema@._argo_dirty (meter_id, first_reading, last_reading)
        SELECT c.channel_id, '-infinity', 'infinity'
        FROM @extschema@.channels AS c;
        -- Of meters that went with their readings nothing else is known here.
        UPDATE @extschema@._argo_refreshed_views SET relfilenode = NULL;
    END CASE;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION @extschema@._argo_mark_readings() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_mark_readings() IS
    'Statement trigger on readings: marks what a statement inserted, changed or deleted. Runs as its owner.';

--: trigger _argo_readings_inserted
CREATE TRIGGER _argo_readings_inserted
    AFTER INSERT ON @extschema@.readings
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_readings();
COMMENT ON TRIGGER _argo_readings_inserted ON @extschema@.readings IS 'Keeps the dirty log.';

--: trigger _argo_readings_updated
CREATE TRIGGER _argo_readings_updated
    AFTER UPDATE ON @extschema@.readings
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_readings();
COMMENT ON TRIGGER _argo_readings_updated ON @extschema@.readings IS 'Keeps the dirty log.';

--: trigger _argo_readings_deleted
CREATE TRIGGER _argo_readings_deleted
    AFTER DELETE ON @extschema@.readings
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_readings();
COMMENT ON TRIGGER _argo_readings_deleted ON @extschema@.readings IS 'Keeps the dirty log.';

--: trigger _argo_readings_truncated
CREATE TRIGGER _argo_readings_truncated
    AFTER TRUNCATE ON @extschema@.readings
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_readings();
COMMENT ON TRIGGER _argo_readings_truncated ON @extschema@.readings IS 'Keeps the dirty log.';

--: function _argo_mark_channels
CREATE FUNCTION @extschema@._argo_mark_channels()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    meters integer[];
    sites text[];
BEGIN
    CASE TG_OP
    WHEN 'INSERT' THEN
        -- The matviews may still hold an earlier meter of that number.
        SELECT array_agg(n.channel_id), array_agg(DISTINCT n.organization_id) INTO meters, sites FROM new_rows AS n;
    WHEN 'DELETE' THEN
        SELECT array_agg(o.channel_id) INTO meters FROM old_rows AS o;
    ELSE
        SELECT array_agg(coalesce(n.channel_id, o.channel_id)), array_agg(DISTINCT n.organization_id)
        INTO meters, sites
        FROM old_rows AS o FULL JOIN new_rows AS n ON n.channel_id = o.channel_id
        WHERE o.channel_id IS NULL OR n.channel_id IS NULL OR n.organization_id IS DISTINCT FROM o.organization_id;
    END CASE;
    -- Who changes the clock of a site marks the meters it sees there; writing the same row makes the two
    -- wait for each other, or fail with 40001 where a snapshot is older.
    UPDATE @extschema@._argo_zones AS z SET timezone = z.timezone WHERE z.organization_id = ANY (sites);
    INSERT INTO @extschema@._argo_dirty (meter_id, first_reading, last_reading)
    SELECT m.meter_id, '-infinity', 'infinity'
    FROM unnest(meters) AS m (meter_id);
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION @extschema@._argo_mark_channels() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_mark_channels() IS
    'Statement trigger on channels: marks all of a meter that came, went, or moved to another site, whose clock may differ. Runs as its owner.';

--: trigger _argo_channels_inserted
CREATE TRIGGER _argo_channels_inserted
    AFTER INSERT ON @extschema@.channels
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_channels();
COMMENT ON TRIGGER _argo_channels_inserted ON @extschema@.channels IS 'Keeps the dirty log.';

--: trigger _argo_channels_updated
CREATE TRIGGER _argo_channels_updated
    AFTER UPDATE ON @extschema@.channels
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_channels();
COMMENT ON TRIGGER _argo_channels_updated ON @extschema@.channels IS 'Keeps the dirty log.';

--: trigger _argo_channels_deleted
CREATE TRIGGER _argo_channels_deleted
    AFTER DELETE ON @extschema@.channels
    REFERENCING OLD TABLE AS old_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_channels();
COMMENT ON TRIGGER _argo_channels_deleted ON @extschema@.channels IS 'Keeps the dirty log.';

--: function _argo_mark_zoned_sites
CREATE FUNCTION @extschema@._argo_mark_zoned_sites()
RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO @extschema@._argo_dirty (meter_id, first_reading, last_reading)
        SELECT c.channel_id, '-infinity', 'infinity'
        FROM new_rows AS n JOIN @extschema@.channels AS c ON c.organization_id = n.organization_id;
    ELSE
        INSERT INTO @extschema@._argo_dirty (meter_id, first_reading, last_reading)
        SELECT c.channel_id, '-infinity', 'infinity'
        FROM new_rows AS n JOIN @extschema@.channels AS c ON c.organization_id = n.organization_id
        WHERE NOT EXISTS (SELECT FROM old_rows AS o
                          WHERE o.organization_id = n.organization_id
                            AND (o.timezone, o.hour_origin) IS NOT DISTINCT FROM (n.timezone, n.hour_origin));
    END IF;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION @extschema@._argo_mark_zoned_sites() FROM PUBLIC;
COMMENT ON FUNCTION @extschema@._argo_mark_zoned_sites() IS
    'Statement trigger on _argo_zones: marks all meters of a site whose clock changed. Runs as its owner.';

--: trigger _argo_zones_marked_inserted
CREATE TRIGGER _argo_zones_marked_inserted
    AFTER INSERT ON @extschema@._argo_zones
    REFERENCING NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_zoned_sites();
COMMENT ON TRIGGER _argo_zones_marked_inserted ON @extschema@._argo_zones IS 'Keeps the dirty log.';

--: trigger _argo_zones_marked_updated
CREATE TRIGGER _argo_zones_marked_updated
    AFTER UPDATE ON @extschema@._argo_zones
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION @extschema@._argo_mark_zoned_sites();
COMMENT ON TRIGGER _argo_zones_marked_updated ON @extschema@._argo_zones IS 'Keeps the dirty log.';
