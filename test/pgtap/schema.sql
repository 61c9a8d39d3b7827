-- The tables of the contract: columns, keys, indexes, checks, comments.
\set QUIET on
SET client_min_messages = warning;
BEGIN;
SELECT plan(83);

DO $$ BEGIN PERFORM argo_setup(); END $$;

-- One line per column: name, type, "not null", default.
CREATE FUNCTION pg_temp.columns(relation text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
                     CASE WHEN a.attnotnull THEN 'not null' END,
                     CASE a.attidentity WHEN 'd' THEN 'identity' WHEN 'a' THEN 'identity always' END,
                     'default ' || pg_get_expr(d.adbin, d.adrelid))
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = ('public.' || relation)::regclass AND a.attnum > 0 AND NOT a.attisdropped
    ORDER BY a.attnum
$$;
CREATE FUNCTION pg_temp.keys(relation text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT c.conname || ': ' || pg_get_constraintdef(c.oid)
    FROM pg_constraint c
    WHERE c.conrelid = ('public.' || relation)::regclass AND c.contype IN ('p', 'f', 'u', 'c') ORDER BY 1
$$;
CREATE FUNCTION pg_temp.indexes(relation text) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT replace(pg_get_indexdef(i.indexrelid), 'public.', '')
    FROM pg_index i WHERE i.indrelid = ('public.' || relation)::regclass ORDER BY 1
$$;

SELECT results_eq($$SELECT * FROM pg_temp.columns('organizations')$$, ARRAY[
    'organization_id text not null', 'organization_name text not null', 'address text', 'city text',
    'postcode text', 'country text', 'timezone text default ''America/New_York''::text',
    'created_at timestamp with time zone default CURRENT_TIMESTAMP',
    'updated_at timestamp with time zone default CURRENT_TIMESTAMP'], 'columns of organizations');
SELECT results_eq($$SELECT * FROM pg_temp.columns('devices')$$, ARRAY[
    'device_id integer not null', 'device_name text', 'organization_id text', 'device_type text',
    'serial_number text', 'firmware_version text', 'last_seen timestamp with time zone',
    'created_at timestamp with time zone default CURRENT_TIMESTAMP',
    'updated_at timestamp with time zone default CURRENT_TIMESTAMP'], 'columns of devices');
SELECT results_eq($$SELECT * FROM pg_temp.columns('channels')$$, ARRAY[
    'channel_id integer not null', 'channel_name text not null', 'device_id integer', 'organization_id text',
    'channel_type text', 'unit text', 'description text',
    'created_at timestamp with time zone default CURRENT_TIMESTAMP',
    'updated_at timestamp with time zone default CURRENT_TIMESTAMP'], 'columns of channels');
SELECT results_eq($$SELECT * FROM pg_temp.columns('readings')$$, ARRAY[
    'id bigint not null identity', 'channel_id integer not null', 'timestamp timestamp with time zone not null',
    'energy_kwh real', 'power_kw real', 'voltage_v real', 'current_a real', 'power_factor real',
    'reactive_power_kvar real', 'temperature_c real', 'relative_humidity real',
    'created_at timestamp with time zone default CURRENT_TIMESTAMP'], 'columns of readings');
SELECT results_eq($$SELECT * FROM pg_temp.columns('data_sync_status')$$, ARRAY[
    'id integer not null identity', 'organization_id text not null', 'channel_id integer',
    'last_sync_timestamp timestamp with time zone not null', 'last_reading_timestamp timestamp with time zone',
    'readings_count integer', 'sync_status text', 'error_message text',
    'created_at timestamp with time zone default CURRENT_TIMESTAMP'], 'columns of data_sync_status');
SELECT results_eq($$SELECT * FROM pg_temp.columns('ingestion_logs')$$, ARRAY[
    'id integer not null identity', 'organization_id text not null', 'channel_id integer not null',
    'start_time timestamp with time zone not null', 'end_time timestamp with time zone not null',
    'readings_fetched integer not null default 0', 'readings_inserted integer not null default 0',
    'readings_rejected integer not null default 0', 'status text not null default ''success''::text',
    'error_message text', 'created_at timestamp with time zone default CURRENT_TIMESTAMP'],
    'columns of ingestion_logs');
SELECT results_eq($$SELECT * FROM pg_temp.columns('rejected_readings')$$, ARRAY[
    'id bigint not null identity', 'organization_id text not null', 'channel_id integer',
    'received_at timestamp with time zone not null default CURRENT_TIMESTAMP', 'ts_received text', 'raw jsonb',
    'reason text not null', 'pull_start timestamp with time zone', 'pull_end timestamp with time zone'],
    'columns of rejected_readings');
SELECT results_eq($$SELECT * FROM pg_temp.columns('_argo_dirty')$$, ARRAY[
    'meter_id integer not null', 'first_reading timestamp with time zone not null',
    'last_reading timestamp with time zone not null', 'matview regclass'], 'columns of the dirty log');
SELECT results_eq($$SELECT * FROM pg_temp.columns('tariffs')$$, ARRAY[
    'tariff_id integer not null identity', 'site_id text not null', 'utility text not null', 'unit text not null default ''kWh''::text',
    'kwh_per_unit double precision not null', 'rate double precision not null', 'currency text not null default ''USD''::text', 'valid_from date',
    'valid_to date', 'time_of_use jsonb', 'hourly_rates double precision[] default _argo_hourly_rates(rate, time_of_use)',
    'created_at timestamp with time zone default CURRENT_TIMESTAMP'], 'columns of tariffs');
SELECT results_eq($$SELECT * FROM pg_temp.columns('equipment')$$, ARRAY[
    'equipment_id integer not null identity', 'site_id text not null', 'equipment_name text not null', 'kind text not null default ''AHU''::text',
    'created_at timestamp with time zone default CURRENT_TIMESTAMP'], 'columns of equipment');
SELECT results_eq($$SELECT * FROM pg_temp.columns('equipment_meters')$$, ARRAY[
    'mapping_id integer not null identity', 'equipment_id integer not null', 'meter_id integer not null', 'utility text not null', 'coil text',
    'share double precision not null default 1', 'valid_from date', 'valid_to date', 'created_at timestamp with time zone default CURRENT_TIMESTAMP'],
    'columns of equipment_meters');
SELECT results_eq($$SELECT * FROM pg_temp.columns('_argo_dirty_equipment')$$, ARRAY[
    'equipment_id integer not null', 'days daterange not null', 'matview regclass not null'], 'columns of the marks of equipment');
SELECT results_eq($$SELECT * FROM pg_temp.columns('refresh_log')$$, ARRAY[
    'id bigint not null identity', 'view text', 'strategy text not null', 'reason text', 'rows_examined bigint',
    'inserted bigint', 'updated bigint', 'deleted bigint', 'duration_ms double precision',
    'last_data timestamp with time zone', 'created_at timestamp with time zone default CURRENT_TIMESTAMP'],
    'columns of refresh_log');

SELECT results_eq($$SELECT * FROM pg_temp.columns('weekly_reports')$$, ARRAY[
    'site_id text not null', 'period_start date not null', 'period_end date not null',
    'generated_at timestamp with time zone not null', 'gate_state text not null', 'report jsonb not null',
    'created_at timestamp with time zone default CURRENT_TIMESTAMP'], 'columns of weekly_reports');

SELECT results_eq($$SELECT * FROM pg_temp.keys('organizations')$$,
    ARRAY['organizations_pkey: PRIMARY KEY (organization_id)'], 'keys of organizations');
SELECT results_eq($$SELECT * FROM pg_temp.keys('devices')$$, ARRAY[
    'devices_organization_id_fkey: FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)',
    'devices_pkey: PRIMARY KEY (device_id)'], 'keys of devices');
SELECT results_eq($$SELECT * FROM pg_temp.keys('channels')$$, ARRAY[
    'channels_device_id_fkey: FOREIGN KEY (device_id) REFERENCES devices(device_id)',
    'channels_organization_id_fkey: FOREIGN KEY (organization_id) REFERENCES organizations(organization_id)',
    'channels_pkey: PRIMARY KEY (channel_id)'], 'keys of channels');
SELECT results_eq($$SELECT * FROM pg_temp.keys('readings')$$, ARRAY[
    'idx_readings_unique: PRIMARY KEY (channel_id, "timestamp")',
    'readings_channel_id_fkey: FOREIGN KEY (channel_id) REFERENCES channels(channel_id)'], 'keys of readings');

SELECT results_eq($$SELECT * FROM pg_temp.keys('weekly_reports')$$, ARRAY[
    'weekly_reports_check: CHECK ((period_start < period_end))',
    'weekly_reports_gate_state_check: CHECK ((gate_state = ANY (ARRAY[''closed''::text, ''degraded''::text])))',
    'weekly_reports_pkey: PRIMARY KEY (site_id, period_start, period_end)',
    'weekly_reports_site_id_fkey: FOREIGN KEY (site_id) REFERENCES organizations(organization_id) ON UPDATE CASCADE ON DELETE CASCADE'],
    'keys of weekly_reports');

SELECT results_eq($$SELECT * FROM pg_temp.indexes('organizations')$$, ARRAY[
    'CREATE UNIQUE INDEX organizations_pkey ON organizations USING btree (organization_id)'],
    'indexes of organizations');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('devices')$$, ARRAY[
    'CREATE INDEX idx_devices_org ON devices USING btree (organization_id)',
    'CREATE UNIQUE INDEX devices_pkey ON devices USING btree (device_id)'], 'indexes of devices');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('channels')$$, ARRAY[
    'CREATE INDEX idx_channels_org ON channels USING btree (organization_id)',
    'CREATE UNIQUE INDEX channels_pkey ON channels USING btree (channel_id)'], 'indexes of channels');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('readings')$$, ARRAY[
    'CREATE INDEX idx_readings_timestamp ON readings USING brin ("timestamp") WITH (pages_per_range=''16'', autosummarize=''on'')',
    'CREATE UNIQUE INDEX idx_readings_unique ON readings USING btree (channel_id, "timestamp")'],
    'indexes of readings: the key and a BRIN, none on id');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('data_sync_status')$$, ARRAY[
    'CREATE INDEX idx_sync_status_org ON data_sync_status USING btree (organization_id, last_sync_timestamp DESC)',
    'CREATE UNIQUE INDEX data_sync_status_pkey ON data_sync_status USING btree (id)'], 'indexes of data_sync_status');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('ingestion_logs')$$, ARRAY[
    'CREATE INDEX idx_ingestion_logs_time ON ingestion_logs USING btree (organization_id, channel_id, start_time, end_time)',
    'CREATE UNIQUE INDEX ingestion_logs_pkey ON ingestion_logs USING btree (id)'], 'indexes of ingestion_logs');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('rejected_readings')$$, ARRAY[
    'CREATE INDEX idx_rejected_readings_channel ON rejected_readings USING btree (organization_id, channel_id, ts_received)',
    'CREATE INDEX idx_rejected_readings_received ON rejected_readings USING btree (organization_id, received_at)',
    'CREATE UNIQUE INDEX rejected_readings_pkey ON rejected_readings USING btree (id)'],
    'indexes of rejected_readings');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('mv_hourly_usage')$$, ARRAY[
    'CREATE INDEX idx_mv_hourly_usage_hour ON mv_hourly_usage USING btree (hour)',
    'CREATE UNIQUE INDEX idx_mv_hourly_usage_unique ON mv_hourly_usage USING btree (meter_id, hour)'],
    'indexes of mv_hourly_usage');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('mv_daily_usage')$$, ARRAY[
    'CREATE INDEX idx_mv_daily_usage_day ON mv_daily_usage USING btree (day)',
    'CREATE UNIQUE INDEX idx_mv_daily_usage_unique ON mv_daily_usage USING btree (meter_id, day)'],
    'indexes of mv_daily_usage');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('_argo_dirty')$$, ARRAY[
    'CREATE INDEX idx_argo_dirty_meter ON _argo_dirty USING btree (meter_id)'],
    'indexes of the dirty log, none of them unique');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('tariffs')$$, ARRAY[
    'CREATE INDEX tariffs_one_in_force ON tariffs USING gist (_argo_key_range(site_id), _argo_key_range(utility), daterange(valid_from, valid_to))',
    'CREATE UNIQUE INDEX tariffs_pkey ON tariffs USING btree (tariff_id)'], 'indexes of tariffs');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('equipment_meters')$$, ARRAY[
    'CREATE INDEX equipment_meters_once ON equipment_meters USING gist (int8range((equipment_id)::bigint, (equipment_id)::bigint, ''[]''::text), int8range((meter_id)::bigint, (meter_id)::bigint, ''[]''::text), _argo_key_range(utility), daterange(valid_from, valid_to))',
    'CREATE INDEX idx_equipment_meters_equipment ON equipment_meters USING btree (equipment_id)',
    'CREATE INDEX idx_equipment_meters_meter ON equipment_meters USING btree (meter_id)',
    'CREATE UNIQUE INDEX equipment_meters_pkey ON equipment_meters USING btree (mapping_id)'], 'indexes of equipment_meters');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('mv_daily_ahu_costs')$$, ARRAY[
    'CREATE INDEX idx_mv_daily_ahu_costs_day ON mv_daily_ahu_costs USING btree (day)',
    'CREATE UNIQUE INDEX idx_mv_daily_ahu_costs_unique ON mv_daily_ahu_costs USING btree (equipment_id, day)'], 'indexes of mv_daily_ahu_costs');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('mv_daily_ahu_kwh')$$, ARRAY[
    'CREATE INDEX idx_mv_daily_ahu_kwh_day ON mv_daily_ahu_kwh USING btree (day)',
    'CREATE UNIQUE INDEX idx_mv_daily_ahu_kwh_unique ON mv_daily_ahu_kwh USING btree (equipment_id, day)'], 'indexes of mv_daily_ahu_kwh');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('mv_monthly_ahu_costs')$$, ARRAY[
    'CREATE UNIQUE INDEX idx_mv_monthly_ahu_costs_unique ON mv_monthly_ahu_costs USING btree (equipment_id, month)'], 'indexes of mv_monthly_ahu_costs');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('refresh_log')$$, ARRAY[
    'CREATE UNIQUE INDEX refresh_log_pkey ON refresh_log USING btree (id)'], 'indexes of refresh_log');
