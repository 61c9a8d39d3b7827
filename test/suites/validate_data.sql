-- Clean readings to plant faults in: sites, meters, and what they measure, the same in every run; for the pgTAP files
-- validate and breaker, and for validate_faults and validate_alerts.

CREATE SCHEMA clean;

-- A number from 0 to 1 that depends on nothing but its arguments.
CREATE FUNCTION clean.chance(meter integer, instant timestamptz, what integer) RETURNS float8 LANGUAGE sql IMMUTABLE AS $$
    SELECT (hashint8extended(extract(epoch FROM instant)::bigint, meter * 16 + what) & 1048575) / 1048576.0
$$;

-- Of four meters the last is an exhaust fan: off at night and on Sundays, and without voltage then.
CREATE FUNCTION clean.is_fan(meter integer) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT meter % 4 = 0';

-- One row per quarter of an hour: 1 to 20 kW with a peak in the afternoon, energy to power within 0.1 %.
CREATE FUNCTION clean.readings(meter integer, zone text, range_start timestamptz, range_end timestamptz)
RETURNS TABLE (channel_id integer, "timestamp" timestamptz, energy_kwh real, power_kw real, voltage_v real, current_a real,
               power_factor real, reactive_power_kvar real, temperature_c real, relative_humidity real)
LANGUAGE sql STABLE AS $$
    SELECT meter, s.slot, (p.kw / 4 * (1 + 0.002 * (clean.chance(meter, s.slot, 2) - 0.5)))::real, p.kw::real,
           p.volts::real, (CASE WHEN p.kw = 0 THEN 0 ELSE p.kw * 1000 / p.volts / p.factor END)::real,
           (CASE WHEN p.kw = 0 THEN 0 WHEN meter % 4 = 3 THEN -p.factor ELSE p.factor END)::real,
           (p.kw * sqrt(1 / p.factor ^ 2 - 1))::real,
           (CASE WHEN meter % 4 = 2 THEN 4 + clean.chance(meter, s.slot, 3) END)::real,
           (CASE WHEN meter % 4 = 2 THEN 60 + 20 * clean.chance(meter, s.slot, 4) END)::real
    FROM generate_series(date_bin('15 minutes', range_start, '2000-01-01 00:00+00'),
                         range_end - interval '15 minutes', interval '15 minutes') AS s (slot)
    CROSS JOIN LATERAL (SELECT s.slot AT TIME ZONE zone AS clock) AS l
    CROSS JOIN LATERAL (SELECT extract(hour FROM l.clock)::float8 AS hour,
                               clean.is_fan(meter) AND (extract(hour FROM l.clock) NOT BETWEEN 6 AND 21
                                                        OR extract(isodow FROM l.clock) = 7) AS is_off) AS h
    CROSS JOIN LATERAL (
        SELECT CASE WHEN h.is_off THEN 0
                    ELSE 1 + 6 * (1 + cos((h.hour - 14) / 12 * pi())) + 6 * clean.chance(meter, s.slot, 1) END AS kw,
               CASE WHEN h.is_off THEN 0 ELSE 226 + 8 * clean.chance(meter, s.slot, 5) END AS volts,
               0.8 + 0.19 * clean.chance(meter, s.slot, 6) AS factor) AS p
$$;

CREATE PROCEDURE clean.add_site(site text, name text, zone text, first_meter integer, meters integer) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO organizations (organization_id, organization_name, timezone) VALUES (site, name, zone);
    INSERT INTO devices (device_id, device_name, organization_id) VALUES (first_meter, name || ' gateway', site);
    INSERT INTO channels (channel_id, channel_name, device_id, organization_id, unit)
    SELECT m, (ARRAY['Exhaust fan', 'Main', 'Cold room', 'Lights'])[m % 4 + 1] || ' ' || m, first_meter, site, 'kW'
    FROM generate_series(first_meter, first_meter + meters - 1) AS m;
END $$;

-- From the midnight of a day, as it comes first at the site, to the last quarter of an hour that has ended.
CREATE PROCEDURE clean.fill(site text, first_day date, as_of timestamptz) LANGUAGE sql AS $$
    INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor,
                          reactive_power_kvar, temperature_c, relative_humidity)
    SELECT r.*
    FROM organizations AS o
    JOIN channels AS c ON c.organization_id = o.organization_id
    CROSS JOIN LATERAL clean.readings(c.channel_id, o.timezone, first_day::timestamp AT TIME ZONE o.timezone - interval '2 hours', as_of) AS r
    WHERE o.organization_id = site AND (r."timestamp" AT TIME ZONE o.timezone)::date >= first_day
    ORDER BY r."timestamp", r.channel_id
$$;

-- What there was before any fault: keep() once, then mend() undoes whatever was done to readings, and touches nothing else.
CREATE TABLE clean.kept (LIKE readings);

CREATE PROCEDURE clean.keep() LANGUAGE sql AS $$
    TRUNCATE clean.kept;
    INSERT INTO clean.kept TABLE readings;
    ANALYZE clean.kept, readings;
$$;

CREATE PROCEDURE clean.mend() LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM readings AS r USING (TABLE readings EXCEPT TABLE clean.kept) AS d
    WHERE r.channel_id = d.channel_id AND r."timestamp" = d."timestamp" AND r.id = d.id;
    INSERT INTO readings SELECT * FROM (TABLE clean.kept EXCEPT TABLE readings) AS m ORDER BY m."timestamp", m.channel_id;
END $$;
