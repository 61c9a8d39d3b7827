-- The rule of one's own of docs/governance.md, as it stands there.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(9);
\set example `awk '/^...sql$/ { p = 1; next } /^...$/ { p = 0 } p' docs/governance.md`
\set as_of '2025-06-30 12:00Z'

DO $$ BEGIN PERFORM argo_setup(); END $$;
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('a', 'A', 'Asia/Kolkata');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (1, 'Main', 'a'), (2, 'Second', 'a');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, kw / 4, kw
FROM generate_series(1, 2) AS c, generate_series('2025-06-01 18:30Z'::timestamptz, :'as_of', '15 minutes') AS t,
     LATERAL (SELECT (10 + c + 3 * sin(extract(epoch FROM t) / 13751))::real AS kw) AS k;
SELECT is_empty(format('SELECT rule, detail FROM argo_validate(%L, NULL, %L) WHERE status = %L', 'a', :'as_of', 'fail'), 'without it all is well');
:example
SELECT results_eq(format('SELECT status, threshold, meters_affected FROM argo_validate(%L, NULL, %L) WHERE rule = %L', 'a', :'as_of', 'night_load'),
    $$VALUES ('pass', 50::double precision, 0)$$, 'the rule is judged, and passes');
UPDATE readings SET power_kw = power_kw * 6, energy_kwh = energy_kwh * 6
WHERE channel_id = 2 AND "timestamp" >= '2025-06-27 19:30Z' AND "timestamp" < '2025-06-27 22:30Z';
SELECT results_eq(format('SELECT severity, status, meters_affected FROM argo_validate(%L, NULL, %L) WHERE rule = %L', 'a', :'as_of', 'night_load'),
    $$VALUES ('warning', 'fail', 1)$$, 'a night of work is found');
SELECT results_eq(format('SELECT meter_id, meter_name, day FROM argo_findings(%L, %L, NULL, %L)', 'a', 'night_load', :'as_of'),
    $$VALUES (2, 'Second', '2025-06-28'::date)$$, 'with its meter and its day');
SELECT matches(detail, '^2 Second: [0-9.]+ kW from 1 to 4 in the night$', 'in the words of the rule')
FROM data_quality_history WHERE rule = 'night_load' ORDER BY id DESC LIMIT 1;
SELECT results_eq(format('SELECT state, flags -> 0 ->> %L FROM argo_gate(%L, %L)', 'rule', 'a', :'as_of'),
    $$VALUES ('degraded', 'night_load')$$, 'reports show it');
UPDATE validation_rules SET severity = 'error' WHERE name = 'night_load';
SELECT throws_ok(format('SELECT argo_gate(%L, %L)', 'a', :'as_of'), 'ZA005', NULL, 'as an error it blocks them');
INSERT INTO validation_rules (name, site_id, threshold) VALUES ('night_load', 'a', 500);
SELECT is((SELECT state FROM argo_gate('a', :'as_of')), 'closed', 'a threshold of the site''s own lets them through');
SELECT results_eq(format('SELECT threshold FROM argo_validate(%L, NULL, %L) WHERE rule = %L', 'a', :'as_of', 'night_load'),
    $$VALUES (500::double precision)$$, 'and is shown');

SELECT * FROM finish();
ROLLBACK;
