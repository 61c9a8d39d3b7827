-- How complete the data of a report is, and what the rules find in it.

CREATE FUNCTION @extschema@._argo_report_quality(analysis jsonb, site text, flags jsonb, as_of timestamptz)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH meters AS (
        SELECT m.*, row_number() OVER (PARTITION BY m.judged ORDER BY m.received / nullif(m.expected, 0), m.meter_id) AS place
        FROM jsonb_to_recordset($1 -> 'meters') AS m (meter_id integer, meter_name text, expected double precision,
            received double precision, last_reading timestamptz, judged boolean)
    ), findings AS (
        SELECT f.*, row_number() OVER (ORDER BY f.severity, f.rule, f.day DESC NULLS FIRST, f.meter_id, f.detail) AS place
        -- Rules that pass find nothing, and need not be judged again.
        FROM jsonb_array_elements($3) AS flag
        CROSS JOIN LATERAL @extschema@.argo_findings($2, flag ->> 'rule', NULL, $4) AS f
    )
    SELECT jsonb_build_object(
        'expectedReadings', coalesce(sum(m.expected) FILTER (WHERE m.judged), 0),
        'receivedReadings', coalesce(sum(m.received) FILTER (WHERE m.judged), 0),
        'completenessPercent', $1 -> 'completeness',
        'meters', coalesce(jsonb_agg(jsonb_build_object(
            'meterId', m.meter_id, 'meterName', m.meter_name, 'expected', m.expected, 'received', m.received,
            'completenessPercent', @extschema@._argo_percent(m.received, m.expected),
            'lastReading', @extschema@._argo_report_time(m.last_reading, $1 #>> '{scope,timezone}')) ORDER BY m.place)
            FILTER (WHERE m.judged AND m.place <= 250), '[]'),
        'omittedMeters', greatest(count(*) FILTER (WHERE m.judged) - 250, 0),
        'metersWithoutData', coalesce(jsonb_agg(jsonb_build_object(
            'meterId', m.meter_id, 'meterName', m.meter_name,
            'lastReading', @extschema@._argo_report_time(m.last_reading, $1 #>> '{scope,timezone}')) ORDER BY m.meter_id)
            FILTER (WHERE NOT m.judged AND m.place <= 250), '[]'),
        'omittedWithoutData', greatest(count(*) FILTER (WHERE NOT m.judged) - 250, 0),
        'openFindings', coalesce((
            SELECT jsonb_agg(jsonb_build_object(
                'rule', f.rule, 'severity', f.severity, 'meterId', f.meter_id, 'meterName', f.meter_name, 'day', f.day,
                'observed', CASE WHEN f.observed NOT IN ('NaN', 'Infinity', '-Infinity') THEN f.observed END,
                'threshold', f.threshold, 'detail', @extschema@._argo_report_prose(f.detail, $1)) ORDER BY f.place)
            FROM findings AS f WHERE f.place <= 100), '[]'),
        'omittedFindings', (SELECT greatest(count(*) - 100, 0) FROM findings))
    FROM meters AS m
$$;

COMMENT ON FUNCTION @extschema@._argo_report_quality(jsonb, text, jsonb, timestamptz) IS
    'dataQuality of a report: how complete each meter is, the least complete first, the meters that are silent, and what the rules that fail find as of a time.';
