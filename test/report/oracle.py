#!/usr/bin/python3
"""Compares the analyses and the weekly report of a site with what its raw readings say.

    oracle.py SITE [PERIOD_START PERIOD_END [AS_OF]]     NULL stands for a default

The database is that of the environment. Prints each difference and ends with 1 where there is one. Only the readings,
channels, organizations and site_config are read: nothing is taken from the SQL but what it has to answer for.
"""

import datetime
import sys

sys.dont_write_bytecode = True

import psycopg2

import analysis
import load
import report
from compare import Differences
from site_data import epoch, load_site, utc

EVENT_TIMES = ("start_time", "end_time", "peak_at")

# Function, how to recompute it, what tells its rows apart, which columns are moments, and what orders the rows.
FUNCTIONS = [
    ("argo_sensor_health", analysis.sensor_health, ("meter_id", "issue", "start_time"), ("start_time", "end_time"),
     lambda row: (row["severity"], row["meter_id"], row["start_time"], row["issue"])),
    ("argo_after_hours", analysis.after_hours, ("meter_id",), (),
     lambda row: (row["excess_kwh"] is None, -(row["excess_kwh"] or 0), row["meter_id"])),
    ("argo_hour_profile", analysis.hour_profile, ("meter_id", "hour"), (), lambda row: (row["meter_id"], row["hour"])),
    ("argo_anomalies", analysis.anomalies, ("meter_id", "start_time"), EVENT_TIMES,
     lambda row: (row["start_time"], row["meter_id"])),
    ("argo_spikes", analysis.spikes, ("meter_id", "start_time"), EVENT_TIMES,
     lambda row: (-row["excess_kwh"], row["start_time"], row["meter_id"])),
    ("argo_load_summary", load.load_summary, ("meter_id",), ("peak_at",), lambda row: row["meter_id"] or 0),
    ("argo_quick_wins", load.quick_wins, ("kind", "meter_id"), (), lambda row: row["rank"]),
]


def ask(connection, function, site_id, start, end, as_of):
    """Calls an analysis and returns its rows as objects."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT to_jsonb(f) FROM {function}(%s, %s, %s, %s) AS f", (site_id, start, end, as_of))
        return [row[0] for row in cursor.fetchall()]


def last_week(clock, as_of):
    """Finds the last complete week, Monday to Monday, before a moment."""
    today = clock.at(as_of).date()
    end = today - datetime.timedelta(days=today.weekday())
    return end - datetime.timedelta(days=7), end


def check(connection, site_id, start=None, end=None, as_of=None):
    """Compares everything about a site's period; returns the differences."""
    differences = Differences()
    with connection.cursor() as cursor:
        cursor.execute("SET TimeZone = 'UTC'; SET extra_float_digits = 1; SET client_min_messages = error")
        cursor.execute("SELECT coalesce(%s::timestamptz, now())", (as_of,))
        moment = epoch(cursor.fetchone()[0])
    site = load_site(connection, site_id)
    first, after = (start, end) if start else last_week(site.clock, moment)
    period = analysis.Period(site, first, after, moment)
    for function, recompute, key, times, order in FUNCTIONS:
        found = ask(connection, function, site_id, start, end, as_of)
        if found != sorted(found, key=order):
            differences.add(f"{function}: its rows are in another order")
        differences.rows(function, found, recompute(period), key, times)
    report.check(connection, period, utc(moment), start, end, differences)
    return differences


def main():
    """Runs a check from the command line."""
    arguments = [None if value == "NULL" else value for value in sys.argv[1:]] + [None] * 3
    site_id, start, end, as_of = arguments[:4]
    connection = psycopg2.connect("")
    connection.autocommit = True
    differences = check(connection, site_id, start and datetime.date.fromisoformat(start),
                        end and datetime.date.fromisoformat(end), as_of and datetime.datetime.fromisoformat(as_of))
    for line in differences.lines[:50]:
        print(line)
    print(f"{site_id}: {differences.compared} values compared, {len(differences.lines)} differ")
    sys.exit(1 if differences.lines else 0)


if __name__ == "__main__":
    main()
