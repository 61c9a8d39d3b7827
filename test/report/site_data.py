"""Reads what a report is made from: the raw readings of a site, its meters, its zone and its configuration."""

import copy
import datetime
import io
import json
import zoneinfo

import numpy

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=UTC)
QUARTER_S = 900

DEFAULTS = {
    "business_hours": {"start": 7, "end": 18, "weekdays": [1, 2, 3, 4, 5]},
    "holidays": [],
    "tariff_per_kwh": 0.12,
    "currency": "USD",
    "demand_charge_per_kw": None,
    "time_of_use": None,
    "baseline_weeks": 4,
    "main_meter": None,
    "sensor_health": {"gap_intervals": 2, "gap_intervals_high": 10, "completeness_percent": 90,
                      "completeness_percent_high": 50, "flatline_hours": 6, "flatline_variance_kw2": 0.01,
                      "flatline_mean_kw": 0.1, "flatline_variation": None, "stale_hours": 2, "stale_hours_high": 24},
    "after_hours": {"base_percentile": 0.05, "significant_kwh": 10, "worst_intervals": 10, "always_on_ratio": 0.5,
                    "always_on_ratio_max": 0.8, "always_on_target": 0.3},
    "anomalies": {"iqr_factor": 3, "join_hours": 2, "min_intervals": 3, "min_excess_kwh": 5, "min_baseline_values": 8},
    "spikes": {"factor": 1.5, "percentile": 0.95, "min_kw_meter": 5, "min_kw_main": 20, "join_intervals": 2,
               "min_baseline_values": 8},
    "quick_wins": {"max": 10},
}


def merged(defaults, given):
    """Lays given keys over defaults, objects key by key."""
    result = copy.deepcopy(defaults)
    for key, value in given.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else copy.deepcopy(value)
    return result


def epoch(moment):
    """Counts the seconds of a moment since 1970."""
    return int((moment - EPOCH) // datetime.timedelta(seconds=1))


def utc(seconds):
    """Makes a moment of seconds since 1970."""
    return EPOCH + datetime.timedelta(seconds=int(seconds))


class Clock:
    """The clock of a site: local midnights, and the local attributes of moments."""

    def __init__(self, name):
        self.name = name
        self.zone = zoneinfo.ZoneInfo(name)

    def midnight(self, day):
        """Finds when a local date begins."""
        local = datetime.datetime.combine(day, datetime.time(), tzinfo=self.zone)
        moment = epoch(local.astimezone(UTC))
        # A midnight that the clock skips is the moment at which it skips.
        while self.at(moment).date() < day:
            moment += QUARTER_S
        return moment

    def at(self, seconds):
        """Shows a moment on the local clock."""
        return utc(seconds).astimezone(self.zone)

    def seconds(self, times):
        """Turns moments into seconds of the local clock, from offsets that are looked up one by one an hour."""
        if len(times) == 0:
            return numpy.zeros(0, dtype=numpy.int64)
        quarters = times // QUARTER_S
        first = int(quarters.min())
        offsets = numpy.array([int(self.at(q * QUARTER_S).utcoffset().total_seconds())
                               for q in range(first, int(quarters.max()) + 1)], dtype=numpy.int64)
        return times + offsets[quarters - first]


class Meter:
    """One meter with all its readings in order of time; a missing value is NaN."""

    def __init__(self, meter_id, name, times, energy, power):
        order = numpy.argsort(times, kind="stable")
        self.id, self.name = meter_id, name
        self.times, self.energy, self.power = times[order], energy[order], power[order]

    def between(self, start, end):
        """Selects the readings of a stretch of time as (times, energy, power)."""
        first, last = numpy.searchsorted(self.times, [start, end])
        return self.times[first:last], self.energy[first:last], self.power[first:last]


class Site:
    """A site's meters by id, its clock and its configuration."""

    def __init__(self, site_id, clock, config, meters):
        self.id, self.clock, self.config = site_id, clock, merged(DEFAULTS, config)
        self.meters = sorted(meters, key=lambda meter: meter.id)


def known_zone(name):
    """Finds the spelling of a zone; New York's for one that nobody knows."""
    by_lower = {zone.lower(): zone for zone in zoneinfo.available_timezones()
                if not zone.startswith(("posix/", "right/")) and zone not in ("localtime", "posixrules", "Factory")}
    return by_lower.get((name or "").lower(), "America/New_York")


def load_site(connection, site_id, zone=None):
    """Reads a site from organizations, channels, site_config and readings."""
    cursor = connection.cursor()
    cursor.execute("SELECT timezone FROM organizations WHERE organization_id = %s", (site_id,))
    clock = Clock(zone or known_zone(cursor.fetchone()[0]))
    cursor.execute("SELECT config FROM site_config WHERE site_id = %s", (site_id,))
    row = cursor.fetchone()
    config = row[0] if row else {}
    cursor.execute("SELECT channel_id, channel_name FROM channels WHERE organization_id = %s", (site_id,))
    names = dict(cursor.fetchall())

    text = io.StringIO()
    # float8 writes every bit of a real; the epoch of a quarter of an hour has no fraction.
    cursor.copy_expert(cursor.mogrify("""
        COPY (SELECT r.channel_id, extract(epoch FROM r."timestamp")::bigint, coalesce(r.energy_kwh::float8, 'NaN'),
                     coalesce(r.power_kw::float8, 'NaN')
              FROM readings AS r JOIN channels AS c ON c.channel_id = r.channel_id
              WHERE c.organization_id = %s) TO STDOUT""", (site_id,)).decode(), text)
    fields = text.getvalue().split()
    channels = numpy.array(fields[0::4], dtype=numpy.int64)
    times = numpy.array(fields[1::4], dtype=numpy.int64)
    energy = numpy.array(fields[2::4], dtype=numpy.float64)
    power = numpy.array(fields[3::4], dtype=numpy.float64)
    for values in (energy, power):
        values[numpy.isinf(values)] = numpy.nan
    meters = []
    for meter_id, name in names.items():
        own = channels == meter_id
        meters.append(Meter(meter_id, name, times[own], energy[own], power[own]))
    return Site(site_id, clock, config if isinstance(config, dict) else json.loads(config), meters)