SELECT results_eq($$SELECT * FROM pg_temp.indexes('weekly_reports')$$, ARRAY[
    'CREATE UNIQUE INDEX weekly_reports_pkey ON weekly_reports USING btree (site_id, period_start, period_end)'],
    'indexes of weekly_reports');
SELECT is((SELECT seqcache FROM pg_sequence WHERE seqrelid = pg_get_serial_sequence('public.readings', 'id')::regclass),
    1000::bigint, 'ids of readings are handed out in thousands');

SELECT results_eq($$SELECT * FROM pg_temp.columns('v_clean_readings')$$, ARRAY[
    'id bigint', 'channel_id integer', 'timestamp timestamp with time zone', 'energy_kwh real', 'power_kw real',
    'voltage_v real', 'current_a real', 'power_factor real', 'reactive_power_kvar real', 'temperature_c real',
    'relative_humidity real', 'created_at timestamp with time zone'], 'columns of v_clean_readings');
SELECT results_eq($$SELECT * FROM pg_temp.columns('mv_hourly_usage')$$, ARRAY[
    'meter_id integer', 'hour timestamp with time zone', 'avg_kw double precision', 'total_kwh double precision',
    'reading_count bigint', 'peak_kw real', 'avg_voltage_v double precision', 'min_voltage_v real', 'max_voltage_v real',
    'voltage_count bigint', 'avg_power_factor double precision', 'power_factor_count bigint'], 'columns of mv_hourly_usage');
