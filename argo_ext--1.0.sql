-- The functions of the shared library, and what is built on them directly.

CREATE FUNCTION @extschema@.argo_eniscope_validator(options text[], catalog oid)
    RETURNS void
    LANGUAGE C STRICT
    AS 'MODULE_PATHNAME', 'argo_eniscope_validator';
COMMENT ON FUNCTION @extschema@.argo_eniscope_validator(text[], oid) IS
    'Checks the options of servers and user mappings of the wrapper eniscope.';

CREATE FOREIGN DATA WRAPPER eniscope VALIDATOR @extschema@.argo_eniscope_validator;
COMMENT ON FOREIGN DATA WRAPPER eniscope IS
    'Connections to the Eniscope Core API. SERVER options: url, ca_file, max_concurrency (1 to 32, '
    'default 6), requests_per_second (0 to 1000, 0 for no limit), connect_timeout_ms (default 10000), '
    'timeout_ms of a request (default 60000), run_timeout_ms of a run (default 21600000), and what a reading must not exceed: max_power_kw (default '
    '5000), min_voltage_v (50), max_voltage_v (600). USER MAPPING options: api_key, email, and password or '
    'password_md5. USAGE on this wrapper lets a role make the server connect to any https address.';

CREATE FUNCTION @extschema@.argo_ingest(
        site text,
        days integer DEFAULT 7,
        server text DEFAULT 'eniscope',
        refresh boolean DEFAULT true,
        dry_run boolean DEFAULT false,
        on_conflict text DEFAULT 'nothing',
        lookback_days integer DEFAULT 3,
        max_catch_up_days integer DEFAULT 90,
        as_of timestamptz DEFAULT NULL,
        OUT site text,
        OUT range tstzrange,
        OUT channels integer,
        OUT requests bigint,
        OUT expected bigint,
        OUT fetched bigint,
        OUT inserted bigint,
        OUT duplicates bigint,
        OUT rejected bigint,
        OUT missing bigint,
        OUT failed_pulls bigint,
        OUT status text,
        OUT duration_ms double precision,
        OUT pulls bigint,
        OUT differing bigint,
        OUT corrected bigint,
        OUT reject_reasons jsonb)
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'argo_ingest';
COMMENT ON FUNCTION @extschema@.argo_ingest(text, integer, text, boolean, boolean, text, integer, integer, timestamptz) IS
    'Brings the readings of a site (an organization id of the API) up to date: from local midnight '
    '"days" days ago (1 to 3660), or from where a channel was last complete (at most max_catch_up_days '
    'back), to the last 15-minute bin that ended at least 15 minutes before as_of (default now). Asks '
    'for what is missing, and for all of the last lookback_days days and today; stores what is new; '
    'with on_conflict => ''update'' also corrects readings that the API now gives another value; '
    'refreshes the materialized views unless refresh is false. dry_run => true asks for no reading: '
    'pulls and requests are then those it would take, expected the readings they can bring, '
    'duration_ms the time at the pace of the lists. One row: requests are HTTP requests; expected are '
    'slots of 15 minutes of all channels; fetched = inserted + duplicates + rejected; missing are '
    'expected slots that hold no reading afterwards; differing of the duplicates had another value '
    'stored, corrected of these were changed; status is success, partial (some pulls failed), failed '
    '(all did) or planned. Raises where nothing could be tried: 22023 bad argument or unknown site, '
    '25006 read-only, 28000 login refused, 42501 no rights, 42704 no server or mapping, 55P03 another '
    'run, 08001 API out of reach, ZA002 bad response, 57014 cancelled.';
REVOKE ALL ON FUNCTION @extschema@.argo_ingest(text, integer, text, boolean, boolean, text, integer, integer, timestamptz) FROM PUBLIC;

CREATE PROCEDURE @extschema@.argo_backfill(
        site text,
        start_date date,
        end_date date DEFAULT NULL,
        server text DEFAULT 'eniscope',
        window_days integer DEFAULT 1,
        refresh boolean DEFAULT true,
        on_conflict text DEFAULT 'nothing',
        as_of timestamptz DEFAULT NULL)
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'argo_backfill';
COMMENT ON PROCEDURE @extschema@.argo_backfill(text, date, date, text, integer, boolean, text, timestamptz) IS
    'Fetches what is missing of a site from start_date to end_date (whole days at the site, both '
    'included; default up to now), in windows of window_days (1 to 7) days, by time, then by channel. '
    'Commits every ten seconds or 65,536 readings: ended anywhere and called again, it goes on where it '
    'was. v_ingest_progress shows others how far it is. Raises 25001 inside a transaction block or under SET LOCAL ROLE, and '
    'what argo_ingest() raises.';
