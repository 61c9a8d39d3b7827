-- What an ingest asks for: what is missing, and the last days in any case.
BEGIN;
SELECT plan(29);
SET client_min_messages = error;
SELECT count(*) FROM argo_setup() \g /dev/null

INSERT INTO organizations (organization_id, organization_name, timezone) VALUES ('1', 'One', 'America/New_York');
INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (7, 'Seven', '1'), (8, 'Eight', '1'), (9, 'Nine', '1');

-- Noon of a Wednesday in New York; channel 7 is complete until then from the 1st on, channel 8 stops on the 10th
-- at noon, channel 9 has nothing.
\set noon '\'2026-03-18 16:00+00\'::timestamptz'
INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
SELECT 7, t, 1, 1 FROM generate_series('2026-03-01 05:00+00'::timestamptz, '2026-03-18 15:30+00', '15 minutes') AS t
UNION ALL
SELECT 8, t, 1, 1 FROM generate_series('2026-03-01 05:00+00'::timestamptz, '2026-03-10 16:00+00', '15 minutes') AS t;

-- What would be asked of one channel, as local times, and where it begins.
CREATE FUNCTION asked(channel integer, request jsonb, as_of timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT string_agg(
        to_char(to_timestamp(a.start) AT TIME ZONE 'America/New_York', 'MM-DD HH24:MI') || ' to '
        || to_char(to_timestamp(a."end") AT TIME ZONE 'America/New_York', 'MM-DD HH24:MI'), ', ' ORDER BY a.start)
    FROM jsonb_to_recordset(_argo_ingest_plan('1', ARRAY[channel], 'America/New_York', request, as_of) -> 'ask')
        AS a (channel_id integer, start float8, "end" float8)
$$;
CREATE FUNCTION begins(channel integer, request jsonb, as_of timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT to_char(to_timestamp(a.start) AT TIME ZONE 'America/New_York', 'MM-DD HH24:MI')
    FROM jsonb_to_recordset(_argo_ingest_plan('1', ARRAY[channel], 'America/New_York', request, as_of) -> 'channels')
        AS a (channel_id integer, start float8)
$$;
\set days7 '\'{"days": 7, "lookback_days": 3, "max_catch_up_days": 90}\''

SELECT is(asked(7, :days7, :noon), '03-15 00:00 to 03-18 11:45', 'of a complete channel: today and the last three days');
SELECT is(asked(7, '{"days": 7, "lookback_days": 0, "max_catch_up_days": 90}', :noon), '03-18 00:00 to 03-18 11:45', 'without a lookback: today');
SELECT is(asked(7, '{"days": 7, "lookback_days": 30, "max_catch_up_days": 90}', :noon), '03-11 00:00 to 03-18 11:45', 'with a long one: all of the days');
SELECT is(begins(7, :days7, :noon), '03-11 00:00', 'a complete channel begins with the days');

SELECT is(begins(8, :days7, :noon), '03-10 00:00', 'a channel that stopped begins after its last complete day');
SELECT is(asked(8, :days7, :noon), '03-10 12:15 to 03-15 00:00, 03-15 00:00 to 03-18 11:45', 'and catches up from where it stopped');
SELECT is(begins(8, '{"days": 2, "lookback_days": 0, "max_catch_up_days": 5}', :noon), '03-13 00:00', 'but not beyond max_catch_up_days');
SELECT is(begins(8, '{"days": 2, "lookback_days": 0, "max_catch_up_days": 0}', :noon), '03-16 00:00', 'which may be none');
SELECT is(begins(9, :days7, :noon), '03-11 00:00', 'a channel without any reading begins with the days');
SELECT is(asked(9, :days7, :noon), '03-11 00:00 to 03-15 00:00, 03-15 00:00 to 03-18 11:45', 'and is asked for all of them');

-- A hole before the lookback.
DELETE FROM readings WHERE channel_id = 7 AND "timestamp" IN ('2026-03-12 14:00+00', '2026-03-12 14:15+00', '2026-03-13 04:00+00');
SELECT is(asked(7, :days7, :noon), '03-12 10:00 to 03-12 10:30, 03-13 00:00 to 03-13 00:15, 03-15 00:00 to 03-18 11:45', 'missing slots are asked for, and only they');
-- A hole before the days: the day is not complete, so the channel has to catch up.
DELETE FROM readings WHERE channel_id = 7 AND "timestamp" = '2026-03-10 14:00+00';
SELECT is(begins(7, :days7, :noon), '03-10 00:00', 'a day with a hole is not complete');
SELECT alike(asked(7, :days7, :noon), '03-10 10:00 to 03-10 10:15, %', 'and its hole is asked for');

-- Off the grid is not in the slot.
UPDATE readings SET "timestamp" = "timestamp" + interval '1 minute' WHERE channel_id = 7 AND "timestamp" = '2026-03-12 15:00+00';
SELECT alike(asked(7, :days7, :noon), '%03-12 11:00 to 03-12 11:15%', 'a reading off the grid fills no slot');

-- Confirmed absent: answered twice, a day apart, within the last week.
CREATE FUNCTION answered(at timestamptz, outcome text DEFAULT 'success') RETURNS void LANGUAGE sql AS $$
    INSERT INTO ingestion_logs (organization_id, channel_id, start_time, end_time, status, created_at)
    VALUES ('1', 7, '2026-03-12 04:00+00', '2026-03-13 04:00+00', outcome, at)
$$;
SELECT count(answered('2026-03-16 06:00+00')) \g /dev/null
SELECT alike(asked(7, :days7, :noon), '%03-12 10:00 to 03-12 10:30%', 'a slot that the API answered without once is asked for again');
SELECT count(answered('2026-03-16 18:00+00')) \g /dev/null
SELECT alike(asked(7, :days7, :noon), '%03-12 10:00 to 03-12 10:30%', 'also after two answers on one day');
SELECT count(answered('2026-03-17 07:00+00', 'failure')) \g /dev/null
SELECT alike(asked(7, :days7, :noon), '%03-12 10:00 to 03-12 10:30%', 'a failed pull is no answer');
SELECT count(answered('2026-03-17 07:00+00')) \g /dev/null
SELECT unalike(asked(7, :days7, :noon), '%03-12%', 'after two answers a day apart it is confirmed absent');
SELECT alike(asked(7, :days7, :noon), '%03-10 10:00 to 03-10 10:15, 03-13 00:00 to 03-13 00:15%', 'slots outside those answers are not');
SELECT unalike(asked(7, '{"days": 11, "lookback_days": 3, "max_catch_up_days": 90}', :noon + interval '4 days'), '%03-12%', 'days after the last answer it is left alone');
SELECT alike(asked(7, '{"days": 13, "lookback_days": 3, "max_catch_up_days": 90}', :noon + interval '8 days'), '%03-12 10:00 to 03-12 10:30%', 'a week after it, asked for again');
SELECT alike(asked(7, '{"days": 7, "lookback_days": 7, "max_catch_up_days": 90}', :noon), '03-10 10:00 to 03-10 10:15, 03-11 00:00 to 03-18 11:45', 'the lookback asks for all, absent or not');

-- A backfill asks for whole days, and for nothing that is there.
SELECT is(asked(8, '{"start_date": "2026-03-09", "end_date": "2026-03-10", "lookback_days": 0}', :noon), '03-10 12:15 to 03-11 00:00', 'a backfill asks for what is missing');
SELECT is(asked(8, '{"start_date": "2026-03-02", "end_date": "2026-03-09", "lookback_days": 0}', :noon), NULL, 'and for nothing where all is there');
SELECT is(asked(9, '{"start_date": "2026-03-08", "end_date": "2026-03-08", "lookback_days": 0}', :noon), '03-08 00:00 to 03-09 00:00', 'the day of the change is one day');
SELECT is(asked(9, '{"start_date": "2026-03-18", "lookback_days": 0}', :noon), '03-18 00:00 to 03-18 11:45', 'without an end up to the last final slot');
SELECT throws_ok($$SELECT _argo_backfill_range('America/New_York', '2026-03-10', '2026-03-09', '2026-03-18 16:00+00')$$, '22023', 'the last day 2026-03-09 lies before the first, 2026-03-10', 'dates the wrong way round');
SELECT throws_ok($$SELECT _argo_backfill_range('America/New_York', '2026-03-19', NULL, '2026-03-18 16:00+00')$$, '22023', NULL, 'a day that has not begun');

SELECT is(_argo_count_missing('[{"channel_id": 7, "start": 1773288000, "end": 1773374400}]'), 3::bigint, 'missing slots are counted');

SELECT * FROM finish();
ROLLBACK;
