"""Compares what the database returned with what it should be, and names each difference."""

import datetime

from site_data import epoch, utc

TOLERANCE = 1e-9


def seconds(value):
    """Turns a time in ISO 8601 into seconds since 1970."""
    return None if value is None else epoch(datetime.datetime.fromisoformat(value.replace("Z", "+00:00")))


def is_number(value):
    """Tells numbers from truth values."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def same(got, wanted):
    """Tells whether two values agree, numbers to 1e-9 of themselves or absolutely."""
    if is_number(got) and is_number(wanted):
        return abs(got - wanted) <= TOLERANCE * max(1, abs(wanted))
    return type(got) is type(wanted) and got == wanted


class Differences:
    """Collects what differs, in words."""

    def __init__(self):
        self.lines = []
        self.compared = 0

    def add(self, line):
        """Notes a difference."""
        self.lines.append(line)

    def values(self, where, got, wanted):
        """Compares two values of any depth; of objects the keys that are wanted."""
        if isinstance(wanted, dict) and isinstance(got, dict):
            for key, value in wanted.items():
                if key in got:
                    self.values(f"{where}.{key}", got[key], value)
                else:
                    self.add(f"{where} lacks {key}")
        elif isinstance(wanted, list) and isinstance(got, list):
            if len(got) != len(wanted):
                self.add(f"{where} has {len(got)} entries, should have {len(wanted)}")
            for place, (left, right) in enumerate(zip(got, wanted)):
                self.values(f"{where}[{place}]", left, right)
        else:
            self.compared += 1
            if not same(got, wanted):
                self.add(f"{where}: {got!r}, should be {wanted!r}")

    def rows(self, what, got, wanted, key, times):
        """Compares rows that are told apart by a key; `times` are columns of moments, as text in what was got."""
        def named(row):
            return " ".join(str(utc(row[name]).isoformat() if name in times and row[name] is not None else row[name])
                            for name in key)

        by_key = {}
        for row in got:
            row = {name: seconds(value) if name in times else value for name, value in row.items()}
            if "worst" in row:
                row["worst"] = [dict(worst, at=seconds(worst["at"])) for worst in row["worst"]]
            if named(row) in by_key:
                self.add(f"{what} {named(row)}: twice")
            by_key[named(row)] = row
        for row in wanted:
            found = by_key.pop(named(row), None)
            if found is None:
                self.add(f"{what} lacks {named(row)}: {row}")
            else:
                self.values(f"{what} {named(row)}", found, row)
        for row in by_key.values():
            self.add(f"{what} has {named(row)}, which should not be: {row}")