REVOKE ALL ON PROCEDURE @extschema@.argo_backfill(text, date, date, text, integer, boolean, text, timestamptz) FROM PUBLIC;

CREATE PROCEDURE @extschema@.argo_sync(
        site text,
        days integer DEFAULT 7,
        server text DEFAULT 'eniscope',
        as_of timestamptz DEFAULT NULL)
    LANGUAGE C
    AS 'MODULE_PATHNAME', 'argo_sync';
COMMENT ON PROCEDURE @extschema@.argo_sync(text, integer, text, timestamptz) IS
    'What a schedule calls for a site: argo_ingest(), argo_refresh() and argo_validate(), a transaction each. '
    'Where argo_ingest() raises, ingest_runs and the row of the site in data_sync_status (channel NULL) say '
    'failed and why, argo_alert is notified, what is stored is refreshed and judged all the same, and at the end '
    'the first error is raised. At once end: an overlapping run of the site (55P03, nothing recorded) and a cancel '
    'or timeout (57014, recorded). Pulls that fail are no error: they are in ingestion_logs, and the rules judge them. '
    'Raises 25001 inside a transaction block or under SET LOCAL ROLE, 25006 and 22023 for bad arguments before any request, and what the '
    'three functions raise.';
REVOKE ALL ON PROCEDURE @extschema@.argo_sync(text, integer, text, timestamptz) FROM PUBLIC;

CREATE FUNCTION @extschema@._argo_merge(
        matview regclass,
        meters integer[],
        range_starts timestamptz[],
        range_ends timestamptz[],
        first_buckets timestamptz[],
        last_buckets timestamptz[],
        OUT strategy text,
        OUT reason text,
        OUT rows_examined bigint,
        OUT inserted bigint,
        OUT updated bigint,
        OUT deleted bigint)
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'argo_merge';
COMMENT ON FUNCTION @extschema@._argo_merge(regclass, integer[], timestamptz[], timestamptz[], timestamptz[], timestamptz[]) IS
    'Recomputes buckets of a registered materialized view, as _argo_buckets() gives them, and changes the rows that differ '
    'in place. Who may refresh the view may call it. Raises 22023 where the view is not registered with a range function, '
    '25006, 42501, 55000 where it is not populated or in use, 21000 where the source gives a key twice, 40001.';

CREATE FUNCTION @extschema@._argo_view_span(
        matview regclass,
        OUT first_bucket timestamptz,
        OUT last_bucket timestamptz)
    LANGUAGE C STABLE STRICT PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'argo_view_span';
COMMENT ON FUNCTION @extschema@._argo_view_span(regclass) IS
    'First and last bucket of a registered materialized view, days as midnights of UTC, read with the rights of its owner by who may refresh it.';

CREATE FUNCTION @extschema@.argo_report_html(report jsonb)
    RETURNS text
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'argo_report_html';
COMMENT ON FUNCTION @extschema@.argo_report_html(jsonb) IS
    'A report of argo_weekly_report() or weekly_reports as one self-contained web page: no script, nothing loaded from a network, for screen, phone and paper. The same report gives the same bytes. Raises 22023 where the argument is no report of a version that this one knows.';

CREATE FUNCTION @extschema@._argo_library_version()
    RETURNS text
    LANGUAGE C STABLE PARALLEL SAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'argo_library_version';
COMMENT ON FUNCTION @extschema@._argo_library_version() IS
    'The version of the shared library that this session has loaded. Where it is not that of the extension, one of the two is older.';

CREATE FUNCTION @extschema@._argo_probe(server text)
    RETURNS TABLE (check_name text, status text, detail text, cure text)
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'argo_probe';
COMMENT ON FUNCTION @extschema@._argo_probe(text) IS
    'Logs in to the API of a server with one request, within connect_timeout_ms, and says how far it got: the rows dns, connect, '
    'tls, login and clock skew of argo_doctor(). Writes nothing, and runs in a read-only transaction and on a standby too. '
    'Raises 22023, 42501 and 42704 as argo_ingest() does, and 57014 within 100 ms of a cancel.';
REVOKE ALL ON FUNCTION @extschema@._argo_probe(text) FROM PUBLIC;
