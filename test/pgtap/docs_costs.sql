-- The examples of docs/costs.md, as they stand there.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(4);
\set example `awk '/^...sql$/ { p = 1; next } /^...$/ { p = 0 } p' docs/costs.md`

DO $$ BEGIN PERFORM argo_setup(); END $$;
INSERT INTO organizations (organization_id, organization_name) VALUES ('23271', 'Site');
INSERT INTO channels (channel_id, channel_name, organization_id)
VALUES (59174, 'Steam', '23271'), (59175, 'Chilled water', '23271'), (59176, 'Fan', '23271');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, 1, 4 FROM generate_series(59174, 59176) AS c, generate_series('2026-06-01 04:00Z'::timestamptz, '2026-08-01 03:45Z', '15 minutes') AS t;
\o /dev/null
:example
\o
SELECT results_eq('SELECT month, round(steam_cost::numeric, 4) FROM v_monthly_ahu_costs ORDER BY 1', $$VALUES
    ('2026-06-01'::date, round(30 * 96 * 21.40 / 293.07107017222, 4)), ('2026-07-01', round(31 * 96 * 23.10 / 293.07107017222, 4))$$,
    'the price that is raised counts from its day on');
-- A fan of half a kWh a quarter-hour: 6 hours of 22 or 23 business days at the peak's rate.
SELECT results_eq('SELECT round(electricity_cost::numeric, 4) FROM v_monthly_ahu_costs ORDER BY month', $$VALUES
    (round(0.5 * (22 * 24 * 0.25 + (30 * 96 - 22 * 24) * 0.11), 4)), (round(0.5 * (23 * 24 * 0.25 + (31 * 96 - 23 * 24) * 0.11), 4))$$, 'the bands and the share count');
SELECT is((SELECT round(_argo_kwh_per_unit('MMBtu')::numeric, 4) || ' ' || round(_argo_kwh_per_unit('ton-hour')::numeric, 6)), '293.0711 3.516853', 'the units are what the page says');
SELECT is_empty('SELECT FROM v_equipment WHERE problem IS NOT NULL', 'nothing is wrong with it');

SELECT * FROM finish();
ROLLBACK;
