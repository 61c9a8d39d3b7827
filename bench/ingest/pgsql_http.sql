-- The peer in SQL: one request a channel and week by the extension http, the connection kept open, each
-- answer parsed as jsonb and inserted at once.
\set ON_ERROR_STOP on
CREATE EXTENSION http;

CREATE FUNCTION peer_ingest(site text, url text, api_key text, login text, range_start bigint, range_end bigint)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    week CONSTANT bigint := 7 * 86400;
    headers http_header[] := ARRAY[http_header('X-Eniscope-API', api_key), http_header('Accept', 'text/json')];
    answer http_response;
    window_start bigint;
    channel integer;
    changed bigint;
    total bigint := 0;
BEGIN
    PERFORM set_config('http.keepalive', 'on', true);
    answer := http(('GET', url || '/v1/organizations',
                    headers || http_header('Authorization', 'Basic ' || login), NULL, NULL)::http_request);
    headers := headers || (SELECT http_header('X-Eniscope-Token', h.value)
                           FROM unnest(answer.headers) AS h
                           WHERE lower(h.field) = 'x-eniscope-token');

    FOR window_start IN SELECT generate_series(range_start, range_end - 1, week) LOOP
        FOR channel IN SELECT c.channel_id FROM channels AS c WHERE c.organization_id = site ORDER BY 1 LOOP
            answer := http(('GET', format(
                '%s/v1/readings/%s?action=summarize&res=900&daterange%%5B%%5D=%s&daterange%%5B%%5D=%s'
                '&fields%%5B%%5D=E&fields%%5B%%5D=P&fields%%5B%%5D=V&fields%%5B%%5D=I&fields%%5B%%5D=PF',
                url, channel, window_start, least(window_start + week, range_end)),
                headers, NULL, NULL)::http_request);
            CONTINUE WHEN answer.status <> 200;
            INSERT INTO readings
                (channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor)
            SELECT channel, to_timestamp(r.ts), r."E" / 1000, r."P" / 1000, r."V", r."I", r."PF"
            FROM jsonb_to_recordset(answer.content::jsonb -> 'records') AS r (
                ts double precision, "E" double precision, "P" double precision, "V" double precision,
                "I" double precision, "PF" double precision)
            WHERE coalesce(r."P" >= 0, true) AND to_timestamp(r.ts) <= now()
            ON CONFLICT (channel_id, "timestamp") DO NOTHING;
            GET DIAGNOSTICS changed = ROW_COUNT;
            total := total + changed;
        END LOOP;
    END LOOP;
    RETURN total;
END
$$;
