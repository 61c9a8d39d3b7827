"""Recomputes every analysis of a site's period from its raw readings, by the written rules and nothing of the SQL."""

import datetime
import functools
import math
import re

import numpy

from site_data import QUARTER_S, Meter

MISSING = float("nan")
SILENT_S = 30 * 86400
MAIN_NAME = re.compile(r"\b(main|mains|incomer|incoming|total|whole)\b", re.IGNORECASE)


def percentile(values, fraction):
    """Interpolates linearly between the order statistics of sorted values; None of nothing."""
    if len(values) == 0:
        return None
    position = fraction * (len(values) - 1)
    below = int(numpy.floor(position))
    above = int(numpy.ceil(position))
    return float(values[below] + (position - below) * (values[above] - values[below]))


def total(values):
    """Adds values up exactly, whatever their order."""
    return math.fsum(values)


def mean(values):
    """Averages; None of nothing."""
    return total(values) / len(values) if len(values) else None


def remembered(function):
    """Has a function of a period, and of one more argument perhaps, compute each answer once."""
    @functools.wraps(function)
    def ask(period, *arguments):
        key = function.__qualname__, *arguments
        if key not in period.answers:
            period.answers[key] = function(period, *arguments)
        return period.answers[key]
    return ask


class Readings:
    """Readings of one meter in one stretch of time, with what the local clock says of each."""

    def __init__(self, period, meter, start, end):
        self.times, energy, self.power = meter.between(start, end)
        # Where a meter gives no energy its mean power over the quarter of an hour says it.
        self.energy = numpy.where(numpy.isnan(energy), self.power * 0.25, energy)
        # An interval's attributes are those of its quarter of an hour.
        local = period.clock.seconds(self.times // QUARTER_S * QUARTER_S)
        self.day = local // 86400
        self.minute = period.clock.seconds(self.times) % 86400 / 60
        self.hour = local % 86400 // 3600
        self.weekday = (self.day + 3) % 7 + 1
        self.hour_of_week = (self.weekday - 1) * 24 + self.hour
        hours = period.config["business_hours"]
        holidays = [datetime.date.fromisoformat(day).toordinal() - datetime.date(1970, 1, 1).toordinal()
                    for day in period.config["holidays"]]
        self.business_day = numpy.isin(self.weekday, hours["weekdays"]) & ~numpy.isin(self.day, holidays)
        self.business = self.business_day & (self.hour >= hours["start"]) & (self.hour < hours["end"])
        self.present = ~numpy.isnan(self.power)
        self.rate = numpy.full(len(self.times), float(period.config["tariff_per_kwh"]))
        for window in reversed(period.config["time_of_use"] or []):
            inside = numpy.isin(self.weekday, window["weekdays"]) & (self.hour >= window["start"]) & (self.hour < window["end"])
            self.rate[inside] = window["rate_per_kwh"]

    def energy_kwh(self, chosen=None):
        """Adds the energy of the chosen intervals up; None where none has any."""
        known = ~numpy.isnan(self.energy)
        if chosen is not None:
            known &= chosen
        return total(self.energy[known]) if known.any() else None

    def cost(self):
        """Adds the price of the energy of all intervals up."""
        known = ~numpy.isnan(self.energy)
        return total((self.energy * self.rate)[known]) if known.any() else None


class Period:
    """A site's period, its baseline before it, and what both hold for each meter."""

    def __init__(self, site, start, end, as_of=None):
        self.site, self.clock, self.config = site, site.clock, site.config
        self.answers = {}
        self.start_day, self.end_day = start, end
        self.start, self.planned_end = self.clock.midnight(start), self.clock.midnight(end)
        self.end = self.planned_end if as_of is None else min(self.planned_end, as_of)
        self.weeks = self.config["baseline_weeks"]
        self.baseline_day = start - datetime.timedelta(days=7 * self.weeks)
        self.baseline_start = self.clock.midnight(self.baseline_day)
        self.days = (end - start).days
        self.now = {meter.id: Readings(self, meter, self.start, self.end) for meter in site.meters}
        self.before = {meter.id: Readings(self, meter, self.baseline_start, self.start) for meter in site.meters}
        self.main = self.main_meter()

    def in_weeks(self):
        """Measures the period in weeks, of a running one what has passed of it."""
        return self.days / 7 if self.end == self.planned_end else (self.end - self.start) / (7 * 86400)

    @remembered
    def readings(self, meter_id):
        """Returns the readings of a meter, or with None of the whole site, in the period and in its baseline."""
        if meter_id is not None:
            return self.now[meter_id], self.before[meter_id]
        if self.main is not None:
            return self.now[self.main], self.before[self.main]
        whole = summed(self.site.meters, self.baseline_start, self.end)
        return Readings(self, whole, self.start, self.end), Readings(self, whole, self.baseline_start, self.start)

    def main_meter(self):
        """Finds the meter that carries the whole site: configured, or by its name and energy, or by its energy alone."""
        if self.config["main_meter"] is not None:
            return self.config["main_meter"]
        energy = {key: (self.now[key].energy_kwh() or 0) + (self.before[key].energy_kwh() or 0)
                  for key in self.now if len(self.now[key].times) + len(self.before[key].times)}
        if len(energy) < 3:
            return None
        named = [meter.id for meter in self.site.meters if meter.id in energy and MAIN_NAME.search(meter.name)]
        largest = min(energy, key=lambda key: (-energy[key], key))
        for candidate, share in ([(named[0], 0.5)] if len(named) == 1 else []) + [(largest, 0.8)]:
            others = total(value for key, value in energy.items() if key != candidate)
            if energy[candidate] > 0 and energy[candidate] >= share * others:
                return candidate
        return None

    @remembered
    def hours_of_week(self, meter_id):
        """Sorts the baseline's power of a meter by hour of the week."""
        before = self.before[meter_id]
        power, hours = before.power[before.present], before.hour_of_week[before.present]
        order = numpy.lexsort((power, hours))
        edges = numpy.searchsorted(hours[order], numpy.arange(169))
        return [power[order][edges[hour]:edges[hour + 1]] for hour in range(168)]

    @remembered
    def expected_slots(self, meter):
        """Lists the quarters of an hour in which a judged meter should have a reading, and those in which it has."""
        seen = meter.times[meter.times < self.end]
        if len(seen) == 0 or seen[-1] < self.end - SILENT_S:
            return None
        first = max(self.start, int(seen[0]) // QUARTER_S * QUARTER_S)
        expected = numpy.arange(first, self.end, QUARTER_S)
        return expected, numpy.isin(expected, self.now[meter.id].times // QUARTER_S * QUARTER_S)


def summed(meters, start, end):
    """Adds meters up to one, quarter of an hour by quarter of an hour, from those that have a value there."""
    parts = [meter.between(start, end) for meter in meters]
    slots = numpy.unique(numpy.concatenate([times // QUARTER_S * QUARTER_S for times, _, _ in parts] or [[]]).astype(numpy.int64))
    sums = []
    for pick in (lambda energy, power: numpy.where(numpy.isnan(energy), power * 0.25, energy), lambda energy, power: power):
        whole = numpy.zeros(len(slots))
        known = numpy.zeros(len(slots), dtype=bool)
        for times, energy, power in parts:
            values = pick(energy, power)
            there = ~numpy.isnan(values)
            places = numpy.searchsorted(slots, times[there] // QUARTER_S * QUARTER_S)
            numpy.add.at(whole, places, values[there])
            known[places] = True
        sums.append(numpy.where(known, whole, MISSING))
    return Meter(None, None, slots, *sums)


def runs(marked):
    """Lists the runs of true values as (first, one past the last)."""
    edges = numpy.diff(numpy.concatenate(([0], marked.astype(numpy.int8), [0])))
    return list(zip(numpy.flatnonzero(edges == 1).tolist(), numpy.flatnonzero(edges == -1).tolist()))


@remembered
def sensor_health(period):
    """Finds gaps, incomplete, flat and stale meters."""
    limits = period.config["sensor_health"]
    rows = []
    for meter in period.site.meters:
        slots = period.expected_slots(meter)
        if slots is None:
            continue
        expected, received = slots

        def add(issue, severe, start, end, value, unit):
            rows.append({"meter_id": meter.id, "meter_name": meter.name, "issue": issue,
                         "severity": "high" if severe else "medium", "start_time": start, "end_time": end,
                         "value": float(value), "unit": unit})

        for first, after in runs(~received):
            if after - first >= limits["gap_intervals"]:
                add("gap", after - first > limits["gap_intervals_high"],
                    int(expected[first]), min(int(expected[after - 1]) + QUARTER_S, period.end), after - first, "intervals")
        if len(expected):
            percent = 100.0 * received.sum() / len(expected)
            if percent < limits["completeness_percent"]:
                add("completeness", percent < limits["completeness_percent_high"], int(expected[0]), period.end, percent, "percent")
        for start, end in flat_stretches(period, meter, limits):
            add("flatline", end - start >= 86400, start, end, (end - start) / 3600, "hours")
        seen = meter.times[meter.times < period.end]
        stale = (period.end - (int(seen[-1]) + QUARTER_S)) / 3600
        if stale > limits["stale_hours"]:
            add("stale", stale > limits["stale_hours_high"], int(seen[-1]) + QUARTER_S, period.end, stale, "hours")
    return rows


def flat_stretches(period, meter, limits):
    """Unites all windows of consecutive slots whose power hardly varies."""
    now = period.now[meter.id]
    size = int(limits["flatline_hours"] * 4)
    times, power = now.times[now.present] // QUARTER_S * QUARTER_S, now.power[now.present]
    stretches = []
    for first in range(len(times) - size + 1):
        begin, end = int(times[first]), int(times[first + size - 1]) + QUARTER_S
        if end - begin != size * QUARTER_S:
            continue
        window = power[first:first + size]
        average, variance, relative = window.mean(), window.var(), limits["flatline_variation"]
        if (variance < limits["flatline_variance_kw2"] and average > limits["flatline_mean_kw"]
                and (relative is None or numpy.sqrt(variance) < relative * average)):
            if stretches and stretches[-1][1] >= begin:
                stretches[-1][1] = end
            else:
                stretches.append([begin, end])
    return stretches


@remembered
def base_load(period, meter_id):
    """Finds a meter's power in quiet: a low percentile of its positive power outside business hours of the baseline."""
    before = period.before[meter_id]
    quiet = before.present & ~before.business
    positive = numpy.sort(before.power[quiet & (before.power > 0)])
    return percentile(positive, period.config["after_hours"]["base_percentile"]), int(quiet.sum())


def after_hours_excess(period, meter_id):
    """Finds for each interval how much energy above the base load it took after hours; 0 in business hours."""
    now = period.now[meter_id]
    base, _ = base_load(period, meter_id)
    if base is None:
        return None
    return numpy.where(now.present & ~now.business, numpy.maximum(now.power - base, 0) * 0.25, 0)


@remembered
def after_hours(period):
    """Finds each meter's use and excess outside business hours."""
    limits = period.config["after_hours"]
    rows = []
    for meter in period.site.meters:
        now = period.now[meter.id]
        if len(now.times) == 0:
            continue
        base, base_count = base_load(period, meter.id)
        excess = after_hours_excess(period, meter.id)
        used = now.energy_kwh(~now.business)
        whole = now.energy_kwh()
        worst = []
        if excess is not None:
            order = sorted(numpy.flatnonzero(excess > 0).tolist(), key=lambda i: (-excess[i], now.times[i]))
            worst = [{"at": int(now.times[i]), "powerKw": float(now.power[i]), "excessKwh": float(excess[i])}
                     for i in order[:limits["worst_intervals"]]]
        counted = total(excess) if excess is not None and (now.present & ~now.business).any() else None
        rows.append({"meter_id": meter.id, "meter_name": meter.name, "base_load_kw": base, "after_hours_kwh": used,
                     "excess_kwh": counted, "share": used / whole if used is not None and whole else None,
                     "cost": None if counted is None else total(excess * now.rate),
                     "is_significant": counted is not None and counted >= limits["significant_kwh"],
                     "after_hours_intervals": int((now.present & ~now.business).sum()),
                     "baseline_intervals": base_count, "worst": worst})
    return rows


@remembered
def hour_profile(period):
    """Averages power by hour of the local day, in the period and in the baseline."""
    rows = []
    for meter in period.site.meters:
        now, before = period.now[meter.id], period.before[meter.id]
        for hour in range(24):
            chosen = now.present & (now.hour == hour)
            earlier = before.present & (before.hour == hour)
            if chosen.any() or earlier.any():
                rows.append({"meter_id": meter.id, "hour": hour, "avg_kw": mean(now.power[chosen]),
                             "baseline_avg_kw": mean(before.power[earlier]), "intervals": int(chosen.sum())})
    return rows


def events(indexes, apart):
    """Joins positions into lists as long as `apart` does not part one from the next."""
    joined = []
    for index in indexes:
        if joined and not apart(joined[-1][-1], index):
            joined[-1].append(index)
        else:
            joined.append([index])
    return joined


def business_share(now, event):
    """Tells whether at least half of an event's intervals are in business hours."""
    return 2 * int(now.business[event].sum()) >= len(event)


def peak_of(now, event):
    """Finds the interval of an event with the most power, the first of equals."""
    return min(event, key=lambda i: (-now.power[i], now.times[i]))


@remembered
def anomaly_events(period, meter_id):
    """Lists a meter's anomalies as (positions, medians by position)."""
    limits = period.config["anomalies"]
    now, weeks = period.now[meter_id], period.hours_of_week(meter_id)
    found, medians = [], {}
    quartiles = [[percentile(usual, fraction) for fraction in (0.25, 0.5, 0.75)] for usual in weeks]
    for i in numpy.flatnonzero(now.present).tolist():
        hour = int(now.hour_of_week[i])
        if len(weeks[hour]) < limits["min_baseline_values"]:
            continue
        low, medians[i], high = quartiles[hour]
        if now.power[i] > high + limits["iqr_factor"] * (high - low):
            found.append(i)
    joined = events(found, lambda a, b: now.times[b] - (now.times[a] + QUARTER_S) >= limits["join_hours"] * 3600)
    return [(event, medians) for event in joined
            if len(event) >= limits["min_intervals"]
            and total((now.power[i] - medians[i]) * 0.25 for i in event) >= limits["min_excess_kwh"]]


@remembered
def anomalies(period):
    """Finds stretches far above what is usual in the same hours of the week."""
    rows = []
    for meter in period.site.meters:
        now, weeks = period.now[meter.id], period.hours_of_week(meter.id)
        for event, medians in anomaly_events(period, meter.id):
            peak = peak_of(now, event)
            usual = weeks[int(now.hour_of_week[peak])]
            deviation = float(numpy.std(usual, ddof=1))
            excess = [(now.power[i] - medians[i]) * 0.25 for i in event]
            rows.append({"meter_id": meter.id, "meter_name": meter.name, "start_time": int(now.times[event[0]]),
                         "end_time": int(now.times[event[-1]]) + QUARTER_S, "intervals": len(event),
                         "peak_kw": float(now.power[peak]), "peak_at": int(now.times[peak]),
                         "expected_kwh": total(medians[i] * 0.25 for i in event), "excess_kwh": total(excess),
                         "is_business": business_share(now, event),
                         "z_score": (float(now.power[peak]) - mean(usual)) / deviation if deviation > 0 else None,
                         "cost": total(excess * now.rate[event])})
    return rows


@remembered
def spike_events(period, meter_id):
    """Lists a meter's spikes as (positions, 95th percentiles and thresholds by position)."""
    limits = period.config["spikes"]
    now, weeks = period.now[meter_id], period.hours_of_week(meter_id)
    least = limits["min_kw_main" if meter_id == period.main else "min_kw_meter"]
    found, levels = [], {}
    usual_peaks = [percentile(usual, limits["percentile"]) for usual in weeks]
    for i in numpy.flatnonzero(now.present).tolist():
        hour = int(now.hour_of_week[i])
        if len(weeks[hour]) < limits["min_baseline_values"]:
            continue
        high = usual_peaks[hour]
        levels[i] = high, max(limits["factor"] * high, least)
        if now.power[i] > levels[i][1]:
            found.append(i)
    return [(event, levels) for event in
            events(found, lambda a, b: now.times[b] - now.times[a] > limits["join_intervals"] * QUARTER_S)]


@remembered
def spikes(period):
    """Finds short peaks far above the usual of their hour of the week."""
    rows = []
    for meter in period.site.meters:
        now = period.now[meter.id]
        for event, levels in spike_events(period, meter.id):
            peak = peak_of(now, event)
            excess = [(now.power[i] - levels[i][0]) * 0.25 for i in event]
            rows.append({"meter_id": meter.id, "meter_name": meter.name, "start_time": int(now.times[event[0]]),
                         "end_time": int(now.times[event[-1]]) + QUARTER_S, "intervals": len(event),
                         "peak_kw": float(now.power[peak]), "peak_at": int(now.times[peak]),
                         "threshold_kw": levels[peak][1], "excess_kwh": total(excess), "is_main": meter.id == period.main,
                         "is_business": business_share(now, event),
                         "cost": total(excess * now.rate[event])})
    return rows
