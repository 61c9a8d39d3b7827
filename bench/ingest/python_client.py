#!/usr/bin/python3
"""The peer in Python: one session, one request a channel and week, one multi-row INSERT an answer.

Prints the milliseconds it took and the rows it inserted; imports are not counted.
"""

import hashlib
import os
import sys
import time
from datetime import datetime, timezone

import psycopg2
import requests
from psycopg2.extras import execute_values

WEEK = 7 * 86400
INSERT = """
    INSERT INTO readings
        (channel_id, "timestamp", energy_kwh, power_kw, voltage_v, current_a, power_factor)
    VALUES %s
    ON CONFLICT (channel_id, "timestamp") DO NOTHING
"""


def number(record, field, factor=1.0):
    value = record.get(field)
    return None if value is None else float(value) * factor


def rows_of(channel, records):
    now = time.time()
    for record in records:
        power = number(record, "P", 0.001)
        if record["ts"] > now or (power is not None and power < 0):
            continue
        yield (
            channel,
            datetime.fromtimestamp(record["ts"], timezone.utc),
            number(record, "E", 0.001),
            power,
            number(record, "V"),
            number(record, "I"),
            number(record, "PF"),
        )


def log_in(session, url):
    password = hashlib.md5(os.environ["SIM_PASSWORD"].encode()).hexdigest()
    session.headers.update({"X-Eniscope-API": os.environ["SIM_API_KEY"], "Accept": "text/json"})
    answer = session.get(url + "/v1/organizations", auth=(os.environ["SIM_EMAIL"], password))
    answer.raise_for_status()
    session.headers["X-Eniscope-Token"] = answer.headers["X-Eniscope-Token"]


def ingest(site, url, start, end):
    inserted = 0
    with requests.Session() as session, psycopg2.connect("") as database:
        log_in(session, url)
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT channel_id FROM channels WHERE organization_id = %s ORDER BY 1", (site,)
            )
            channels = [channel for (channel,) in cursor]
            for window in range(start, end, WEEK):
                for channel in channels:
                    answer = session.get(
                        f"{url}/v1/readings/{channel}",
                        params={
                            "action": "summarize",
                            "res": 900,
                            "daterange[]": [window, min(window + WEEK, end)],
                            "fields[]": ["E", "P", "V", "I", "PF"],
                        },
                    )
                    if answer.status_code != 200:
                        continue
                    rows = list(rows_of(channel, answer.json()["records"]))
                    execute_values(cursor, INSERT, rows, page_size=1000)
                    inserted += cursor.rowcount
    return inserted


def main():
    site, url, start, end = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    began = time.monotonic()
    inserted = ingest(site, url, start, end)
    print(f"{(time.monotonic() - began) * 1000:.3f} {inserted}")


main()
