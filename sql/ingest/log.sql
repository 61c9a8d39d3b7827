-- What an ingest leaves behind about itself: pulls, rejected readings, the state of each channel.

CREATE FUNCTION @extschema@._argo_log_pulls(site text, pulls jsonb, asked_at timestamptz DEFAULT CURRENT_TIMESTAMP)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    logged integer;
BEGIN
    INSERT INTO @extschema@.ingestion_logs
        (organization_id, channel_id, start_time, end_time, readings_fetched, readings_inserted,
         readings_rejected, status, error_message, created_at)
    SELECT
        site, p.channel_id, to_timestamp(p.start), to_timestamp(p."end"), coalesce(p.fetched, 0),
        coalesce(p.inserted, 0), coalesce(p.rejected, 0), coalesce(p.status, 'success'), p.error,
        asked_at
    FROM jsonb_to_recordset(pulls) AS p (
        channel_id integer, start double precision, "end" double precision, fetched integer, inserted integer,
        rejected integer, status text, error text);
    GET DIAGNOSTICS logged = ROW_COUNT;
    RETURN logged;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_log_pulls(text, jsonb, timestamptz) IS
    'Writes one row of ingestion_logs per pull and returns their number. Pulls: [{channel_id, start, end, fetched, inserted, rejected, status, error}]; start (inclusive) and end (exclusive) in Unix seconds, status success or failure.';

CREATE FUNCTION @extschema@._argo_log_rejects(site text, rejects jsonb)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    keep CONSTANT integer := @extschema@._argo_parameter('argo.rejects_kept', 100000, 0);
    logged integer;
BEGIN
    -- The same bad reading comes back with every overlapping run; kept once it cannot push out others.
    INSERT INTO @extschema@.rejected_readings
        (organization_id, channel_id, ts_received, raw, reason, pull_start, pull_end)
    SELECT DISTINCT
        site, r.channel_id, r.ts, r.raw, coalesce(r.reason, 'no reason given'),
        to_timestamp(r.start), to_timestamp(r."end")
    FROM jsonb_to_recordset(rejects) AS r (
        channel_id integer, ts text, raw jsonb, reason text, start double precision, "end" double precision)
    WHERE NOT EXISTS (
        SELECT FROM @extschema@.rejected_readings AS k
        WHERE k.organization_id = site
          AND (k.channel_id = r.channel_id OR (k.channel_id IS NULL AND r.channel_id IS NULL))
          AND (k.ts_received = r.ts OR (k.ts_received IS NULL AND r.ts IS NULL))
          AND k.raw IS NOT DISTINCT FROM r.raw
          AND k.reason = coalesce(r.reason, 'no reason given')
    );
    GET DIAGNOSTICS logged = ROW_COUNT;

    IF logged > 0 THEN
        DELETE FROM @extschema@.rejected_readings AS k
        USING (
            SELECT c.received_at, c.id
            FROM @extschema@.rejected_readings AS c
            WHERE c.organization_id = site
            ORDER BY c.received_at DESC, c.id DESC
            OFFSET greatest(keep, 0) LIMIT 1
        ) AS cut
        WHERE k.organization_id = site AND (k.received_at, k.id) <= (cut.received_at, cut.id);
    END IF;
    RETURN logged;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_log_rejects(text, jsonb) IS
    'Keeps readings that were not stored and returns how many were not kept before. Rejects: [{channel_id, ts, raw, reason, start, end}], ts as it came, start and end of the pull in Unix seconds. Only the newest rejects of the site stay, 100,000 or as many as the setting argo.rejects_kept says.';

CREATE FUNCTION @extschema@._argo_log_sync(site text, started timestamptz, channels jsonb, status text, error text)
RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    logged integer;
BEGIN
    WITH given AS MATERIALIZED (
        SELECT DISTINCT ON (c.channel_id)
            c.channel_id, coalesce(c.inserted, 0) AS inserted, coalesce(c.status, 'success') AS status, c.error,
            newest."timestamp" AS last_reading
        FROM ROWS FROM (jsonb_to_recordset(coalesce(nullif($3, 'null'), '[]')) AS (
            channel_id integer, inserted integer, status text, error text)) WITH ORDINALITY AS c
        LEFT JOIN LATERAL (
            SELECT r."timestamp" FROM @extschema@.readings AS r
            WHERE r.channel_id = c.channel_id ORDER BY r."timestamp" DESC LIMIT 1
        ) AS newest ON true
        WHERE c.channel_id IS NOT NULL
        ORDER BY c.channel_id, c.ordinality DESC
    ), states AS MATERIALIZED (
        SELECT g.channel_id, g.inserted, g.status, g.error, g.last_reading FROM given AS g
        UNION ALL
        SELECT NULL, (SELECT coalesce(sum(g.inserted), 0)::integer FROM given AS g), $4, $5, (
            SELECT max(newest."timestamp")
            FROM @extschema@.channels AS c
            CROSS JOIN LATERAL (
                SELECT r."timestamp" FROM @extschema@.readings AS r
                WHERE r.channel_id = c.channel_id ORDER BY r."timestamp" DESC LIMIT 1
            ) AS newest
            WHERE c.organization_id = $1)
    ), kept AS MATERIALIZED (
        -- Older histories may hold several rows per channel; the newest is the one that is kept.
        SELECT DISTINCT ON (d.channel_id) d.id, d.channel_id
        FROM @extschema@.data_sync_status AS d
        WHERE d.organization_id = $1
        ORDER BY d.channel_id, d.last_sync_timestamp DESC, d.id DESC
    ), updated AS (
        UPDATE @extschema@.data_sync_status AS d
        SET last_sync_timestamp = $2, last_reading_timestamp = s.last_reading, readings_count = s.inserted,
            sync_status = s.status, error_message = s.error
        FROM states AS s JOIN kept AS k ON k.channel_id IS NOT DISTINCT FROM s.channel_id
        WHERE d.id = k.id
        RETURNING 1
    ), added AS (
        INSERT INTO @extschema@.data_sync_status
            (organization_id, channel_id, last_sync_timestamp, last_reading_timestamp, readings_count,
             sync_status, error_message)
        SELECT $1, s.channel_id, $2, s.last_reading, s.inserted, s.status, s.error
        FROM states AS s
        WHERE NOT EXISTS (SELECT FROM kept AS k WHERE k.channel_id IS NOT DISTINCT FROM s.channel_id)
        RETURNING 1
    )
    SELECT (SELECT count(*) FROM updated) + (SELECT count(*) FROM added) INTO logged;
    RETURN logged;
END
$$;

COMMENT ON FUNCTION @extschema@._argo_log_sync(text, timestamptz, jsonb, text, text) IS
    'Keeps data_sync_status: the row of the site (channel_id NULL) with the given status and error, and one per channel of [{channel_id, inserted, status, error}]; statuses are success, partial or failed. Returns the number of rows written.';
