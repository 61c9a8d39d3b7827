-- Random faults in clean readings, and what of them must be reported: by which rule, for which meter, on which days.
-- Nothing else may be. What follows from a fault is worked out here and must be reported too: of an incomplete day
-- completeness, beside a gap; of power that jumps unit_jump, power_high above 5,000 kW, energy_mismatch where energy
-- does not jump with it; of a stretch never asked for its gap; of a silent meter the gap and the incomplete days that
-- have ended.

CREATE SCHEMA fault;

CREATE TABLE fault.sites (site text PRIMARY KEY, zone text NOT NULL, first_meter integer NOT NULL, is_logged boolean NOT NULL);
INSERT INTO fault.sites VALUES
    ('s1', 'America/New_York', 101, true), ('s2', 'Europe/London', 201, true), ('s3', 'America/Havana', 301, false);
CREATE TABLE fault.setting AS SELECT timestamptz '2025-11-20 12:02+00' AS as_of, date '2025-10-11' AS first_day;

-- Meters that were worked on, with the days around, so that no two faults touch.
CREATE TABLE fault.taken (meter_id integer NOT NULL, day date NOT NULL, PRIMARY KEY (meter_id, day));
CREATE TABLE fault.planted (id integer PRIMARY KEY, kind text NOT NULL, meter integer NOT NULL, days date[] NOT NULL, note text);
-- One finding each, on any of the days; no days: one that is about no day.
CREATE TABLE fault.wanted (fault integer NOT NULL, rule text NOT NULL, meter integer NOT NULL, days date[]);

CREATE PROCEDURE fault.add_clean_data() LANGUAGE plpgsql AS $$
DECLARE
    added record;
BEGIN
    FOR added IN SELECT * FROM fault.sites, fault.setting ORDER BY site LOOP
        CALL clean.add_site(added.site, 'Site ' || added.site, added.zone, added.first_meter, 12);
        CALL clean.fill(added.site, added.first_day, added.as_of);
    END LOOP;
    CALL clean.keep();
    REFRESH MATERIALIZED VIEW fault.slots;
    -- Each day was asked for once, a day later.
    INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, readings_fetched, readings_inserted, created_at)
    SELECT c.organization_id, d.channel_id, d.first_slot, d.last_slot + interval '15 minutes', d.slots, d.slots,
           least(d.last_slot + interval '1 day', (SELECT as_of FROM fault.setting))
    FROM fault.slots AS d
    JOIN channels AS c ON c.channel_id = d.channel_id
    JOIN fault.sites AS s ON s.site = c.organization_id AND s.is_logged
    ORDER BY d.first_slot, d.channel_id;
END $$;

CREATE VIEW fault.clean AS
SELECT k.*, (k."timestamp" AT TIME ZONE s.zone)::date AS day, s.site, s.zone, s.is_logged
FROM clean.kept AS k
JOIN channels AS c ON c.channel_id = k.channel_id
JOIN fault.sites AS s ON s.site = c.organization_id;

CREATE MATERIALIZED VIEW fault.slots AS
SELECT channel_id, day, min("timestamp") AS first_slot, max("timestamp") AS last_slot, count(*)::integer AS slots
FROM fault.clean GROUP BY channel_id, day;

CREATE FUNCTION fault.between(low integer, high integer) RETURNS integer LANGUAGE sql VOLATILE AS $$
    SELECT low + floor(random() * (high - low + 1))::integer
$$;

-- A meter and some days in a row, all of them clean and ended, that nothing has touched; takes them.
CREATE PROCEDURE fault.take(days integer, fans boolean, logged boolean, INOUT meter integer, INOUT first date) LANGUAGE plpgsql AS $$
DECLARE
    s record;
BEGIN
    LOOP
        SELECT x.* INTO s FROM fault.sites AS x WHERE x.is_logged OR NOT logged ORDER BY x.site OFFSET fault.between(0, CASE WHEN logged THEN 1 ELSE 2 END) LIMIT 1;
        meter := s.first_meter + fault.between(0, 11);
        first := (SELECT first_day FROM fault.setting) + fault.between(1, 38 - days);
        CONTINUE WHEN clean.is_fan(meter) AND NOT fans
            OR EXISTS (SELECT FROM fault.taken AS t WHERE t.meter_id = meter AND t.day BETWEEN first - 1 AND first + days);
        INSERT INTO fault.taken SELECT meter, first + d FROM generate_series(0, days - 1) AS d;
        RETURN;
    END LOOP;
