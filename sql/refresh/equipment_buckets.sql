-- From changed days of equipment to the buckets that hold them.

CREATE FUNCTION @extschema@._argo_equipment_buckets(unit text, equipment integer[], days daterange[])
RETURNS TABLE (
    equipment_id integer,
    range_start timestamptz,
    range_end timestamptz,
    first_bucket timestamptz,
    last_bucket timestamptz
)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    one_unit CONSTANT interval := CASE unit WHEN 'quarter' THEN '3 months' ELSE '1 ' || unit END;
    -- To recompute a few clean days costs less than a range of its own.
    near CONSTANT integer := CASE unit WHEN 'day' THEN 3 ELSE 0 END;
BEGIN
    RETURN QUERY
    WITH spans AS (
        SELECT
            m.equipment_id,
            range_agg(daterange(
                date_trunc(unit, coalesce(lower(m.days), '-infinity')::timestamp)::date,
                (date_trunc(unit, (coalesce(upper(m.days), 'infinity') - 1)::timestamp) + one_unit)::date + near)) AS spans
        FROM unnest($2, $3) AS m (equipment_id, days)
        GROUP BY m.equipment_id
    )
    SELECT
        s.equipment_id,
        lower(r.span)::timestamp AT TIME ZONE 'UTC',
        (upper(r.span) - near)::timestamp AT TIME ZONE 'UTC',
        lower(r.span)::timestamp AT TIME ZONE 'UTC',
        ((upper(r.span) - near)::timestamp - one_unit) AT TIME ZONE 'UTC'
    FROM spans AS s
    CROSS JOIN LATERAL unnest(s.spans) AS r (span)
    ORDER BY s.equipment_id, lower(r.span);
END
$$;

COMMENT ON FUNCTION @extschema@._argo_equipment_buckets(text, integer[], daterange[]) IS
    'As _argo_buckets(), of days of equipment: all of it as midnights of UTC that stand for days at the site.';
