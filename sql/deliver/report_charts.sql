-- The series behind the charts of a report.

CREATE FUNCTION @extschema@._argo_report_charts(analysis jsonb, config jsonb, after_hours jsonb, anomalies jsonb, spikes jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH hours AS (
        SELECT h.t AS starts, h.kw, h.baseline_kw, @extschema@._argo_percent(h.received, h.expected) AS completeness,
               @extschema@._argo_report_time(h.t, $1 #>> '{scope,timezone}') AS t
        FROM jsonb_to_recordset($1 -> 'load_profile') AS h (t timestamptz, kw jsonb, baseline_kw jsonb,
            expected double precision, received double precision)
    ), days AS (
        SELECT d.date AS day, d.kwh, @extschema@._argo_percent(d.received, d.expected) AS completeness,
               extract(isodow FROM d.date)::integer AS weekday,
               $2 #> '{business_hours,weekdays}' @> to_jsonb(extract(isodow FROM d.date)::integer)
               AND NOT $2 -> 'holidays' @> to_jsonb(d.date::text) AS is_business_day
        FROM jsonb_to_recordset($1 -> 'daily_use') AS d (date date, kwh jsonb, expected double precision,
            received double precision)
    ), rows AS (
        SELECT left(h.t, 10)::date AS day, jsonb_agg(jsonb_build_object(
                   't', h.t, 'kw', h.kw, 'completenessPercent', h.completeness) ORDER BY h.starts) AS hours
        FROM hours AS h GROUP BY 1
    )
    SELECT jsonb_build_object(
        'loadProfile', jsonb_build_object('unit', 'kW', 'points', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                't', h.t, 'kw', h.kw, 'baselineKw', h.baseline_kw, 'completenessPercent', h.completeness) ORDER BY h.starts)
            FROM hours AS h), '[]')),
        'heatMap', jsonb_build_object('unit', 'kW', 'rows', coalesce((
            SELECT jsonb_agg(jsonb_build_object('date', d.day, 'weekday', d.weekday, 'isBusinessDay', d.is_business_day,
                                                'hours', coalesce(r.hours, '[]')) ORDER BY d.day)
            FROM days AS d LEFT JOIN rows AS r ON r.day = d.day), '[]')),
        'dailyUse', coalesce((
            SELECT jsonb_agg(jsonb_build_object('date', d.day, 'weekday', d.weekday, 'isBusinessDay', d.is_business_day,
                                                'kwh', d.kwh, 'completenessPercent', d.completeness) ORDER BY d.day)
            FROM days AS d), '[]'),
        'afterHoursRanking', coalesce((
            SELECT jsonb_agg(jsonb_build_object('meterId', m -> 'meterId', 'meterName', m -> 'meterName',
                                                'excessKwh', m -> 'excessKwh', 'cost', m -> 'cost') ORDER BY place)
            FROM jsonb_array_elements($3 -> 'topMeters') WITH ORDINALITY AS meters (m, place)
            WHERE place <= 15 AND (m ->> 'excessKwh')::double precision > 0), '[]'),
        'anomalyTimeline', coalesce((
            SELECT jsonb_agg(jsonb_build_object('kind', kind, 'meterId', e -> 'meterId', 'meterName', e -> 'meterName',
                                                'start', e -> 'start', 'end', e -> 'end', 'peakKw', e -> 'peakKw',
                                                'excessKwh', e -> 'excessKwh', 'isBusiness', e -> 'isBusiness')
                             ORDER BY (e ->> 'start')::timestamptz, (e -> 'meterId')::integer, kind)
            FROM (SELECT 'anomaly' AS kind, a AS e FROM jsonb_array_elements($4 -> 'timeline') AS a
                  UNION ALL
                  SELECT 'spike', s FROM jsonb_array_elements($5 -> 'topSpikes') AS s) AS events), '[]'))
$$;

COMMENT ON FUNCTION @extschema@._argo_report_charts(jsonb, jsonb, jsonb, jsonb, jsonb) IS
    'charts of a report, from what was analyzed, the site''s configuration and three sections.';
