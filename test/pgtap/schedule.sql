-- Cron expressions, names, lines to paste, refusals and rights of the schedules; pg_cron itself runs in suites/govern_cron.
\set QUIET on
SET client_min_messages = error;
SET TIME ZONE 'Asia/Kathmandu';
SET jit = off;
BEGIN;
SELECT plan(98);

DO $$ BEGIN PERFORM argo_setup(); END $$;

-- Answers of a program that goes through all minutes one by one.
SELECT is(_argo_next_run(schedule, (after || 'Z')::timestamptz, zone), next_run::timestamptz, format('%s in %s: %s', schedule, zone, what))
FROM (VALUES
    ('* * * * *', '2026-03-11 12:02:30', 'GMT', '2026-03-11 12:03Z', 'each minute'),
    ('* * * * *', '2026-03-11 12:02:00', 'GMT', '2026-03-11 12:03Z', 'the minute that has begun is over'),
    ('*/15 * * * *', '2026-03-11 12:45:00', 'GMT', '2026-03-11 13:00Z', 'steps'),
    ('7-59/20 * * * *', '2026-03-11 12:47:00', 'GMT', '2026-03-11 13:07Z', 'steps of a range'),
    ('*/70 * * * *', '2026-03-11 12:02:00', 'GMT', '2026-03-11 13:00Z', 'a step beyond the range'),
    ('0 2 * * *', '2026-03-11 02:00:00', 'GMT', '2026-03-12 02:00Z', 'tomorrow'),
    ('0 */6 * * *', '2026-12-31 18:00:00', 'GMT', '2027-01-01 00:00Z', 'over the end of a year'),
    ('5,35 1,13 * * *', '2026-03-11 13:05:00', 'GMT', '2026-03-11 13:35Z', 'lists'),
    ('0 0 13 * 5', '2026-03-14 00:00:00', 'GMT', '2026-03-20 00:00Z', 'both days restricted: either, here the weekday'),
    ('0 0 13 * 5', '2026-04-10 12:00:00', 'GMT', '2026-04-13 00:00Z', 'both days restricted: either, here the day'),
    ('0 0 13 * *', '2026-03-14 00:00:00', 'GMT', '2026-04-13 00:00Z', 'a day of the month'),
    ('0 0 * * Fri', '2026-03-14 00:00:00', 'GMT', '2026-03-20 00:00Z', 'a weekday by name'),
    ('0 0 */2 * 1', '2026-03-11 00:00:00', 'GMT', '2026-03-23 00:00Z', 'a field that begins with * asks for both'),
    ('0 0 1 * */2', '2026-03-11 00:00:00', 'GMT', '2026-08-01 00:00Z', 'so does the other'),
    ('0 0 * * 0', '2026-03-11 00:00:00', 'GMT', '2026-03-15 00:00Z', 'Sunday is 0'),
    ('0 0 * * 7', '2026-03-11 00:00:00', 'GMT', '2026-03-15 00:00Z', 'and 7'),
    ('0 0 * * 5-7', '2026-03-14 00:00:00', 'GMT', '2026-03-15 00:00Z', 'in a range too'),
    ('0 0 1 jan,JUL *', '2026-03-11 00:00:00', 'GMT', '2026-07-01 00:00Z', 'months by name'),
    ('0 0 29 2 *', '2026-03-11 00:00:00', 'GMT', '2028-02-29 00:00Z', '29 February'),
    ('0 0 29 2 *', '2096-03-01 00:00:00', 'GMT', '2104-02-29 00:00Z', '29 February around 2100'),
    ('0 0 29 2 */7', '2026-03-11 00:00:00', 'GMT', '2032-02-29 00:00Z', '29 February on a Sunday'),
    ('0 0 31 4,6,9,11 *', '2026-03-11 00:00:00', 'GMT', NULL, 'never'),
    ('0 0 30 2 *', '2026-03-11 00:00:00', 'GMT', NULL, '30 February'),
    ('30 12 $ * *', '2028-02-01 00:00:00', 'GMT', '2028-02-29 12:30Z', 'the last day of a February'),
    ('30 12 $ 4 *', '2026-03-11 00:00:00', 'GMT', '2026-04-30 12:30Z', 'the last day of April'),
    ('30 2 * * *', '2026-03-07 12:00:00', 'America/New_York', '2026-03-09 06:30Z', 'a local time'),
    ('30 2 * * *', '2026-03-08 00:00:00', 'America/New_York', '2026-03-09 06:30Z', 'one that the clock skips'),
    ('30 1 * * *', '2026-11-01 05:00:00', 'America/New_York', '2026-11-01 05:30Z', 'one that comes twice'),
    ('30 1 * * *', '2026-11-01 05:30:00', 'America/New_York', '2026-11-01 06:30Z', 'the second time'),
    ('0 0 30 12 *', '2011-12-01 00:00:00', 'Pacific/Apia', '2012-12-29 10:00Z', 'a day that the calendar skips'),
    ('45 1 * * *', '2026-04-04 00:00:00', 'Australia/Lord_Howe', '2026-04-04 14:45Z', 'changes by half an hour')
) AS c (schedule, after, zone, next_run, what);

