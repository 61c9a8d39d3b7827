#!/usr/bin/python3
"""Makes random sites whose readings hold everything a report has to find or to bear: python3 generate.py FIRST LAST.

Each seed is a site of its own in the database of the environment; a line per site says what to ask of it:
site, period_start, period_end, as_of, with NULL for a default.
"""

import datetime
import io
import json
import random
import sys

sys.dont_write_bytecode = True

import numpy
import psycopg2

from site_data import Clock, utc

# Zone and the Monday of a week; most hold a change of the clock in the week or in the four before it.
WEEKS = [
    ("America/New_York", "2026-03-02"),     # 23 hours on the Sunday
    ("America/New_York", "2025-10-27"),     # 25 hours on the Sunday
    ("Australia/Lord_Howe", "2025-09-29"),  # half an hour forward
    ("Australia/Lord_Howe", "2026-03-30"),  # half an hour back
    ("Europe/London", "2026-03-23"),
    ("Europe/London", "2025-10-20"),
    ("Asia/Kolkata", "2026-01-12"),
    ("America/New_York", "2026-03-16"),     # the change lies in the baseline
    ("Africa/Cairo", "2026-04-20"),         # the clock skips midnight
    ("America/Havana", "2025-10-27"),       # midnight comes twice
    ("Asia/Kathmandu", "2025-12-29"),       # hours begin at a quarter of UTC's; the year changes
    ("Australia/Lord_Howe", "2026-04-13"),
]
BASELINE_DAYS = 28
QUARTER_S = 900


def random_config(rng, meter_ids, start):
    """Makes a configuration; the defaults every fourth time."""
    if rng.random() < 0.25:
        return {}
    config = {"tariff_per_kwh": rng.choice([0.08, 0.12, 0.31]),
              "business_hours": {"start": rng.choice([0, 6, 7, 9]), "end": rng.choice([15, 18, 22, 24]),
                                 "weekdays": rng.choice([[1, 2, 3, 4, 5], [7, 1, 2, 3, 4], [1, 2, 3, 4, 5, 6, 7]])}}
    if rng.random() < 0.5:
        config["holidays"] = [str(start + datetime.timedelta(days=rng.randrange(-20, 5))) for _ in range(3)]
    if rng.random() < 0.4:
        config["time_of_use"] = [
            {"name": "peak", "weekdays": [1, 2, 3, 4, 5], "start": 13, "end": 19, "rate_per_kwh": 0.25},
            {"name": "night", "weekdays": [1, 2, 3, 4, 5, 6, 7], "start": 0, "end": 5, "rate_per_kwh": 0.05},
            {"name": "weekend", "weekdays": [6, 7], "start": 0, "end": 24, "rate_per_kwh": 0.07}]
    if rng.random() < 0.4:
        config["demand_charge_per_kw"] = 9.5
    if rng.random() < 0.3:
        config["main_meter"] = rng.choice(meter_ids)
    if rng.random() < 0.3:
        config["baseline_weeks"] = rng.choice([2, 3, 6])
    if rng.random() < 0.3:
        config["sensor_health"] = {"gap_intervals": 3, "completeness_percent": 97, "flatline_hours": 4, "stale_hours": 1}
    elif rng.random() < 0.5:
        config["sensor_health"] = {"flatline_variation": 0.01}
    if rng.random() < 0.3:
        config["anomalies"] = {"iqr_factor": 1.5, "join_hours": 3, "min_excess_kwh": 2, "min_intervals": 2}
    if rng.random() < 0.3:
        config["spikes"] = {"factor": 1.2, "min_kw_meter": 2, "join_intervals": 4, "percentile": 0.9}
    if rng.random() < 0.3:
        config["after_hours"] = {"base_percentile": 0.1, "significant_kwh": 25, "worst_intervals": 4}
    if rng.random() < 0.3:
        config["quick_wins"] = {"max": 4}
    return config


