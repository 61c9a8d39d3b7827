-- The rules that argo_validate() judges by.

--: table validation_rules
CREATE TABLE @extschema@.validation_rules (
    name text NOT NULL CHECK (name <> ''),
    site_id text REFERENCES @extschema@.organizations (organization_id) ON UPDATE CASCADE ON DELETE CASCADE,
    severity text CHECK (severity IN ('error', 'warning')),
    threshold double precision,
    unit text,
    enabled boolean,
    open_share double precision CHECK (open_share BETWEEN 0 AND 1),
    window_days integer CHECK (window_days > 0),
    rule_function text,
    description text,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP,
    UNIQUE NULLS NOT DISTINCT (name, site_id),
    CHECK (site_id IS NOT NULL OR (severity IS NOT NULL AND rule_function IS NOT NULL))
);
COMMENT ON TABLE @extschema@.validation_rules IS
    'The rules of argo_validate(): a row a rule (site_id NULL), and a row for each site where it differs. Change them by UPDATE and INSERT; docs/governance.md shows how to add one.';
COMMENT ON COLUMN @extschema@.validation_rules.site_id IS
    'NULL: the rule itself. A site: what differs there; columns that are NULL are as in the rule itself.';
COMMENT ON COLUMN @extschema@.validation_rules.severity IS
    'error: opens the circuit breaker, which blocks reports, or degrades it where few meters are concerned; warning: degrades it.';
COMMENT ON COLUMN @extschema@.validation_rules.threshold IS 'Passed to the function of the rule, in unit.';
COMMENT ON COLUMN @extschema@.validation_rules.enabled IS 'False: the rule is not judged. NULL: it is.';
COMMENT ON COLUMN @extschema@.validation_rules.open_share IS
    'An error opens the breaker when more than this share of the site''s meters have it on one day; 0 or NULL: one is enough. A finding about the whole site always opens it.';
COMMENT ON COLUMN @extschema@.validation_rules.window_days IS
    'How many days back the rule looks unless argo_validate() is given a time; NULL: as far as there are readings.';
COMMENT ON COLUMN @extschema@.validation_rules.rule_function IS
    'Qualified name of a function (site text, since timestamptz, as_of timestamptz, threshold double precision) that returns the findings: (meter_id integer, day date, observed double precision, violated boolean, detail text).';
COMMENT ON COLUMN @extschema@.validation_rules.description IS 'What the rule finds, and why its threshold is what it is.';
INSERT INTO @extschema@.validation_rules
    (name, severity, threshold, unit, open_share, window_days, rule_function, description)
