-- Argo's settings of a session, a role or a database, argo.*: placeholders, which PostgreSQL takes with any value.

CREATE FUNCTION @extschema@._argo_parameter(name text, default_value integer, smallest integer)
RETURNS integer
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    given CONSTANT text := coalesce(nullif(current_setting(name, true), ''), default_value::text);
BEGIN
    IF given ~ '^[0-9]{1,9}$' AND given::numeric >= smallest THEN
        RETURN given::integer;
    END IF;
    RAISE EXCEPTION 'parameter % must be a whole number from % to 999999999, not %', name, smallest, quote_literal(left(given, 60))
        USING ERRCODE = '22023', DETAIL = 'It is set for this session, its role or the database. Nothing was done.',
              HINT = format('For example: SET %s = %s;', name, default_value);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_parameter(text, integer, integer) IS
    'Value of a parameter of docs/settings.md, its default where it is not set or empty; raises 22023 for what is no whole number from smallest to 999,999,999.';