SELECT results_eq($$SELECT * FROM pg_temp.columns('mv_daily_usage')$$, ARRAY[
    'meter_id integer', 'day date', 'avg_kw double precision', 'total_kwh double precision', 'reading_count bigint',
    'peak_kw real', 'avg_voltage_v double precision', 'min_voltage_v real', 'max_voltage_v real',
    'avg_power_factor double precision'], 'columns of mv_daily_usage');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_sites')$$, ARRAY[
    'site_id text', 'site_name text', 'address text', 'city text', 'postcode text', 'country text', 'timezone text',
    'created_at timestamp with time zone', 'updated_at timestamp with time zone'], 'columns of v_sites');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_meters')$$, ARRAY[
    'meter_id integer', 'meter_name text', 'site_id text', 'site_name text', 'device_id integer', 'device_name text',
    'device_type text', 'device_uuid text', 'channel_type text', 'unit text',
    'created_at timestamp with time zone', 'updated_at timestamp with time zone'], 'columns of v_meters');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_readings_enriched')$$, ARRAY[
    'meter_id integer', 'meter_name text', 'site_id text', 'site_name text', 'device_id integer', 'device_name text',
    'timestamp timestamp with time zone', 'energy_kwh real', 'power_kw real', 'voltage_v real', 'current_a real',
    'power_factor real', 'reactive_power_kvar real', 'temperature_c real', 'relative_humidity real'],
    'columns of v_readings_enriched');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_readings_all')$$,
    $$SELECT * FROM pg_temp.columns('v_readings_enriched')$$, 'columns of v_readings_all are those of v_readings_enriched');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_latest_readings')$$, ARRAY[
    'meter_id integer', 'meter_name text', 'site_id text', 'site_name text', 'timestamp timestamp with time zone',
    'energy_kwh real', 'power_kw real', 'voltage_v real', 'current_a real', 'power_factor real'],
    'columns of v_latest_readings');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_readings_hourly')$$, ARRAY[
    'meter_id integer', 'meter_name text', 'site_id text', 'site_name text', 'device_id integer', 'device_name text',
    'hour timestamp with time zone', 'avg_kw double precision', 'total_kwh double precision', 'reading_count bigint'],
    'columns of v_readings_hourly');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_readings_daily')$$, ARRAY[
    'meter_id integer', 'meter_name text', 'site_id text', 'site_name text', 'reading_date date',
    'total_energy_kwh double precision', 'avg_power_kw double precision', 'peak_power_kw real',
    'avg_voltage_v double precision', 'min_voltage_v real', 'max_voltage_v real', 'avg_power_factor double precision',
    'reading_count bigint'], 'columns of v_readings_daily');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_readings_monthly')$$, ARRAY[
    'meter_id integer', 'meter_name text', 'site_id text', 'site_name text', 'reading_month date',
    'total_energy_kwh double precision', 'avg_power_kw double precision', 'peak_power_kw real', 'reading_count bigint'],
    'columns of v_readings_monthly');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_last_reports')$$, ARRAY[
    'site_id text', 'site_name text', 'period_start date', 'period_end date', 'generated_at timestamp with time zone',
    'age interval', 'gate_state text', 'headline text', 'report jsonb'], 'columns of v_last_reports');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_refresh_status')$$, ARRAY[
    'view text', 'last_data timestamp with time zone', 'days_behind integer', 'dirty_hours bigint',
    'last_refresh timestamp with time zone', 'strategy text', 'duration_ms double precision', 'warning text'],
    'columns of v_refresh_status');