END $$;

-- A clean reading of a meter on a day, of a machine that runs.
CREATE FUNCTION fault.reading(meter integer, on_day date) RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
    SELECT a.instants[fault.between(1, cardinality(a.instants))]
    FROM (SELECT array_agg(c."timestamp" ORDER BY c."timestamp") AS instants FROM fault.clean AS c
          WHERE c.channel_id = meter AND c.day = on_day AND c.power_kw > 1) AS a
$$;

CREATE PROCEDURE fault.want(fault integer, rule text, meter integer, VARIADIC days date[]) LANGUAGE sql AS $$
    INSERT INTO fault.wanted VALUES (fault, rule, meter, days)
$$;

-- Completeness of a day follows from what was deleted of it.
CREATE PROCEDURE fault.want_completeness(fault integer, of_meter integer, first date, last date) LANGUAGE sql AS $$
    INSERT INTO fault.wanted
    SELECT fault, 'completeness', of_meter, ARRAY[c.day]
    FROM fault.clean AS c
    LEFT JOIN readings AS r ON r.channel_id = c.channel_id AND r."timestamp" >= c."timestamp" AND r."timestamp" < c."timestamp" + interval '15 minutes'
    WHERE c.channel_id = of_meter AND c.day BETWEEN first AND last
    GROUP BY c.day
    HAVING count(DISTINCT c."timestamp") FILTER (WHERE r.channel_id IS NOT NULL) < 0.9 * count(DISTINCT c."timestamp")
$$;

-- Kinds whose fault may need more than one day take up to three; of a stale meter the last days are taken.
CREATE PROCEDURE fault.plant(id integer, kind text) LANGUAGE plpgsql AS $$
DECLARE
    as_of CONSTANT timestamptz := (SELECT s.as_of FROM fault.setting AS s);
    wide CONSTANT integer := CASE WHEN kind IN ('flatline') THEN 3 WHEN kind = 'jump of days' THEN fault.between(1, 2) ELSE 1 END;
    first date;
    days date[];
    meter integer;
    zone text;
    today date;
    at timestamptz;
    until timestamptz;
    n integer;
    factor real;
    column_name text;
    note text;
