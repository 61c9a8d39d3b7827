"""Compares the weekly report with what the raw readings say: every figure, every list and its order."""

import datetime

import analysis
import load
from analysis import total

LIMITS = {"issues": 100, "events": 50, "meters": 250, "ranking": 15}


def local(period, at):
    """Writes a moment on the site's clock with its offset."""
    return None if at is None else period.clock.at(at).isoformat()


def percent(part, whole):
    """Writes a completeness; None where nothing was expected."""
    return 100 * part / whole if whole else None


def most_first(rows, name):
    """Orders rows by a figure, the largest first, those without it last."""
    return sorted(rows, key=lambda row: (row[name] is None, -(row[name] or 0), row["meter_id"]))


def completeness(period):
    """Counts expected and received readings of each meter; nothing is expected of silent ones."""
    counts = {}
    for meter in period.site.meters:
        slots = period.expected_slots(meter)
        counts[meter.id] = (len(slots[0]), int(slots[1].sum())) if slots else (0, 0)
    return counts


class Report:
    """What the report of a period should hold; texts are left out."""

    def __init__(self, period):
        self.period = period
        self.names = {meter.id: meter.name for meter in period.site.meters}
        self.counts = completeness(period)
        self.expected = sum(pair[0] for pair in self.counts.values())
        self.received = sum(pair[1] for pair in self.counts.values())
        self.complete = percent(self.received, self.expected)
        self.sensors = sorted(analysis.sensor_health(period), key=lambda row: (
            row["severity"] != "high", row["start_time"], row["meter_id"], row["issue"]))
        self.after_hours = most_first(analysis.after_hours(period), "excess_kwh")
        self.anomalies = analysis.anomalies(period)
        self.spikes = analysis.spikes(period)
        figures = load.load_summary(period)
        self.site = next((row for row in figures if row["meter_id"] is None), None)
        self.meters = [row for row in figures if row["meter_id"] is not None]
        self.wins = load.quick_wins(period)

    def complete_of(self, meter_id):
        """Finds how complete a meter is."""
        return percent(*reversed(self.counts[meter_id]))

    def metadata(self):
        """Says what the report is about."""
        period, config = self.period, self.period.config
        return {
            "site": {"id": period.site.id, "timezone": period.clock.name},
            "period": {"start": str(period.start_day), "end": str(period.end_day), "days": period.days,
                       "localStart": local(period, period.start), "localEnd": local(period, period.planned_end),
                       "dataUntil": local(period, period.end)},
            "baseline": {"start": str(period.baseline_day), "end": str(period.start_day), "weeks": period.weeks},
            "currency": config["currency"], "tariffPerKwh": config["tariff_per_kwh"],
            "demandChargePerKw": config["demand_charge_per_kw"], "timeOfUse": config["time_of_use"],
            "businessHours": config["business_hours"],
            "holidays": [str(day) for day in self.days() if str(day) in config["holidays"]],
            "mainMeter": None if period.main is None else {"meterId": period.main, "meterName": self.names[period.main]}}

    def days(self):
        """Lists the dates of the period."""
        return [self.period.start_day + datetime.timedelta(days=n) for n in range(self.period.days)]

    def summary(self):
        """Says the totals."""
        whole = self.site or dict.fromkeys(("energy_kwh", "cost", "baseline_energy_kwh", "change_percent"))
        paid = [win for win in self.wins if win["weekly_cost"] is not None]
        yearly = [win["yearly_cost"] for win in paid if win["yearly_cost"] is not None]
        return {
            "energyKwh": whole["energy_kwh"], "cost": whole["cost"], "baselineEnergyKwh": whole["baseline_energy_kwh"],
            "changePercent": whole["change_percent"], "completenessPercent": self.complete,
            "topOpportunities": [{"weeklyKwh": win["weekly_kwh"], "weeklyCost": win["weekly_cost"], "meterId": win["meter_id"]}
                                 for win in paid[:3]],
            "totalPotentialSavings": {
                "weeklyKwh": total(win["weekly_kwh"] for win in paid) if paid else None,
                "weekly": total(win["weekly_cost"] for win in paid) if paid else None,
                "yearly": total(yearly) if yearly else None, "winsWithoutYearly": len(paid) - len(yearly)}}

    def sensor_health(self):
        """Lists the issues, high ones first."""
        rows = self.sensors
        return {
            "summary": {"issues": len(rows), "high": sum(row["severity"] == "high" for row in rows),
                        "metersAffected": len({row["meter_id"] for row in rows}), "completenessPercent": self.complete},
            "issues": [{"meterId": row["meter_id"], "meterName": row["meter_name"], "issue": row["issue"],
                        "severity": row["severity"], "start": local(self.period, row["start_time"]),
                        "end": local(self.period, row["end_time"]), "value": row["value"], "unit": row["unit"]}
                       for row in rows[:LIMITS["issues"]]],
            "omitted": max(len(rows) - LIMITS["issues"], 0)}

    def waste(self):
        """Lists the meters by what they used above their base load after hours."""
        rows, main = self.after_hours, self.period.main
        counted = [row for row in rows if main is None or row["meter_id"] == main]

        def whole(name):
            known = [row[name] for row in counted if row[name] is not None]
            return total(known) if known else None

        energy, used = self.site and self.site["energy_kwh"], whole("after_hours_kwh")
        return {
            "summary": {"afterHoursKwh": used, "excessKwh": whole("excess_kwh"), "cost": whole("cost"),
                        "sharePercent": 100 * used / energy if used is not None and energy else None,
                        "significantMeters": sum(row["is_significant"] for row in rows),
                        "metersWithoutBaseline": sum(row["base_load_kw"] is None for row in rows),
                        "completenessPercent": self.complete},
            "topMeters": [{"meterId": row["meter_id"], "meterName": row["meter_name"], "baseLoadKw": row["base_load_kw"],
                           "afterHoursKwh": row["after_hours_kwh"], "excessKwh": row["excess_kwh"],
                           "sharePercent": None if row["share"] is None else 100 * row["share"], "cost": row["cost"],
                           "isSignificant": row["is_significant"], "afterHoursIntervals": row["after_hours_intervals"],
                           "baselineIntervals": row["baseline_intervals"],
                           "completenessPercent": self.complete_of(row["meter_id"]),
                           "worst": [dict(worst, at=local(self.period, worst["at"])) for worst in row["worst"]]}
                          for row in rows[:LIMITS["meters"]]],
            "omitted": max(len(rows) - LIMITS["meters"], 0)}

    def events(self, rows, name, further):
        """Lists events: the ones with the most excess, by channel too."""
        main = self.period.main
        rows = sorted(rows, key=lambda row: (-row["excess_kwh"], row["start_time"], row["meter_id"]))
        listed = rows[:LIMITS["events"]]
        if name == "timeline":
            listed = sorted(listed, key=lambda row: (row["start_time"], rows.index(row)))
        channels = []
        for meter_id in sorted({row["meter_id"] for row in rows}):
            own = [row for row in rows if row["meter_id"] == meter_id]
            channels.append({"meter_id": meter_id, "events": len(own), "excess_kwh": total(row["excess_kwh"] for row in own),
                             "cost": total(row["cost"] for row in own), "peak_kw": max(row["peak_kw"] for row in own)})

        def once(figure):
            return max(total(row[figure] for row in rows if row["meter_id"] == main),
                       total(row[figure] for row in rows if row["meter_id"] != main))

        return {
            "summary": {"events": len(rows), "businessEvents": sum(row["is_business"] for row in rows),
                        "metersAffected": len(channels), "excessKwh": once("excess_kwh"), "cost": once("cost"),
                        "completenessPercent": self.complete},
            name: [{"meterId": row["meter_id"], "meterName": row["meter_name"], "start": local(self.period, row["start_time"]),
                    "end": local(self.period, row["end_time"]), "intervals": row["intervals"], "peakKw": row["peak_kw"],
                    "peakAt": local(self.period, row["peak_at"]), "excessKwh": row["excess_kwh"],
                    "isBusiness": row["is_business"], "cost": row["cost"],
                    **{key: row[column] for key, column in further.items()}} for row in listed],
            "byChannel": [{"meterId": row["meter_id"], "meterName": self.names[row["meter_id"]], "events": row["events"],
                           "excessKwh": row["excess_kwh"], "cost": row["cost"], "peakKw": row["peak_kw"],
                           "completenessPercent": self.complete_of(row["meter_id"])}
                          for row in most_first(channels, "excess_kwh")[:LIMITS["meters"]]],
            "omitted": max(len(rows) - LIMITS["events"], 0)}

    def load_figures(self, row):
        """Writes the load figures of the site or of a meter."""
        meter_id = row["meter_id"]
        return {"meterId": meter_id, "meterName": None if meter_id is None else self.names[meter_id],
                "energyKwh": row["energy_kwh"], "cost": row["cost"], "baselineEnergyKwh": row["baseline_energy_kwh"],
                "changePercent": row["change_percent"], "avgKw": row["avg_kw"], "peakKw": row["peak_kw"],
                "peakAt": local(self.period, row["peak_at"]), "loadFactor": row["load_factor"],
                "baseLoadKw": row["base_load_kw"], "baselineBaseLoadKw": row["baseline_base_load_kw"],
                "baseLoadDriftKw": row["base_load_drift_kw"], "startupTime": row["startup_time"] and row["startup_time"][:5],
                "shutdownTime": row["shutdown_time"] and row["shutdown_time"][:5], "startupDriftMinutes": row["startup_drift_minutes"],
                "shutdownDriftMinutes": row["shutdown_drift_minutes"], "demandCost": row["demand_cost"],
                "completenessPercent": self.complete if meter_id is None else self.complete_of(meter_id)}

    def sections(self):
        """Puts the sections together."""
        meters = most_first(self.meters, "energy_kwh")
        return {
            "sensorHealth": self.sensor_health(), "afterHoursWaste": self.waste(),
            "anomalies": self.events(self.anomalies, "timeline", {"expectedKwh": "expected_kwh", "zScore": "z_score"}),
            "spikes": self.events(self.spikes, "topSpikes", {"thresholdKw": "threshold_kw", "isMain": "is_main"}),
            "load": {"site": self.site and self.load_figures(self.site),
                     "meters": [self.load_figures(row) for row in meters[:LIMITS["meters"]]],
                     "omitted": max(len(meters) - LIMITS["meters"], 0)},
            "quickWins": [{"rank": win["rank"], "kind": win["kind"], "meterId": win["meter_id"], "weeklyKwh": win["weekly_kwh"],
                           "weeklyCost": win["weekly_cost"], "yearlyCost": win["yearly_cost"],
                           "confidence": win["confidence"]} for win in self.wins]}

    def charts(self):
        """Computes the series of the charts."""
        period, config = self.period, self.period.config
        hours = [(local(period, hour["at"]), hour) for hour in load.site_hours(period)]
        begun = self.days()[:len(load.site_days(period))]
        days = [{"date": str(day), "weekday": day.isoweekday(),
                 "isBusinessDay": day.isoweekday() in config["business_hours"]["weekdays"] and str(day) not in config["holidays"]}
                for day in begun]
        marked = [("anomaly", row) for row in self.anomalies] + [("spike", row) for row in self.spikes]
        return {
            "loadProfile": {"points": [{"t": at, "kw": hour["kw"], "baselineKw": hour["baseline_kw"],
                                        "completenessPercent": percent(hour["received"], hour["expected"])}
                                       for at, hour in hours]},
            "heatMap": {"rows": [dict(day, hours=[{"t": at, "kw": hour["kw"]} for at, hour in hours if at[:10] == day["date"]])
                                 for day in days]},
            "dailyUse": [dict(day, kwh=use["kwh"], completenessPercent=percent(use["received"], use["expected"]))
                         for day, use in zip(days, load.site_days(period))],
            "afterHoursRanking": [{"meterId": row["meter_id"], "excessKwh": row["excess_kwh"], "cost": row["cost"]}
                                  for row in self.after_hours[:LIMITS["ranking"]] if (row["excess_kwh"] or 0) > 0],
            "anomalyTimeline": [{"kind": kind, "meterId": row["meter_id"], "start": local(period, row["start_time"]),
                                 "end": local(period, row["end_time"]), "excessKwh": row["excess_kwh"]}
                                for kind, row in sorted(marked, key=lambda pair: (
                                    pair[1]["start_time"], pair[1]["meter_id"], pair[0]))]
            if max(len(self.anomalies), len(self.spikes)) <= LIMITS["events"] else []}

    def data_quality(self):
        """Counts what was expected and what came."""
        def last(meter_id):
            times = next(meter.times for meter in self.period.site.meters if meter.id == meter_id)
            seen = times[times < self.period.end]
            return local(self.period, int(seen[-1])) if len(seen) else None

        judged = sorted((key for key, pair in self.counts.items() if pair[0]), key=lambda key: (self.complete_of(key), key))
        return {
            "expectedReadings": self.expected, "receivedReadings": self.received, "completenessPercent": self.complete,
            "meters": [{"meterId": key, "meterName": self.names[key], "expected": self.counts[key][0],
                        "received": self.counts[key][1], "completenessPercent": self.complete_of(key), "lastReading": last(key)}
                       for key in judged[:LIMITS["meters"]]],
            "metersWithoutData": [{"meterId": key, "meterName": self.names[key], "lastReading": last(key)}
                                  for key in sorted(self.counts) if not self.counts[key][0]]}


def check(connection, period, generated_at, start, end, differences):
    """Compares the report that the database makes with the one that should be."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT argo_weekly_report(%s, %s, %s, %s)", (period.site.id, start, end, generated_at))
        got = cursor.fetchone()[0]
    wanted = Report(period)
    charts = wanted.charts()
    if not charts["anomalyTimeline"]:
        del charts["anomalyTimeline"]
    for name, part in (("metadata", wanted.metadata()), ("summary", wanted.summary()), ("sections", wanted.sections()),
                       ("charts", charts), ("dataQuality", wanted.data_quality())):
        differences.values(name, got[name], part)
