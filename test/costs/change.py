#!/usr/bin/python3
"""Changes readings, tariffs, equipment, mappings and clocks at random, as users do.

    change.py SEED COUNT     prints how many statements of each kind were done, and how many refused
"""

import random
import sys
from collections import Counter

sys.dont_write_bytecode = True

import psycopg2

METER = "(SELECT channel_id FROM channels ORDER BY random() LIMIT 1)"
UNIT = "(SELECT equipment_id FROM equipment ORDER BY random() LIMIT 1)"
TARIFF = "(SELECT tariff_id FROM tariffs ORDER BY random() LIMIT 1)"
MAPPING = "(SELECT mapping_id FROM equipment_meters ORDER BY random() LIMIT 1)"
DAY = """(SELECT ("timestamp" + random() * 20 * interval '1 day')::date FROM readings ORDER BY random() LIMIT 1)"""
SOME = f"""channel_id = {METER} AND "timestamp" >= (SELECT "timestamp" FROM readings ORDER BY random() LIMIT 1)"""

STATEMENTS = {
    "readings change": f"""UPDATE readings SET energy_kwh = energy_kwh * 1.5 + 1 WHERE {SOME} AND random() < 0.05""",
    "readings go": f"""DELETE FROM readings WHERE {SOME} AND random() < 0.3""",
    "readings come": f"""INSERT INTO readings (channel_id, "timestamp", energy_kwh, power_kw)
        SELECT channel_id, "timestamp" + interval '15 minutes', 5, 5 FROM readings WHERE random() < 0.02 ON CONFLICT DO NOTHING""",
    "a rate changes": f"UPDATE tariffs SET rate = rate * 1.1 WHERE tariff_id = {TARIFF}",
    "a tariff ends": f"UPDATE tariffs SET valid_to = {DAY} WHERE tariff_id = {TARIFF}",
    "a tariff begins": f"UPDATE tariffs SET valid_from = {DAY} WHERE tariff_id = {TARIFF}",
    "a tariff comes": f"""INSERT INTO tariffs (site_id, utility, rate, valid_from, valid_to)
        SELECT organization_id, (ARRAY['steam', 'electricity', 'cold_water'])[1 + floor(random() * 3)::int], 3, d.day, d.day + 5
        FROM organizations, {DAY} AS d (day) ORDER BY random() LIMIT 1""",
    "bands change": f"""UPDATE tariffs SET time_of_use = CASE WHEN time_of_use IS NULL
        THEN '[{{"name": "n", "weekdays": [1, 3, 7], "start": 0, "end": 3, "rate": 9}}]'::jsonb END WHERE tariff_id = {TARIFF}""",
    "a unit changes": f"UPDATE tariffs SET unit = 'GJ', kwh_per_unit = NULL WHERE tariff_id = {TARIFF}",
    "a tariff goes": f"DELETE FROM tariffs WHERE tariff_id = {TARIFF} AND random() < 0.5",
    "a share changes": f"UPDATE equipment_meters SET share = share / 2 WHERE mapping_id = {MAPPING}",
    "a mapping ends": f"UPDATE equipment_meters SET valid_to = {DAY} WHERE mapping_id = {MAPPING}",
    "a mapping moves": f"UPDATE equipment_meters SET equipment_id = {UNIT} WHERE mapping_id = {MAPPING}",
    "a coil changes": f"UPDATE equipment_meters SET coil = 'CCV' WHERE mapping_id = {MAPPING}",
    "a mapping goes": f"DELETE FROM equipment_meters WHERE mapping_id = {MAPPING} AND random() < 0.5",
    "a mapping comes": f"""INSERT INTO equipment_meters (equipment_id, meter_id, utility, share, valid_from)
        SELECT e.equipment_id, c.channel_id, 'steam', 0.1, {DAY} FROM equipment AS e JOIN channels AS c ON c.organization_id = e.site_id
        ORDER BY random() LIMIT 1""",
    "equipment comes": """INSERT INTO equipment (site_id, equipment_name) SELECT organization_id, 'new' FROM organizations ORDER BY random() LIMIT 1""",
    "equipment goes": f"DELETE FROM equipment WHERE equipment_id = {UNIT} AND random() < 0.3",
    "equipment is renamed": f"UPDATE equipment SET equipment_name = 'renamed' WHERE equipment_id = {UNIT}",
    "equipment is renumbered": f"UPDATE equipment SET equipment_id = equipment_id + 100000 WHERE equipment_id = {UNIT} AND random() < 0.5",
    "equipment moves": f"UPDATE equipment SET site_id = (SELECT organization_id FROM organizations ORDER BY random() LIMIT 1) WHERE equipment_id = {UNIT}",
    "a clock changes": """UPDATE organizations SET timezone = (ARRAY['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe',
        'America/Havana', 'Pacific/Kiritimati'])[1 + floor(random() * 6)::int]
        WHERE organization_id = (SELECT organization_id FROM organizations ORDER BY random() LIMIT 1)""",
    "a meter moves": f"""UPDATE channels SET organization_id = (SELECT organization_id FROM organizations ORDER BY random() LIMIT 1)
        WHERE channel_id = {METER} AND random() < 0.3""",
    "one view is refreshed": """SELECT argo_refresh(views => ARRAY[(ARRAY['mv_daily_ahu_costs', 'mv_daily_ahu_kwh', 'mv_monthly_ahu_costs',
        'mv_hourly_usage'])[1 + floor(random() * 4)::int]])""",
    "tariffs are emptied": "TRUNCATE tariffs",
    "mappings are emptied": "TRUNCATE equipment_meters",
}
RARE = {"tariffs are emptied", "mappings are emptied"}


def main():
    """Does them one by one."""
    dice = random.Random(int(sys.argv[1]))
    connection = psycopg2.connect("")
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute("SET client_min_messages = error")
    cursor.execute("SELECT setseed(%s)", (dice.random(),))
    done, refused = Counter(), Counter()
    for _ in range(int(sys.argv[2])):
        kind = dice.choice([kind for kind in STATEMENTS if kind not in RARE or dice.random() < 0.02])
        try:
            cursor.execute(STATEMENTS[kind])
            done[kind] += cursor.rowcount > 0 or kind in RARE
        except (psycopg2.errors.CheckViolation, psycopg2.errors.ExclusionViolation) as error:
            refused[error.pgcode] += 1
    for kind, count in [*sorted(done.items()), *sorted(refused.items())]:
        print(f"{kind}\t{count}")


main()
