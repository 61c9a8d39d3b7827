-- Rules about readings that should not be as they are, judged by the facts in data_quality_days.

CREATE FUNCTION @extschema@._argo_days_beyond(
    site text, since timestamptz, as_of timestamptz, bound double precision, fact text, is_least boolean DEFAULT false
)
RETURNS TABLE (
    meter_id integer, day date, range tstzrange, value real, observed double precision, violated boolean, place bigint
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    first_day CONSTANT date := (coalesce(since, '-infinity') AT TIME ZONE zone)::date;
    last_day CONSTANT date := (as_of AT TIME ZONE zone)::date;
    -- In the six digits of a real: the reading 599.9 does not exceed the threshold 599.9.
    beyond CONSTANT text := format('f.%1$I %2$s $4::real AND f.%1$I::numeric::double precision %2$s $4',
                                   fact, CASE WHEN is_least THEN '<' ELSE '>' END);
    worst_first CONSTANT text := format('f.%I %s, f.day DESC, f.meter_id',
                                        fact, CASE WHEN is_least THEN 'ASC' ELSE 'DESC' END);
    facts CONSTANT text :=
        'FROM @extschema@.data_quality_days AS f JOIN @extschema@.channels AS c ON c.channel_id = f.meter_id
         WHERE c.organization_id = $1 AND f.day >= $2 AND f.day <= $3 '
        -- What counts readings is 0 on nearly every day, and an index has the others.
        || CASE WHEN fact IN ('duplicates', 'negative', 'non_finite', 'off_grid')
                THEN format('AND f.duplicates + f.negative + f.non_finite + f.off_grid > 0 AND f.%I > 0', fact)
                ELSE '' END;
    worst real;
BEGIN
    -- An extreme first: to sort all days for it takes twice the time.
    EXECUTE format('SELECT %s(f.%I) %s', CASE WHEN is_least THEN 'min' ELSE 'max' END, fact, facts)
    INTO worst USING site, first_day, last_day;
    IF worst IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT f.meter_id, f.day, f.range, $5, $5::numeric, %s, 1 %s AND f.%I = $5 LIMIT 1',
                   beyond, facts, fact)
    INTO meter_id, day, range, value, observed, violated, place
    USING site, first_day, last_day, bound, worst;
    IF violated THEN
        RETURN QUERY EXECUTE format(
            'SELECT f.meter_id, f.day, f.range, f.%1$I::real, f.%1$I::numeric::double precision, true,
                    row_number() OVER (ORDER BY %2$s) %3$s AND %4$s', fact, worst_first, facts, beyond)
        USING site, first_day, last_day, bound;
    ELSE
        RETURN NEXT;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_days_beyond(text, timestamptz, timestamptz, double precision, text, boolean) IS
    'The days of meters of a site on which a fact (a column of data_quality_days) exceeds a bound, or with is_least falls below it, worst first and counted by place; where none does, the one that comes nearest. Readings are looked up for the first thousand places only.';

CREATE FUNCTION @extschema@._argo_rule_duplicates(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
BEGIN
    RETURN QUERY
    SELECT d.meter_id, d.day, d.observed, d.violated,
           format('%s more than one per instant, first at %s', @extschema@._argo_counted(d.value::bigint, 'reading'),
                  @extschema@._argo_local_time(f.duplicate_at, zone))
    FROM @extschema@._argo_days_beyond(site, since, as_of, coalesce(threshold, 0), 'duplicates') AS d
    JOIN @extschema@.data_quality_days AS f ON f.meter_id = d.meter_id AND f.day = d.day
    ORDER BY d.place;
    IF NOT FOUND THEN
        RETURN QUERY SELECT NULL::integer, NULL::date, 0::double precision, false, NULL::text;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_duplicates(text, timestamptz, timestamptz, double precision) IS
    'Rule duplicates: on no day does a meter have more than threshold readings beyond the first of an instant.';

CREATE FUNCTION @extschema@._argo_rule_negative_values(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
BEGIN
    RETURN QUERY
    SELECT d.meter_id, d.day, d.observed, d.violated,
           format('%s with a negative value, first at %s%s', @extschema@._argo_counted(d.value::bigint, 'reading'),
                  @extschema@._argo_local_time(f.negative_at, zone), ': ' || n.quantities)
    FROM @extschema@._argo_days_beyond(site, since, as_of, coalesce(threshold, 0), 'negative') AS d
    JOIN @extschema@.data_quality_days AS f ON f.meter_id = d.meter_id AND f.day = d.day
    LEFT JOIN LATERAL (
        SELECT string_agg(DISTINCT concat_ws(' ', q.name, @extschema@._argo_figure(q.value::numeric::double precision),
                                             q.unit), ', ') AS quantities
        FROM @extschema@.readings AS r
        CROSS JOIN LATERAL (VALUES
            ('energy', r.energy_kwh, 'kWh'), ('power', r.power_kw, 'kW'), ('voltage', r.voltage_v, 'V'),
            ('current', r.current_a, 'A')
        ) AS q (name, value, unit)
        WHERE d.place <= 1000 AND r.channel_id = d.meter_id AND r."timestamp" = f.negative_at
          AND q.value < 0 AND q.value > '-Infinity'
    ) AS n ON true
    ORDER BY d.place;
    IF NOT FOUND THEN
        RETURN QUERY SELECT NULL::integer, NULL::date, 0::double precision, false, NULL::text;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_negative_values(text, timestamptz, timestamptz, double precision) IS
    'Rule negative_values: on no day does a meter have more than threshold readings whose energy, power, voltage or current is negative.';

CREATE FUNCTION @extschema@._argo_rule_non_finite_values(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
BEGIN
    RETURN QUERY
    SELECT d.meter_id, d.day, d.observed, d.violated,
           format('%s with a value that is no number, first at %s%s',
                  @extschema@._argo_counted(d.value::bigint, 'reading'),
                  @extschema@._argo_local_time(f.non_finite_at, zone), ': ' || n.quantities)
    FROM @extschema@._argo_days_beyond(site, since, as_of, coalesce(threshold, 0), 'non_finite') AS d
    JOIN @extschema@.data_quality_days AS f ON f.meter_id = d.meter_id AND f.day = d.day
    LEFT JOIN LATERAL (
        SELECT string_agg(DISTINCT format('%s %s', q.name, q.value), ', ') AS quantities
        FROM @extschema@.readings AS r
        CROSS JOIN LATERAL (VALUES
            ('energy', r.energy_kwh), ('power', r.power_kw), ('voltage', r.voltage_v), ('current', r.current_a),
            ('power factor', r.power_factor), ('reactive power', r.reactive_power_kvar),
            ('temperature', r.temperature_c), ('humidity', r.relative_humidity)
        ) AS q (name, value)
        WHERE d.place <= 1000 AND r.channel_id = d.meter_id AND r."timestamp" = f.non_finite_at
          AND q.value IN ('NaN', 'Infinity', '-Infinity')
    ) AS n ON true
    ORDER BY d.place;
    IF NOT FOUND THEN
        RETURN QUERY SELECT NULL::integer, NULL::date, 0::double precision, false, NULL::text;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_non_finite_values(text, timestamptz, timestamptz, double precision) IS
    'Rule non_finite_values: on no day does a meter have more than threshold readings that hold NaN or an infinity.';

CREATE FUNCTION @extschema@._argo_rule_off_grid_timestamps(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
BEGIN
    RETURN QUERY
    SELECT d.meter_id, d.day, d.observed, d.violated,
           format('%s off the 15-minute grid, first at %s', @extschema@._argo_counted(d.value::bigint, 'reading'),
                  @extschema@._argo_local_time(f.off_grid_at, zone))
    FROM @extschema@._argo_days_beyond(site, since, as_of, coalesce(threshold, 0), 'off_grid') AS d
    JOIN @extschema@.data_quality_days AS f ON f.meter_id = d.meter_id AND f.day = d.day
    ORDER BY d.place;
    IF NOT FOUND THEN
        RETURN QUERY SELECT NULL::integer, NULL::date, 0::double precision, false, NULL::text;
    END IF;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_off_grid_timestamps(text, timestamptz, timestamptz, double precision) IS
    'Rule off_grid_timestamps: on no day does a meter have more than threshold readings whose time is no quarter-hour of UTC.';

CREATE FUNCTION @extschema@._argo_readings_between(
    site text, starts timestamptz, ends timestamptz, bound double precision, words text
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
BEGIN
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT c.channel_id AS meter_id, n.day, n.readings, n.first_reading, n.last_reading
        FROM @extschema@.channels AS c
        CROSS JOIN LATERAL (
            SELECT r."timestamp" AS instant FROM @extschema@.readings AS r
            WHERE r.channel_id = c.channel_id AND r."timestamp" >= starts AND r."timestamp" <= ends
            ORDER BY r."timestamp" LIMIT 1
        ) AS any_reading
        CROSS JOIN LATERAL (
            SELECT @extschema@._argo_local_day(r."timestamp", zone) AS day, count(*) AS readings,
                   min(r."timestamp") AS first_reading, max(r."timestamp") AS last_reading
            FROM @extschema@.readings AS r
            WHERE r.channel_id = c.channel_id AND r."timestamp" >= any_reading.instant AND r."timestamp" <= ends
            GROUP BY 1
        ) AS n
        WHERE c.organization_id = site
    )
    SELECT f.meter_id, f.day, f.readings::double precision, f.readings > bound,
           format('%s %s, %s', @extschema@._argo_counted(f.readings, 'reading'), words,
                  CASE WHEN f.readings = 1 THEN 'of ' || @extschema@._argo_local_time(f.first_reading, zone)
                       ELSE @extschema@._argo_stretch(f.first_reading, f.last_reading, zone) END)
    FROM found AS f
    WHERE f.readings > bound OR NOT EXISTS (SELECT FROM found AS v WHERE v.readings > bound)
    UNION ALL
    SELECT NULL, NULL, 0, false, NULL
    WHERE NOT EXISTS (SELECT FROM found)
    ORDER BY 3 DESC, 2 DESC, 1;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_readings_between(text, timestamptz, timestamptz, double precision, text) IS
    'Readings of a site from starts to ends (both included, infinities too) where there should be none: a row per meter and day, violated above the bound.';

CREATE FUNCTION @extschema@._argo_rule_future_timestamps(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
BEGIN
    RETURN QUERY
    SELECT f.*
    FROM @extschema@._argo_readings_between(
        site, as_of + interval '1 microsecond', 'infinity', coalesce(threshold, 0),
        'later than ' || @extschema@._argo_local_time(as_of, zone)) AS f;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_future_timestamps(text, timestamptz, timestamptz, double precision) IS
    'Rule future_timestamps: on no day does a meter have more than threshold readings later than as_of.';

CREATE FUNCTION @extschema@._argo_rule_ancient_timestamps(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT a.*
    FROM @extschema@._argo_readings_between(
        site, coalesce(since, '-infinity'), '1999-12-31 23:59:59.999999+00', coalesce(threshold, 0),
        'earlier than 2000') AS a;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_ancient_timestamps(text, timestamptz, timestamptz, double precision) IS
    'Rule ancient_timestamps: on no day does a meter have more than threshold readings of before 2000 (UTC).';

CREATE FUNCTION @extschema@._argo_rule_voltage_low(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    bound CONSTANT double precision := @extschema@._argo_rule_limit('voltage_low', threshold);
BEGIN
    RETURN QUERY
    SELECT d.meter_id, d.day, d.observed, d.violated,
           format('voltage %s V %s%s', @extschema@._argo_figure(d.observed),
                  @extschema@._argo_when(x.instant, d.day, zone),
                  CASE WHEN d.violated THEN format(', below %s V', @extschema@._argo_figure(bound)) ELSE '' END)
    FROM @extschema@._argo_days_beyond(site, since, as_of, bound, 'min_voltage_v', true) AS d
    LEFT JOIN LATERAL (
        SELECT r."timestamp" AS instant FROM @extschema@.readings AS r
        WHERE d.place <= 1000 AND r.channel_id = d.meter_id
          AND r."timestamp" >= lower(d.range) AND r."timestamp" < upper(d.range)
          AND r.voltage_v = d.value
          AND (r.voltage_v > 0 OR r.power_kw > 0 AND r.power_kw < 'Infinity')
        ORDER BY r."timestamp" LIMIT 1
    ) AS x ON true
    ORDER BY d.place;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_voltage_low(text, timestamptz, timestamptz, double precision) IS
    'Rule voltage_low: on no day is the lowest voltage of a meter below threshold V; 0 V without power counts as switched off.';

CREATE FUNCTION @extschema@._argo_rule_voltage_high(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    bound CONSTANT double precision := @extschema@._argo_rule_limit('voltage_high', threshold);
BEGIN
    RETURN QUERY
    SELECT d.meter_id, d.day, d.observed, d.violated,
           format('voltage %s V %s%s', @extschema@._argo_figure(d.observed),
                  @extschema@._argo_when(x.instant, d.day, zone),
                  CASE WHEN d.violated THEN format(', above %s V', @extschema@._argo_figure(bound)) ELSE '' END)
    FROM @extschema@._argo_days_beyond(site, since, as_of, bound, 'max_voltage_v') AS d
    LEFT JOIN LATERAL (
        SELECT r."timestamp" AS instant FROM @extschema@.readings AS r
        WHERE d.place <= 1000 AND r.channel_id = d.meter_id
          AND r."timestamp" >= lower(d.range) AND r."timestamp" < upper(d.range)
          AND r.voltage_v = d.value
        ORDER BY r."timestamp" LIMIT 1
    ) AS x ON true
    ORDER BY d.place;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_voltage_high(text, timestamptz, timestamptz, double precision) IS
    'Rule voltage_high: on no day is the highest voltage of a meter above threshold V.';

CREATE FUNCTION @extschema@._argo_rule_power_factor(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    bound CONSTANT double precision := @extschema@._argo_rule_limit('power_factor', threshold);
BEGIN
    RETURN QUERY
    SELECT d.meter_id, d.day, d.observed, d.violated,
           format('power factor %s %s%s',
                  @extschema@._argo_figure(coalesce(x.power_factor::numeric::double precision, d.observed)),
                  @extschema@._argo_when(x.instant, d.day, zone),
                  CASE WHEN d.violated THEN format(', beyond %s', @extschema@._argo_figure(bound)) ELSE '' END)
    FROM @extschema@._argo_days_beyond(site, since, as_of, bound, 'max_power_factor') AS d
    LEFT JOIN LATERAL (
        SELECT r."timestamp" AS instant, r.power_factor FROM @extschema@.readings AS r
        WHERE d.place <= 1000 AND r.channel_id = d.meter_id
          AND r."timestamp" >= lower(d.range) AND r."timestamp" < upper(d.range)
          AND abs(r.power_factor) = d.value
        ORDER BY r."timestamp" LIMIT 1
    ) AS x ON true
    ORDER BY d.place;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_power_factor(text, timestamptz, timestamptz, double precision) IS
    'Rule power_factor: on no day is a power factor of a meter, its sign aside, above threshold.';

CREATE FUNCTION @extschema@._argo_rule_power_high(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    bound CONSTANT double precision := @extschema@._argo_rule_limit('power_high', threshold);
BEGIN
    RETURN QUERY
    SELECT d.meter_id, d.day, d.observed, d.violated,
           format('power %s kW %s%s', @extschema@._argo_figure(d.observed),
                  @extschema@._argo_when(x.instant, d.day, zone),
                  CASE WHEN d.violated THEN format(', above %s kW', @extschema@._argo_figure(bound)) ELSE '' END)
    FROM @extschema@._argo_days_beyond(site, since, as_of, bound, 'max_power_kw') AS d
    LEFT JOIN LATERAL (
        SELECT r."timestamp" AS instant FROM @extschema@.readings AS r
        WHERE d.place <= 1000 AND r.channel_id = d.meter_id
          AND r."timestamp" >= lower(d.range) AND r."timestamp" < upper(d.range)
          AND coalesce(r.power_kw, r.energy_kwh * 4) = d.value
        ORDER BY r."timestamp" LIMIT 1
    ) AS x ON true
    ORDER BY d.place;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_power_high(text, timestamptz, timestamptz, double precision) IS
    'Rule power_high: on no day is the highest power of a meter above threshold kW.';

CREATE FUNCTION @extschema@._argo_rule_flatline(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    quarter CONSTANT interval := '15 minutes';
    most_hours CONSTANT double precision := @extschema@._argo_rule_limit('flatline', threshold);
    first_day CONSTANT date := (coalesce(since, '-infinity') AT TIME ZONE zone)::date;
    last_day CONSTANT date := (as_of AT TIME ZONE zone)::date;
BEGIN
    RETURN QUERY
    WITH stretches AS MATERIALIZED (
        -- A reading holds for the quarter of an hour that it begins.
        SELECT m.meter_id, s.span,
               extract(epoch FROM upper(s.span) + quarter - lower(s.span))::double precision / 3600 AS hours
        FROM (
            SELECT f.meter_id, range_agg(f.flat) AS flat
            FROM @extschema@.data_quality_days AS f
            JOIN @extschema@.channels AS c ON c.channel_id = f.meter_id
            WHERE c.organization_id = site AND f.day >= first_day AND f.day <= last_day AND f.flat IS NOT NULL
            GROUP BY f.meter_id
        ) AS m
        CROSS JOIN LATERAL unnest(m.flat) AS s (span)
    ), worst AS (
        SELECT s.* FROM stretches AS s WHERE s.hours > most_hours
        UNION ALL
        (SELECT s.* FROM stretches AS s
         WHERE NOT EXISTS (SELECT FROM stretches AS v WHERE v.hours > most_hours)
         ORDER BY s.hours DESC, lower(s.span) DESC LIMIT 1)
    )
    SELECT w.meter_id, @extschema@._argo_local_day(lower(w.span), zone), w.hours, w.hours > most_hours,
           format('power%s unchanged for %s h, %s',
                  ' ' || @extschema@._argo_figure(r.kw::numeric::double precision) || ' kW',
                  @extschema@._argo_figure(w.hours, 2),
                  @extschema@._argo_stretch(lower(w.span), upper(w.span) + quarter, zone))
    FROM worst AS w
    LEFT JOIN LATERAL (
        SELECT coalesce(r.power_kw, r.energy_kwh * 4) AS kw FROM @extschema@.readings AS r
        WHERE r.channel_id = w.meter_id AND r."timestamp" = lower(w.span)
        LIMIT 1
    ) AS r ON true
    ORDER BY w.hours DESC, lower(w.span) DESC, w.meter_id;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_flatline(text, timestamptz, timestamptz, double precision) IS
    'Rule flatline: no meter gives one and the same power for longer than threshold hours on end; 0.1 kW and less may stay.';

CREATE FUNCTION @extschema@._argo_peak(meter integer, range tstzrange, kw double precision)
RETURNS TABLE (instant timestamptz, apparent_kva double precision)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
    SELECT r."timestamp", r.voltage_v::double precision * r.current_a / 1000
    FROM @extschema@.readings AS r
    WHERE r.channel_id = meter AND r."timestamp" >= lower(range) AND r."timestamp" < upper(range)
      AND coalesce(r.power_kw, r.energy_kwh * 4) = kw
    ORDER BY r."timestamp"
    LIMIT 1;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_peak(integer, tstzrange, double precision) IS
    'When a meter first had a power in a range, and what voltage and current were then, as kVA of one phase.';

CREATE FUNCTION @extschema@._argo_rule_unit_jump(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    least_factor CONSTANT double precision := @extschema@._argo_rule_limit('unit_jump', threshold, 1);
    first_day CONSTANT date := (coalesce(since, '-infinity') AT TIME ZONE zone)::date;
    last_day CONSTANT date := (as_of AT TIME ZONE zone)::date;
BEGIN
    RETURN QUERY
    -- Over a year, so that last summer's days stand between a chiller's winter and its first hot day.
    WITH days AS MATERIALIZED (
        SELECT f.meter_id, f.day, f.range, f.max_power_kw::double precision AS kw,
               f.max_power_kw::double precision / lag(f.max_power_kw) OVER (PARTITION BY f.meter_id ORDER BY f.max_power_kw, f.day) AS step
        FROM @extschema@.data_quality_days AS f
        JOIN @extschema@.channels AS c ON c.channel_id = f.meter_id
        WHERE c.organization_id = site AND f.day >= least(first_day, last_day - 400) AND f.day <= last_day AND f.max_power_kw > 0
    ), usual AS (
        SELECT d.meter_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY d.kw) AS kw
        FROM days AS d
        WHERE d.day >= first_day
        GROUP BY d.meter_id
        HAVING count(*) >= 3
    ), judged AS MATERIALIZED (
        SELECT d.*, u.kw AS usual_kw, greatest(d.kw / u.kw, u.kw / d.kw) AS factor,
               d.kw >= u.kw * least_factor
                   -- A load that grows has days between.
                   AND max(d.step) FILTER (WHERE d.kw > u.kw) OVER (PARTITION BY d.meter_id ORDER BY d.kw, d.day) >= least_factor AS is_up,
               d.kw <= u.kw / least_factor AS is_down
        FROM days AS d JOIN usual AS u ON u.meter_id = d.meter_id
    ), candidates AS MATERIALIZED (
        SELECT j.*, r.instant, r.apparent_kva
        FROM judged AS j
        LEFT JOIN LATERAL @extschema@._argo_peak(j.meter_id, j.range, j.kw) AS r ON true
        WHERE j.day >= first_day AND (j.is_up OR j.is_down)
    ), sides AS MATERIALIZED (
        -- A unit that changed for good: soon most days are wrong, and their median is, too.
        SELECT e.meter_id, e.floor_kw, e.is_high, e.kw, e.usual_kw, e.days, r.apparent_kva
        FROM (
            SELECT d.meter_id, f.kw AS floor_kw, d.kw >= f.kw AS is_high, count(*) AS days, max(d.kw) AS kw,
                   (array_agg(d.range ORDER BY d.kw DESC))[1] AS range, percentile_cont(0.5) WITHIN GROUP (ORDER BY d.kw) AS usual_kw
            FROM days AS d
            JOIN (SELECT s.meter_id, max(s.kw) AS kw FROM days AS s WHERE s.step >= least_factor GROUP BY s.meter_id) AS f
                ON f.meter_id = d.meter_id
            GROUP BY d.meter_id, f.kw, d.kw >= f.kw
        ) AS e
        LEFT JOIN LATERAL @extschema@._argo_peak(e.meter_id, e.range, e.kw) AS r ON true
    ), shifts AS MATERIALIZED (
        SELECT w.meter_id, w.floor_kw, w.is_high, o.usual_kw
        FROM sides AS w
        JOIN sides AS o ON o.meter_id = w.meter_id AND o.is_high <> w.is_high
        -- Only where the other side is as its own current has it.
        WHERE o.days >= 3 AND o.kw BETWEEN o.apparent_kva / 20 AND 5 * o.apparent_kva
          AND CASE WHEN w.is_high THEN w.kw > 5 * w.apparent_kva ELSE w.kw * 100 < w.apparent_kva END
    ), jumps AS MATERIALIZED (
        -- Voltage and current of one phase of three make a third of the power: what they bear out is a load, and what is far
        -- below them is no standby.
        SELECT c.meter_id, c.day, c.kw, c.usual_kw, c.factor, c.instant FROM candidates AS c
        WHERE (c.is_up AND (c.kw <= 5 * c.apparent_kva) IS NOT TRUE) OR (c.is_down AND c.kw * 100 < c.apparent_kva)
        UNION ALL
        SELECT j.meter_id, j.day, j.kw, x.usual_kw, greatest(j.kw / x.usual_kw, x.usual_kw / j.kw), NULL
        FROM shifts AS x
        JOIN judged AS j ON j.meter_id = x.meter_id AND (j.kw >= x.floor_kw) = x.is_high
        WHERE j.day >= first_day AND NOT j.is_up AND NOT j.is_down
    ), shown AS (
        SELECT j.meter_id, j.day, j.kw, j.usual_kw, j.factor, j.instant, true AS is_jump FROM jumps AS j
        UNION ALL
        (SELECT j.meter_id, j.day, j.kw, j.usual_kw, j.factor, NULL, false FROM judged AS j
         WHERE j.day >= first_day AND j.kw >= j.usual_kw AND NOT EXISTS (SELECT FROM jumps)
         ORDER BY j.factor DESC, j.day DESC LIMIT 1)
    )
    SELECT w.meter_id, w.day, w.factor, w.is_jump,
           format('highest power %s kW %s, the usual one of a day is %s kW: a factor of %s%s',
                  @extschema@._argo_figure(w.kw::real::numeric::double precision),
                  @extschema@._argo_when(w.instant, w.day, zone),
                  @extschema@._argo_figure(w.usual_kw), CASE WHEN w.kw < w.usual_kw THEN '1/' ELSE '' END,
                  @extschema@._argo_figure(w.factor, 2))
    FROM shown AS w
    ORDER BY w.factor DESC, w.day DESC, w.meter_id;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_unit_jump(text, timestamptz, timestamptz, double precision) IS
    'Rule unit_jump: on no day is the highest power of a meter threshold times that of its median day in the window, with no day of the last 400 between, unless its voltage and current bear it out; nor one part in threshold of it where they belie it. Where they belie most days, and not the others, the median is that of the others. Needs three days with power.';

CREATE FUNCTION @extschema@._argo_rule_energy_mismatch(
    site text, since timestamptz, as_of timestamptz, threshold double precision
)
RETURNS TABLE (meter_id integer, day date, observed double precision, violated boolean, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    zone CONSTANT text := @extschema@._argo_zone_of(site);
    bound CONSTANT double precision := @extschema@._argo_rule_limit('energy_mismatch', threshold);
BEGIN
    RETURN QUERY
    SELECT d.meter_id, d.day, 100 * d.observed, d.violated,
           format('energy and power differ by %s %% %s%s', @extschema@._argo_figure(100 * d.observed, 1),
                  @extschema@._argo_when(f.energy_mismatch_at, d.day, zone),
                  ': ' || @extschema@._argo_figure(x.energy_kwh::numeric::double precision) || ' kWh, but '
                      || @extschema@._argo_figure(x.power_kw::numeric::double precision) || ' kW for 15 minutes')
    FROM @extschema@._argo_days_beyond(site, since, as_of, bound / 100, 'energy_mismatch') AS d
    JOIN @extschema@.data_quality_days AS f ON f.meter_id = d.meter_id AND f.day = d.day
    LEFT JOIN LATERAL (
        SELECT r.energy_kwh, r.power_kw FROM @extschema@.readings AS r
        WHERE d.place <= 1000 AND r.channel_id = d.meter_id AND r."timestamp" = f.energy_mismatch_at
        LIMIT 1
    ) AS x ON true
    ORDER BY d.place;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_rule_energy_mismatch(text, timestamptz, timestamptz, double precision) IS
    'Rule energy_mismatch: on no day do the energy of a reading and its mean power times 15 minutes differ by more than threshold percent of the larger one.';
