-- Keeps data_quality_days: the facts that the rules judge, recomputed for the days that changed.

CREATE FUNCTION @extschema@._argo_day_quality(meter integer, zone text, first_day date, last_day date)
RETURNS TABLE (
    day date,
    range tstzrange,
    readings integer,
    slots_filled integer,
    missing tstzmultirange,
    first_reading timestamptz,
    last_reading timestamptz,
    duplicates integer,
    negative integer,
    non_finite integer,
    off_grid integer,
    duplicate_at timestamptz,
    negative_at timestamptz,
    non_finite_at timestamptz,
    off_grid_at timestamptz,
    max_power_kw real,
    min_voltage_v real,
    max_voltage_v real,
    max_power_factor real,
    energy_mismatch real,
    energy_mismatch_at timestamptz,
    flat tstzmultirange
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    epoch CONSTANT timestamptz := '1970-01-01 00:00:00+00';
    quarter CONSTANT interval := '15 minutes';
    range_start CONSTANT timestamptz := @extschema@._argo_midnight(first_day, zone);
    range_end CONSTANT timestamptz := @extschema@._argo_midnight(last_day + 1, zone);
BEGIN
    RETURN QUERY
    SELECT d.day, tstzrange(d.day_start, d.day_end), d.readings, d.slots_filled,
           nullif(tstzmultirange(tstzrange(d.day_start, d.day_end))
                  * (coalesce(d.gaps, '{}') + tstzmultirange(tstzrange(least(d.last_slot + quarter, d.day_end), d.day_end))), '{}'),
           d.first_reading, d.last_reading, d.duplicates, d.negative, d.non_finite, d.off_grid,
           d.duplicate_at, d.negative_at, d.non_finite_at, d.off_grid_at,
           d.max_power_kw, d.min_voltage_v, d.max_voltage_v, d.max_power_factor, d.energy_mismatch,
           -- The API's own energy and power differ by up to 0.13 %: no need to say where.
           CASE WHEN d.energy_mismatch > 0.01 THEN @extschema@._argo_energy_mismatch_at(meter, d.day_start, d.day_end) END,
           CASE WHEN d.repeats > 0 THEN @extschema@._argo_flat(meter, d.day_start, d.day_end) END
    FROM (
        SELECT a.*, @extschema@._argo_midnight(a.day, zone) AS day_start, @extschema@._argo_midnight(a.day + 1, zone) AS day_end
        FROM (
            SELECT
                r.day,
                count(*)::integer AS readings,
                count(*) FILTER (WHERE r.slot IS DISTINCT FROM r.previous_slot)::integer AS slots_filled,
                range_agg(tstzrange(r.previous_slot + quarter, r.slot))
                    FILTER (WHERE r.previous_slot IS NULL OR r.slot > r.previous_slot + quarter) AS gaps,
                max(r.slot) AS last_slot,
                min(r.instant) AS first_reading,
                max(r.instant) AS last_reading,
                count(*) FILTER (WHERE r.instant = r.previous)::integer AS duplicates,
                count(*) FILTER (WHERE r.is_negative)::integer AS negative,
                count(*) FILTER (WHERE NOT r.is_finite)::integer AS non_finite,
                count(*) FILTER (WHERE r.instant <> r.slot)::integer AS off_grid,
                min(r.instant) FILTER (WHERE r.instant = r.previous) AS duplicate_at,
                min(r.instant) FILTER (WHERE r.is_negative) AS negative_at,
                min(r.instant) FILTER (WHERE NOT r.is_finite) AS non_finite_at,
                min(r.instant) FILTER (WHERE r.instant <> r.slot) AS off_grid_at,
                -- Four times an energy may be beyond a real.
                max(least(r.kw, 3.4e38)) FILTER (WHERE r.kw < 'Infinity')::real AS max_power_kw,
                min(r.voltage_v) FILTER (WHERE r.voltage_v >= 0 AND r.voltage_v < 'Infinity'
                                           AND (r.voltage_v > 0 OR (r.power_kw > 0 AND r.power_kw < 'Infinity'))) AS min_voltage_v,
                max(r.voltage_v) FILTER (WHERE r.voltage_v < 'Infinity') AS max_voltage_v,
                max(abs(r.power_factor)) FILTER (WHERE abs(r.power_factor) < 'Infinity') AS max_power_factor,
                max(@extschema@._argo_energy_mismatch(r.energy_kwh, r.power_kw)) AS energy_mismatch,
                count(*) FILTER (WHERE r.kw = r.previous_kw AND r.kw > 0.1 AND r.slot - r.previous_slot <= quarter) AS repeats
            FROM (
                SELECT
                    s.*,
                    lag(s.instant) OVER w AS previous,
                    lag(s.slot) OVER w AS previous_slot,
                    lag(s.kw) OVER w AS previous_kw
                FROM (
                    SELECT
                        e."timestamp" AS instant,
                        date_bin(quarter, e."timestamp", epoch) AS slot,
                        (e."timestamp" AT TIME ZONE zone)::date AS day,
                        e.energy_kwh, e.power_kw, e.voltage_v, e.power_factor,
                        coalesce(e.power_kw, e.energy_kwh * 4) AS kw,
                        least(e.energy_kwh, e.power_kw, e.voltage_v, e.current_a) < 0
                            AND least(e.energy_kwh, e.power_kw, e.voltage_v, e.current_a) > '-Infinity' AS is_negative,
                        -- A sum is finite when all it adds are: float8 holds eight reals.
                        abs(coalesce(e.energy_kwh::double precision, 0) + coalesce(e.power_kw::double precision, 0)
                            + coalesce(e.voltage_v::double precision, 0) + coalesce(e.current_a::double precision, 0)
                            + coalesce(e.power_factor::double precision, 0) + coalesce(e.reactive_power_kvar::double precision, 0)
                            + coalesce(e.temperature_c::double precision, 0)
                            + coalesce(e.relative_humidity::double precision, 0)) < 'Infinity' AS is_finite
                    FROM @extschema@.readings AS e
                    -- From the reading before, which the first one may repeat.
                    WHERE e.channel_id = meter AND e."timestamp" >= range_start - quarter AND e."timestamp" < range_end
                ) AS s
                WINDOW w AS (ORDER BY s.instant)
            ) AS r
            WHERE r.instant >= range_start
            GROUP BY r.day
        ) AS a
    ) AS d;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_day_quality(integer, text, date, date) IS
    'The rows of data_quality_days for a meter and the days from first_day to last_day on the clock of zone, from its readings.';

CREATE FUNCTION @extschema@._argo_energy_mismatch(energy_kwh real, power_kw real)
RETURNS real
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    -- As float8: the difference of two large reals may be beyond a real.
    SELECT CASE WHEN energy_kwh >= 0 AND energy_kwh < 'Infinity' AND power_kw >= 0 AND power_kw < 'Infinity'
                THEN (abs(energy_kwh::double precision - power_kw::double precision / 4)
                      / greatest(energy_kwh::double precision, power_kw::double precision / 4, 0.05))::real END;
END;

COMMENT ON FUNCTION @extschema@._argo_energy_mismatch(real, real) IS
    'By how much energy and mean power times a quarter of an hour differ, as a share of the larger one, or of 0.05 kWh where both are smaller; NULL unless both are finite and not negative.';

CREATE FUNCTION @extschema@._argo_energy_mismatch_at(meter integer, day_start timestamptz, day_end timestamptz)
RETURNS timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT r."timestamp"
        FROM @extschema@.readings AS r
        WHERE r.channel_id = meter AND r."timestamp" >= day_start AND r."timestamp" < day_end
        ORDER BY @extschema@._argo_energy_mismatch(r.energy_kwh, r.power_kw) DESC NULLS LAST, r."timestamp"
        LIMIT 1);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_energy_mismatch_at(integer, timestamptz, timestamptz) IS
    'The reading of a day of a meter whose energy and power differ most.';

