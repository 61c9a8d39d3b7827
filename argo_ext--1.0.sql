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
    'timeout_ms of a request (default 60000). USER MAPPING options: api_key, email, and password or '
    'password_md5. USAGE on this wrapper lets a role make the server connect to any https address.';

CREATE FUNCTION @extschema@.argo_ingest(
        site text,
        days integer DEFAULT 7,
        server text DEFAULT 'eniscope',
        refresh boolean DEFAULT true,
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
        OUT duration_ms double precision)
    LANGUAGE C VOLATILE PARALLEL UNSAFE
    SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'argo_ingest';
COMMENT ON FUNCTION @extschema@.argo_ingest(text, integer, text, boolean, timestamptz) IS
    'Fetches the readings of a site (an organization id of the API) from local midnight "days" days '
    'ago (1 to 3660) to the last 15-minute bin that ended at least 15 minutes before as_of (default '
    'now), stores those that are new, and refreshes the materialized views unless refresh is false. '
    'One row: requests are HTTP requests; expected are 15-minute slots of all channels; fetched = '
    'inserted + duplicates + rejected; missing are expected slots that hold no reading afterwards; '
    'status is success, partial (some pulls failed) or failed (all did). Raises where nothing could '
    'be tried: 22023 bad argument or unknown site, 25006 read-only, 28000 login refused, 42501 no '
    'rights, 42704 no server or mapping, 55P03 another run, 08001 API out of reach, ZA002 bad '
    'response, 57014 cancelled.';
REVOKE ALL ON FUNCTION @extschema@.argo_ingest(text, integer, text, boolean, timestamptz) FROM PUBLIC;
