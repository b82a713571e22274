#!/usr/bin/env python3
"""What the scripts beside this left of their runs, as tables. Fails where one of them failed.
    summary.py RESULTS DRIVER=STATUS=SECONDS...
RESULTS/DRIVER holds tests.xml as ctest writes it, reports as clprobe does, and in notes.txt what else
is to be said of the run; STATUS is what the driver's script ended with: 0, 1 for a failure, 2 where
something that it takes is missing. Where no kernel executes, a probe has to fail: that is for the
script to judge."""
import json
import sys
import xml.etree.ElementTree
from pathlib import Path

STATUSES = ["measured", "suspect", "inconclusive", "unsupported", "failed"]


def tests_of(folder):
    file = folder / "tests.xml"
    if not file.exists():
        return "-"
    suite = xml.etree.ElementTree.parse(file).getroot().attrib
    total, failed, skipped = (int(suite[key]) for key in ("tests", "failures", "skipped"))
    return f"{total - failed - skipped} passed, {failed} failed, {skipped} skipped"


def probes_of(folder):
    """Status by report and probe, of all reports there."""
    statuses = {}
    for file in sorted(folder.glob("*.json")):
        report = json.loads(file.read_text(encoding="utf-8"))
        for device in report.get("devices", []) if isinstance(report, dict) else []:
            for probe in device.get("probes", []):
                statuses[f"{file.stem}: {probe['probe']}"] = probe["status"]
    return statuses


def print_table(rows):
    widths = [max(len(cell) for cell in column) for column in zip(*rows)]
    for number, row in enumerate(rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths))
        print("| " + " | ".join(cells) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def main(results, *ended):
    outcomes = {}
    rows = [["driver", "outcome", "seconds", "tests", *STATUSES]]
    remarks = []
    for driver, status, seconds in (words.split("=") for words in ended):
        outcomes[driver] = {"0": "ok", "2": "cannot run"}.get(status, "FAILED")
        folder = Path(results) / driver
        probes = probes_of(folder)
        counts = [str(list(probes.values()).count(name)) if probes else "-" for name in STATUSES]
        rows.append([driver, outcomes[driver], seconds, tests_of(folder), *counts])
        if (folder / "notes.txt").exists():
            notes = (folder / "notes.txt").read_text(encoding="utf-8")
            remarks += [f"{driver}: {line}" for line in notes.splitlines()]
        if outcomes[driver] == "FAILED":
            remarks += [f"{driver}: {name} failed" for name, status in probes.items()
                        if status == "failed"]
    print_table(rows)
    for line in remarks:
        print(line)
    return 0 if set(outcomes.values()) == {"ok"} else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