SELECT results_eq($$SELECT * FROM pg_temp.columns('mv_daily_ahu_costs')$$, ARRAY['equipment_id integer', 'site_id text', 'day date', 'steam_cost double precision', 'cold_water_cost double precision', 'electricity_cost double precision',
    'total_cost double precision', 'currency text', 'without_tariff text[]', 'kwh_without_tariff double precision', 'completeness double precision',
    'reading_count bigint', 'expected_count bigint'],
    'columns of mv_daily_ahu_costs');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_daily_ahu_costs')$$, ARRAY['equipment_id integer', 'equipment_name text', 'kind text', 'site_id text', 'site_name text',
    'day date', 'steam_cost double precision', 'cold_water_cost double precision', 'electricity_cost double precision',
    'total_cost double precision', 'currency text', 'without_tariff text[]', 'kwh_without_tariff double precision', 'completeness double precision',
    'reading_count bigint', 'expected_count bigint'], 'columns of v_daily_ahu_costs');
SELECT results_eq($$SELECT * FROM pg_temp.columns('mv_daily_ahu_kwh')$$, ARRAY['equipment_id integer', 'site_id text', 'day date', 'hcv_kwh double precision', 'dh_hcv_kwh double precision', 'ccv_kwh double precision', 'pc_ccv_kwh double precision',
    'steam_kwh double precision', 'cold_water_kwh double precision', 'electricity_kwh double precision', 'completeness double precision',
    'reading_count bigint', 'expected_count bigint'],
    'columns of mv_daily_ahu_kwh');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_daily_ahu_kwh')$$, ARRAY['equipment_id integer', 'equipment_name text', 'kind text', 'site_id text', 'site_name text',
    'day date', 'hcv_kwh double precision', 'dh_hcv_kwh double precision', 'ccv_kwh double precision', 'pc_ccv_kwh double precision',
    'steam_kwh double precision', 'cold_water_kwh double precision', 'electricity_kwh double precision', 'completeness double precision',
    'reading_count bigint', 'expected_count bigint'], 'columns of v_daily_ahu_kwh');
