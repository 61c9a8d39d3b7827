#!/usr/bin/python3
"""Compares the views of costs with what the raw readings say, computed with fractions.

    oracle.py     in the database of the environment; prints each difference, ends with 1 where there is one

Only readings, channels, organizations, tariffs (but for what it derives), equipment and equipment_meters are read.
"""

import datetime
import sys
import zoneinfo
from collections import defaultdict
from fractions import Fraction

sys.dont_write_bytecode = True

import psycopg2

QUARTER = datetime.timedelta(minutes=15)
# Exact, by the definitions of the units.
FIXED = {"kWh": Fraction(1), "MWh": Fraction(1000), "MJ": Fraction(10, 36), "GJ": Fraction(10000, 36),
         "MMBtu": Fraction("1055.05585262") * 1000000 / 3600000, "ton-hour": Fraction("1055.05585262") * 12000 / 3600000}
COILS = {"HCV": "hcv_kwh", "DH_HCV": "dh_hcv_kwh", "CCV": "ccv_kwh", "PC_CCV": "pc_ccv_kwh"}


def in_force(row, day):
    """Says whether a row with valid_from and valid_to counts on a day."""
    return (row["valid_from"] is None or row["valid_from"] <= day) and (row["valid_to"] is None or day < row["valid_to"])


def fetch(cursor, query):
    """Returns the rows of a query as objects."""
    cursor.execute(query)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor.fetchall()]


def price(tariff, local):
    """Finds what a unit costs at a moment of the site's clock."""
    for band in tariff["time_of_use"] or []:
        if local.isoweekday() in band["weekdays"] and band["start"] <= local.hour < band["end"]:
            return Fraction(str(band["rate"]))
    return Fraction(tariff["rate"])


def slots(day, zone, known):
    """Counts the quarter-hours that the site's clock shows as a day."""
    if (day, zone.key) not in known:
        at = datetime.datetime.combine(day, datetime.time(), datetime.timezone.utc) - datetime.timedelta(hours=36)
        known[day, zone.key] = sum((at + n * QUARTER).astimezone(zone).date() == day for n in range(4 * 24 * 4))
    return known[day, zone.key]