CREATE FUNCTION @extschema@._argo_flat(meter integer, day_start timestamptz, day_end timestamptz)
RETURNS tstzmultirange
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    flat tstzmultirange;
BEGIN
    SELECT range_agg(tstzrange(f.first_reading, f.last_reading, '[]')) INTO flat
    FROM (
        SELECT min(r.instant) AS first_reading, max(r.instant) AS last_reading
        FROM (
            SELECT s.instant, s.kw,
                   count(*) FILTER (WHERE s.starts) OVER (ORDER BY s.instant) AS stretch
            FROM (
                SELECT e."timestamp" AS instant,
                       coalesce(e.power_kw, e.energy_kwh * 4) AS kw,
                       coalesce(e.power_kw, e.energy_kwh * 4) IS DISTINCT FROM lag(coalesce(e.power_kw, e.energy_kwh * 4)) OVER w
                           OR e."timestamp" - lag(e."timestamp") OVER w > interval '15 minutes' AS starts
                FROM @extschema@.readings AS e
                -- What began in the evening before, so that the stretches of two days overlap.
                WHERE e.channel_id = meter
                  AND e."timestamp" >= day_start - interval '6 hours' AND e."timestamp" < day_end
                WINDOW w AS (ORDER BY e."timestamp")
            ) AS s
        ) AS r
        WHERE r.kw > 0.1 AND r.kw < 'Infinity'
        GROUP BY r.stretch
        HAVING count(*) >= 5 AND max(r.instant) >= day_start
    ) AS f;
    RETURN flat;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_flat(integer, timestamptz, timestamptz) IS
    'The stretches of data_quality_days.flat for a day of a meter.';