SELECT results_eq($$SELECT * FROM pg_temp.columns('mv_monthly_ahu_costs')$$, ARRAY['equipment_id integer', 'site_id text', 'month date', 'steam_cost double precision', 'cold_water_cost double precision', 'electricity_cost double precision',
    'total_cost double precision', 'currency text', 'days_without_tariff integer', 'kwh_without_tariff double precision', 'day_count integer',
    'completeness double precision', 'reading_count bigint', 'expected_count bigint'],
    'columns of mv_monthly_ahu_costs');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_monthly_ahu_costs')$$, ARRAY['equipment_id integer', 'equipment_name text', 'kind text', 'site_id text', 'site_name text',
    'month date', 'steam_cost double precision', 'cold_water_cost double precision', 'electricity_cost double precision',
    'total_cost double precision', 'currency text', 'days_without_tariff integer', 'kwh_without_tariff double precision', 'day_count integer',
    'completeness double precision', 'reading_count bigint', 'expected_count bigint'], 'columns of v_monthly_ahu_costs');
SELECT results_eq($$SELECT * FROM pg_temp.columns('v_equipment')$$, ARRAY['equipment_id integer', 'equipment_name text', 'kind text', 'site_id text',
    'site_name text', 'meter_count bigint', 'utilities text[]', 'problem text'], 'columns of v_equipment');
