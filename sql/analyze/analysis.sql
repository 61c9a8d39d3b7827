-- Everything the analysis of a site finds in a period, from one pass over its readings.
--
--   meters ── spans ─────┬── hours    by meter and hour of the week of the baseline: quartiles, mean, deviation
--   (readings of baseline├── bases    by meter: base load, working load, energy
--    and period)         ├── site     by slot: the main meter, else the sum of all
--                        ├── days     by meter and day, the site beside them as meter 0
--                        └── current  the period alone: gaps, flat stretches, excess, events; usage of it by hour

CREATE FUNCTION @extschema@._argo_analysis(
    site text, period_start date, period_end date, as_of timestamptz, sections text[] DEFAULT NULL, timezone text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
-- What jsonb holds must not depend on the session: not in its digits, its zone, or the order of joined rows in a sum.
SET extra_float_digits = 1
SET timezone = 'UTC'
-- Every shape of the data is known here, and no estimate of it is right.
SET jit = off
SET enable_hashjoin = on
SET enable_nestloop = on
SET enable_mergejoin = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
SET work_mem = '32MB'
AS $$
#variable_conflict use_column
DECLARE
    epoch CONSTANT timestamptz := '1970-01-01 00:00:00+00';
    quarter CONSTANT interval := '15 minutes';
    monday CONSTANT timestamptz := '2000-01-03 00:00:00+00';
    config CONSTANT jsonb := @extschema@.argo_site_config(site);
    holidays CONSTANT date[] := ARRAY(SELECT jsonb_array_elements_text(config -> 'holidays')::date);
    weeks CONSTANT integer := config ->> 'baseline_weeks';
    tariff CONSTANT double precision := config ->> 'tariff_per_kwh';
    demand_charge CONSTANT double precision := config ->> 'demand_charge_per_kw';
    business CONSTANT jsonb := config -> 'business_hours';
    health record;
    waste record;
    anomaly record;
    spike record;
    flat_slots integer;
    flat_block interval;
    anomaly_apart interval;
    spike_apart interval;
    most_wins CONSTANT integer := config #>> '{quick_wins,max}';
    p record;
    zone text;
    baseline_days integer;
    period_days integer;
    period_weeks double precision;
    found jsonb;
BEGIN
    SELECT a.* INTO p FROM @extschema@._argo_analysis_period(site, period_start, period_end, as_of, weeks, timezone) AS a;
    SELECT h.* INTO health FROM jsonb_to_record(config -> 'sensor_health') AS h (
        gap_intervals double precision, gap_intervals_high double precision, completeness_percent double precision,
        completeness_percent_high double precision, flatline_hours integer, flatline_variance_kw2 double precision,
        flatline_variation double precision, flatline_mean_kw double precision, stale_hours double precision,
        stale_hours_high double precision);
    SELECT w.* INTO waste FROM jsonb_to_record(config -> 'after_hours') AS w (
        base_percentile double precision, significant_kwh double precision, worst_intervals integer,
        always_on_ratio double precision, always_on_ratio_max double precision, always_on_target double precision);
    SELECT a.* INTO anomaly FROM jsonb_to_record(config -> 'anomalies') AS a (
        iqr_factor double precision, join_hours double precision, min_intervals integer, min_excess_kwh double precision,
        min_baseline_values integer);
    SELECT s.* INTO spike FROM jsonb_to_record(config -> 'spikes') AS s (
        factor double precision, percentile double precision, min_kw_meter double precision, min_kw_main double precision,
        join_intervals integer, min_baseline_values integer);
    flat_slots := health.flatline_hours * 4;
    flat_block := (flat_slots + 1) / 2 * quarter;
    anomaly_apart := anomaly.join_hours * interval '1 hour';
    spike_apart := spike.join_intervals * quarter;
    zone := p.zone;
    baseline_days := weeks * 7;
    period_days := p.end_day - p.first_day;
    -- Of a period that still runs, what has passed.
    period_weeks := CASE WHEN p.seen_until = p.ends THEN period_days / 7.0::double precision
                         ELSE date_part('epoch', p.seen_until - p.starts) / 604800 END;

    WITH meters AS MATERIALIZED (
        SELECT m.meter_id, m.meter_name, row_number() OVER (ORDER BY m.meter_id)::integer AS mno,
               first.at AS first_reading, last.at AS last_reading,
               coalesce(last.at >= p.seen_until - interval '720 hours', false) AS judged, x.expected_from,
               greatest(ceil(date_part('epoch', p.seen_until - x.expected_from) / 900), 0) AS expected
        FROM @extschema@.v_meters AS m
        LEFT JOIN LATERAL (SELECT r."timestamp" AS at FROM @extschema@.v_readings_all AS r
                           WHERE r.meter_id = m.meter_id AND r."timestamp" < p.seen_until
                           ORDER BY r."timestamp" LIMIT 1) AS first ON true
        LEFT JOIN LATERAL (SELECT r."timestamp" AS at FROM @extschema@.v_readings_all AS r
                           WHERE r.meter_id = m.meter_id AND r."timestamp" < p.seen_until
                           ORDER BY r."timestamp" DESC LIMIT 1) AS last ON true
        CROSS JOIN LATERAL (SELECT greatest(p.starts, date_bin(quarter, first.at, epoch)) AS expected_from) AS x
        WHERE m.site_id = site
    ), week AS MATERIALIZED (
        SELECT d.isodow * 24 - 24 + h.hour AS how, d.is_business_day,
               -- Before, in or after business hours: 0, 1 or 2.
               (h.hour >= (business ->> 'start')::integer)::integer + (h.hour >= (business ->> 'end')::integer)::integer AS part,
               coalesce((SELECT (t.period ->> 'rate_per_kwh')::double precision
                         FROM jsonb_array_elements(nullif(config -> 'time_of_use', 'null')) WITH ORDINALITY AS t (period, place)
                         WHERE t.period -> 'weekdays' @> to_jsonb(d.isodow) AND h.hour >= (t.period ->> 'start')::integer
                           AND h.hour < (t.period ->> 'end')::integer
                         ORDER BY t.place LIMIT 1), tariff) AS rate
        FROM (SELECT i.isodow, business -> 'weekdays' @> to_jsonb(i.isodow) AS is_business_day
              FROM generate_series(1, 7) AS i (isodow)) AS d
        CROSS JOIN generate_series(0, 23) AS h (hour)
    ), slots AS MATERIALIZED (
        SELECT l.slot, l.local::date - p.baseline_day AS day, w.how, l.slot >= p.starts AS is_current,
               l.local - timezone('UTC', l.slot) AS ahead, d.is_business_day,
               CASE WHEN d.is_business_day THEN w.part ELSE 0 END AS part
        -- OFFSET: the local time of each is found once.
        FROM (SELECT s.slot, s.slot AT TIME ZONE zone AS local
              FROM generate_series(p.baseline_starts, p.seen_until - interval '1 microsecond', quarter) AS s (slot) OFFSET 0) AS l
        JOIN week AS w ON w.how = (date_part('isodow', l.local) * 24 - 24 + date_part('hour', l.local))::integer
        CROSS JOIN LATERAL (SELECT w.is_business_day AND l.local::date <> ALL (holidays) AS is_business_day) AS d
    ), spans AS MATERIALIZED (
        -- What a meter has of a day before, in, or after business hours, on one side of a change of the clock: one kind of
        -- time that needs no conversion. Its readings stay together, since rows of their own would be slow.
        SELECT m.mno, m.mno * 128 + s.day AS day_key, s.*, r.*,
               -- In seconds: an interval with days is added slowly.
               make_interval(secs => date_part('epoch', l.local - date_trunc('week', l.local) - (s.starts - monday))
                                     + m.mno * 604800) AS key_shift
        FROM (SELECT s.day, s.is_current, s.is_business_day, s.part = 1 AS is_business, s.ahead, min(s.slot) AS starts,
                     max(s.slot) + quarter AS ends, row_number() OVER (PARTITION BY s.day ORDER BY min(s.slot)) AS place
              FROM slots AS s GROUP BY s.day, s.is_current, s.is_business_day, s.part, s.ahead) AS s
        CROSS JOIN LATERAL (SELECT s.starts AT TIME ZONE zone AS local) AS l
        CROSS JOIN meters AS m
        CROSS JOIN LATERAL (
            SELECT count(*) AS readings, count(r.kw) AS powers, sum(r.kwh) AS kwh, array_agg(r.at) AS times, array_agg(r.kw) AS kws,
                   array_agg(r.kwh) AS kwhs
            FROM (SELECT r.at, r.kw, CASE WHEN r.kwh > '-Infinity' AND r.kwh < 'Infinity' THEN r.kwh ELSE r.kw * 0.25 END AS kwh
                  FROM (SELECT r."timestamp" AS at, r.energy_kwh::double precision AS kwh,
                               CASE WHEN r.power_kw > '-Infinity' AND r.power_kw < 'Infinity' THEN r.power_kw::double precision END AS kw
                        FROM @extschema@.readings AS r
                        WHERE r.channel_id = m.meter_id AND r."timestamp" >= s.starts AND r."timestamp" < least(s.ends, p.seen_until)
                        -- For sums that are the same to the last bit wherever the rows lie.
                        ORDER BY r."timestamp") AS r) AS r
        ) AS r
        WHERE r.readings > 0
        ORDER BY m.mno, s.starts
    ), current AS MATERIALIZED (
        -- hour_key is the hour of a week of the meter's own after monday.
        SELECT r.*, date_bin(quarter, r.at, epoch) AS slot, date_bin('1 hour', r.at + r.key_shift, monday) AS hour_key
        FROM (SELECT s.mno, s.day_key, s.is_business, s.key_shift, unnest(s.times) AS at, unnest(s.kws) AS kw, unnest(s.kwhs) AS kwh
              FROM spans AS s WHERE s.is_current) AS r
    ), hours AS MATERIALIZED (
        SELECT g.*, g.quartiles[1] AS q1, g.quartiles[2] AS median, g.quartiles[3] AS q3, g.quartiles[4] AS high
        FROM (SELECT r.hour_key,
                     percentile_cont(ARRAY[0.25, 0.5, 0.75, spike.percentile]) WITHIN GROUP (ORDER BY r.kw) AS quartiles,
                     avg(r.kw) AS kw, stddev_samp(r.kw) AS deviation, count(r.kw) AS count
              FROM (SELECT date_bin('1 hour', r.at + r.key_shift, monday) AS hour_key, r.kw
                    FROM (SELECT s.key_shift, unnest(s.times) AS at, unnest(s.kws) AS kw
                          FROM spans AS s WHERE NOT s.is_current) AS r) AS r
              GROUP BY r.hour_key OFFSET 0) AS g
    ), bases AS MATERIALIZED (
        SELECT e.mno, e.kwh, e.after_count, cardinality(l.after_kws) AS after_positive,
               @extschema@._argo_low_percentile(l.after_kws, waste.base_percentile) AS after_kw,
               (SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY u.kw)
                FROM (SELECT unnest(l.working_kws) AS kw) AS u) AS working_kw,
               @extschema@._argo_low_percentile(l.after_kws || l.working_kws, 0.05) AS baseline_kw,
               @extschema@._argo_low_percentile(l.current_kws, 0.05) AS current_kw
        FROM (SELECT s.mno, sum(s.kwh) AS kwh,
                     coalesce(sum(s.powers) FILTER (WHERE NOT s.is_current AND NOT s.is_business), 0)::bigint AS after_count
              FROM spans AS s GROUP BY s.mno) AS e
        LEFT JOIN (
            SELECT r.key / 3 AS mno, max(r.kws) FILTER (WHERE r.key % 3 = 0) AS after_kws,
                   max(r.kws) FILTER (WHERE r.key % 3 = 1) AS working_kws, max(r.kws) FILTER (WHERE r.key % 3 = 2) AS current_kws
            FROM (SELECT r.key, array_agg(r.kw) AS kws
                  FROM (SELECT s.mno * 3 + CASE WHEN s.is_current THEN 2 WHEN s.is_business THEN 1 ELSE 0 END AS key,
                               unnest(s.kws) AS kw
                        FROM spans AS s) AS r
                  WHERE r.kw > 0 GROUP BY r.key) AS r
            GROUP BY 1 OFFSET 0) AS l ON l.mno = e.mno
    ), main AS MATERIALIZED (
        SELECT m.mno, m.meter_id FROM meters AS m WHERE m.meter_id = (config ->> 'main_meter')::integer
        UNION ALL
        (SELECT c.mno, c.meter_id
         FROM (SELECT m.mno, m.meter_id, b.kwh, x.is_named, sum(b.kwh) OVER () AS total, count(*) OVER () AS meters,
                      count(*) FILTER (WHERE x.is_named) OVER () AS named
               FROM bases AS b
               JOIN meters AS m ON m.mno = b.mno
               CROSS JOIN LATERAL (SELECT m.meter_name ~* '\m(main|mains|incomer|incoming|total|whole)\M' AS is_named) AS x
               WHERE config ->> 'main_meter' IS NULL) AS c
         WHERE c.kwh > 0 AND c.meters > 2
           AND c.kwh >= (c.total - c.kwh) * CASE WHEN c.is_named AND c.named = 1 THEN 0.5 ELSE 0.8 END
         ORDER BY c.is_named AND c.named = 1 DESC, c.kwh DESC, c.mno LIMIT 1)
    ), site_readings AS MATERIALIZED (
        SELECT x.at, x.kw, x.kwh, s.slot, s.how, s.day, s.is_current, s.is_business_day
        FROM (SELECT r.at, date_bin(quarter, r.at, epoch) AS slot, r.kw, r.kwh
              FROM (SELECT unnest(s.times) AS at, unnest(s.kws) AS kw, unnest(s.kwhs) AS kwh
                    FROM spans AS s WHERE s.mno = (SELECT m.mno FROM main AS m)) AS r
              UNION ALL
              SELECT r.slot, r.slot, r.kw, r.kwh
              FROM (SELECT date_bin(quarter, r.at, epoch) AS slot, sum(r.kw) AS kw, sum(r.kwh) AS kwh
                    FROM (SELECT unnest(s.times) AS at, unnest(s.kws) AS kw, unnest(s.kwhs) AS kwh
                          FROM spans AS s WHERE (SELECT count(*) FROM main) = 0) AS r
                    GROUP BY 1 OFFSET 0) AS r) AS x
        JOIN slots AS s ON s.slot = x.slot
    ), days AS MATERIALIZED (
        -- The arrays are in the order of time; edges are those of a day's power.
        SELECT g.*, g.day_key / 128 AS mno, g.day_key % 128 AS day, g.day_key % 128 >= baseline_days AS is_current,
               (SELECT percentile_cont(ARRAY[0.05, 0.95]) WITHIN GROUP (ORDER BY u.kw)
                FROM (SELECT unnest(g.kws) AS kw) AS u) AS edges
        FROM (SELECT s.day_key, sum(s.readings) AS readings, sum(s.kwh) AS kwh,
                     -- A day has three parts, and one more where the clock changes.
                     max(c.kws) FILTER (WHERE s.place = 1) || max(c.kws) FILTER (WHERE s.place = 2)
                         || max(c.kws) FILTER (WHERE s.place = 3) || max(c.kws) FILTER (WHERE s.place = 4) AS kws,
                     max(c.times) FILTER (WHERE s.place = 1) || max(c.times) FILTER (WHERE s.place = 2)
                         || max(c.times) FILTER (WHERE s.place = 3) || max(c.times) FILTER (WHERE s.place = 4) AS times
              FROM spans AS s
              LEFT JOIN LATERAL (
                  SELECT array_remove(s.kws, NULL) AS kws,
                         CASE WHEN s.powers = s.readings THEN s.times
                              ELSE ARRAY(SELECT u.at FROM (SELECT unnest(s.times) AS at, unnest(s.kws) AS kw) AS u
                                         WHERE u.kw IS NOT NULL) END AS times
              ) AS c ON s.is_business_day AND s.powers > 0
              GROUP BY s.day_key
              UNION ALL
              SELECT s.day, count(*), sum(s.kwh), array_agg(s.kw) FILTER (WHERE s.is_business_day AND s.kw IS NOT NULL),
                     array_agg(s.at) FILTER (WHERE s.is_business_day AND s.kw IS NOT NULL)
              FROM (SELECT s.* FROM site_readings AS s ORDER BY s.at) AS s GROUP BY s.day OFFSET 0) AS g
        ORDER BY g.day_key
    ), shifts AS MATERIALIZED (
        SELECT d.mno, percentile_cont(0.5) WITHIN GROUP (ORDER BY d.up) FILTER (WHERE d.is_current) AS startup,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY d.down) FILTER (WHERE d.is_current) AS shutdown,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY d.up) FILTER (WHERE NOT d.is_current) AS baseline_startup,
               percentile_cont(0.5) WITHIN GROUP (ORDER BY d.down) FILTER (WHERE NOT d.is_current) AS baseline_shutdown
        FROM (SELECT d.mno, d.is_current, date_part('epoch', (d.times[c.up] AT TIME ZONE zone)::time) / 60 AS up,
                     date_part('epoch', (d.times[c.down] AT TIME ZONE zone)::time) / 60 AS down
              FROM days AS d
              CROSS JOIN LATERAL (SELECT (d.edges[1] + d.edges[2]) / 2 AS middle OFFSET 0) AS e
              CROSS JOIN LATERAL (
                  SELECT (SELECT u.i FROM (SELECT generate_series(2, cardinality(d.kws)) AS i) AS u
                          WHERE d.kws[u.i] > e.middle AND d.kws[u.i - 1] <= e.middle LIMIT 1) AS up,
                         (SELECT u.i FROM (SELECT generate_series(cardinality(d.kws), 2, -1) AS i) AS u
                          WHERE d.kws[u.i] <= e.middle AND d.kws[u.i - 1] > e.middle LIMIT 1) AS down OFFSET 0
              ) AS c
              WHERE d.kws IS NOT NULL) AS d
        GROUP BY d.mno
    ), weekly AS MATERIALIZED (
        SELECT b.mno, avg(b.kwh) AS kwh, count(*) AS weeks
        FROM (SELECT d.mno, d.day / 7 AS week, sum(d.kwh) AS kwh, sum(d.readings) AS readings
              FROM days AS d WHERE NOT d.is_current GROUP BY d.mno, d.day / 7) AS b
        JOIN (SELECT s.day / 7 AS week, count(*) AS slots FROM slots AS s WHERE NOT s.is_current GROUP BY s.day / 7) AS w
            ON w.week = b.week
        WHERE b.readings >= 0.9 * w.slots
        GROUP BY b.mno
    ), site_current AS MATERIALIZED (
        SELECT 0 AS mno, s.at, s.kw, s.kwh, w.rate
        FROM site_readings AS s JOIN week AS w ON w.how = s.how
        WHERE s.is_current
        ORDER BY s.at
    ), usage AS MATERIALIZED (
        -- By hour, which has one rate.
        SELECT u.*, w.how, w.rate
        FROM (SELECT c.mno, c.hour_key, c.is_business, count(c.kw) AS count, sum(c.kw) AS kw,
                     max(c.kw) AS peak_kw, sum(c.kwh) AS kwh,
                     sum(greatest(c.kw - b.after_kw, 0)) FILTER (WHERE c.kw IS NOT NULL AND b.after_kw IS NOT NULL) * 0.25 AS excess
              FROM current AS c JOIN bases AS b ON b.mno = c.mno
              GROUP BY c.mno, c.hour_key, c.is_business OFFSET 0) AS u
        JOIN week AS w ON w.how = (date_part('epoch', u.hour_key - monday) / 3600)::integer % 168
        ORDER BY u.hour_key, u.is_business
    ), loads AS MATERIALIZED (
        SELECT u.mno, sum(u.kwh) AS kwh, sum(u.kwh * u.rate) AS cost, sum(u.kw) / nullif(sum(u.count), 0) AS kw,
               max(u.peak_kw) AS peak_kw
        FROM usage AS u GROUP BY u.mno
        UNION ALL
        SELECT 0, sum(s.kwh), sum(s.kwh * s.rate), avg(s.kw), max(s.kw) FROM site_current AS s HAVING count(*) > 0
    ), steps AS MATERIALIZED (
        -- Of two readings of a slot the one with a power comes first.
        SELECT s.*, s.previous IS NULL OR s.slot > s.previous AS is_first
        FROM (SELECT c.mno, c.day_key, c.slot, c.kw IS NOT NULL AS has_power,
                     lag(c.slot) OVER (PARTITION BY c.mno ORDER BY c.slot, c.kw) AS previous
              FROM current AS c) AS s
    ), received_days AS MATERIALIZED (
        SELECT s.day_key, count(*) FILTER (WHERE s.is_first) AS received, max(s.slot) AS last_slot FROM steps AS s GROUP BY s.day_key
    ), received AS MATERIALIZED (
        SELECT m.*, coalesce(s.received, 0) AS received, s.last_slot,
               100 * coalesce(s.received, 0) / nullif(m.expected, 0) AS percent
        FROM meters AS m
        LEFT JOIN (SELECT d.day_key / 128 AS mno, sum(d.received)::double precision AS received, max(d.last_slot) AS last_slot
                   FROM received_days AS d GROUP BY 1) AS s ON s.mno = m.mno
    ), blocks AS MATERIALIZED (
        -- Every flat window holds one of these whole, whose squares add up to no more than those of the window.
        SELECT b.mno, b.block
        FROM (SELECT c.mno, date_bin(flat_block, c.slot, epoch) AS block,
                     count(c.kw) * var_pop(c.kw) AS squares
              FROM current AS c GROUP BY 1, 2 OFFSET 0) AS b
        WHERE b.squares <= 1.001 * flat_slots * health.flatline_variance_kw2
    ), flat AS (
        SELECT f.mno, min(f.first_slot) AS starts, max(f.slot) + quarter AS ends
        FROM (SELECT f.*, count(*) FILTER (WHERE f.is_new) OVER (PARTITION BY f.mno ORDER BY f.slot) AS stretch
              FROM (SELECT f.*, f.first_slot > lag(f.slot) OVER (PARTITION BY f.mno ORDER BY f.slot) + quarter AS is_new
                    FROM (SELECT c.mno, c.slot, lag(c.slot, flat_slots - 1) OVER w AS first_slot,
                                 avg(c.kw) OVER w AS mean, var_pop(c.kw) OVER w AS variance
                          FROM current AS c
                          JOIN (SELECT DISTINCT b.mno, b.block + d.side * flat_block AS block
                                FROM blocks AS b CROSS JOIN generate_series(-1, 1) AS d (side)) AS b
                              ON b.mno = c.mno AND b.block = date_bin(flat_block, c.slot, epoch)
                          WHERE c.kw IS NOT NULL
                          WINDOW w AS (PARTITION BY c.mno ORDER BY c.slot ROWS flat_slots - 1 PRECEDING)) AS f
                    WHERE f.first_slot = f.slot - (flat_slots - 1) * quarter AND f.mean > health.flatline_mean_kw
                      AND f.variance < health.flatline_variance_kw2
                      AND (health.flatline_variation IS NULL OR sqrt(f.variance) < health.flatline_variation * f.mean)) AS f) AS f
        GROUP BY f.mno, f.stretch
    ), issues AS (
        SELECT g.mno, 'gap' AS issue, g.slots > health.gap_intervals_high AS is_high, g.starts, g.ends, g.slots AS value,
               'intervals' AS unit, 'no reading for ' || @extschema@._argo_figure(g.slots / 4) || ' h' AS detail
        FROM (SELECT g.mno, g.starts, g.ends, ceil(date_part('epoch', g.ends - g.starts) / 900) AS slots
              FROM (SELECT m.mno, coalesce(s.previous + quarter, m.expected_from) AS starts, s.slot AS ends
                    FROM steps AS s JOIN meters AS m ON m.mno = s.mno AND m.judged
                    UNION ALL
                    SELECT r.mno, coalesce(r.last_slot + quarter, r.expected_from), p.seen_until FROM received AS r WHERE r.judged
                   ) AS g
              WHERE g.ends > g.starts) AS g
        WHERE g.slots >= health.gap_intervals
        UNION ALL
        SELECT r.mno, 'completeness', r.percent < health.completeness_percent_high, r.expected_from, p.seen_until, r.percent,
               'percent', format('%s of %s readings are there', r.received, r.expected)
        FROM received AS r WHERE r.judged AND r.percent < health.completeness_percent
        UNION ALL
        SELECT f.mno, 'flatline', f.hours >= 24, f.starts, f.ends, f.hours, 'hours',
               'power did not change for ' || @extschema@._argo_figure(f.hours) || ' h'
        FROM (SELECT f.*, date_part('epoch', f.ends - f.starts) / 3600 AS hours FROM flat AS f) AS f
        JOIN meters AS m ON m.mno = f.mno AND m.judged
        UNION ALL
        SELECT s.mno, 'stale', s.hours > health.stale_hours_high, s.starts, p.seen_until, s.hours, 'hours',
               'the last reading is of ' || @extschema@._argo_local_time(s.starts - quarter, zone)
        FROM (SELECT m.mno, m.last_reading + quarter AS starts,
                     date_part('epoch', p.seen_until - m.last_reading - quarter) / 3600 AS hours
              FROM meters AS m WHERE m.judged) AS s
        WHERE s.hours > health.stale_hours
    ), sensors AS MATERIALIZED (
        SELECT m.meter_id, m.meter_name, i.issue, CASE WHEN i.is_high THEN 'high' ELSE 'medium' END AS severity,
               i.starts AS start_time, i.ends AS end_time, i.value, i.unit, i.detail
        FROM issues AS i JOIN meters AS m ON m.mno = i.mno
    ), after AS MATERIALIZED (
        SELECT g.*, g.excess >= waste.significant_kwh IS TRUE AS is_significant
        FROM (SELECT u.mno, sum(u.kwh) FILTER (WHERE NOT u.is_business) AS kwh, sum(u.kwh) AS total,
                     sum(u.excess) FILTER (WHERE NOT u.is_business) AS excess,
                     sum(u.excess * u.rate) FILTER (WHERE NOT u.is_business) AS cost,
                     sum(u.count * u.rate) FILTER (WHERE NOT u.is_business) * 0.25 AS hours_cost,
                     coalesce(sum(u.count) FILTER (WHERE NOT u.is_business), 0)::bigint AS intervals
              FROM usage AS u GROUP BY u.mno OFFSET 0) AS g
    ), worst AS (
        SELECT w.mno, jsonb_agg(jsonb_build_object('at', w.at, 'powerKw', w.kw, 'excessKwh', w.excess)
                                ORDER BY w.excess DESC, w.at) AS list
        FROM (SELECT c.mno, c.at, c.kw, (c.kw - b.after_kw) * 0.25 AS excess,
                     row_number() OVER (PARTITION BY c.mno ORDER BY c.kw DESC, c.at) AS place
              FROM current AS c JOIN bases AS b ON b.mno = c.mno
              WHERE NOT c.is_business AND c.kw > b.after_kw) AS w
        WHERE w.place <= waste.worst_intervals
        GROUP BY w.mno
    ), odd AS MATERIALIZED (
        SELECT o.*, w.rate
        FROM (SELECT c.mno, c.at, c.kw, c.is_business, c.hour_key, h.median, h.high, h.kw AS base_kw, h.deviation,
                     x.is_anomalous, x.is_spike, x.threshold
              FROM current AS c
              JOIN hours AS h ON h.hour_key = c.hour_key
              CROSS JOIN LATERAL (
                  SELECT h.count >= anomaly.min_baseline_values AND c.kw > h.q3 + anomaly.iqr_factor * (h.q3 - h.q1) AS is_anomalous,
                         h.count >= spike.min_baseline_values AND c.kw > t.threshold AS is_spike, t.threshold
                  FROM (SELECT greatest(spike.factor * h.high, CASE WHEN c.mno = (SELECT m.mno FROM main AS m) THEN spike.min_kw_main
                                                                    ELSE spike.min_kw_meter END) AS threshold) AS t
              ) AS x
              WHERE x.is_anomalous OR x.is_spike OFFSET 0) AS o
        JOIN week AS w ON w.how = (date_part('epoch', o.hour_key - monday) / 3600)::integer % 168
    ), anomaly_intervals AS MATERIALIZED (
        SELECT o.*, count(*) FILTER (WHERE o.is_new) OVER (PARTITION BY o.mno ORDER BY o.at) AS event
        FROM (SELECT o.*, o.at - lag(o.at) OVER (PARTITION BY o.mno ORDER BY o.at) - quarter >= anomaly_apart AS is_new
              FROM odd AS o WHERE o.is_anomalous) AS o
    ), spike_intervals AS MATERIALIZED (
        SELECT o.*, count(*) FILTER (WHERE o.is_new) OVER (PARTITION BY o.mno ORDER BY o.at) AS event
        FROM (SELECT o.*, o.at - lag(o.at) OVER (PARTITION BY o.mno ORDER BY o.at) > spike_apart AS is_new
              FROM odd AS o WHERE o.is_spike) AS o
    ), anomaly_events AS MATERIALIZED (
        SELECT g.*, (g.peak_kw - t.base_kw) / nullif(t.deviation, 0) AS z_score
        FROM (SELECT i.mno, i.event, min(i.at) AS starts, max(i.at) + quarter AS ends, count(*) AS intervals,
                     max(i.kw) AS peak_kw, (array_agg(i.at ORDER BY i.kw DESC, i.at))[1] AS peak_at, sum(i.median) * 0.25 AS expected,
                     sum(i.kw - i.median) * 0.25 AS excess, sum((i.kw - i.median) * i.rate) * 0.25 AS cost,
                     count(*) FILTER (WHERE i.is_business) * 2 >= count(*) AS is_business
              FROM anomaly_intervals AS i
              GROUP BY i.mno, i.event
              HAVING count(*) >= anomaly.min_intervals AND sum(i.kw - i.median) * 0.25 >= anomaly.min_excess_kwh) AS g
        JOIN anomaly_intervals AS t ON t.mno = g.mno AND t.at = g.peak_at
    ), spike_events AS MATERIALIZED (
        SELECT g.*, t.threshold
        FROM (SELECT i.mno, i.event, min(i.at) AS starts, max(i.at) + quarter AS ends, count(*) AS intervals,
                     max(i.kw) AS peak_kw, (array_agg(i.at ORDER BY i.kw DESC, i.at))[1] AS peak_at,
                     sum(i.kw - i.high) * 0.25 AS excess, sum((i.kw - i.high) * i.rate) * 0.25 AS cost,
                     count(*) FILTER (WHERE i.is_business) * 2 >= count(*) AS is_business
              FROM spike_intervals AS i GROUP BY i.mno, i.event) AS g
        JOIN spike_intervals AS t ON t.mno = g.mno AND t.at = g.peak_at
    ), profile AS (
        SELECT m.meter_id, g.hour, g.avg_kw, g.baseline_avg_kw, g.intervals
        FROM (SELECT h.mno, h.hour, sum(h.kw) / nullif(sum(h.count), 0) AS avg_kw,
                     sum(h.base_kw) / nullif(sum(h.base_count), 0) AS baseline_avg_kw, coalesce(sum(h.count), 0)::bigint AS intervals
              FROM (SELECT u.mno, u.how % 24 AS hour, u.kw, u.count, NULL::double precision AS base_kw, NULL::bigint AS base_count
                    FROM usage AS u
                    UNION ALL
                    SELECT k.key / 168, k.key % 24, NULL, NULL, h.kw * h.count, h.count
                    FROM hours AS h
                    CROSS JOIN LATERAL (SELECT (date_part('epoch', h.hour_key - monday) / 3600)::integer AS key) AS k) AS h
              GROUP BY h.mno, h.hour) AS g
        JOIN meters AS m ON m.mno = g.mno
        WHERE g.avg_kw IS NOT NULL OR g.baseline_avg_kw IS NOT NULL
    ), site_bases AS (
        SELECT 0 AS mno,
               percentile_cont(0.05) WITHIN GROUP (ORDER BY s.kw) FILTER (WHERE s.kw > 0 AND NOT s.is_current) AS baseline_kw,
               percentile_cont(0.05) WITHIN GROUP (ORDER BY s.kw) FILTER (WHERE s.kw > 0 AND s.is_current) AS current_kw
        FROM site_readings AS s
    ), peaks AS (
        SELECT c.mno, min(c.at) AS at
        FROM (SELECT c.mno, c.at, c.kw FROM current AS c
              UNION ALL SELECT s.mno, s.at, s.kw FROM site_current AS s) AS c
        JOIN loads AS l ON l.mno = c.mno AND l.peak_kw = c.kw
        GROUP BY c.mno
    ), load AS (
        SELECT m.meter_id, m.meter_name, l.kwh AS energy_kwh, l.cost, w.kwh * period_weeks AS baseline_energy_kwh,
               100 * (l.kwh - w.kwh * period_weeks) / nullif(w.kwh * period_weeks, 0) AS change_percent,
               l.kw AS avg_kw, l.peak_kw, k.at AS peak_at, CASE WHEN l.peak_kw > 0 THEN l.kw / l.peak_kw END AS load_factor,
               b.current_kw AS base_load_kw, b.baseline_kw AS baseline_base_load_kw,
               b.current_kw - b.baseline_kw AS base_load_drift_kw,
               time '00:00' + s.startup * interval '1 minute' AS startup_time,
               time '00:00' + s.shutdown * interval '1 minute' AS shutdown_time,
               s.startup - s.baseline_startup AS startup_drift_minutes,
               s.shutdown - s.baseline_shutdown AS shutdown_drift_minutes,
               CASE WHEN d.mno = 0 THEN l.peak_kw * demand_charge END AS demand_cost
        FROM (SELECT DISTINCT d.mno FROM days AS d) AS d
        LEFT JOIN meters AS m ON m.mno = d.mno
        LEFT JOIN loads AS l ON l.mno = d.mno
        LEFT JOIN weekly AS w ON w.mno = d.mno
        LEFT JOIN peaks AS k ON k.mno = d.mno
        LEFT JOIN (SELECT b.mno, b.current_kw, b.baseline_kw FROM bases AS b
                   UNION ALL SELECT b.mno, b.current_kw, b.baseline_kw FROM site_bases AS b) AS b ON b.mno = d.mno
        LEFT JOIN shifts AS s ON s.mno = d.mno
    ), wins AS (
        -- Never more a week than was seen in the period.
        SELECT w.mno, w.kind, w.kwh / greatest(period_weeks, 1) AS kwh, w.cost / greatest(period_weeks, 1) AS cost,
               w.title, w.action, w.basis
        FROM (SELECT a.mno, 'after hours' AS kind, a.excess AS kwh, a.cost, 'switches off too late or not at all' AS title,
                     'Check its time switch and controls outside business hours' AS action,
                     format('above its base load of %s kW in %s quarter-hours outside business hours',
                            @extschema@._argo_report_figure(b.after_kw), a.intervals) AS basis
              FROM after AS a JOIN bases AS b ON b.mno = a.mno
              WHERE a.is_significant
              UNION ALL
              SELECT a.mno, 'base load', (b.after_kw - waste.always_on_target * b.working_kw) * 0.25 * a.intervals,
                     (b.after_kw - waste.always_on_target * b.working_kw) * a.hours_cost, 'never goes off',
                     'Find out what runs day and night, and switch off what need not',
                     format('%s kW outside business hours, %s kW within; %s %% of that would be usual',
                            @extschema@._argo_report_figure(b.after_kw), @extschema@._argo_report_figure(b.working_kw),
                            @extschema@._argo_figure(100 * waste.always_on_target))
              FROM after AS a JOIN bases AS b ON b.mno = a.mno
              WHERE b.after_positive >= 0.9 * b.after_count AND b.after_kw >= waste.always_on_ratio * b.working_kw
                AND b.after_kw <= waste.always_on_ratio_max * b.working_kw
              UNION ALL
              SELECT i.mno, 'anomaly', sum(i.kw - i.median) * 0.25, sum((i.kw - i.median) * i.rate) * 0.25,
                     'used far more than usual', 'Find out what ran at these times, and whether it will again',
                     format('above the median of the same hour of the week in %s',
                            @extschema@._argo_counted(count(DISTINCT i.event), 'event'))
              FROM anomaly_intervals AS i
              JOIN anomaly_events AS e ON e.mno = i.mno AND e.event = i.event
              WHERE NOT (NOT i.is_business AND i.mno IN (SELECT a.mno FROM after AS a WHERE a.is_significant))
              GROUP BY i.mno
              UNION ALL
              SELECT i.mno, 'spike', sum(i.kw - i.high) * 0.25, sum((i.kw - i.high) * i.rate) * 0.25,
                     'has peaks far above the usual', 'Start large loads one after the other, and look for faults',
                     format('above the usual peak of the same hour of the week in %s',
                            @extschema@._argo_counted(count(DISTINCT i.event), 'event'))
              FROM spike_intervals AS i
              WHERE NOT (NOT i.is_business AND i.mno IN (SELECT a.mno FROM after AS a WHERE a.is_significant))
                AND NOT EXISTS (SELECT FROM anomaly_intervals AS o JOIN anomaly_events AS e ON e.mno = o.mno AND e.event = o.event
                                WHERE o.mno = i.mno AND o.at = i.at)
              GROUP BY i.mno) AS w
        -- What the main meter measures its sub-meters measure again.
        WHERE w.kwh > 0 AND NOT ((SELECT count(*) FROM bases) > 1 AND w.mno IN (SELECT m.mno FROM main AS m))
    ), ranked AS (
        SELECT row_number() OVER (ORDER BY q.cost DESC NULLS LAST, q.is_high DESC, q.mno, q.kind)::integer AS rank, q.kind,
               m.meter_id, m.meter_name, m.meter_name || ' ' || q.title AS title, q.action,
               q.kwh AS weekly_kwh, q.cost AS weekly_cost,
               CASE WHEN q.kind IN ('after hours', 'base load') AND w.weeks >= 4 THEN q.cost * 52 END AS yearly_cost,
               CASE WHEN q.kind = 'sensor' OR (w.weeks >= 4 AND m.percent >= 90) THEN 'high'
                    WHEN w.weeks >= 2 THEN 'medium' ELSE 'low' END AS confidence,
               q.basis || CASE WHEN q.kind = 'sensor' THEN ''
                               ELSE '; compared with ' || @extschema@._argo_counted(coalesce(w.weeks, 0), 'whole week') END AS basis
        FROM (SELECT w.mno, w.kind, w.kwh, w.cost, w.title, w.action, w.basis, false AS is_high FROM wins AS w
              UNION ALL
              SELECT m.mno, 'sensor', NULL, NULL, 'cannot be relied on', 'Check the meter and its connection',
                     string_agg(DISTINCT s.issue, ', ' ORDER BY s.issue), bool_or(s.severity = 'high')
              FROM sensors AS s JOIN meters AS m ON m.meter_id = s.meter_id GROUP BY m.mno) AS q
        JOIN received AS m ON m.mno = q.mno
        LEFT JOIN weekly AS w ON w.mno = q.mno
    ), watched AS (
        -- The meters that the site's power is of.
        SELECT m.mno, m.expected_from FROM meters AS m
        WHERE m.judged AND ((SELECT count(*) FROM main) = 0 OR m.mno IN (SELECT n.mno FROM main AS n))
    ), site_hours AS (
        SELECT h.t, h.kw, h.received, b.baseline_kw, h.expected
        FROM (SELECT min(s.slot) AS t, min(s.how) AS how, sum(r.kw) / sum(r.count) AS kw, coalesce(sum(n.received), 0) AS received,
                     sum((SELECT count(*) FROM watched AS w WHERE w.expected_from <= s.slot)) AS expected
              FROM slots AS s
              LEFT JOIN (SELECT r.slot, sum(r.kw) AS kw, count(*) AS count
                         FROM site_readings AS r WHERE r.is_current AND r.kw IS NOT NULL GROUP BY r.slot) AS r
                  ON r.slot = s.slot
              LEFT JOIN (SELECT n.slot, count(*) AS received FROM steps AS n
                         WHERE n.is_first AND n.has_power AND n.mno = coalesce((SELECT m.mno FROM main AS m), n.mno)
                         GROUP BY n.slot) AS n ON n.slot = s.slot
              WHERE s.is_current
              -- An hour that comes twice is two.
              GROUP BY date_trunc('hour', s.slot + s.ahead), s.ahead) AS h
        LEFT JOIN (SELECT r.how, avg(r.kw) AS baseline_kw FROM site_readings AS r WHERE NOT r.is_current GROUP BY r.how) AS b
            ON b.how = h.how
    ), site_days AS (
        SELECT p.baseline_day + s.day AS date, d.kwh, x.expected, x.received
        FROM (SELECT s.day, min(s.slot) AS starts, count(*) AS slots FROM slots AS s WHERE s.is_current GROUP BY s.day) AS s
        LEFT JOIN days AS d ON d.day_key = s.day
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(greatest(
                       s.slots - ceil(greatest(date_part('epoch', m.expected_from - s.starts), 0) / 900), 0)), 0) AS expected,
                   coalesce(sum(n.received), 0) AS received
            FROM watched AS m
            LEFT JOIN received_days AS n ON n.day_key = m.mno * 128 + s.day
        ) AS x
    )
    SELECT jsonb_build_object(
        'scope', (SELECT jsonb_build_object(
                'site_id', s.site_id, 'site_name', s.site_name, 'address', s.address, 'city', s.city, 'postcode', s.postcode,
                'country', s.country, 'timezone', zone, 'period_start', p.first_day, 'period_end', p.end_day, 'starts', p.starts,
                'ends', p.ends, 'effective_end', p.seen_until, 'baseline_start', p.baseline_day, 'baseline_end', p.first_day,
                'baseline_weeks', weeks, 'main_meter', (SELECT m.meter_id FROM main AS m), 'config', config)
            FROM @extschema@.v_sites AS s WHERE s.site_id = site),
        'meters', CASE WHEN sections IS NULL OR 'meters' = ANY (sections) THEN (
            SELECT jsonb_agg(jsonb_build_object(
                'meter_id', r.meter_id, 'meter_name', r.meter_name, 'expected', CASE WHEN r.judged THEN r.expected ELSE 0 END,
                'received', r.received, 'completeness_percent', CASE WHEN r.judged THEN r.percent END,
                'first_reading', r.first_reading, 'last_reading', r.last_reading, 'judged', r.judged) ORDER BY r.meter_id)
            FROM received AS r) END,
        'sensor_health', CASE WHEN sections IS NULL OR 'sensor_health' = ANY (sections) THEN (
            SELECT jsonb_agg(to_jsonb(s) ORDER BY s.severity, s.meter_id, s.start_time, s.issue) FROM sensors AS s) END,
        'after_hours', CASE WHEN sections IS NULL OR 'after_hours' = ANY (sections) THEN (
            SELECT jsonb_agg(jsonb_build_object(
                'meter_id', m.meter_id, 'meter_name', m.meter_name, 'base_load_kw', b.after_kw, 'after_hours_kwh', a.kwh,
                'excess_kwh', a.excess, 'share', a.kwh / nullif(a.total, 0), 'cost', a.cost, 'is_significant', a.is_significant,
                'after_hours_intervals', a.intervals, 'baseline_intervals', b.after_count, 'worst', coalesce(w.list, '[]'))
                ORDER BY a.excess DESC NULLS LAST, a.mno)
            FROM after AS a
            JOIN meters AS m ON m.mno = a.mno
            JOIN bases AS b ON b.mno = a.mno
            LEFT JOIN worst AS w ON w.mno = a.mno) END,
        'hour_profile', CASE WHEN sections IS NULL OR 'hour_profile' = ANY (sections) THEN (
            SELECT jsonb_agg(to_jsonb(f) ORDER BY f.meter_id, f.hour) FROM profile AS f) END,
        'anomalies', CASE WHEN sections IS NULL OR 'anomalies' = ANY (sections) THEN (
            SELECT jsonb_agg(jsonb_build_object(
                'meter_id', m.meter_id, 'meter_name', m.meter_name, 'start_time', e.starts, 'end_time', e.ends,
                'intervals', e.intervals, 'peak_kw', e.peak_kw, 'peak_at', e.peak_at, 'expected_kwh', e.expected,
                'excess_kwh', e.excess, 'is_business', e.is_business, 'z_score', e.z_score, 'cost', e.cost)
                ORDER BY e.starts, e.mno)
            FROM anomaly_events AS e JOIN meters AS m ON m.mno = e.mno) END,
        'spikes', CASE WHEN sections IS NULL OR 'spikes' = ANY (sections) THEN (
            SELECT jsonb_agg(jsonb_build_object(
                'meter_id', m.meter_id, 'meter_name', m.meter_name, 'start_time', e.starts, 'end_time', e.ends,
                'intervals', e.intervals, 'peak_kw', e.peak_kw, 'peak_at', e.peak_at, 'threshold_kw', e.threshold,
                'excess_kwh', e.excess, 'is_main', e.mno IN (SELECT n.mno FROM main AS n), 'is_business', e.is_business,
                'cost', e.cost) ORDER BY e.excess DESC, e.starts, e.mno)
            FROM spike_events AS e JOIN meters AS m ON m.mno = e.mno) END,
        'load_summary', CASE WHEN sections IS NULL OR 'load_summary' = ANY (sections) THEN (
            SELECT jsonb_agg(to_jsonb(l) ORDER BY l.meter_id NULLS FIRST) FROM load AS l) END,
        'quick_wins', CASE WHEN sections IS NULL OR 'quick_wins' = ANY (sections) THEN (
            SELECT jsonb_agg(to_jsonb(r) ORDER BY r.rank) FROM ranked AS r WHERE r.rank <= most_wins) END,
        'load_profile', CASE WHEN sections IS NULL OR 'load_profile' = ANY (sections) THEN (
            SELECT jsonb_agg(jsonb_build_object('t', h.t, 'kw', h.kw, 'baseline_kw', h.baseline_kw, 'expected', h.expected,
                                                'received', h.received) ORDER BY h.t)
            FROM site_hours AS h) END,
        'daily_use', CASE WHEN sections IS NULL OR 'daily_use' = ANY (sections) THEN (
            SELECT jsonb_agg(to_jsonb(d) ORDER BY d.date) FROM site_days AS d) END)
    INTO found;
    -- A section without rows is an empty list.
    RETURN (SELECT jsonb_object_agg(f.key, CASE WHEN jsonb_typeof(f.value) = 'null' THEN '[]' ELSE f.value END) FROM jsonb_each(found) AS f);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_analysis(text, date, date, timestamptz, text[], text) IS
    'Every finding about a site in a period, from one pass over its readings: scope, the rows of argo_sensor_health, argo_after_hours, argo_hour_profile, argo_anomalies, argo_spikes, argo_load_summary and argo_quick_wins under their columns'' names, and for charts meters, load_profile (mean power of the main meter, else of the sum of all, by hour; baseline_kw: mean of that hour of the week) and daily_use. sections: only these are computed; NULL: all. timezone: another zone than the site''s. Times are in UTC. Raises 22023.';
