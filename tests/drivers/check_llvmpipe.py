#!/usr/bin/env python3
"""Fails where a report of clprobe on llvmpipe says what cannot be of the machine that it ran on.
    check_llvmpipe.py REPORT
The driver claims eight units, tells no cache, and has an fma() in software that is a hundred times
slow: what was measured must not follow it. What is not plainly measured passes, as on a busy machine,
unless the device is said to lack it."""
import json
import os
import sys
from pathlib import Path

LINE = Path("/sys/devices/system/cpu/cpu0/cache/index0/coherency_line_size")


def fastest_of_race(series):
    """Of all forms that were tried, undivided: what a launch costs makes it no faster. flop/s"""
    names = [axis["name"] for axis in series["axes"]]
    best = 0
    for point in series["points"]:
        at = dict(zip(names, point["at"]))
        operations = at["body"] * at["width"] * at["local_size"] * at["groups"] * at["trips"]
        best = max(best, 2 * operations / min(point["samples"]))
    return best


def faults(probes):
    findings = {finding["key"]: finding for probe in probes for finding in probe["findings"]}
    series = {one["name"]: one for probe in probes for one in probe["data"].get("series", [])
              if probe["probe"] == "compute/fma_rate"}
    truth = {"compute_units": len(os.sched_getaffinity(0))}
    if LINE.exists():
        truth["cache.line_size"] = int(LINE.read_text(encoding="ascii"))
    for key, value in truth.items():
        found = findings[key]
        if found["status"] == "measured" and found["value"] != value:
            yield f"{key} is {found['value']:g}, and the machine's {value}"
    for kind in ("fp16", "fp32", "fp64"):
        rate = findings[f"fma.{kind}.rate"]
        if rate["status"] in ("unsupported", "failed"):
            yield f"fma.{kind}.rate is {rate['status']}: {rate['note']}"
        elif rate["status"] == "measured":
            best = fastest_of_race(series[f"{kind}.race"])
            if rate["interval"][1] < 0.9 * best:
                yield f"fma.{kind}.rate is {rate['value']:.3g}, and a form that was tried {best:.3g}"


def main(report):
    with open(report, encoding="utf-8") as file:
        device, = json.load(file)["devices"]
    found = list(faults(device["probes"]))
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