SELECT has_materialized_view('public', name, name || ' is a real materialized view')
FROM unnest(ARRAY['mv_hourly_usage', 'mv_daily_usage', 'mv_daily_ahu_costs', 'mv_daily_ahu_kwh', 'mv_monthly_ahu_costs']::name[]) AS m (name);
SELECT ok(relispopulated, relname || ' is populated from the start')
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'm' ORDER BY relname;
SELECT results_eq($$SELECT matview::text, bucket_column, bucket_unit, meter_column, key_kind, is_in_use, range_function::regproc::text
    FROM _argo_refreshed_views ORDER BY position$$, $$VALUES
    ('mv_hourly_usage', 'hour', 'hour', 'meter_id', 'meter', true, '_argo_hourly_usage'),
    ('mv_daily_usage', 'day', 'day', 'meter_id', 'meter', true, '_argo_daily_usage'),
    ('mv_daily_ahu_costs', 'day', 'day', 'equipment_id', 'equipment', false, '_argo_daily_ahu_costs'),
    ('mv_daily_ahu_kwh', 'day', 'day', 'equipment_id', 'equipment', false, '_argo_daily_ahu_kwh'),
    ('mv_monthly_ahu_costs', 'month', 'month', 'equipment_id', 'equipment', false, '_argo_monthly_ahu_costs')$$,
    'all are registered, what others are made of first; those of equipment are not in use before there is any');
