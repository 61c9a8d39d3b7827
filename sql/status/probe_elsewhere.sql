-- What argo_doctor() says of the way to the API where Argo's library cannot be installed.

CREATE FUNCTION @extschema@._argo_probe(server text)
RETURNS TABLE (check_name text, status text, detail text, cure text)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.name, 'OK', 'not here: this database sends no requests; argo-loader doctor asks from where it runs', NULL::text
    FROM unnest('{dns,connect,tls,login,clock skew}'::text[]) WITH ORDINALITY AS p (name, position)
    ORDER BY p.position
$$;

COMMENT ON FUNCTION @extschema@._argo_probe(text) IS
    'Stands in for the function of Argo''s library: asks nobody.';
