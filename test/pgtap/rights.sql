-- The grants of docs/security.md are enough for a role that ingests into another's tables, and no more.
BEGIN;
SELECT plan(23);
SET client_min_messages = error;
\set grants `sed -n '/^GRANT .* TO meter_writer;$/p' docs/security.md`

SELECT count(*) FROM argo_setup() \g /dev/null
CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
CREATE ROLE meter_writer;
:grants
\set grants `sed -n '/^GRANT .* TO validator;$/p' docs/security.md`
CREATE ROLE validator;
:grants
CREATE USER MAPPING FOR meter_writer SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');

SET LOCAL ROLE meter_writer;
SELECT is((SELECT status FROM argo_ingest('23272', 2, as_of => to_timestamp(:now))), 'success', 'the role ingests');
SELECT is((SELECT inserted FROM argo_ingest('23272', 2, as_of => to_timestamp(:now))), 0::bigint, 'and again');
SELECT is((SELECT timezone FROM _argo_zones), 'Asia/Kolkata', 'the zone is kept by the owner''s trigger');
SELECT throws_ok('DELETE FROM readings', '42501', NULL, 'the role cannot delete readings');
SELECT throws_ok('UPDATE readings SET energy_kwh = 0', '42501', NULL, 'nor change them');
SELECT throws_ok($$INSERT INTO _argo_zones VALUES ('23272', 'UTC', true)$$, '42501', NULL, 'nor the zones');
SELECT throws_ok('SELECT FROM _argo_dirty', '42501', NULL, 'nor read the dirty log');
SELECT throws_ok('DELETE FROM _argo_dirty', '42501', NULL, 'nor clear it');
SELECT throws_ok('SELECT * FROM argo_refresh()', '42501', NULL, 'nor refresh');
RESET ROLE;
SELECT is((SELECT count(*) FROM mv_hourly_usage), 0::bigint, 'the materialized views wait for their owner');
SELECT isnt_empty('SELECT FROM _argo_dirty', 'marked as they are');
SELECT is((SELECT sum(reading_count) FROM v_readings_hourly), (SELECT count(*) FROM v_clean_readings)::numeric,
          'what the views show is exact meanwhile');
SELECT results_eq('SELECT strategy FROM argo_refresh()', ARRAY['full', 'full'], 'the owner refreshes');
SELECT set_eq('SELECT * FROM ' || matview, format('SELECT u.* FROM channels AS c, %s(c.channel_id, ''-infinity'', ''infinity'') AS u', source),
              matview || ' is whole')
FROM (VALUES ('mv_hourly_usage', '_argo_hourly_usage'), ('mv_daily_usage', '_argo_daily_usage')) AS v (matview, source);

SET LOCAL ROLE validator;
SELECT is((SELECT count(*) FROM argo_validate('23272', as_of => to_timestamp(:now)) WHERE coalesce(detail, '') !~ 'could not be checked'),
          (SELECT count(*) FROM validation_rules), 'a role with the grants of docs/security.md validates, by every rule');
SELECT is((SELECT state FROM argo_gate('23272', to_timestamp(:now))), 'closed', 'and passes the gate');
SELECT lives_ok($$SELECT argo_override_breaker('23272', 'a test')$$, 'and overrides the breaker');
SELECT throws_ok($$UPDATE validation_rules SET enabled = false$$, '42501', NULL, 'it cannot change the rules');
SELECT throws_ok($$UPDATE readings SET energy_kwh = 0$$, '42501', NULL, 'nor readings');
RESET ROLE;
SET LOCAL ROLE meter_writer;
SELECT throws_ok($$SELECT argo_validate('23272')$$, '42501', NULL, 'one who ingests cannot validate');
SELECT throws_ok($$SELECT argo_override_breaker('23272', 'no')$$, '42501', NULL, 'nor override');
RESET ROLE;
SELECT ok(NOT has_function_privilege('public', 'argo_sync(text, integer, text, timestamptz)', 'EXECUTE'), 'argo_sync is revoked from PUBLIC');

SELECT * FROM finish();
ROLLBACK;