SELECT is(_argo_next_run(schedule, '2026-03-11 12:02:30Z'), next_run::timestamptz, schedule || ': ' || what)
FROM (VALUES
    ('@hourly', '2026-03-11 13:00Z', 'the hour'), ('@daily', '2026-03-12 00:00Z', 'the day'), ('@midnight', '2026-03-12 00:00Z', 'the same'),
    ('@weekly', '2026-03-15 00:00Z', 'Sunday'), ('@monthly', '2026-04-01 00:00Z', 'the month'), ('@yearly', '2027-01-01 00:00Z', 'the year'),
    (' 1  2	3 4 * ', '2026-04-03 02:01Z', 'blanks and tabs'),
    ('10 seconds', '2026-03-11 12:02:40Z', 'seconds'), ('1 SECOND', '2026-03-11 12:02:31Z', 'one second')
) AS c (schedule, next_run, what);
SELECT is(_argo_next_run('0 0 13 * 5', '2026-03-14 00:00Z', 'GMT', true), '2026-11-13 00:00Z'::timestamptz, 'a pg_cron that wants both days');
SELECT is(_argo_next_run('* * * * *', 'infinity'), NULL, 'nothing comes after infinity');
SELECT is(_argo_next_run(NULL, '2026-03-11 12:02Z'), NULL, 'nor without a schedule');
SELECT is(_argo_next_run(schedule, '2026-03-11 12:02Z'), NULL, format('"%s" is no schedule', schedule))
FROM unnest(ARRAY['', '* * * *', '* * * * * *', '60 * * * *', '* 24 * * *', '* * 0 * *', '* * 32 * *', '* * * 13 *', '* * * * 8', '*/0 * * * *',
    '5/15 * * * *', '30-10 * * * *', '1,,2 * * * *', '-1 * * * *', '1- * * * *', 'mon * * * *', '* * * mon *', '* * * * monday', '*x * * * *',
    '99999999999 * * * *', '0 seconds', '60 seconds', '@reboot', '@often', '$ * * * *', '1,$ * $ * *']) AS schedule;

-- Names, and what is typed into psql and a shell.
SELECT is(_argo_job_name('sync', '23271'), 'argo sync 23271', 'a name');
SELECT is(_argo_job_name('refresh', NULL, 'plant'), 'argo refresh at plant', 'one in another database');
SELECT matches(_argo_job_name('validate', repeat('x', 64)), '^argo validate [0-9a-f]{32}$', 'one that pg_cron would cut');
SELECT is(_argo_connect_line(database), line, 'to go to ' || database)
FROM (VALUES ('plant', '\c plant'), ('Plant-2', '\c "Plant-2"'), ('a b', $$\c -reuse-previous=on "dbname='a b'"$$),
    ($$it's "x"\$$, $$\c -reuse-previous=on "dbname='it\'s ""x""\\'"$$)) AS c (database, line);
SELECT is(_argo_words_of(duration::interval), words, words)
FROM (VALUES ('0.44 s', '0.4 s'), ('33.6 s', '34 s'), ('722 s', '12 min'), ('9000 s', '2.5 h')) AS c (duration, words);

-- Here pg_cron works in another database.
SELECT is_empty('SELECT * FROM v_schedule', 'no jobs of this database are in pg_cron');
SELECT is(state, 'elsewhere', 'where it works is seen') FROM _argo_cron();
SELECT throws_ok($$SELECT * FROM argo_schedule('23271')$$, '55000', 'pg_cron works in database postgres, not in this one', 'so nothing can be scheduled');
SELECT throws_ok($$SELECT * FROM argo_unschedule('23271')$$, '55000', 'pg_cron works in database postgres, not in this one', 'nor unscheduled');

-- Arguments are looked at first.
SELECT throws_ok(format('SELECT * FROM argo_schedule(%s)', arguments), '22023', message, message)
FROM (VALUES ($$''$$, 'invalid site ""'), ('NULL', 'invalid site NULL'), ($$'a b'$$, 'invalid site "a b"'),
    ($$'1', 0$$, 'invalid number of days: 0'), ($$'1', keep_days => NULL$$, 'invalid number of days: NULL'), ($$'1', server => ''$$, 'invalid server ""'),
    ($$'1', sync_at => 'at two'$$, 'invalid schedule for sync_at: "at two"'),
    ($$'1', refresh_full_at => '0 0 30 2 *'$$, 'invalid schedule for refresh_full_at: "0 0 30 2 *"'),
    ($$'1', purge_at => NULL$$, 'invalid schedule for purge_at: NULL'),
    ($$'1', report_at => '0 6 * * 1'$$, 'invalid time for report_at: "0 6 * * 1"'), ($$'1', report_at => 'Mon 6:00'$$, 'invalid time for report_at: "Mon 6:00"'),
    ($$'1', report_at => NULL$$, 'invalid time for report_at: NULL')) AS c (arguments, message);

-- A role without rights is told so, and reads an empty view.
CREATE ROLE argo_clerk;
GRANT SELECT ON v_schedule TO argo_clerk;
SET LOCAL ROLE argo_clerk;
SELECT is_empty('SELECT * FROM v_schedule', 'a role without rights may look');
SELECT throws_ok($$SELECT * FROM argo_schedule('23271')$$, '55000', 'pg_cron is not in this database', 'and is told that it cannot see more');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
