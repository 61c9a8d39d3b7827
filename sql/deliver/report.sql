-- The weekly report of a site: puts together what the analysis found, and computes nothing itself.

CREATE FUNCTION @extschema@._argo_report_metadata(site text, analysis jsonb, config jsonb, gate jsonb, generated_at timestamptz)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
        SELECT jsonb_build_object(
            'generatedAt', @extschema@._argo_report_time(generated_at, p.timezone),
            'site', jsonb_build_object('id', o.organization_id, 'name', o.organization_name, 'address', o.address, 'city', o.city,
                                       'postcode', o.postcode, 'country', o.country, 'timezone', p.timezone),
            'period', jsonb_build_object(
                'start', p.period_start, 'end', p.period_end, 'days', p.period_end - p.period_start,
                'localStart', @extschema@._argo_report_time(p.starts, p.timezone),
                'localEnd', @extschema@._argo_report_time(p.ends, p.timezone),
                'dataUntil', @extschema@._argo_report_time(p.effective_end, p.timezone)),
            'baseline', jsonb_build_object('start', p.baseline_start, 'end', p.baseline_end, 'weeks', p.baseline_weeks),
            'currency', config -> 'currency', 'tariffPerKwh', config -> 'tariff_per_kwh',
            'demandChargePerKw', config -> 'demand_charge_per_kw', 'timeOfUse', config -> 'time_of_use',
            'businessHours', config -> 'business_hours',
            'holidays', coalesce((
                SELECT jsonb_agg(DISTINCT h ORDER BY h) FROM jsonb_array_elements_text(config -> 'holidays') AS h
                WHERE h::date >= p.period_start AND h::date < p.period_end), '[]'),
            'mainMeter', CASE WHEN p.main_meter IS NOT NULL THEN jsonb_build_object(
                'meterId', p.main_meter, 'meterName', @extschema@._argo_meter_name(p.main_meter)) END,
            'gate', jsonb_build_object(
                'state', gate -> 'state',
                'banner', CASE
                    WHEN gate ->> 'override_reason' IS NOT NULL
                    THEN format('The circuit breaker of this site is open, and overridden: %s. Judge the figures with care.',
                                rtrim(gate ->> 'override_reason', '. '))
                    WHEN jsonb_array_length(gate -> 'flags') > 0
                    THEN format('Validation fails: %s. The figures may be wrong or incomplete where these rules say so.', (
                        SELECT string_agg(f ->> 'rule', ', ' ORDER BY place)
                        FROM jsonb_array_elements(gate -> 'flags') WITH ORDINALITY AS flags (f, place))) END,
                'flags', coalesce((
                    SELECT jsonb_agg(jsonb_build_object(
                        'rule', f -> 'rule', 'severity', f -> 'severity', 'opens', f -> 'opens',
                        'observed', CASE jsonb_typeof(f -> 'observed') WHEN 'number' THEN f -> 'observed' END,
                        'threshold', f -> 'threshold', 'metersAffected', f -> 'meters_affected',
                        'detail', @extschema@._argo_report_prose(f ->> 'detail', analysis))
                        ORDER BY place)
                    FROM jsonb_array_elements(gate -> 'flags') WITH ORDINALITY AS flags (f, place)), '[]'),
                'overrideReason', gate -> 'override_reason',
                'overrideUntil', @extschema@._argo_report_time((gate ->> 'override_until')::timestamptz, p.timezone)),
            'argoVersion', @extschema@._argo_version())
        FROM jsonb_to_record(analysis -> 'scope') AS p (timezone text, period_start date, period_end date, starts timestamptz,
            ends timestamptz, effective_end timestamptz, baseline_start date, baseline_end date, baseline_weeks integer,
            main_meter integer)
        CROSS JOIN @extschema@.organizations AS o
        WHERE o.organization_id = site
    );
END
$$;

