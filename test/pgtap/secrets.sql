-- No part of the login shows anywhere, however much the server logs; the log itself is searched after the suites.
BEGIN;
SELECT plan(8);
SET log_min_messages = debug5;
SET client_min_messages = error;
CREATE SERVER eniscope FOREIGN DATA WRAPPER eniscope OPTIONS (url :'sim_url');
RESET log_min_messages;
-- The statement of a mapping holds secrets by its nature; PostgreSQL logs it at no level used here.
CREATE USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (api_key :'api_key', email :'email', password :'password');
SET log_min_messages = debug5;

SELECT is((SELECT status FROM argo_ingest('23272', 2, as_of => to_timestamp(:now))), 'success', 'an ingest at DEBUG5');

-- An API that repeats the login in its answer.
\setenv FAULT '[{"path": "/readings", "fault": "status", "status": 404, "times": -1, "body": "{\\"error\\":\\"no such key secret-key-7f3a\\"}"}]'
\! curl -s -X POST "$SIM_URL/_sim/faults" -d "$FAULT" >/dev/null
SELECT is((SELECT status FROM argo_ingest('23272', 2, as_of => to_timestamp(:now))), 'failed', 'an API that repeats the key');
SELECT alike((SELECT max(error_message) FROM ingestion_logs), '%no such key ***%', 'is quoted without it');
\! curl -s -X DELETE "$SIM_URL/_sim/faults" >/dev/null

SELECT is_empty($$SELECT * FROM ingestion_logs WHERE ingestion_logs::text LIKE '%secret%'$$, 'the log of pulls has no secret');
SELECT is_empty($$SELECT * FROM data_sync_status WHERE data_sync_status::text LIKE '%secret%'$$, 'nor has the state');

-- Refused statements at the top level, where PostgreSQL would log them with their secrets.
\set ON_ERROR_STOP off
\set VERBOSITY sqlstate
SAVEPOINT refused;
CREATE SERVER bad FOREIGN DATA WRAPPER eniscope OPTIONS (url 'https://x.example', password 'secret-password-7f3a');
\set on_server :LAST_ERROR_SQLSTATE
ROLLBACK TO refused;
ALTER USER MAPPING FOR CURRENT_USER SERVER eniscope OPTIONS (ADD pasword 'secret-password-7f3a');
\set on_mapping :LAST_ERROR_SQLSTATE
ROLLBACK TO refused;
ALTER SERVER eniscope OPTIONS (SET url 'https://me:secret-password-7f3a@x.example');
\set in_url :LAST_ERROR_SQLSTATE
ROLLBACK TO refused;
\set ON_ERROR_STOP on
SELECT is(:'on_server'::text, 'HV00D', 'a secret on a server');
SELECT is(:'on_mapping'::text, 'HV00D', 'a secret in a misspelt option');
SELECT is(:'in_url'::text, 'HV024', 'a secret in the url');

SELECT * FROM finish();
ROLLBACK;
