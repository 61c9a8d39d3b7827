-- Equipment with its meters, and what is wrong with it.

--: view v_equipment
CREATE VIEW @extschema@.v_equipment AS
SELECT
    e.equipment_id,
    e.equipment_name,
    e.kind,
    e.site_id,
    o.organization_name AS site_name,
    m.meter_count,
    m.utilities,
    CASE
        WHEN m.meter_count = 0 THEN 'no meters'
        WHEN m.stranger IS NOT NULL THEN format('meter %s is at another site', m.stranger)
        WHEN m.without_tariff IS NOT NULL THEN format('the site has no tariff for %s', m.without_tariff)
    END AS problem
FROM @extschema@.equipment AS e
JOIN @extschema@.organizations AS o ON o.organization_id = e.site_id
CROSS JOIN LATERAL (
    SELECT
        count(DISTINCT m.meter_id) AS meter_count,
        coalesce(array_agg(DISTINCT m.utility ORDER BY m.utility) FILTER (WHERE m.utility IS NOT NULL), '{}') AS utilities,
        min(m.meter_id) FILTER (WHERE c.organization_id IS DISTINCT FROM e.site_id
                                  AND coalesce(m.valid_to, 'infinity') > CURRENT_DATE) AS stranger,
        string_agg(DISTINCT m.utility, ', ' ORDER BY m.utility) FILTER (WHERE NOT EXISTS (
            SELECT FROM @extschema@.tariffs AS t WHERE t.site_id = e.site_id AND t.utility = m.utility)) AS without_tariff
    FROM @extschema@.equipment_meters AS m
    JOIN @extschema@.channels AS c ON c.channel_id = m.meter_id
    WHERE m.equipment_id = e.equipment_id
) AS m;
COMMENT ON VIEW @extschema@.v_equipment IS
    'Every equipment, also that without meters, which the views of costs do not show.';
COMMENT ON COLUMN @extschema@.v_equipment.meter_count IS 'Meters that were ever mapped to it.';
COMMENT ON COLUMN @extschema@.v_equipment.utilities IS 'What these measure.';
COMMENT ON COLUMN @extschema@.v_equipment.problem IS
    'Why its costs are missing or doubtful, or NULL: no meters; a meter that has moved to another site while it is mapped; a utility that never had a tariff.';
