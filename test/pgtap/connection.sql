-- Servers and user mappings of the wrapper eniscope: what they take, and what they refuse without giving a secret away.
BEGIN;
SELECT plan(36);

SELECT lives_ok($$CREATE SERVER plain FOREIGN DATA WRAPPER eniscope OPTIONS (url 'https://core.eniscope.com')$$, 'a server');
SELECT lives_ok($$CREATE SERVER full_one FOREIGN DATA WRAPPER eniscope OPTIONS (url 'https://core.eniscope.com/', ca_file '/etc/ssl/ca.pem',
    max_concurrency '32', requests_per_second '2.5', connect_timeout_ms '500', timeout_ms '30000')$$, 'a server with all options');
SELECT lives_ok($$CREATE SERVER v4 FOREIGN DATA WRAPPER eniscope OPTIONS (url 'http://127.0.0.1:8080')$$, 'http to a loopback address');
SELECT lives_ok($$CREATE SERVER v6 FOREIGN DATA WRAPPER eniscope OPTIONS (url 'http://[::1]:8080')$$, 'http to the other loopback address');
SELECT lives_ok($$CREATE SERVER by_name FOREIGN DATA WRAPPER eniscope OPTIONS (url 'http://localhost:8080')$$, 'http to localhost');

-- Runs a statement and returns its error as "code message | detail | hint".
CREATE FUNCTION refusal(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    code text; message text; detail text; hint text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', code || ' ' || message, nullif(detail, ''), nullif(hint, ''));
END
$$;
CREATE FUNCTION server_refusal(options text) RETURNS text LANGUAGE sql AS
$$ SELECT refusal('CREATE SERVER refused FOREIGN DATA WRAPPER eniscope OPTIONS (' || options || ')') $$;
CREATE FUNCTION mapping_refusal(options text) RETURNS text LANGUAGE sql AS
$$ SELECT refusal('CREATE USER MAPPING FOR CURRENT_USER SERVER plain OPTIONS (' || options || ')') $$;

SELECT alike(refusal('CREATE SERVER refused FOREIGN DATA WRAPPER eniscope'), 'HV00J missing option "url"%|%OPTIONS (url ''https://%', 'a server without a url');
SELECT alike(server_refusal($$url 'https://x.example', speed '9'$$), 'HV00D unknown server option "speed" | Valid options are: url, %', 'an unknown option');
SELECT alike(server_refusal($$url 'https://x.example', api_key 'secret-key-7f3a'$$), 'HV00D option "api_key" does not belong on a server%user mapping%', 'a secret on the server');
SELECT alike(server_refusal($$url 'https://x.example', password 'secret-password-7f3a'$$), 'HV00D option "password" does not belong on a server%', 'a password on the server');
SELECT alike(server_refusal($$url 'http://core.eniscope.com'$$), 'HV024 option "url" must use https%', 'http to another host');
SELECT alike(server_refusal($$url 'http://127.evil.example'$$), 'HV024 option "url" must use https%', 'a host that only looks like loopback');
SELECT alike(server_refusal($$url 'http://localhost.evil.example'$$), 'HV024 option "url" must use https%', 'another such host');
SELECT alike(server_refusal($$url 'http://127.0.0.1@evil.example'$$), 'HV024 option "url" must not hold credentials%', 'a host in disguise');
SELECT alike(server_refusal($$url 'https://me:secret-password-7f3a@x.example'$$), 'HV024 option "url" must not hold credentials%', 'credentials in the url');
SELECT alike(server_refusal($$url 'ftp://x.example'$$), 'HV024 option "url" must begin with https%', 'another scheme');
SELECT alike(server_refusal($$url 'file:///etc/passwd'$$), 'HV024 %', 'a file');
SELECT alike(server_refusal($$url 'core.eniscope.com'$$), 'HV024 option "url" is not a URL%', 'no scheme');
SELECT alike(server_refusal($$url ''$$), 'HV024 option "url" is not a URL%', 'an empty url');
SELECT alike(server_refusal($$url 'https://x.example?token=1'$$), 'HV024 option "url" must not hold a query%', 'a query');
SELECT alike(server_refusal($$url 'https://x.example', max_concurrency '0'$$), 'HV024 invalid value for option "max_concurrency": "0" | Give a number from 1 to 32.', 'too few at once');
SELECT alike(server_refusal($$url 'https://x.example', max_concurrency '6 '$$), 'HV024 invalid value%', 'no number');
SELECT alike(server_refusal($$url 'https://x.example', timeout_ms '-1'$$), 'HV024 invalid value%', 'a negative time');
SELECT alike(server_refusal($$url 'https://x.example', requests_per_second 'nan'$$), 'HV024 invalid value%', 'NaN');
SELECT alike(server_refusal($$url 'https://x.example', timeout_ms '99999999999999999999'$$), 'HV024 invalid value%', 'a huge number');

SELECT is(mapping_refusal($$api_key 'secret-key-7f3a', email 'secret-email-7f3a@example.com', password 'secret-password-7f3a'$$), 'no error', 'a mapping');
SELECT lives_ok('DROP USER MAPPING FOR CURRENT_USER SERVER plain', 'which can be dropped');
SELECT is(mapping_refusal($$api_key 'k', email 'e', password_md5 'd41d8cd98f00b204e9800998ecf8427e'$$), 'no error', 'a mapping with a hashed password');
SELECT lives_ok('DROP USER MAPPING FOR CURRENT_USER SERVER plain', 'which can be dropped too');
SELECT alike(mapping_refusal($$email 'e', password 'secret-password-7f3a'$$), 'HV00J missing option "api_key"%', 'a mapping without a key');
SELECT alike(mapping_refusal($$api_key 'secret-key-7f3a', password 'secret-password-7f3a'$$), 'HV00J missing option "email"%', 'a mapping without an email');
SELECT alike(mapping_refusal($$api_key 'secret-key-7f3a', email 'e'$$), 'HV00J missing option "password"%', 'a mapping without a password');
SELECT alike(mapping_refusal($$api_key 'k', email 'e', password 'secret-password-7f3a', password_md5 'd41d8cd98f00b204e9800998ecf8427e'$$), 'HV024 options "password" and "password_md5" exclude%', 'a mapping with both');
SELECT alike(mapping_refusal($$api_key 'k', email 'e', password_md5 'secret-password-7f3a'$$), 'HV024 option "password_md5" is not an MD5%', 'a password where its hash should be');
SELECT alike(mapping_refusal($$api_key 'k', email 'e', password 'secret-password-7f3a', pasword 'secret-password-7f3a'$$), 'HV00D unknown user mapping option "pasword" | Valid options are: api_key, %', 'an unknown option of a mapping');

-- No refusal repeats a value.
SELECT is_empty($$
    SELECT text FROM (VALUES
        (server_refusal('url ''https://x.example'', api_key ''secret-key-7f3a''')),
        (server_refusal('url ''https://me:secret-password-7f3a@x.example''')),
        (mapping_refusal('api_key ''secret-key-7f3a'', email ''e''')),
        (mapping_refusal('api_key ''k'', email ''e'', password_md5 ''secret-password-7f3a''')),
        (mapping_refusal('api_key ''k'', email ''e'', pasword ''secret-password-7f3a'''))
    ) AS refusals (text) WHERE text LIKE '%secret%'
$$, 'no refusal repeats a secret');
SELECT alike(refusal($$ALTER FOREIGN DATA WRAPPER eniscope OPTIONS (url 'https://x.example')$$), 'HV00D unknown option "url"%', 'the wrapper itself takes no option');

SELECT * FROM finish();
ROLLBACK;