SELECT results_eq($$SELECT (t.tgrelid::regclass || ': ' || t.tgname) COLLATE "default" FROM pg_trigger t
    WHERE t.tgfoid IN ('_argo_mark_readings'::regproc, '_argo_mark_channels'::regproc, '_argo_mark_zoned_sites'::regproc)
    ORDER BY 1$$, ARRAY[
    '_argo_zones: _argo_zones_marked_inserted', '_argo_zones: _argo_zones_marked_updated', 'channels: _argo_channels_deleted',
    'channels: _argo_channels_inserted', 'channels: _argo_channels_updated',
    'readings: _argo_readings_deleted', 'readings: _argo_readings_inserted', 'readings: _argo_readings_truncated',
    'readings: _argo_readings_updated'], 'the triggers of the dirty log');
SELECT results_eq($$SELECT (t.tgrelid::regclass || ': ' || t.tgname) COLLATE "default" FROM pg_trigger t
    WHERE t.tgfoid IN ('_argo_mark_tariffs'::regproc, '_argo_mark_mappings'::regproc, '_argo_mark_equipment'::regproc, '_argo_pass_marks'::regproc,
        '_argo_mark_zoned_equipment'::regproc, '_argo_check_tariff'::regproc, '_argo_check_equipment'::regproc, '_argo_check_equipment_meter'::regproc)
    ORDER BY t.tgrelid::regclass::text COLLATE "C", t.tgname$$, ARRAY[
    '_argo_dirty: _argo_marks_passed', '_argo_zones: _argo_zones_marked_equipment',
    'equipment: _argo_equipment_checked', 'equipment: _argo_equipment_deleted', 'equipment: _argo_equipment_inserted',
    'equipment: _argo_equipment_truncated', 'equipment: _argo_equipment_updated',
    'equipment_meters: _argo_equipment_meters_checked', 'equipment_meters: _argo_equipment_meters_deleted',
    'equipment_meters: _argo_equipment_meters_inserted', 'equipment_meters: _argo_equipment_meters_truncated',
    'equipment_meters: _argo_equipment_meters_updated', 'tariffs: _argo_tariffs_checked', 'tariffs: _argo_tariffs_deleted',
    'tariffs: _argo_tariffs_inserted', 'tariffs: _argo_tariffs_truncated', 'tariffs: _argo_tariffs_updated'], 'and those of equipment');

INSERT INTO organizations (organization_id, organization_name) VALUES ('1', 'One');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (1, 'Main', '1');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw) VALUES (1, '2025-01-01 00:00Z', 1, 4);
SELECT throws_ok($$INSERT INTO readings (channel_id, "timestamp") VALUES (1, '2025-01-01 00:00Z')$$, '23505', NULL,
    'one reading per channel and instant');