def meter_power(rng, noise, local, role):
    """Makes a meter's power in kW over local seconds: a working day over a base, and what its role plants."""
    hour = local % 86400 / 3600
    weekend = (local // 86400 + 3) % 7 >= 5
    base = rng.choice([0, 0.05, 0.4, 2, 7])
    peak = base + rng.choice([1, 6, 20])
    on, off = rng.uniform(5, 9), rng.uniform(16, 21)
    shape = numpy.clip((hour - on) / 1.5, 0, 1) * numpy.clip((off - hour) / 1.5, 0, 1) * numpy.where(weekend, 0.3, 1)
    if role == "always on":
        shape = numpy.maximum(shape, 0.7)
    power = (base + (peak - base) * shape) * (1 + rng.choice([0.02, 0.08, 0.3]) * noise.uniform(-1, 1, len(local)))
    if role == "zero":
        power[:] = 0
    elif role == "off at night":
        power[shape == 0] = 0
    elif role == "two levels":
        power = numpy.where(noise.random(len(local)) < 0.5, 4.0, 8.0)
    return power


def stretch(rng, count, shortest, longest, first=0):
    """Picks a random run of positions among count, from first on."""
    length = rng.randint(shortest, longest)
    begin = rng.randrange(first, max(count - length, first + 1))
    return slice(begin, begin + length)


def plant(rng, noise, times, energy, power, week):
    """Damages and raises stretches of a meter, most of them in the week itself; returns which readings stay."""
    count = len(times)
    first = int(numpy.searchsorted(times, week))
    keep = numpy.ones(count, dtype=bool)
    for _ in range(rng.randrange(4)):
        keep[stretch(rng, count, 1, 30, rng.choice([0, first]))] = False
    if rng.random() < 0.2:
        keep &= noise.random(count) < rng.choice([0.97, 0.8, 0.4])
    for _ in range(rng.randrange(3)):  # an anomaly
        run = stretch(rng, count, 2, 24, rng.choice([0, first]))
        power[run] = power[run] * 2.5 + 3
    for _ in range(rng.randrange(6)):  # spikes
        run = stretch(rng, count, 1, 2, rng.choice([0, first]))
        power[run] = power[run] * 6 + 8
    if rng.random() < 0.3:  # a stuck sensor
        run = stretch(rng, count, 20, 200, rng.choice([0, first]))
        power[run] = power[run.start]
    energy[:] = power / 4 * (1 + 0.001 * noise.uniform(-1, 1, count))
    if rng.random() < 0.3:  # a real zero
        run = stretch(rng, count, 1, 40, rng.choice([0, first]))
        power[run] = 0
        energy[run] = 0
    for values in (power, energy):  # NULL and NaN
        if rng.random() < 0.3:
            values[noise.random(count) < 0.02] = numpy.nan
    if rng.random() < 0.15:  # ends early
        keep[rng.randrange(first, count):] = False
    if rng.random() < 0.15:  # begins late
        keep[:rng.randrange(count)] = False
    return keep


def make_site(cursor, seed):
    """Stores the site of a seed, and returns what to ask of it."""
    rng = random.Random(seed)
    noise = numpy.random.default_rng(seed)
    zone, monday = WEEKS[seed % len(WEEKS)]
    clock = Clock(zone)
    start = datetime.date.fromisoformat(monday)
    days = 7
    if rng.random() < 0.4:
        start += datetime.timedelta(days=rng.randrange(-3, 6))
        days = rng.choice([1, 2, 7, 10, 31])
    end = start + datetime.timedelta(days=days)
    as_of = None
    if rng.random() < 0.3:
        as_of = utc(clock.midnight(start) + rng.randrange(1, days * 96) * QUARTER_S + rng.choice([0, 0, 420]))
    site = f"random-{seed}"
    meter_ids = [seed * 100 + n for n in range(1, rng.randint(4, 8))]
    cursor.execute("INSERT INTO organizations (organization_id, organization_name, timezone) VALUES (%s, %s, %s)",
                   (site, f"Random {seed}", zone))
    config = random_config(rng, meter_ids, start)
    if config:
        cursor.execute("INSERT INTO site_config (site_id, config) VALUES (%s, %s)", (site, json.dumps(config)))

    weeks = config.get("baseline_weeks", 4)
    from_time = clock.midnight(start - datetime.timedelta(days=7 * weeks + 3))
    week = clock.midnight(start)
    times = numpy.arange(from_time, clock.midnight(end + datetime.timedelta(days=1)), QUARTER_S)
    local = clock.seconds(times)
    opens = config.get("business_hours", {"start": 7})["start"]
    openings = numpy.flatnonzero((local % 86400 == opens * 3600) & (times >= week)).tolist()
    rows = io.StringIO()
    total = numpy.zeros(len(times))
    has_main = rng.random() < 0.3
    for meter in meter_ids:
        name = rng.choice(["Main incomer", "TOTAL of it"]) if meter == meter_ids[-1] and rng.random() < 0.5 else f"Meter {meter}"
        cursor.execute("INSERT INTO channels (channel_id, channel_name, organization_id) VALUES (%s, %s, %s)",
                       (meter, name, site))
        role = rng.choice(["day", "day", "day", "always on", "zero", "off at night", "two levels", "no data", "silent"])
        if role == "no data":
            continue
        power = meter_power(rng, noise, local, role)
        total += power
        if has_main and meter == meter_ids[-1]:
            power = total * 0.95
        if rng.random() < 0.3:  # half in business hours and half before
            at = rng.choice(openings)
            power[at - 2:at + 2] = power[at - 2:at + 2] * 3 + 15
        energy = power / 4
        keep = plant(rng, noise, times, energy, power, week)
        if role == "silent":
            keep &= times < clock.midnight(end) - rng.choice([29, 30, 32]) * 86400
        shift = rng.choice([0] * 9 + [420])  # off the grid
        twice = rng.random() < 0.05  # two readings in a slot
        for at, kwh, kw, kept in zip(times, energy, power, keep):
            if kept:
                rows.write(f"{meter}\t{utc(at + shift).isoformat()}\t{null(noise, kwh)}\t{null(noise, kw)}\n")
            if kept and twice and noise.random() < 0.1:
                rows.write(f"{meter}\t{utc(at + shift + 60).isoformat()}\t{null(noise, kwh * 2)}\t{null(noise, kw * 2)}\n")
    rows.seek(0)
    cursor.copy_expert('COPY readings (channel_id, "timestamp", energy_kwh, power_kw) FROM STDIN', rows)
    return site, start, end, as_of


def null(noise, value):
    """Writes a missing value as NULL or as NaN."""
    if numpy.isnan(value):
        return "NaN" if noise.random() < 0.3 else "\\N"
    return repr(float(value))


def main():
    """Makes the sites of the seeds from FIRST to LAST."""
    connection = psycopg2.connect("")
    for seed in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
        with connection, connection.cursor() as cursor:
            print(*(value.isoformat() if hasattr(value, "isoformat") else value or "NULL" for value in make_site(cursor, seed)))


if __name__ == "__main__":
    main()