CREATE FUNCTION @extschema@._argo_keep_day_quality(site text, since timestamptz)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    -- Days beyond are those of broken clocks; rules of their own find such readings.
    first_day CONSTANT date := '2000-01-01';
    last_day CONSTANT date := '2199-12-31';
    zone text;
    earliest timestamptz;
    latest timestamptz;
    meters integer[];
    days datemultirange[];
    kept bigint;
BEGIN
    -- One snapshot for all: a refresh that moves marks from one to the other, and a change of the zone, which leaves marks,
    -- are seen as a whole or not at all.
    WITH clock AS MATERIALIZED (
        SELECT @extschema@._argo_zone_of(site) AS zone
    ), taken AS (
        DELETE FROM @extschema@._argo_unvalidated AS u
        USING @extschema@.channels AS c
        WHERE c.channel_id = u.meter_id AND c.organization_id = site
        RETURNING u.meter_id, u.first_reading, u.last_reading
    ), marked AS (
        SELECT t.meter_id, t.first_reading, t.last_reading FROM taken AS t
        UNION ALL
        SELECT d.meter_id, d.first_reading, d.last_reading
        FROM @extschema@._argo_dirty AS d JOIN @extschema@.channels AS c ON c.channel_id = d.meter_id
        WHERE c.organization_id = site AND d.matview IS NULL
        UNION ALL
        SELECT c.channel_id, since, 'infinity'
        FROM @extschema@.channels AS c
        WHERE c.organization_id = site AND since IS NOT NULL
    ), spans AS (
        SELECT m.meter_id,
               range_agg(daterange(
                   (m.first_reading AT TIME ZONE k.zone)::date,
                   -- A stretch of one value goes on into the next day.
                   ((m.last_reading + interval '6 hours') AT TIME ZONE k.zone)::date, '[]'))
               * datemultirange(daterange(first_day, last_day, '[]')) AS days
        FROM marked AS m CROSS JOIN clock AS k
        GROUP BY m.meter_id
    )
    SELECT (SELECT k.zone FROM clock AS k), array_agg(s.meter_id), array_agg(s.days) INTO zone, meters, days
    FROM spans AS s
    WHERE NOT isempty(s.days);
    earliest := @extschema@._argo_midnight(first_day, zone);
    latest := @extschema@._argo_midnight(last_day + 1, zone);

    DELETE FROM @extschema@.data_quality_days AS f
    USING unnest(meters, days) AS t (meter_id, days)
    WHERE f.meter_id = t.meter_id AND f.day >= lower(t.days) AND f.day < upper(t.days) AND t.days @> f.day;

    INSERT INTO @extschema@.data_quality_days
        (meter_id, day, range, readings, slots_filled, missing, first_reading, last_reading, duplicates, negative, non_finite,
         off_grid, duplicate_at, negative_at, non_finite_at, off_grid_at, max_power_kw, min_voltage_v, max_voltage_v,
         max_power_factor, energy_mismatch, energy_mismatch_at, flat)
    SELECT t.meter_id, q.*
    FROM unnest(meters, days) AS t (meter_id, days)
    CROSS JOIN LATERAL (
        SELECT (min(e."timestamp") AT TIME ZONE zone)::date AS first_day, (max(e."timestamp") AT TIME ZONE zone)::date AS last_day
        FROM @extschema@.readings AS e
        WHERE e.channel_id = t.meter_id AND e."timestamp" >= earliest AND e."timestamp" < latest
    ) AS e
    CROSS JOIN LATERAL unnest(t.days * datemultirange(daterange(e.first_day, e.last_day, '[]'))) AS d (days)
    CROSS JOIN LATERAL @extschema@._argo_day_quality(t.meter_id, zone, lower(d.days), upper(d.days) - 1) AS q
    WHERE e.first_day IS NOT NULL
    -- Says 40001 where a later snapshot has been here.
    ON CONFLICT DO NOTHING;
    GET DIAGNOSTICS kept = ROW_COUNT;
    RETURN kept;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_keep_day_quality(text, timestamptz) IS
    'Recomputes the facts about days of a site whose readings changed, and from since on all (NULL: none), and returns how many rows it wrote. The caller holds the lock of argo_validate().';

