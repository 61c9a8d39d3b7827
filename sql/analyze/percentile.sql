-- A percentile of an array, where only the lowest of it need be sorted.

CREATE FUNCTION @extschema@._argo_low_percentile(figures double precision[], fraction double precision)
RETURNS double precision
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    place CONSTANT double precision := fraction * (cardinality(figures) - 1);
    below CONSTANT integer := floor(place) + 1;
    lowest double precision[];
BEGIN
    -- Only the lowest are sorted.
    lowest := ARRAY(SELECT u.figure FROM (SELECT unnest(figures) AS figure) AS u ORDER BY u.figure LIMIT below + 1);
    RETURN lowest[below] + (place + 1 - below) * (coalesce(lowest[below + 1], lowest[below]) - lowest[below]);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_low_percentile(double precision[], double precision) IS
    'percentile_cont() of an array without NULL, fast for a low fraction; NULL of nothing.';
