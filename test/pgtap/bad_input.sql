-- What argo_ingest() refuses: each with a code, a DETAIL and a HINT, and nothing half-written.
BEGIN;
SELECT plan(32);
SET client_min_messages = error;

-- Runs a statement and returns its error as "code message | detail | hint".
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN format('%s %s | %s | %s', code, message, coalesce(nullif(detail, ''), 'NO DETAIL'), coalesce(nullif(hint, ''), 'NO HINT'));
END
$$;
CREATE TEMP TABLE seen (refusal text);
-- The same, kept for the check that all of them have a DETAIL and a HINT.
CREATE FUNCTION refused(statement text) RETURNS text LANGUAGE sql AS
$$ INSERT INTO seen VALUES (refusal(statement)) RETURNING refusal $$;

SELECT alike(refused($$SELECT argo_ingest('23271')$$), '42704 server "eniscope" does not exist | %CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url ''https://core.eniscope.com'');', 'no server');
CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
SELECT alike(refused($$SELECT argo_ingest('23271')$$), '42704 no user mapping for the current user on server eniscope%CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (%', 'no mapping');
SELECT ok(to_regclass('readings') IS NULL, 'nothing was made for them');
CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');

SELECT alike(refused($$SELECT argo_ingest(NULL)$$), '22023 argument site must not be null%', 'site NULL');
SELECT alike(refused($$SELECT argo_ingest('')$$), '22023 invalid site ""%', 'an empty site');
SELECT alike(refused($$SELECT argo_ingest('23271/../x')$$), '22023 invalid site "23271/../x"%', 'a site that is no id');
SELECT alike(refused($$SELECT argo_ingest('99999')$$), '22023 unknown site "99999" | %Nothing was stored. | Sites it may see: %23271 (Wilson Center)%', 'an unknown site');
SELECT alike(refused($$SELECT argo_ingest('23271', NULL)$$), '22023 argument days must not be null%', 'days NULL');
SELECT alike(refused($$SELECT argo_ingest('23271', 0)$$), '22023 invalid number of days: 0 | It must lie between 1 and 3660.%', 'no day');
SELECT alike(refused($$SELECT argo_ingest('23271', -1)$$), '22023 invalid number of days: -1%', 'a negative number of days');
SELECT alike(refused($$SELECT argo_ingest('23271', 1000000000)$$), '22023 invalid number of days: 1000000000%', 'a billion days');
SELECT alike(refused($$SELECT argo_ingest('23271', server => NULL)$$), '22023 argument server must not be null%', 'server NULL');
SELECT alike(refused($$SELECT argo_ingest('23271', refresh => NULL)$$), '22023 argument refresh must not be null%', 'refresh NULL');
SELECT alike(refused($$SELECT argo_ingest('23271', as_of => 'infinity')$$), '22023 argument as_of must be a finite time%', 'a clock that never ends');
SELECT alike(refused($$SELECT argo_ingest('23273', as_of => '2026-03-11 12:02+00')$$), '22023 the API reports time zone ''Mars/Phobos'' for site 23273, which this server does not know%INSERT INTO public.organizations%', 'a zone that the server does not know');
SELECT ok(to_regclass('readings') IS NULL, 'after all these nothing is half-written');

-- Its cure, as printed.
SELECT count(*) FROM argo_setup() \g /dev/null
SELECT regexp_replace(refusal, '^.*(INSERT INTO .*;)$', '\1') AS cure FROM seen WHERE refusal LIKE '%Mars/Phobos%' \gset
SELECT lives_ok(:'cure', 'the cure of an unknown zone');
SELECT is((SELECT status FROM argo_ingest('23273', 1, as_of => '2026-03-11 12:02+00')), 'success', 'cures it');
SELECT is((SELECT timezone FROM organizations WHERE organization_id = '23273'), 'America/New_York', 'and lasts');

CREATE SERVER closed FOREIGN DATA WRAPPER eniscope OPTIONS (url 'http://127.0.0.1:1');
CREATE USER MAPPING FOR CURRENT_USER SERVER closed OPTIONS (api_key :'api_key', email :'email', password :'password');
SELECT matches(refused($$SELECT argo_ingest('23271', server => 'closed')$$), '^08001 could not reach the API \| .*Failed to connect to 127\.0\.0\.1(:| port )1 .*dns .*after 5 attempts.*Nothing was stored\. \| Check the server''s options url', 'an API out of reach');

-- A refused login is not repeated.
CREATE SERVER stranger FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
CREATE USER MAPPING FOR CURRENT_USER SERVER stranger OPTIONS (api_key :'api_key', email :'email', password 'wrong');
\! curl -s -X DELETE "$SIM_URL/_sim/log" >/dev/null
SELECT alike(refused($$SELECT argo_ingest('23271', server => 'stranger')$$), '28000 the API refused the login | %HTTP 401%Nothing was stored. | Check the user mapping: ALTER USER MAPPING%', 'a refused login');
\set log `curl -s "$SIM_URL/_sim/log"`
SELECT is((:'log'::jsonb ->> 'total')::int, 1, 'after one request');

-- Rights.
CREATE ROLE argo_test_nobody;
GRANT USAGE ON SCHEMA public TO argo_test_nobody;
SET LOCAL ROLE argo_test_nobody;
SELECT throws_ok($$SELECT argo_ingest('23271')$$, '42501', 'permission denied for function argo_ingest', 'what sends requests is nobody''s by default');
RESET ROLE;
GRANT EXECUTE ON FUNCTION argo_ingest TO argo_test_nobody;
GRANT ALL ON TABLE seen TO argo_test_nobody;
SET LOCAL ROLE argo_test_nobody;
SELECT alike(refused($$SELECT argo_ingest('23271')$$), '42501 permission denied for foreign server eniscope | %GRANT USAGE ON FOREIGN SERVER eniscope TO argo_test_nobody;', 'no USAGE on the server');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER eniscope TO argo_test_nobody;
CREATE USER MAPPING FOR argo_test_nobody SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');
SET LOCAL ROLE argo_test_nobody;
SELECT throws_ok($$SELECT argo_ingest('23271', 1)$$, '42501', NULL, 'no right to the tables');
RESET ROLE;

-- A server of another wrapper.
CREATE FOREIGN DATA WRAPPER other;
CREATE SERVER foreign_one FOREIGN DATA WRAPPER other;
SELECT alike(refused($$SELECT argo_ingest('23271', server => 'foreign_one')$$), '42809 server foreign_one does not belong to the wrapper eniscope%', 'a server of another wrapper');

SELECT is_empty($$SELECT refusal FROM seen WHERE refusal LIKE '%NO HINT'$$, 'each has a HINT');
SELECT is_empty($$SELECT refusal FROM seen WHERE refusal LIKE '%NO DETAIL%'$$, 'each has a DETAIL');
SELECT is_empty($$SELECT refusal FROM seen WHERE refusal LIKE '%secret%'$$, 'none gives a secret away');
SELECT is_empty($$SELECT refusal FROM seen WHERE refusal ~ '^\S+ [A-Z]' AND refusal NOT LIKE '% API %'$$, 'none begins with a capital');

-- Read-only: before any request.
\! curl -s -X DELETE "$SIM_URL/_sim/log" >/dev/null
SET TRANSACTION READ ONLY;
SELECT throws_ok($$SELECT argo_ingest('23271')$$, '25006', 'cannot execute argo_ingest() in a read-only transaction', 'a read-only transaction');
\set log `curl -s "$SIM_URL/_sim/log"`
SELECT is((:'log'::jsonb ->> 'total')::int, 0, 'sends no request');

SELECT * FROM finish();
ROLLBACK;
