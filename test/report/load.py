"""Recomputes the load figures, the quick wins and the charts of a report from raw readings."""

import datetime

import numpy

from analysis import after_hours, anomaly_events, base_load, mean, percentile, remembered, sensor_health, spike_events, total
from site_data import QUARTER_S


def comparable_weeks(period, before):
    """Lists the weeks of the baseline that hold nine of ten readings, as (begin, end)."""
    slots = numpy.unique(before.times // QUARTER_S) * QUARTER_S
    weeks = []
    for week in range(period.weeks):
        begin, end = (period.clock.midnight(period.baseline_day + datetime.timedelta(days=7 * n)) for n in (week, week + 1))
        if ((slots >= begin) & (slots < end)).sum() >= 0.9 * (end - begin) / QUARTER_S:
            weeks.append((begin, end))
    return weeks


def baseline_energy(period, before):
    """Averages the comparable weeks of the baseline, for as long as the period is; None without any."""
    weeks = [before.energy_kwh((before.times >= begin) & (before.times < end)) for begin, end in comparable_weeks(period, before)]
    known = [energy for energy in weeks if energy is not None]
    return total(known) / len(known) * period.in_weeks() if known else None


def crossings(readings, day):
    """Finds the minutes at which power first rises and last falls through the middle of a business day; None where it does not."""
    chosen = readings.present & (readings.day == day)
    power, minute = readings.power[chosen], readings.minute[chosen]
    if len(power) == 0:
        return None, None
    ordered = numpy.sort(power)
    middle = (percentile(ordered, 0.05) + percentile(ordered, 0.95)) / 2
    above = power > middle
    up = numpy.flatnonzero(above[1:] & ~above[:-1]) + 1
    down = numpy.flatnonzero(~above[1:] & above[:-1]) + 1
    return (float(minute[up[0]]) if len(up) else None), (float(minute[down[-1]]) if len(down) else None)


def switch_times(readings):
    """Finds the median minutes of start-up and shutdown over the business days."""
    days = numpy.unique(readings.day[readings.business_day])
    found = [crossings(readings, day) for day in days]
    return [percentile(sorted(pair[k] for pair in found if pair[k] is not None), 0.5) for k in (0, 1)]


def time_of_day(minutes):
    """Writes minutes since midnight as PostgreSQL writes a time."""
    return None if minutes is None else f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{round(minutes % 1 * 60):02}"


def difference(a, b):
    """Subtracts; None where either is."""
    return None if a is None or b is None else a - b


def quiet(readings):
    """Finds the low percentile of positive power at any hour."""
    return percentile(numpy.sort(readings.power[readings.present & (readings.power > 0)]), 0.05)


@remembered
def load_summary(period):
    """Finds energy, cost, peak, base load and switching times of the site and of each meter."""
    rows = []
    for meter_id in [None] + [meter.id for meter in period.site.meters]:
        now, before = period.readings(meter_id)
        if len(now.times) + len(before.times) == 0:
            continue
        power = now.power[now.present]
        energy, usual = now.energy_kwh(), baseline_energy(period, before)
        average = mean(power)
        peak = float(power.max()) if len(power) else None
        charge = period.config["demand_charge_per_kw"]
        started, stopped = switch_times(now)
        started_before, stopped_before = switch_times(before)
        rows.append({
            "meter_id": meter_id, "energy_kwh": energy, "cost": now.cost(), "baseline_energy_kwh": usual,
            "change_percent": 100 * (energy - usual) / usual if energy is not None and usual else None,
            "avg_kw": average, "peak_kw": peak,
            "peak_at": int(now.times[now.present][power.argmax()]) if len(power) else None,
            "load_factor": average / peak if peak else None,
            "base_load_kw": quiet(now), "baseline_base_load_kw": quiet(before),
            "base_load_drift_kw": difference(quiet(now), quiet(before)),
            "startup_time": time_of_day(started), "shutdown_time": time_of_day(stopped),
            "startup_drift_minutes": difference(started, started_before),
            "shutdown_drift_minutes": difference(stopped, stopped_before),
            "demand_cost": peak * charge if meter_id is None and peak is not None and charge is not None else None})
    return rows


@remembered
def after_hours_of(period):
    """Finds the rows of after_hours by meter."""
    return {row["meter_id"]: row for row in after_hours(period)}


def divided_excess(period, meter_id):
    """Gives each interval's excess to one cause only: after hours where that is significant, else the anomaly, else the spike."""
    now = period.now[meter_id]
    row = after_hours_of(period).get(meter_id, {"is_significant": False})
    taken = numpy.zeros(len(now.times), dtype=bool)
    found = {}
    if row["is_significant"]:
        found["after hours"] = row["excess_kwh"], row["cost"]
        taken = ~now.business
    for kind, listed, level in (("anomaly", anomaly_events(period, meter_id), lambda levels, i: levels[i]),
                                ("spike", spike_events(period, meter_id), lambda levels, i: levels[i][0])):
        rest = []
        for event, levels in listed:
            rest += [((now.power[i] - level(levels, i)) * 0.25, i) for i in event if not taken[i]]
            taken[event] = True
        if rest:
            found[kind] = total(kwh for kwh, _ in rest), total(kwh * now.rate[i] for kwh, i in rest)
    return found


def always_on(period, meter_id):
    """Finds what a base load that hardly falls when work ends takes beyond a modest one, as (kWh, cost); None where it falls."""
    limits = period.config["after_hours"]
    now, before = period.readings(meter_id)
    base, _ = base_load(period, meter_id)
    quiet_power = before.power[before.present & ~before.business]
    work = before.power[before.present & before.business & (before.power > 0)]
    if base is None or len(work) == 0 or (quiet_power > 0).sum() < 0.9 * len(quiet_power):
        return None
    usual = percentile(numpy.sort(work), 0.9)
    if not limits["always_on_ratio"] * usual <= base <= limits["always_on_ratio_max"] * usual:
        return None
    kwh = (base - limits["always_on_target"] * usual) * 0.25
    chosen = now.present & ~now.business
    return kwh * int(chosen.sum()), kwh * total(now.rate[chosen])


def confidence(period, meter_id):
    """Says how much a figure in money rests on."""
    weeks = len(comparable_weeks(period, period.before[meter_id]))
    slots = period.expected_slots(next(meter for meter in period.site.meters if meter.id == meter_id))
    complete = slots is not None and len(slots[0]) and slots[1].sum() >= 0.9 * len(slots[0])
    return "high" if weeks >= 4 and complete else "medium" if weeks >= 2 else "low"


@remembered
def quick_wins(period):
    """Lists what could be saved, by money; no energy counts twice."""
    wins = []
    with_data = [meter.id for meter in period.site.meters
                 if len(period.now[meter.id].times) + len(period.before[meter.id].times)]
    for meter_id in with_data:
        # What the main meter saw is what the others saw too.
        if meter_id == period.main and len(with_data) > 1:
            continue
        found = divided_excess(period, meter_id)
        kept_on = always_on(period, meter_id)
        if kept_on is not None:
            found["base load"] = kept_on
        for kind, (kwh, cost) in found.items():
            if kwh <= 0:
                continue
            recurs = kind in ("after hours", "base load") and len(comparable_weeks(period, period.before[meter_id])) >= 4
            # Of less than a week nothing more is claimed than was seen.
            weeks = max(period.in_weeks(), 1)
            wins.append({"kind": kind, "meter_id": meter_id, "weekly_kwh": kwh / weeks, "weekly_cost": cost / weeks,
                         "confidence": confidence(period, meter_id), "yearly_cost": cost / weeks * 52 if recurs else None})
    wins.sort(key=lambda win: (-win["weekly_cost"], win["meter_id"], win["kind"]))
    issues = sensor_health(period)
    high = {row["meter_id"] for row in issues if row["severity"] == "high"}
    for meter_id in sorted({row["meter_id"] for row in issues}, key=lambda key: (key not in high, key)):
        wins.append({"kind": "sensor", "meter_id": meter_id, "weekly_kwh": None, "weekly_cost": None, "yearly_cost": None,
                     "confidence": "high"})
    return [dict(win, rank=place) for place, win in enumerate(wins[:period.config["quick_wins"]["max"]], 1)]


@remembered
def watched_slots(period):
    """Lists the quarters of an hour in which the meters that the site's figures are of should have readings, those in
    which they have, and those in which they have power: in order of time, each as often as there are meters."""
    lists = [], [], []
    for meter in period.site.meters:
        slots = period.expected_slots(meter) if period.main in (None, meter.id) else None
        if slots is not None:
            now = period.now[meter.id]
            for collected, times in zip(lists, (slots[0], now.times, now.times[now.present])):
                collected.append(numpy.unique(times // QUARTER_S * QUARTER_S))
    return [numpy.sort(numpy.concatenate(collected)) if collected else numpy.zeros(0) for collected in lists]


def count_within(period, begin, end, of_power):
    """Counts the quarters of an hour in a stretch for which the site's meters should have readings, or power, and have."""
    def within(slots):
        return int(numpy.diff(numpy.searchsorted(slots, [begin, end]))[0])

    expected, readings, power = watched_slots(period)
    return {"expected": within(expected), "received": within(power if of_power else readings)}


@remembered
def site_hours(period):
    """Averages the site's power over each hour of the period by the local clock."""
    now, before = period.readings(None)
    starts = numpy.arange(period.start, period.end, QUARTER_S)
    local = period.clock.seconds(starts)
    # What the clock repeats or skips begins an hour of its own.
    begins = (local[1:] // 3600 != local[:-1] // 3600) | (local[1:] - starts[1:] != local[:-1] - starts[:-1])
    edges = numpy.flatnonzero(numpy.concatenate(([True], begins))).tolist()
    hours = []
    for first, after in zip(edges, edges[1:] + [len(starts)]):
        begin, end = int(starts[first]), int(starts[after - 1]) + QUARTER_S
        chosen = now.present & (now.times >= begin) & (now.times < end)
        usual = before.present & (before.hour_of_week == (local[first] // 86400 + 3) % 7 * 24 + local[first] % 86400 // 3600)
        hours.append({"at": begin, "kw": mean(now.power[chosen]), "baseline_kw": mean(before.power[usual]),
                      **count_within(period, begin, end, True)})
    return hours


@remembered
def site_days(period):
    """Adds the site's energy up by the day, as far as the period has come."""
    now, _ = period.readings(None)
    days = []
    for n in range(period.days):
        begin, end = (period.clock.midnight(period.start_day + datetime.timedelta(days=k)) for k in (n, n + 1))
        if begin < period.end:
            days.append({"kwh": now.energy_kwh((now.times >= begin) & (now.times < end)),
                         **count_within(period, begin, end, False)})
    return days