BEGIN
    IF kind IN ('stale', 'future') THEN
        LOOP
            meter := (SELECT s.first_meter FROM fault.sites AS s ORDER BY s.site OFFSET fault.between(0, 2) LIMIT 1) + fault.between(0, 11);
            SELECT s.zone, (as_of AT TIME ZONE s.zone)::date INTO zone, today FROM fault.sites AS s WHERE meter BETWEEN s.first_meter AND s.first_meter + 11;
            EXIT WHEN NOT EXISTS (SELECT FROM fault.taken AS t WHERE t.meter_id = meter AND t.day > today - 5);
        END LOOP;
        INSERT INTO fault.taken SELECT meter, today + d FROM generate_series(-4, 4) AS d;
        days := ARRAY[today];
    ELSIF kind = 'ancient' THEN
        meter := (SELECT s.first_meter FROM fault.sites AS s ORDER BY s.site OFFSET fault.between(0, 2) LIMIT 1) + fault.between(0, 11);
        SELECT s.zone INTO zone FROM fault.sites AS s WHERE meter BETWEEN s.first_meter AND s.first_meter + 11;
    ELSE
        -- A thousand times nothing is nothing.
        CALL fault.take(wide, kind !~ '^(jump|tiny)', kind IN ('failed pull', 'never asked'), meter, first);
        days := ARRAY(SELECT first + d FROM generate_series(0, wide - 1) AS d);
        SELECT s.zone INTO zone FROM fault.sites AS s WHERE meter BETWEEN s.first_meter AND s.first_meter + 11;
        at := fault.reading(meter, first);
        -- A fan may be off all day.
        at := coalesce(at, (SELECT l.first_slot FROM fault.slots AS l WHERE l.channel_id = meter AND l.day = first) + fault.between(0, 80) * interval '15 minutes');
    END IF;

    CASE kind
    WHEN 'gap' THEN
        n := fault.between(5, 20);
        at := (SELECT l.last_slot FROM fault.slots AS l WHERE l.channel_id = meter AND l.day = first) - fault.between(n, 90) * interval '15 minutes';
        DELETE FROM readings AS r WHERE r.channel_id = meter AND r."timestamp" >= at AND r."timestamp" < at + n * interval '15 minutes';
        CALL fault.want(id, 'gaps', meter, first);
        CALL fault.want_completeness(id, meter, first, first);
        note := n || ' slots from ' || at;
    WHEN 'thin day' THEN
        -- Every second slot at most, so that no gap is as long as an hour.
        n := fault.between(12, 40);
        DELETE FROM readings AS r
        USING (SELECT c."timestamp" FROM fault.clean AS c
               WHERE c.channel_id = meter AND c.day = first AND extract(epoch FROM c."timestamp")::bigint % 1800 = 0
               ORDER BY clean.chance(plant.id, c."timestamp", 9) LIMIT n) AS d
        WHERE r.channel_id = meter AND r."timestamp" = d."timestamp";
        CALL fault.want_completeness(id, meter, first, first);
        note := n || ' slots';
    WHEN 'duplicates' THEN
        INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw, voltage_v)
        SELECT c.channel_id, c."timestamp", c.energy_kwh, c.power_kw, c.voltage_v
        FROM fault.clean AS c, generate_series(1, fault.between(1, 3))
        WHERE c.channel_id = meter AND c."timestamp" = at;
        CALL fault.want(id, 'duplicates', meter, first);
    WHEN 'negative' THEN
        IF random() < 0.5 THEN
            UPDATE readings AS r SET power_kw = -0.01 - r.power_kw WHERE r.channel_id = meter AND r."timestamp" = at;
        ELSE
            UPDATE readings AS r SET energy_kwh = -0.01 - r.energy_kwh WHERE r.channel_id = meter AND r."timestamp" = at;
        END IF;
        CALL fault.want(id, 'negative_values', meter, first);
    WHEN 'non-finite' THEN
        column_name := (ARRAY['energy_kwh', 'power_kw', 'voltage_v', 'power_factor'])[fault.between(1, 4)];
        note := column_name || ' ' || (ARRAY['NaN', 'Infinity', '-Infinity'])[fault.between(1, 3)];
        EXECUTE format('UPDATE readings SET %I = %L WHERE channel_id = $1 AND "timestamp" = $2', column_name, split_part(note, ' ', 2)) USING meter, at;
        CALL fault.want(id, 'non_finite_values', meter, first);
    WHEN 'off grid' THEN
        UPDATE readings AS r SET "timestamp" = r."timestamp" + fault.between(1, 899) * interval '1 second'
        WHERE r.channel_id = meter AND r."timestamp" = at;
        CALL fault.want(id, 'off_grid_timestamps', meter, first);
    WHEN 'future' THEN
        at := date_bin('15 minutes', as_of, '2000-01-01 00:00+00') + fault.between(1, 288) * interval '15 minutes';
        INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (meter, at, 1, 4);
        CALL fault.want(id, 'future_timestamps', meter, (at AT TIME ZONE zone)::date);
        note := at;
    WHEN 'ancient' THEN
        at := timestamptz '1985-01-01 00:00+00' + fault.between(0, 500000) * interval '15 minutes';
        INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (meter, at, 1, 4);
        days := ARRAY[(at AT TIME ZONE zone)::date];
        CALL fault.want(id, 'ancient_timestamps', meter, VARIADIC days);
    WHEN 'low voltage' THEN
        UPDATE readings AS r SET voltage_v = fault.between(0, 49), power_kw = greatest(r.power_kw, 1), energy_kwh = greatest(r.power_kw, 1) / 4
        WHERE r.channel_id = meter AND r."timestamp" = at;
        CALL fault.want(id, 'voltage_low', meter, first);
    WHEN 'high voltage' THEN
        UPDATE readings AS r SET voltage_v = fault.between(601, 9000) WHERE r.channel_id = meter AND r."timestamp" = at;
        CALL fault.want(id, 'voltage_high', meter, first);
    WHEN 'power factor' THEN
        UPDATE readings AS r SET power_factor = (1.01 + 2 * random()) * sign(random() - 0.5)
        WHERE r.channel_id = meter AND r."timestamp" = at;
        CALL fault.want(id, 'power_factor', meter, first);
    WHEN 'high power' THEN
        n := fault.between(5001, 90000);
        UPDATE readings AS r SET power_kw = n, energy_kwh = n / 4.0, voltage_v = 230 WHERE r.channel_id = meter AND r."timestamp" = at;
        CALL fault.want(id, 'power_high', meter, first);
        CALL fault.want(id, 'unit_jump', meter, first);
    WHEN 'flatline' THEN
        n := fault.between(26, 120);
        at := (SELECT l.first_slot FROM fault.slots AS l WHERE l.channel_id = meter AND l.day = first) + fault.between(0, 80) * interval '15 minutes';
        factor := 2 + random();
        UPDATE readings AS r SET power_kw = factor, energy_kwh = factor / 4, voltage_v = 230
        WHERE r.channel_id = meter AND r."timestamp" >= at AND r."timestamp" < at + n * interval '15 minutes';
        CALL fault.want(id, 'flatline', meter, VARIADIC days);
        note := n || ' readings from ' || at;
    WHEN 'jump of a reading', 'jump of hours', 'jump of days' THEN
        n := CASE kind WHEN 'jump of a reading' THEN 1 ELSE fault.between(4, 20) END;
        UPDATE readings AS r SET power_kw = r.power_kw * 1000, energy_kwh = r.energy_kwh * 1000
        FROM fault.clean AS c
        WHERE c.channel_id = meter AND r.channel_id = c.channel_id AND r."timestamp" = c."timestamp"
          AND CASE kind WHEN 'jump of days' THEN c.day = ANY (days)
                        ELSE c.day = first AND c."timestamp" >= at AND c."timestamp" < at + n * interval '15 minutes' END;
        INSERT INTO fault.wanted
        SELECT id, rules.name, meter, ARRAY[x.day]
        FROM (SELECT c.day, max(r.power_kw) AS kw FROM fault.clean AS c
              JOIN readings AS r ON r.channel_id = c.channel_id AND r."timestamp" = c."timestamp"
              WHERE c.channel_id = meter AND c.day = ANY (days) GROUP BY c.day) AS x
        JOIN (VALUES ('unit_jump', 1000), ('power_high', 5000)) AS rules (name, above) ON x.kw > rules.above;
    WHEN 'W for kW' THEN
        -- Energy stays.
        UPDATE readings AS r SET power_kw = greatest(r.power_kw, 1) * 1000, energy_kwh = greatest(r.power_kw, 1) / 4, voltage_v = 230
        WHERE r.channel_id = meter AND r."timestamp" = at
        RETURNING r.power_kw INTO factor;
        CALL fault.want(id, 'energy_mismatch', meter, first);
        CALL fault.want(id, 'unit_jump', meter, first);
        IF factor > 5000 THEN
            CALL fault.want(id, 'power_high', meter, first);
        END IF;
    WHEN 'tiny day' THEN
        UPDATE readings AS r SET power_kw = r.power_kw / 1000, energy_kwh = r.energy_kwh / 1000
        FROM fault.clean AS c
        WHERE c.channel_id = meter AND c.day = first AND r.channel_id = c.channel_id AND r."timestamp" = c."timestamp";
        CALL fault.want(id, 'unit_jump', meter, first);
    WHEN 'energy' THEN
        factor := CASE WHEN random() < 0.5 THEN 1.1 + 3 * random() ELSE 0.9 * random() END;
        UPDATE readings AS r SET power_kw = greatest(r.power_kw, 1), energy_kwh = greatest(r.power_kw, 1) / 4 * factor, voltage_v = 230
        WHERE r.channel_id = meter AND r."timestamp" = at;
        CALL fault.want(id, 'energy_mismatch', meter, first);
        note := 'energy x ' || factor;
    WHEN 'failed pull' THEN
        SELECT l.first_slot, l.last_slot + interval '15 minutes' INTO at, until FROM fault.slots AS l WHERE l.channel_id = meter AND l.day = first;
        INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, status, error_message, created_at)
        SELECT c.organization_id, meter, at, until, 'failure', 'HTTP 500', until + interval '2 days' FROM channels AS c WHERE c.channel_id = meter;
        -- One that a later pull made up for, on the first day, which nothing else touches.
        INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, status, readings_fetched, created_at)
        SELECT c.organization_id, c.channel_id, l.first_slot, l.last_slot, f.status, f.fetched, until + interval '2 days'
        FROM channels AS c
        JOIN fault.slots AS l ON l.channel_id = c.channel_id AND l.day = (SELECT s.first_day FROM fault.setting AS s)
        CROSS JOIN (VALUES ('failure', 0), ('success', 96)) AS f (status, fetched)
        WHERE c.channel_id = meter
        ORDER BY f.status;
        CALL fault.want(id, 'failed_pulls', meter, first);
    WHEN 'never asked' THEN
        n := fault.between(5, 20);
        at := (SELECT l.last_slot FROM fault.slots AS l WHERE l.channel_id = meter AND l.day = first) - fault.between(n, 90) * interval '15 minutes';
        until := at + n * interval '15 minutes';
        DELETE FROM readings AS r WHERE r.channel_id = meter AND r."timestamp" >= at AND r."timestamp" < until;
        WITH cut AS (
            DELETE FROM ingestion_logs AS l WHERE l.channel_id = meter AND l.start_time < until AND l.end_time > at RETURNING l.*
        )
        INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, readings_fetched, readings_inserted, created_at)
        SELECT c.organization_id, c.channel_id, p.start_time, p.end_time, 9, 9, c.created_at
        FROM cut AS c, LATERAL (VALUES (c.start_time, at), (until, c.end_time)) AS p (start_time, end_time)
        WHERE p.start_time < p.end_time;
        CALL fault.want(id, 'gaps', meter, first);
        CALL fault.want(id, 'missing_pulls', meter, first);
        CALL fault.want_completeness(id, meter, first, first);
        note := n || ' slots from ' || at;
    WHEN 'stale' THEN
        n := CASE WHEN random() < 0.5 THEN fault.between(7, 23) ELSE fault.between(25, 60) END;
        at := date_bin('15 minutes', as_of, '2000-01-01 00:00+00') - n * interval '1 hour';
        until := today::timestamp AT TIME ZONE zone;
        DELETE FROM readings AS r WHERE r.channel_id = meter AND r."timestamp" >= at;
        CALL fault.want(id, 'freshness_warning', meter, VARIADIC NULL::date[]);
        IF n > 24 THEN
            CALL fault.want(id, 'freshness_error', meter, VARIADIC NULL::date[]);
        END IF;
        -- Only days that have ended are missed.
        IF until - at > interval '1 hour' THEN
            CALL fault.want(id, 'gaps', meter, today - 1, today - 2, today - 3, today - 4);
        END IF;
        CALL fault.want_completeness(id, meter, today - 4, today - 1);
        note := n || ' h';
    END CASE;
    INSERT INTO fault.planted VALUES (id, kind, meter, coalesce(days, '{}'), note);
