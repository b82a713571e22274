#!/usr/bin/env python3
"""check_run.py LIST REPORT: whether a report of a device on which no kernel executes says so.

LIST is what `clprobe list --json` prints. Every probe of a run, if it has a kernel, must have failed its
verification, or say that the device lacks what it takes, and have found nothing; the host's clock
must have timed all. Prints a row a probe; exits 1 where anything is otherwise."""
import json
import sys


def problems(probe, record):
    if record is None:
        return ["not in the report"]
    if not probe["kernels"]:  # transfers are real
        return []
    found = [finding["key"] for finding in record["findings"] if "value" in finding]
    wrong = ["has a value: " + key for key in found]
    if record["status"] == "failed" and "verification" not in record.get("reason", ""):
        wrong.append("failed for another reason")
    if record["status"] not in ("failed", "unsupported"):
        wrong.append("must have failed")
    timed = record["status"] != "unsupported" or "clock" in record
    if timed and record.get("clock", {}).get("source") != "host":
        wrong.append("not timed by the host's clock")
    return wrong


def main(listed, report):
    with open(listed, encoding="utf-8") as file:
        probes = json.load(file)["probes"]
    with open(report, encoding="utf-8") as file:
        device = json.load(file)["devices"][0]
    records = {record["probe"]: record for record in device["probes"]}
    good = True
    for probe in probes:
        if probe.get("on_request"):  # not part of the run
            continue
        record = records.get(probe["name"])
        wrong = problems(probe, record)
        status = record["status"] if record else "missing"
        print(f"  {probe['name']:28} {status:12} {'; '.join(wrong) or 'as it must be'}")
        good = good and not wrong
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