VALUES
    ('tables_present', 'error', NULL, NULL, NULL, NULL, '@extschema@._argo_rule_tables_present',
     'Every table and materialized view of argo_setup() exists; without one of them nothing else can be trusted.'),
    ('timestamptz_columns', 'error', NULL, NULL, NULL, NULL, '@extschema@._argo_rule_timestamptz_columns',
     'Every time is a timestamp with time zone; a naive one means another instant in every session''s zone.'),
    ('site_present', 'error', NULL, NULL, NULL, NULL, '@extschema@._argo_rule_site_present',
     'The site is known, has meters, and one of them has a reading; a report about anything less would be empty.'),
    ('time_zone', 'warning', NULL, NULL, NULL, NULL, '@extschema@._argo_rule_time_zone',
     'This server knows the zone of the site; otherwise its hours and days are those of America/New_York, which may be right.'),
    ('completeness', 'error', 90, 'percent', 0.5, 92, '@extschema@._argo_rule_completeness',
     'Share of a meter''s expected quarter-hours of a day that hold a reading or are confirmed absent; below 90 % (over two hours of a day lost) a day''s total misleads, and half of the meters make it the site''s fault.'),
    ('gaps', 'warning', 1, 'hours', NULL, 92, '@extschema@._argo_rule_gaps',
     'The longest stretch without a reading; up to an hour is a restart or a late upload, more should be looked at.'),
    ('freshness_warning', 'warning', 6, 'hours', NULL, NULL, '@extschema@._argo_rule_freshness',
     'Age of a meter''s newest reading; 6 hours is one validation missed. A meter silent for over 30 days counts as retired.'),
    ('freshness_error', 'error', 24, 'hours', 0.5, NULL, '@extschema@._argo_rule_freshness',
     'Age of a meter''s newest reading; 24 hours is one daily sync missed. A meter silent for over 30 days counts as retired.'),
    ('freshness_pipeline', 'error', 48, 'hours', NULL, NULL, '@extschema@._argo_rule_freshness_pipeline',
     'Age of the newest reading of all sites; when two daily syncs brought nothing for any site, the pipeline is at fault and no meter.'),
    ('duplicates', 'error', 0, 'readings', 0, NULL, '@extschema@._argo_rule_duplicates',
     'Readings of a meter and day beyond the first of an instant; they count energy twice, and the key of readings allows none.'),
    ('negative_values', 'error', 0, 'readings', 0, NULL, '@extschema@._argo_rule_negative_values',
     'Readings of a meter and day with negative energy, power, voltage or current; these meters measure consumption, so that each is wrong.'),
    ('non_finite_values', 'error', 0, 'readings', 0, NULL, '@extschema@._argo_rule_non_finite_values',
     'Readings of a meter and day that hold NaN or an infinity; one of them spoils every sum it is in.'),
    ('off_grid_timestamps', 'error', 0, 'readings', 0, NULL, '@extschema@._argo_rule_off_grid_timestamps',
     'Readings of a meter and day that do not begin at a quarter-hour of UTC; Eniscope gives none, so that something shifted them.'),
    ('future_timestamps', 'error', 0, 'readings', 0, NULL, '@extschema@._argo_rule_future_timestamps',
     'Readings of a meter and day that are later than now; a clock or a zone is wrong, and perhaps for the others, too.'),
    ('ancient_timestamps', 'warning', 0, 'readings', NULL, NULL, '@extschema@._argo_rule_ancient_timestamps',
     'Readings of a meter and day from before 2000, which is before Eniscope: a clock that lost its time. No report reaches so far back.'),
    ('voltage_low', 'warning', 50, 'V', NULL, 92, '@extschema@._argo_rule_voltage_low',
     'Lowest voltage of a meter and day, 0 V without power aside; no mains is below 100 V, and 50 V is what the ingest rejects.'),
    ('voltage_high', 'warning', 600, 'V', NULL, 92, '@extschema@._argo_rule_voltage_high',
     'Highest voltage of a meter and day; the highest low-voltage mains, 600 V between phases in Canada, is not above it, and 600 V is what the ingest rejects.'),
    ('power_factor', 'warning', 1, NULL, NULL, 92, '@extschema@._argo_rule_power_factor',
     'Largest power factor of a meter and day, its sign aside; above 1 there is none.'),
    ('power_high', 'error', 5000, 'kW', 0, NULL, '@extschema@._argo_rule_power_high',
     'Highest power of a meter and day; 5000 kW is more than the supply of a building, and what the ingest rejects: W stored as kW look like this.'),
    ('flatline', 'warning', 6, 'hours', NULL, 92, '@extschema@._argo_rule_flatline',
     'The longest stretch of one and the same power above 0.1 kW; a real load does not stay for 6 hours to the last digit, a stuck meter does.'),
    ('unit_jump', 'error', 30, 'times', 0, 92, '@extschema@._argo_rule_unit_jump',
     'Highest power of a meter''s day against its median day, with no day of the last 400 between and no current that bears it out; a change of unit is a factor of 1000, and one reading of a quiet hour then still 30 times the usual peak. Downwards only where voltage and current belie it, since Sundays are on standby.'),
    ('energy_mismatch', 'warning', 5, 'percent', NULL, 92, '@extschema@._argo_rule_energy_mismatch',
     'Energy against mean power times a quarter of an hour; Eniscope''s own differ by 0.13 % at most, 5 % is no rounding any more.'),
    ('failed_pulls', 'error', 0, 'pulls', 0.5, 92, '@extschema@._argo_rule_failed_pulls',
     'Pulls of a range that failed without later ones that succeeded on it; each is data that may exist and is not here, and half of the meters make it the site''s fault.'),
    ('missing_pulls', 'warning', 1, 'hours', NULL, 92, '@extschema@._argo_rule_missing_pulls',
     'The longest stretch without a reading that no pull ever asked for; a backfill asks.'),
    ('empty_run', 'error', 4, 'slots', NULL, 92, '@extschema@._argo_rule_empty_run',
     'Quarter-hours that the last pulls asked for without any reading in the answers; one meter may be off, but not all of them for an hour.'),
    ('clock_skew', 'warning', 60, 'seconds', NULL, 92, '@extschema@._argo_rule_clock_skew',
     'How far this server''s clock is from the API''s Date; readings come with the API''s time, and a minute is enough to ask for a bin too early or too late.');
