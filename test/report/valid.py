#!/usr/bin/python3
"""Reads reports from standard input, one a line, and prints where one is not as docs/report.schema.json has it."""

import json
import pathlib
import sys

import jsonschema

SCHEMA = pathlib.Path(__file__).parents[2] / "docs" / "report.schema.json"


def refuse(name):
    """Refuses what is no JSON: NaN and the infinities."""
    raise ValueError(f"{name} in a report")


def main():
    """Checks every line; ends with 1 where one is not valid."""
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong = count = 0
    for line in sys.stdin:
        count += 1
        for error in list(validator.iter_errors(json.loads(line, parse_constant=refuse)))[:5]:
            wrong += 1
            print(f"report {count}, {'/'.join(map(str, error.path))}: {error.message[:200]}")
    print(f"{count} reports, {wrong} faults")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
