#!/usr/bin/python3
"""Makes random sites with equipment, meters, tariffs and readings around clock changes; prints SQL for psql.

    generate.py SEED ZONE FIRST_DAY DAYS     a site named cost-SEED, whose ids begin at 1000 * SEED
"""

import datetime
import json
import random
import sys
import zoneinfo

sys.dont_write_bytecode = True

UTILITIES = ["electricity", "steam", "cold_water"]
COILS = {"electricity": [None], "steam": ["HCV", "DH_HCV", None], "cold_water": ["CCV", "PC_CCV", None]}
UNITS = {"electricity": [("kWh", None), ("MWh", None)],
         "steam": [("klb", 308.6), ("MMBtu", None), ("GJ", None), ("kWh", None)],
         "cold_water": [("ton-hour", None), ("m3", 6.98), ("MJ", None)]}


def literal(value):
    """Writes a value as SQL."""
    if value is None:
        return "NULL"
    if isinstance(value, (int, float)):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def insert(table, columns, rows):
    """Prints one INSERT of all rows."""
    if rows:
        values = ",\n".join("(" + ", ".join(literal(value) for value in row) + ")" for row in rows)
        print(f"INSERT INTO {table} ({columns}) VALUES\n{values};")


def bands(dice):
    """Makes bands that do not overlap, over midnight as two."""
    made = [{"name": "peak", "weekdays": [1, 2, 3, 4, 5], "start": 13, "end": 19, "rate": round(dice.uniform(0.2, 0.6), 4)},
            {"name": "night", "weekdays": [1, 2, 3, 4, 5, 6, 7], "start": 22, "end": 24, "rate": round(dice.uniform(0.01, 0.1), 4)},
            {"name": "early", "weekdays": [1, 2, 3, 4, 5, 6, 7], "start": 0, "end": dice.choice([1, 2, 3, 6]),
             "rate": round(dice.uniform(0.01, 0.1), 4)},
            {"name": "Sunday", "weekdays": [7], "start": 7, "end": 20, "rate": 0}]
    return json.dumps(dice.sample(made, dice.randint(1, 4)))


def tariffs(dice, site, first, days):
    """Makes tariffs with a change in the middle, and sometimes a hole or a utility without any."""
    rows = []
    for utility in UTILITIES:
        if utility != "electricity" and dice.random() < 0.15:
            continue
        unit, kwh = dice.choice(UNITS[utility])
        edges = sorted(dice.sample(range(1, days), 2))
        spans = [(None, edges[0]), (edges[0] + dice.choice([0, 0, 2]), edges[1]), (edges[1], dice.choice([None, days + 1]))]
        for start, end in spans:
            if start is not None and end is not None and start >= end:
                continue
            rows.append((site, utility, unit, kwh, round(dice.uniform(0.05, 40), 4),
                         None if start is None else first + datetime.timedelta(start),
                         None if end is None else first + datetime.timedelta(end),
                         bands(dice) if dice.random() < 0.5 else None))
    return rows


def main():
    """Prints the site."""
    seed, zone, first, days = int(sys.argv[1]), sys.argv[2], datetime.date.fromisoformat(sys.argv[3]), int(sys.argv[4])
    dice = random.Random(seed)
    site, base = f"cost-{seed}", 1000 * seed
    clock = zoneinfo.ZoneInfo(zone)
    insert("organizations", "organization_id, organization_name, timezone", [(site, f"Site {seed}", zone)])
    meters = list(range(base, base + dice.randint(5, 9)))
    insert("channels", "channel_id, channel_name, organization_id", [(meter, f"Meter {meter}", site) for meter in meters])
    start = datetime.datetime.combine(first, datetime.time(), clock).astimezone(datetime.timezone.utc)
    readings = []
    for meter in meters:
        gap = dice.randrange(days * 96)
        whole_day = dice.randrange(days)
        for slot in range(days * 96):
            at = start + datetime.timedelta(minutes=15 * slot)
            if gap <= slot < gap + 9 or dice.random() < 0.01 or at.astimezone(clock).date() == first + datetime.timedelta(whole_day):
                continue
            odd = dice.random()
            energy = 0.0 if odd < 0.1 else None if odd < 0.11 else "NaN" if odd < 0.115 else round(dice.uniform(0.001, 90), 3)
            readings.append((meter, at.isoformat(), energy, None if dice.random() < 0.05 else 1.0))
    insert("readings", 'channel_id, "timestamp", energy_kwh, power_kw', readings)
    insert("tariffs", "site_id, utility, unit, kwh_per_unit, rate, valid_from, valid_to, time_of_use", tariffs(dice, site, first, days))
    units = list(range(base, base + dice.randint(2, 4)))
    insert("equipment", "equipment_id, site_id, equipment_name", [(unit, site, f"AHU {unit}") for unit in units])
    mappings = []
    for meter in meters:
        utility = dice.choice(UTILITIES)
        coil = dice.choice(COILS[utility])
        owners = dice.sample(units, dice.choice([1, 1, 2]))
        left = 1.0
        for owner in owners:
            share = round(left if owner == owners[-1] and dice.random() < 0.6 else dice.uniform(0.05, left / 2), 4)
            left -= share
            cut = dice.randrange(1, days) if dice.random() < 0.4 else None
            day = None if cut is None else first + datetime.timedelta(cut)
            mappings.append((owner, meter, utility, coil, share, None, day))
            if cut is not None and dice.random() < 0.7:
                mappings.append((dice.choice(owners) if len(owners) == 1 else owner, meter, utility, coil, share, day, None))
    insert("equipment_meters", "equipment_id, meter_id, utility, coil, share, valid_from, valid_to", mappings)


main()