CREATE FUNCTION @extschema@._argo_zone_of(site text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN coalesce((SELECT z.timezone FROM @extschema@._argo_zones AS z WHERE z.organization_id = site), 'America/New_York');
END
$$;

COMMENT ON FUNCTION @extschema@._argo_zone_of(text) IS 'The zone on whose clock the days of a site begin.';

CREATE FUNCTION @extschema@._argo_bound_unvalidated()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    max_marks CONSTANT integer := 20000;
BEGIN
    -- A validation takes marks site by site: the two would wait for each other.
    IF (SELECT count(*) FROM (SELECT FROM @extschema@._argo_unvalidated LIMIT max_marks + 1) AS u) > max_marks
       AND pg_try_advisory_xact_lock(@extschema@._argo_validation_lock()) THEN
        WITH taken AS (
            DELETE FROM @extschema@._argo_unvalidated AS u RETURNING u.meter_id, u.first_reading, u.last_reading
        )
        INSERT INTO @extschema@._argo_unvalidated (meter_id, first_reading, last_reading)
        SELECT t.meter_id, min(t.first_reading), max(t.last_reading) FROM taken AS t GROUP BY t.meter_id;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_bound_unvalidated() IS
    'Joins the marks of _argo_unvalidated, one a meter, where more than 20,000 wait and no validation runs: nobody may ever validate.';

CREATE FUNCTION @extschema@._argo_forget_meters()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM @extschema@._argo_unvalidated AS u
    WHERE NOT EXISTS (SELECT FROM @extschema@.channels AS c WHERE c.channel_id = u.meter_id AND c.organization_id IS NOT NULL);
    DELETE FROM @extschema@.data_quality_days AS f
    WHERE NOT EXISTS (SELECT FROM @extschema@.channels AS c WHERE c.channel_id = f.meter_id AND c.organization_id IS NOT NULL);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_forget_meters() IS
    'Removes marks and facts of meters that are gone or belong to no site, since no validation of a site takes them.';