SELECT lives_ok($$INSERT INTO readings (channel_id, "timestamp") VALUES (1, '2025-01-01 00:00Z')
    ON CONFLICT (channel_id, "timestamp") DO NOTHING$$, 'the conflict rule of the contract finds its key');
SELECT throws_ok($$INSERT INTO readings (channel_id, "timestamp") VALUES (2, '2025-01-01 00:00Z')$$, '23503', NULL,
    'a reading needs its channel');
SELECT lives_ok($$INSERT INTO readings (id, channel_id, "timestamp") VALUES (7, 1, '2025-01-01 00:15Z')$$,
    'a given id is taken, as COPY from elsewhere needs');
SELECT throws_ok($$INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (3, 'x', 'none')$$, '23503', NULL,
    'a channel needs its organization');
SELECT throws_ok($$INSERT INTO data_sync_status (organization_id, last_sync_timestamp, sync_status)
    VALUES ('1', '2025-01-01', 'failure')$$, '23514', NULL, 'sync_status is success, partial or failed');
SELECT lives_ok($$INSERT INTO data_sync_status (organization_id, last_sync_timestamp, sync_status)
    SELECT '1', '2025-01-01', unnest(ARRAY['success', 'partial', 'failed', NULL])$$, 'each of them, or NULL, is taken');
SELECT throws_ok($$INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, status)
    VALUES ('1', 1, '2025-01-01', '2025-01-02', 'failed')$$, '23514', NULL, 'status of a pull is success or failure');

-- Everything of ours in the schema: setup's objects and the functions beside them.
CREATE TEMP VIEW ours AS
    SELECT c.oid, 'pg_class'::regclass AS class, c.oid::regclass::text AS name
    FROM pg_class c JOIN _argo_setup_steps() s ON s.object_name = c.relname
    WHERE c.relnamespace = 'public'::regnamespace
    UNION ALL
    SELECT p.oid, 'pg_proc'::regclass, p.oid::regprocedure::text
    FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace
      AND (p.proname ~ '^_?argo_' OR p.proname = 'refresh_materialized_views_smart');
SELECT is_empty($$SELECT name FROM ours WHERE obj_description(oid, class::name) IS NULL$$,
    'every table, view, index and function has a comment');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE p.pronamespace = 'public'::regnamespace
      AND (p.proname ~ '^_?argo_' OR p.proname = 'refresh_materialized_views_smart') AND l.lanname IN ('sql', 'plpgsql')
      AND p.prosqlbody IS NULL AND NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']
    $$, 'every function has a fixed search_path, but those that must inline');
SELECT is_empty($$
    SELECT p.oid::regprocedure FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND has_function_privilege('public', p.oid, 'EXECUTE')
    $$, 'nobody but the owner has triggers of his own run functions with the owner''s rights');
SELECT is_empty($$
    SELECT c.oid::regclass || ' by ' || d.refobjid::regprocedure
    FROM pg_depend d
    JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
    JOIN pg_class c ON c.oid = r.ev_class
    WHERE d.refclassid = 'pg_proc'::regclass AND c.relnamespace = 'public'::regnamespace
      AND c.relname IN (SELECT object_name FROM _argo_setup_steps())
      AND d.refobjid NOT IN (SELECT p.oid FROM pg_proc p JOIN _argo_setup_steps() s
                             ON s.object_kind = 'function' AND s.object_name = p.proname
                             WHERE p.pronamespace = 'public'::regnamespace)
    $$, 'no data object depends on a function that is not data');
SELECT is_empty($$
    SELECT name FROM ours JOIN pg_depend d ON d.objid = ours.oid AND d.classid = ours.class AND d.deptype = 'e'
    JOIN _argo_setup_steps() s ON ours.name IN (s.object_name, 'public.' || s.object_name)
    $$, 'no data object belongs to an extension');

SELECT * FROM finish();
ROLLBACK;