END $$;

CREATE TABLE fault.kinds (kind text PRIMARY KEY);
INSERT INTO fault.kinds VALUES
    ('gap'), ('thin day'), ('duplicates'), ('negative'), ('non-finite'), ('off grid'), ('future'), ('ancient'), ('low voltage'),
    ('high voltage'), ('power factor'), ('high power'), ('flatline'), ('jump of a reading'), ('jump of hours'), ('jump of days'),
    ('W for kW'), ('tiny day'), ('energy'), ('failed pull'), ('never asked'), ('stale');

-- The first of each kind, then whatever chance brings.
CREATE PROCEDURE fault.plant_many(first integer, last integer) LANGUAGE plpgsql AS $$
DECLARE
    kinds CONSTANT text[] := ARRAY(SELECT k.kind FROM fault.kinds AS k ORDER BY k.kind);
BEGIN
    FOR n IN first..last LOOP
        CALL fault.plant(n, kinds[CASE WHEN n <= cardinality(kinds) THEN n ELSE fault.between(1, cardinality(kinds)) END]);
    END LOOP;
END $$;

-- Reported, and asked for.
CREATE VIEW fault.found AS
SELECT f.*, w.fault
FROM (SELECT s.site, g.* FROM fault.sites AS s CROSS JOIN fault.setting AS t CROSS JOIN LATERAL argo_findings(s.site, as_of => t.as_of) AS g) AS f
LEFT JOIN LATERAL (
    SELECT w.fault FROM fault.wanted AS w
    WHERE w.rule = f.rule AND w.meter = f.meter_id AND CASE WHEN w.days IS NULL THEN true ELSE f.day = ANY (w.days) END
    LIMIT 1) AS w ON true;

CREATE FUNCTION fault.missed() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT format('%s: %s of meter %s on %s (%s)', p.kind, w.rule, w.meter, w.days, p.note)
    FROM fault.wanted AS w JOIN fault.planted AS p ON p.id = w.fault
    WHERE NOT EXISTS (SELECT FROM fault.found AS f WHERE f.rule = w.rule AND f.meter_id = w.meter AND (w.days IS NULL OR f.day = ANY (w.days)))
$$;
