-- What each equipment used and cost on each day: one definition, from the readings.

--: function _argo_day_slots
CREATE FUNCTION @extschema@._argo_day_slots(day date, zone text)
RETURNS integer
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    midnight CONSTANT timestamptz := day::timestamp AT TIME ZONE zone;
BEGIN
    IF (day + 1)::timestamp AT TIME ZONE zone - midnight = interval '24 hours'
       AND midnight - (day - 1)::timestamp AT TIME ZONE zone = interval '24 hours' THEN
        RETURN 96;
    END IF;
    -- Midnight may come twice or not at all.
    RETURN (SELECT count(*)
            FROM generate_series(midnight - interval '3 hours', midnight + interval '28 hours', interval '15 minutes') AS s (slot)
            WHERE (s.slot AT TIME ZONE zone)::date = day);
END
$$;
COMMENT ON FUNCTION @extschema@._argo_day_slots(date, text) IS
    'Quarter-hours of a calendar day in a zone: 96, or about 92 and 100 where the clock changes.';

--: function _argo_ahu_days
-- As with the hours, the views and each refresh of a part of them share this body, which the planner inlines.
-- What is added up from several meters goes through numeric, so that the sum does not depend on their order.
CREATE FUNCTION @extschema@._argo_ahu_days(equipment integer, range_start timestamptz, range_end timestamptz)
RETURNS TABLE (
    equipment_id integer,
    site_id text,
    day date,
    steam_cost double precision,
    cold_water_cost double precision,
    electricity_cost double precision,
    total_cost double precision,
    currency text,
    without_tariff text[],
    kwh_without_tariff double precision,
    hcv_kwh double precision,
    dh_hcv_kwh double precision,
    ccv_kwh double precision,
    pc_ccv_kwh double precision,
    steam_kwh double precision,
    cold_water_kwh double precision,
    electricity_kwh double precision,
    completeness double precision,
    reading_count bigint,
    expected_count bigint
)
LANGUAGE sql STABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT
        p.equipment_id,
        p.site_id,
        p.day,
        CASE WHEN bool_and(p.is_priced) FILTER (WHERE p.utility = 'steam' AND p.reading_count > 0)
             THEN (sum(p.cost::numeric) FILTER (WHERE p.utility = 'steam'))::double precision END AS steam_cost,
        CASE WHEN bool_and(p.is_priced) FILTER (WHERE p.utility = 'cold_water' AND p.reading_count > 0)
             THEN (sum(p.cost::numeric) FILTER (WHERE p.utility = 'cold_water'))::double precision END AS cold_water_cost,
        CASE WHEN bool_and(p.is_priced) FILTER (WHERE p.utility = 'electricity' AND p.reading_count > 0)
             THEN (sum(p.cost::numeric) FILTER (WHERE p.utility = 'electricity'))::double precision END AS electricity_cost,
        CASE WHEN bool_and(p.is_priced) FILTER (WHERE p.reading_count > 0)
             THEN sum(p.cost::numeric)::double precision END AS total_cost,
        max(p.currency) AS currency,
        coalesce(array_agg(DISTINCT p.utility ORDER BY p.utility) FILTER (WHERE p.reading_count > 0 AND NOT p.is_priced), '{}')
            AS without_tariff,
        coalesce((sum(p.kwh::numeric) FILTER (WHERE NOT p.is_priced))::double precision, 0) AS kwh_without_tariff,
        (sum(p.kwh::numeric) FILTER (WHERE p.coil = 'HCV'))::double precision AS hcv_kwh,
        (sum(p.kwh::numeric) FILTER (WHERE p.coil = 'DH_HCV'))::double precision AS dh_hcv_kwh,
        (sum(p.kwh::numeric) FILTER (WHERE p.coil = 'CCV'))::double precision AS ccv_kwh,
        (sum(p.kwh::numeric) FILTER (WHERE p.coil = 'PC_CCV'))::double precision AS pc_ccv_kwh,
        (sum(p.kwh::numeric) FILTER (WHERE p.utility = 'steam'))::double precision AS steam_kwh,
        (sum(p.kwh::numeric) FILTER (WHERE p.utility = 'cold_water'))::double precision AS cold_water_kwh,
        (sum(p.kwh::numeric) FILTER (WHERE p.utility = 'electricity'))::double precision AS electricity_kwh,
        least(sum(p.reading_count) / sum(p.expected_count)::double precision, 1) AS completeness,
        sum(p.reading_count)::bigint AS reading_count,
        sum(p.expected_count)::bigint AS expected_count
    FROM (
        SELECT
            e.equipment_id,
            e.site_id,
            c.day,
            m.utility,
            m.coil,
            u.kwh * m.share AS kwh,
            CASE WHEN t.hourly_rates IS NULL THEN u.kwh * t.rate ELSE u.priced_kwh END * m.share / t.kwh_per_unit AS cost,
            t.tariff_id IS NOT NULL AS is_priced,
            t.currency,
            u.reading_count,
            CASE WHEN c.is_ordinary THEN 96
                 ELSE @extschema@._argo_day_slots(c.day, coalesce(z.timezone, 'America/New_York')) END AS expected_count
        FROM @extschema@.equipment AS e
        LEFT JOIN @extschema@._argo_zones AS z ON z.organization_id = e.site_id
        CROSS JOIN LATERAL (
            -- An open range is no longer than the readings.
            SELECT (min(x.first_reading) AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS first_day,
                   (max(x.last_reading) AT TIME ZONE coalesce(z.timezone, 'America/New_York'))::date AS last_day
            FROM @extschema@.equipment_meters AS a
            CROSS JOIN LATERAL (
                SELECT min(r."timestamp") AS first_reading, max(r."timestamp") AS last_reading
                FROM @extschema@.readings AS r
                WHERE r.channel_id = a.meter_id
                  AND r."timestamp" >= '1900-01-01 00:00:00+00' AND r."timestamp" < '2200-01-01 00:00:00+00'
            ) AS x
            WHERE a.equipment_id = e.equipment_id
        ) AS b
        JOIN @extschema@.equipment_meters AS m ON m.equipment_id = e.equipment_id
        CROSS JOIN LATERAL @extschema@._argo_days(
            datemultirange(daterange(m.valid_from, m.valid_to)
                           * daterange((range_start AT TIME ZONE 'UTC')::date, (range_end AT TIME ZONE 'UTC')::date)),
            b.first_day, b.last_day, coalesce(z.timezone, 'America/New_York')) AS c
        LEFT JOIN @extschema@.tariffs AS t
            ON t.site_id = e.site_id AND t.utility = m.utility AND daterange(t.valid_from, t.valid_to) @> c.day
        CROSS JOIN LATERAL (
            SELECT
                count(*) AS reading_count,
                sum(r.energy_kwh::double precision) AS kwh,
                (sum((r.energy_kwh::double precision * t.hourly_rates[
                    (date_part('isodow', l.local) * 24 + date_part('hour', l.local))::integer - 23])::numeric)
                    FILTER (WHERE t.hourly_rates IS NOT NULL))::double precision AS priced_kwh
            FROM @extschema@.readings AS r
            CROSS JOIN LATERAL (SELECT r."timestamp" AT TIME ZONE coalesce(z.timezone, 'America/New_York') AS local) AS l
            WHERE r.channel_id = m.meter_id AND r."timestamp" >= c.range_start AND r."timestamp" < c.range_end
              AND (c.is_ordinary OR l.local::date = c.day)
              -- A NULL fails this too, and NaN is greater than infinity.
              AND abs(r.energy_kwh) < 'Infinity'
        ) AS u
        WHERE e.equipment_id = equipment
    ) AS p
    GROUP BY p.equipment_id, p.site_id, p.day
    HAVING sum(p.reading_count) > 0
    ORDER BY p.day;
END;
COMMENT ON FUNCTION @extschema@._argo_ahu_days(integer, timestamptz, timestamptz) IS
    'Use and costs of an equipment on the days of [range_start, range_end), midnights of UTC that stand for days at the site. A day without a single reading of its meters has no row.';