COMMENT ON FUNCTION @extschema@._argo_report_metadata(text, jsonb, jsonb, jsonb, timestamptz) IS
    'metadata of a report, from what was analyzed, the site''s configuration, and what argo_gate() said.';

CREATE FUNCTION @extschema@.argo_weekly_report(
    site text, period_start date DEFAULT NULL, period_end date DEFAULT NULL,
    generated_at timestamptz DEFAULT CURRENT_TIMESTAMP, timezone text DEFAULT NULL
)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
-- Not one byte depends on the session; compiling would take longer than all of it.
SET extra_float_digits = 1
SET timezone = 'UTC'
SET datestyle = 'ISO'
SET jit = off
AS $$
DECLARE
    config jsonb;
    gate jsonb;
    analysis jsonb;
    after_hours jsonb;
    anomalies jsonb;
    spikes jsonb;
    load jsonb;
    quick_wins jsonb;
BEGIN
    IF site IS NULL OR isfinite(generated_at) IS NOT TRUE THEN
        RAISE EXCEPTION 'a report needs a site and a time at which it is made'
            USING ERRCODE = '22023', DETAIL = 'Nothing was reported.',
                  HINT = 'For example: SELECT @extschema@.argo_weekly_report(''23271'');';
    END IF;
    SELECT to_jsonb(g) INTO gate FROM @extschema@.argo_gate(site, generated_at) AS g;
    analysis := @extschema@._argo_analysis(site, period_start, period_end, generated_at, ARRAY['meters', 'sensor_health',
        'after_hours', 'anomalies', 'spikes', 'load_summary', 'quick_wins', 'load_profile', 'daily_use'], timezone);
    config := analysis #> '{scope,config}';
    SELECT analysis || jsonb_build_object(
        'completeness', @extschema@._argo_percent(sum(m.received) FILTER (WHERE m.judged),
                                                  sum(m.expected) FILTER (WHERE m.judged)),
        'completeness_of', coalesce(jsonb_object_agg(m.meter_id, @extschema@._argo_percent(m.received, m.expected)), '{}'))
    INTO analysis
    FROM jsonb_to_recordset(analysis -> 'meters') AS m (meter_id integer, expected double precision, received double precision,
        judged boolean);

    after_hours := @extschema@._argo_report_after_hours(analysis);
    anomalies := @extschema@._argo_report_events(analysis, 'anomalies');
    spikes := @extschema@._argo_report_events(analysis, 'spikes');
    load := @extschema@._argo_report_load(analysis);
    quick_wins := @extschema@._argo_report_quick_wins(analysis);
    RETURN jsonb_build_object(
        'version', 1,
        'metadata', @extschema@._argo_report_metadata(site, analysis, config, gate, generated_at),
        'summary', @extschema@._argo_report_summary(analysis, config, load, quick_wins),
        'sections', jsonb_build_object(
            'sensorHealth', @extschema@._argo_report_sensors(analysis),
            'afterHoursWaste', after_hours,
            'anomalies', anomalies,
            'spikes', spikes,
            'load', load,
            'quickWins', quick_wins),
        'charts', @extschema@._argo_report_charts(analysis, config, after_hours, anomalies, spikes),
        'dataQuality', @extschema@._argo_report_quality(analysis, site, gate -> 'flags', generated_at));
END
$$;

COMMENT ON FUNCTION @extschema@.argo_weekly_report(text, date, date, timestamptz, text) IS
    'The report of a site as JSON (docs/report.schema.json): metadata, summary, sections, charts, dataQuality. period_start to period_end, the first day not included, are days at the site, at most 31; without them the last complete week from Monday to Monday. generated_at is the time for which the data is judged, also of a period that is still running; timezone has days and hours of another zone than the site''s. The same data and arguments give the same bytes. Asks argo_gate() first: where the site''s circuit breaker is open it raises ZA005, where it is degraded the report says so. Raises 22023, 25006, 42501, 55000.';
