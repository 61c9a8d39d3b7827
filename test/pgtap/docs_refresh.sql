-- The example of docs/refresh.md, as it stands there.
\set QUIET on
SET client_min_messages = error;
BEGIN;
SELECT plan(5);
\set example `awk '/^...sql$/ { p = 1; next } /^...$/ { p = 0 } p' docs/refresh.md`

DO $$ BEGIN PERFORM argo_setup(); END $$;
INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('a', 'A', 'Asia/Kolkata');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (1, 'Main', 'a'), (2, 'Second', 'a');
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT c, t, 1, 1 + c FROM generate_series(1, 2) AS c, generate_series('2025-06-01 00:00Z'::timestamptz, '2025-09-01', '1 hour') AS t;
:example
CREATE FUNCTION pg_temp.stale() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (
        (TABLE mv_weekly_peak EXCEPT ALL SELECT p.* FROM channels, weekly_peak(channel_id, '-infinity', 'infinity') AS p)
        UNION ALL
        (SELECT p.* FROM channels, weekly_peak(channel_id, '-infinity', 'infinity') AS p EXCEPT ALL TABLE mv_weekly_peak)) AS d
$$;
SELECT cmp_ok((SELECT count(*) FROM mv_weekly_peak), '>', 20::bigint, 'the example fills a view');
SELECT is(pg_temp.stale(), 0::bigint, 'as its function has it');
UPDATE readings SET power_kw = 99 WHERE channel_id = 2 AND "timestamp" = '2025-07-27 19:00Z';
SELECT is(pg_temp.stale(), 2::bigint, 'a reading changes a week');
SELECT results_eq('SELECT strategy, rows_examined, updated FROM argo_refresh(views => ARRAY[''mv_weekly_peak''])',
    $$VALUES ('incremental', 1::bigint, 1::bigint)$$, 'which alone is recomputed');
SELECT is(pg_temp.stale(), 0::bigint, 'and the view is right again');

SELECT * FROM finish();
ROLLBACK;