def expected_rows(cursor):
    """Computes costs and energy by day, and costs by month, of all equipment."""
    zones = {row["organization_id"]: zoneinfo.ZoneInfo(row["timezone"]) for row in fetch(cursor, "SELECT * FROM organizations")}
    tariffs = fetch(cursor, "SELECT site_id, utility, unit, kwh_per_unit, rate, currency, valid_from, valid_to, time_of_use FROM tariffs")
    mappings = defaultdict(list)
    for row in fetch(cursor, "SELECT * FROM equipment_meters"):
        mappings[row["equipment_id"]].append(row)
    readings = defaultdict(list)
    for row in fetch(cursor, """SELECT channel_id, "timestamp" AS at, energy_kwh::double precision AS kwh FROM readings
                                WHERE energy_kwh IS NOT NULL AND energy_kwh NOT IN ('NaN', 'Infinity', '-Infinity')"""):
        readings[row["channel_id"]].append((row["at"], Fraction(row["kwh"])))
    known, local_times = {}, {}
    days, months = {}, {}
    for unit in fetch(cursor, "SELECT equipment_id, site_id FROM equipment"):
        zone = zones[unit["site_id"]]
        found = defaultdict(list)
        for mapping in mappings[unit["equipment_id"]]:
            share = Fraction(mapping["share"])
            for at, kwh in readings[mapping["meter_id"]]:
                if (at, zone.key) not in local_times:
                    local_times[at, zone.key] = at.astimezone(zone)
                local = local_times[at, zone.key]
                if in_force(mapping, local.date()):
                    found[local.date()].append((mapping, local, kwh * share))
        for day, parts in found.items():
            rows = {"steam_cost": None, "cold_water_cost": None, "electricity_cost": None, "currency": None}
            rows.update({name: None for name in [*COILS.values(), "steam_kwh", "cold_water_kwh", "electricity_kwh"]})
            lacking, lacking_kwh = set(), Fraction(0)
            priced = {}
            for mapping in mappings[unit["equipment_id"]]:
                utility = mapping["utility"]
                if in_force(mapping, day) and utility not in priced:
                    chosen = [t for t in tariffs if t["site_id"] == unit["site_id"] and t["utility"] == utility and in_force(t, day)]
                    assert len(chosen) < 2
                    priced[utility] = chosen[0] if chosen else None
                    if chosen:
                        rows["currency"] = chosen[0]["currency"]
            for mapping, local, kwh in parts:
                utility = mapping["utility"]
                rows[utility + "_kwh"] = (rows[utility + "_kwh"] or 0) + kwh
                if mapping["coil"]:
                    rows[COILS[mapping["coil"]]] = (rows[COILS[mapping["coil"]]] or 0) + kwh
                tariff = priced[utility]
                if tariff is None:
                    lacking.add(utility)
                    lacking_kwh += kwh
                else:
                    per_unit = FIXED.get(tariff["unit"]) or Fraction(tariff["kwh_per_unit"])
                    rows[utility + "_cost"] = (rows[utility + "_cost"] or 0) + kwh / per_unit * price(tariff, local)
            rows["total_cost"] = None if lacking else sum(rows[u + "_cost"] or 0 for u in ("steam", "cold_water", "electricity"))
            rows["without_tariff"] = sorted(lacking)
            rows["kwh_without_tariff"] = lacking_kwh
            rows["reading_count"] = len(parts)
            rows["expected_count"] = sum(slots(day, zone, known) for m in mappings[unit["equipment_id"]] if in_force(m, day))
            rows["completeness"] = min(Fraction(rows["reading_count"], rows["expected_count"]), 1)
            days[unit["equipment_id"], day] = rows
            month = months.setdefault((unit["equipment_id"], day.replace(day=1)), {
                "steam_cost": None, "cold_water_cost": None, "electricity_cost": None, "total_cost": Fraction(0), "currency": None,
                "days_without_tariff": 0, "kwh_without_tariff": Fraction(0), "day_count": 0, "reading_count": 0, "bad": set()})
            month["bad"] |= lacking
            month["currency"] = month["currency"] or rows["currency"]
            month["days_without_tariff"] += bool(lacking)
            month["kwh_without_tariff"] += lacking_kwh
            month["day_count"] += 1
            month["reading_count"] += len(parts)
            month["total_cost"] += rows["total_cost"] or 0
            for utility in ("steam", "cold_water", "electricity"):
                if rows[utility + "_cost"] is not None:
                    month[utility + "_cost"] = (month[utility + "_cost"] or 0) + rows[utility + "_cost"]
        for (equipment, first), month in months.items():
            if equipment == unit["equipment_id"]:
                bad = month.pop("bad")
                for utility in bad:
                    month[utility + "_cost"] = None
                if bad:
                    month["total_cost"] = None
                month["expected_count"] = sum(
                    slots(day, zone, known) for day in (first + datetime.timedelta(n) for n in range(31)) if day.month == first.month
                    for mapping in mappings[equipment] if in_force(mapping, day))
                month["completeness"] = min(Fraction(month["reading_count"], month["expected_count"]), 1)
    return days, months


def compare(view, key, wanted, cursor, chosen):
    """Compares a view with what is wanted; returns how many values were compared and what differs."""
    got = {(row["equipment_id"], row[key]): row for row in fetch(cursor, f"SELECT * FROM {view}")}
    differences = [f"{view} {row}: missing" for row in wanted.keys() - got.keys()]
    differences += [f"{view} {row}: not wanted" for row in got.keys() - wanted.keys()]
    count = 0
    for row in wanted.keys() & got.keys():
        for name in chosen or [n for n in wanted[row] if n in got[row]]:
            value, is_there = wanted[row][name], got[row][name]
            count += 1
            if isinstance(value, Fraction):
                same = is_there is not None and abs(Fraction(is_there) - value) <= Fraction(1, 10**9) * max(abs(value), Fraction(1, 10**3))
            else:
                same = is_there == value
            if not same:
                differences.append(f"{view} {row} {name}: {is_there}, not {value if value is None else float(value) if isinstance(value, Fraction) else value}")
    return count, differences


def main():
    """Prints what differs."""
    connection = psycopg2.connect("")
    cursor = connection.cursor()
    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; SET LOCAL TimeZone = 'UTC'")
    days, months = expected_rows(cursor)
    total, differences = 0, []
    prefixes = sys.argv[1:] or ["v_"]
    for prefix in prefixes:
        for view, key, wanted in ((prefix + "daily_ahu_costs", "day", days), (prefix + "daily_ahu_kwh", "day", days),
                                  (prefix + "monthly_ahu_costs", "month", months)):
            count, found = compare(view, key, wanted, cursor, None)
            total += count
            differences += found
    print("\n".join(differences[:20]))
    print(f"{len(days)} days, {len(months)} months: {total} values compared, {len(differences)} differ")
    return bool(differences)


sys.exit(main())
