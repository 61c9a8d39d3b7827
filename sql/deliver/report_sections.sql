-- The sections of a report, from what _argo_analysis() found: each list in its order and cut to its length.

CREATE FUNCTION @extschema@._argo_report_sensors(analysis jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH issues AS (
        SELECT i.*, row_number() OVER (ORDER BY i.severity = 'high' DESC, i.start_time, i.meter_id, i.issue) AS place
        FROM jsonb_to_recordset($1 -> 'sensor_health') AS i (meter_id integer, meter_name text, issue text, severity text,
            start_time timestamptz, end_time timestamptz, value jsonb, unit text, detail text)
    )
    SELECT jsonb_build_object(
        'summary', jsonb_build_object(
            'issues', count(*), 'high', count(*) FILTER (WHERE i.severity = 'high'),
            'metersAffected', count(DISTINCT i.meter_id), 'completenessPercent', $1 -> 'completeness'),
        'issues', coalesce(jsonb_agg(jsonb_build_object(
            'meterId', i.meter_id, 'meterName', i.meter_name, 'issue', i.issue, 'severity', i.severity,
            'start', @extschema@._argo_report_time(i.start_time, $1 #>> '{scope,timezone}'),
            'end', @extschema@._argo_report_time(i.end_time, $1 #>> '{scope,timezone}'),
            'value', i.value, 'unit', i.unit, 'detail', @extschema@._argo_report_prose(i.detail, $1)) ORDER BY i.place)
            FILTER (WHERE i.place <= 100), '[]'),
        'omitted', greatest(count(*) - 100, 0))
    FROM issues AS i
$$;

COMMENT ON FUNCTION @extschema@._argo_report_sensors(jsonb) IS 'sections.sensorHealth of a report: at most 100 issues, the high ones first.';

CREATE FUNCTION @extschema@._argo_report_after_hours(analysis jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH meters AS (
        SELECT a.*, row_number() OVER (ORDER BY a.excess_kwh DESC NULLS LAST, a.meter_id) AS place,
               -- What the main meter saw is what the others saw too.
               coalesce(a.meter_id = ($1 #>> '{scope,main_meter}')::integer, true) AS counts
        FROM jsonb_to_recordset($1 -> 'after_hours') AS a (meter_id integer, meter_name text, base_load_kw jsonb,
            after_hours_kwh double precision, excess_kwh double precision, share double precision, cost double precision,
            is_significant boolean, after_hours_intervals integer, baseline_intervals integer, worst jsonb)
    ), site AS (
        SELECT sum(m.after_hours_kwh ORDER BY m.place) FILTER (WHERE m.counts) AS after_hours_kwh,
               sum(m.excess_kwh ORDER BY m.place) FILTER (WHERE m.counts) AS excess_kwh,
               sum(m.cost ORDER BY m.place) FILTER (WHERE m.counts) AS cost,
               count(*) FILTER (WHERE m.is_significant) AS significant_meters,
               count(*) FILTER (WHERE m.base_load_kw IS NULL) AS meters_without_baseline,
               greatest(count(*) - 250, 0) AS omitted,
               (SELECT l.energy_kwh
                FROM jsonb_to_recordset($1 -> 'load_summary') AS l (meter_id integer, energy_kwh double precision)
                WHERE l.meter_id IS NULL) AS energy_kwh
        FROM meters AS m
    )
    SELECT jsonb_build_object(
        'summary', jsonb_build_object(
            'afterHoursKwh', s.after_hours_kwh, 'excessKwh', s.excess_kwh, 'cost', s.cost,
            'sharePercent', 100 * s.after_hours_kwh / nullif(s.energy_kwh, 0),
            'significantMeters', s.significant_meters, 'metersWithoutBaseline', s.meters_without_baseline,
            'completenessPercent', $1 -> 'completeness'),
        'topMeters', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'meterId', m.meter_id, 'meterName', m.meter_name, 'baseLoadKw', m.base_load_kw, 'afterHoursKwh', m.after_hours_kwh,
                'excessKwh', m.excess_kwh, 'sharePercent', 100 * m.share, 'cost', m.cost,
                'isSignificant', coalesce(m.is_significant, false), 'afterHoursIntervals', m.after_hours_intervals,
                'baselineIntervals', m.baseline_intervals,
                'completenessPercent', $1 #> ARRAY['completeness_of', m.meter_id::text],
                'worst', coalesce((
                    SELECT jsonb_agg(jsonb_build_object(
                        'at', @extschema@._argo_report_time((w ->> 'at')::timestamptz, $1 #>> '{scope,timezone}'),
                        'powerKw', w -> 'powerKw', 'excessKwh', w -> 'excessKwh') ORDER BY w_place)
                    FROM jsonb_array_elements(m.worst) WITH ORDINALITY AS worst (w, w_place)), '[]')) ORDER BY m.place)
            FROM meters AS m WHERE m.place <= 250), '[]'),
        'omitted', s.omitted)
    FROM site AS s
$$;

COMMENT ON FUNCTION @extschema@._argo_report_after_hours(jsonb) IS
    'sections.afterHoursWaste of a report: at most 250 meters, most excess first; the site''s figures are those of its main meter, else sums.';

CREATE FUNCTION @extschema@._argo_report_events(analysis jsonb, kind text)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH events AS (
        SELECT e.*, row_number() OVER (ORDER BY e.excess_kwh DESC, e.start_time, e.meter_id) AS place,
               (e.meter_id = ($1 #>> '{scope,main_meter}')::integer) IS TRUE AS of_main
        FROM jsonb_to_recordset($1 -> $2) AS e (meter_id integer, meter_name text, start_time timestamptz, end_time timestamptz,
            intervals integer, peak_kw double precision, peak_at timestamptz, expected_kwh jsonb, threshold_kw jsonb,
            excess_kwh double precision, is_main boolean, is_business boolean, z_score jsonb, cost double precision)
    ), site AS (
        SELECT count(*) AS events, count(*) FILTER (WHERE e.is_business) AS business_events,
               count(DISTINCT e.meter_id) AS meters_affected,
               greatest(sum(e.excess_kwh ORDER BY e.place) FILTER (WHERE e.of_main),
                        sum(e.excess_kwh ORDER BY e.place) FILTER (WHERE NOT e.of_main), 0) AS excess_kwh,
               greatest(sum(e.cost ORDER BY e.place) FILTER (WHERE e.of_main),
                        sum(e.cost ORDER BY e.place) FILTER (WHERE NOT e.of_main), 0) AS cost
        FROM events AS e
    ), meters AS (
        SELECT m.*, row_number() OVER (ORDER BY m.excess_kwh DESC, m.meter_id) AS place
        FROM (SELECT e.meter_id, min(e.meter_name) AS meter_name, count(*) AS events, max(e.peak_kw) AS peak_kw,
                     sum(e.excess_kwh ORDER BY e.place) AS excess_kwh, sum(e.cost ORDER BY e.place) AS cost
              FROM events AS e GROUP BY e.meter_id) AS m
    )
    SELECT jsonb_build_object(
        'summary', jsonb_build_object(
            'events', s.events, 'businessEvents', s.business_events, 'metersAffected', s.meters_affected,
            'excessKwh', s.excess_kwh, 'cost', s.cost, 'completenessPercent', $1 -> 'completeness'),
        CASE $2 WHEN 'spikes' THEN 'topSpikes' ELSE 'timeline' END, coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                    'meterId', e.meter_id, 'meterName', e.meter_name,
                    'start', @extschema@._argo_report_time(e.start_time, $1 #>> '{scope,timezone}'),
                    'end', @extschema@._argo_report_time(e.end_time, $1 #>> '{scope,timezone}'),
                    'intervals', e.intervals, 'peakKw', e.peak_kw,
                    'peakAt', @extschema@._argo_report_time(e.peak_at, $1 #>> '{scope,timezone}'),
                    'excessKwh', e.excess_kwh, 'isBusiness', e.is_business, 'cost', e.cost)
                || CASE $2 WHEN 'spikes' THEN jsonb_build_object('thresholdKw', e.threshold_kw, 'isMain', e.is_main)
                           ELSE jsonb_build_object('expectedKwh', e.expected_kwh, 'zScore', e.z_score) END
                ORDER BY CASE WHEN $2 <> 'spikes' THEN e.start_time END, e.place)
            FROM events AS e WHERE e.place <= 50), '[]'),
        'byChannel', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'meterId', m.meter_id, 'meterName', m.meter_name, 'events', m.events, 'excessKwh', m.excess_kwh, 'cost', m.cost,
                'peakKw', m.peak_kw, 'completenessPercent', $1 #> ARRAY['completeness_of', m.meter_id::text]) ORDER BY m.place)
            FROM meters AS m WHERE m.place <= 250), '[]'),
        'omitted', greatest(s.events - 50, 0))
    FROM site AS s
$$;

COMMENT ON FUNCTION @extschema@._argo_report_events(jsonb, text) IS
    'sections.anomalies or sections.spikes of a report: at most the 50 events with the most excess, anomalies by time. No energy counts twice: of the main meter''s sum and that of the others it is the larger.';

CREATE FUNCTION @extschema@._argo_report_load(analysis jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH figures AS (
        SELECT l.meter_id, row_number() OVER (ORDER BY l.meter_id IS NOT NULL, l.energy_kwh DESC NULLS LAST, l.meter_id) AS place,
               jsonb_build_object(
                   'meterId', l.meter_id, 'meterName', CASE WHEN l.meter_id IS NOT NULL THEN l.meter_name END,
                   'energyKwh', l.energy_kwh, 'cost', l.cost,
                   'baselineEnergyKwh', l.baseline_energy_kwh, 'changePercent', l.change_percent, 'avgKw', l.avg_kw,
                   'peakKw', l.peak_kw, 'peakAt', @extschema@._argo_report_time(l.peak_at, $1 #>> '{scope,timezone}'),
                   'loadFactor', l.load_factor, 'baseLoadKw', l.base_load_kw, 'baselineBaseLoadKw', l.baseline_base_load_kw,
                   'baseLoadDriftKw', l.base_load_drift_kw, 'startupTime', left(l.startup_time, 5),
                   'shutdownTime', left(l.shutdown_time, 5), 'startupDriftMinutes', l.startup_drift_minutes,
                   'shutdownDriftMinutes', l.shutdown_drift_minutes, 'demandCost', l.demand_cost,
                   'completenessPercent', CASE WHEN l.meter_id IS NULL THEN $1 -> 'completeness'
                                               ELSE $1 #> ARRAY['completeness_of', l.meter_id::text] END) AS row
        FROM jsonb_to_recordset($1 -> 'load_summary') AS l (meter_id integer, meter_name text, energy_kwh double precision,
            cost jsonb, baseline_energy_kwh jsonb, change_percent jsonb, avg_kw jsonb, peak_kw jsonb, peak_at timestamptz,
            load_factor jsonb, base_load_kw jsonb, baseline_base_load_kw jsonb, base_load_drift_kw jsonb, startup_time text,
            shutdown_time text, startup_drift_minutes jsonb, shutdown_drift_minutes jsonb, demand_cost jsonb)
    )
    SELECT jsonb_build_object(
        'site', (SELECT f.row FROM figures AS f WHERE f.meter_id IS NULL),
        'meters', coalesce(jsonb_agg(f.row ORDER BY f.place)
                           FILTER (WHERE f.meter_id IS NOT NULL AND f.place <= 251), '[]'),
        'omitted', greatest(count(f.meter_id) - 250, 0))
    FROM figures AS f
$$;

COMMENT ON FUNCTION @extschema@._argo_report_load(jsonb) IS 'sections.load of a report: the site, and at most 250 meters, most energy first.';

CREATE FUNCTION @extschema@._argo_report_quick_wins(analysis jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object(
        'rank', q.rank, 'kind', q.kind, 'meterId', q.meter_id, 'meterName', q.meter_name, 'title', q.title, 'action', q.action,
        'weeklyKwh', q.weekly_kwh, 'weeklyCost', q.weekly_cost, 'yearlyCost', q.yearly_cost, 'confidence', q.confidence,
        'basis', q.basis) ORDER BY q.rank), '[]')
    FROM jsonb_to_recordset($1 -> 'quick_wins') AS q (rank integer, kind text, meter_id integer, meter_name text, title text,
        action text, weekly_kwh jsonb, weekly_cost jsonb, yearly_cost jsonb, confidence text, basis text)
$$;

COMMENT ON FUNCTION @extschema@._argo_report_quick_wins(jsonb) IS 'sections.quickWins of a report.';
