-- What a report says first: the headline, the risks, and what could be saved.

CREATE FUNCTION @extschema@._argo_report_headline(analysis jsonb, site_load jsonb, currency text, weekly_savings double precision)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN $2 ->> 'energyKwh' IS NULL
        THEN format(CASE WHEN ($1 ->> 'completeness')::double precision > 0 THEN 'The readings of %s hold no energy'
                         ELSE 'No reading arrived from %s' END, w.days)
        ELSE concat(
            format('%s kWh for %s from %s', @extschema@._argo_report_figure(($2 ->> 'energyKwh')::double precision),
                   @extschema@._argo_report_money(($2 ->> 'cost')::double precision, $3), w.days),
            -- What is missing would look like a saving.
            CASE WHEN w.measured < 95 THEN format(', with %s %% of the readings missing', to_char(100 - w.measured, 'FM990.0'))
                 WHEN w.change IS NULL THEN ''
                 WHEN abs(w.change) < 1 THEN format(', as much as in the %s weeks before', w.weeks)
                 ELSE format(', %s %% %s than in the %s weeks before', to_char(abs(w.change), 'FM999,999,990.0'),
                             CASE WHEN w.change > 0 THEN 'more' ELSE 'less' END, w.weeks) END,
            CASE WHEN $4 > 0 THEN format('; %s a week could be saved', @extschema@._argo_report_money($4, $3)) END) END
    FROM (SELECT @extschema@._argo_days_in_words(($1 #>> '{scope,period_start}')::date,
                                                       ($1 #>> '{scope,period_end}')::date - 1) AS days,
                 $1 #>> '{scope,baseline_weeks}' AS weeks,
                 -- Of the meters that the site's use is of.
                 (SELECT 100 * sum(d.received) / nullif(sum(d.expected), 0)
                  FROM jsonb_to_recordset($1 -> 'daily_use') AS d (expected double precision, received double precision)) AS measured,
                 ($2 ->> 'changePercent')::double precision AS change) AS w
$$;

COMMENT ON FUNCTION @extschema@._argo_report_headline(jsonb, jsonb, text, double precision) IS
    'The sentence above a report: use and cost of the period, against the weeks before it, and what the quick wins are worth.';

CREATE FUNCTION @extschema@._argo_report_risks(analysis jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH risks AS (
        SELECT format('%s: %s', i.meter_name, @extschema@._argo_report_prose(i.detail, $1)) AS text,
               i.severity, i.meter_id, i.meter_name, 'sensor' AS kind, NULL::double precision AS cost, i.start_time
        FROM jsonb_to_recordset($1 -> 'sensor_health') AS i (meter_id integer, meter_name text, severity text, detail text,
            start_time timestamptz)
        UNION ALL
        -- At night nobody is there to see it.
        SELECT format('%s used %s kWh more than usual from %s', a.meter_name, @extschema@._argo_report_figure(a.excess_kwh),
                      @extschema@._argo_stretch_in_words(a.start_time, a.end_time, $1 #>> '{scope,timezone}')),
               CASE WHEN a.is_business THEN 'medium' ELSE 'high' END, a.meter_id, a.meter_name, 'event', a.cost, a.start_time
        FROM jsonb_to_recordset($1 -> 'anomalies') AS a (meter_id integer, meter_name text, start_time timestamptz,
            end_time timestamptz, excess_kwh double precision, is_business boolean, cost double precision)
        UNION ALL
        SELECT format('%s reached %s kW from %s', s.meter_name, @extschema@._argo_report_figure(s.peak_kw),
                      @extschema@._argo_stretch_in_words(s.start_time, s.end_time, $1 #>> '{scope,timezone}')),
               CASE WHEN s.is_main THEN 'high' ELSE 'medium' END, s.meter_id, s.meter_name, 'event', s.cost, s.start_time
        FROM jsonb_to_recordset($1 -> 'spikes') AS s (meter_id integer, meter_name text, start_time timestamptz,
            end_time timestamptz, peak_kw double precision, is_main boolean, is_business boolean, cost double precision)
    ), worst AS (
        -- One of a kind for each meter, and the kinds in turn.
        SELECT r.*, row_number() OVER (PARTITION BY r.severity, r.kind ORDER BY r.cost DESC NULLS LAST, r.start_time, r.meter_id) AS turn
        FROM (SELECT DISTINCT ON (x.kind, x.meter_id) x.* FROM risks AS x
              ORDER BY x.kind, x.meter_id, x.severity = 'high' DESC, x.cost DESC NULLS LAST, x.start_time, x.text) AS r
    ), listed AS (
        SELECT w.*, row_number() OVER (ORDER BY w.severity = 'high' DESC, w.turn, w.kind, w.meter_id) AS place FROM worst AS w
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('text', l.text, 'severity', l.severity, 'meterId', l.meter_id,
                                                 'meterName', l.meter_name) ORDER BY l.place), '[]')
    FROM listed AS l WHERE l.place <= 5
$$;

COMMENT ON FUNCTION @extschema@._argo_report_risks(jsonb) IS
    'summary.topRisks of a report: at most five, high ones first, dear ones before cheap ones, one a meter of events and one of its sensor.';

CREATE FUNCTION @extschema@._argo_report_summary(analysis jsonb, config jsonb, load jsonb, quick_wins jsonb)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH wins AS (
        SELECT w.* FROM jsonb_to_recordset($4) AS w (rank integer, title text, "meterId" jsonb, "meterName" text,
            "weeklyKwh" double precision, "weeklyCost" double precision, "yearlyCost" double precision)
        WHERE w."weeklyCost" IS NOT NULL
    ), total AS (
        SELECT sum(w."weeklyKwh" ORDER BY w.rank) AS weekly_kwh, sum(w."weeklyCost" ORDER BY w.rank) AS weekly,
               sum(w."yearlyCost" ORDER BY w.rank) AS yearly, count(*) FILTER (WHERE w."yearlyCost" IS NULL) AS without_yearly,
               coalesce(jsonb_agg(jsonb_build_object(
                   'text', w.title, 'weeklyKwh', w."weeklyKwh", 'weeklyCost', w."weeklyCost", 'meterId', w."meterId",
                   'meterName', w."meterName") ORDER BY w.rank) FILTER (WHERE w.place <= 3), '[]') AS first_ones
        FROM (SELECT x.*, row_number() OVER (ORDER BY x.rank) AS place FROM wins AS x) AS w
    )
    SELECT jsonb_build_object(
        'headline', @extschema@._argo_report_headline($1, $3 -> 'site', $2 ->> 'currency', t.weekly),
        'energyKwh', $3 #> '{site,energyKwh}', 'cost', $3 #> '{site,cost}',
        'baselineEnergyKwh', $3 #> '{site,baselineEnergyKwh}', 'changePercent', $3 #> '{site,changePercent}',
        'completenessPercent', $1 -> 'completeness',
        'topRisks', @extschema@._argo_report_risks($1),
        'topOpportunities', t.first_ones,
        'totalPotentialSavings', jsonb_build_object('weeklyKwh', t.weekly_kwh, 'weekly', t.weekly, 'yearly', t.yearly,
                                                    'winsWithoutYearly', t.without_yearly))
    FROM total AS t
$$;

COMMENT ON FUNCTION @extschema@._argo_report_summary(jsonb, jsonb, jsonb, jsonb) IS
    'summary of a report, from what was analyzed, the site''s configuration, and the sections load and quickWins.';
