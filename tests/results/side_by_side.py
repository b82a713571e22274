#!/usr/bin/env python3
"""What devices were found to be, side by side: docs/results/side-by-side.md from the reports there.

    side_by_side.py            writes the page anew
    side_by_side.py --check    fails where the page is not what it would write
"""
import math
import sys
from pathlib import Path

import reports

RESULTS = Path(__file__).resolve().parents[2] / "docs" / "results"
PAGE = RESULTS / "side-by-side.md"
HEAD = """# Side by side

The findings of the reports in this folder, as `tests/results/side_by_side.py` sets them side by side; run it
again where a report is new. A value is followed by half the width of its interval, in per cent of it. `?`
marks a suspect value, `.` what the device left open, `-` what it has not; an empty cell was not asked for.
Why is in the report.

"""


def load(path):
    """The first device of a report, with what the table's head says of it."""
    report = reports.load(path)
    device = report["devices"][0]
    return {
        "stem": path.name.split(".json")[0],
        "file": path.name,
        "device": device["device"],
        "report": report,
        "probes": {probe["probe"]: probe for probe in device["probes"]},
    }


def scaled(value, unit):
    if unit == "1":
        return f"{value:.4g}"
    step, prefixes = (1024, "KMGTP") if unit == "B" else (1000, "kMGTPE")
    if value and abs(value) < 1 and unit != "B":
        power = min(5, math.ceil(-math.log10(abs(value)) / 3 - 1e-9))
        return f"{value * 1000**power:.4g} {'munpf'[power - 1]}{unit}"
    power = 0
    while abs(value) >= 0.99995 * step and power < len(prefixes):
        value /= step
        power += 1
    prefix = prefixes[power - 1] + ("i" if unit == "B" else "") if power else ""
    return f"{value:.4g} {prefix}{unit}"


def cell(finding):
    if finding is None:
        return ""
    if "value" not in finding:
        return {"unsupported": "-", "failed": "failed"}.get(finding["status"], ".")
    value = finding["value"]
    text = scaled(value, finding["unit"])
    low, high = finding.get("interval", [value, value])
    if value and high > low:
        text += f" ±{100 * (high - low) / 2 / abs(value):.2g} %"
    return text + (" ?" if finding["status"] == "suspect" else "")


def row(cells):
    return "| " + " | ".join(cells) + " |\n"


def keys_by_probe(columns):
    """The probes, each with its keys, in the order in which the reports first name them."""
    keys = {}
    for column in columns:
        for name, probe in column["probes"].items():
            known = keys.setdefault(name, {})
            for finding in probe["findings"]:
                known.setdefault(finding["key"])
    return keys


def page(columns):
    text = HEAD + row(["report", "device", "driver", "measured"]) + row(["---"] * 4)
    for column in columns:
        device, report = column["device"], column["report"]
        driver = " ".join((device["platform_version"].split("  ")[0], device["driver_version"]))
        text += row([f"[{column['stem']}]({column['file']})", device["name"], driver,
                     f"{report['started'][:10]}, {report['profile']}"])
    for name, keys in sorted(keys_by_probe(columns).items()):
        text += f"\n## {name}\n\n"
        text += row(["finding", *(column["stem"] for column in columns)])
        text += row(["---"] * (len(columns) + 1))
        for key in sorted(keys):
            cells = []
            for column in columns:
                findings = column["probes"].get(name, {"findings": []})["findings"]
                cells.append(cell(next((f for f in findings if f["key"] == key), None)))
            text += row([f"`{key}`", *cells])
    return text


def main(*arguments):
    columns = [load(path) for path in sorted(RESULTS.glob("*.json*"))]
    text = page(columns)
    if arguments != ("--check",):
        PAGE.write_text(text, encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{PAGE} is out of date: run tests/results/side_by_side.py")
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
