#!/usr/bin/env python3
"""Fails where a report of clprobe on llvmpipe says what cannot be of the machine that it ran on.
    check_llvmpipe.py REPORT
The driver claims eight units, tells no cache, and has an fma() in software that is a hundred times
slow: what was measured must not follow it. What has no value passes, as does a size that is not plainly
measured, unless the device is said to lack it: the machine may be busy. Prints which is which."""
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


def least_share(probe, rate):
    """How much less than the best that was tried a rate may be. One that is not plainly measured may be
    that of workers that the system left on one processor; other work may take more, but not as much as
    a software fma() does."""
    if rate["status"] == "measured":
        return 0.9
    return 0.05 if "busy" in probe.get("reason", "") else 0.9 / len(os.sched_getaffinity(0))


def verdicts(probes):
    """Of each finding that is judged its key, and what is wrong with it; None where it is open."""
    findings = {finding["key"]: finding for probe in probes for finding in probe["findings"]}
    multiply_adds, = (probe for probe in probes if probe["probe"] == "compute/fma_rate")
    series = {one["name"]: one for one in multiply_adds["data"].get("series", [])}
    truth = {"compute_units": len(os.sched_getaffinity(0))}
    if LINE.exists():
        truth["cache.line_size"] = int(LINE.read_text(encoding="ascii"))
    for key, value in truth.items():
        found = findings[key]
        right = found.get("value") == value
        wrong = "" if right else f"{found.get('value')}, and the machine's is {value}"
        yield key, wrong if found["status"] == "measured" else None
    for kind in ("fp16", "fp32", "fp64"):
        rate = findings[f"fma.{kind}.rate"]
        wrong = None
        if rate["status"] in ("unsupported", "failed"):
            wrong = f"{rate['status']}: {rate['note']}"
        elif "value" in rate:
            best = fastest_of_race(series[f"{kind}.race"])
            slow = rate["interval"][1] < least_share(multiply_adds, rate) * best
            wrong = f"{rate['value']:.3g}, and a form that was tried {best:.3g}" if slow else ""
        yield rate["key"], wrong


def main(report):
    with open(report, encoding="utf-8") as file:
        device, = json.load(file)["devices"]
    found = dict(verdicts(device["probes"]))
    print("as the machine is:", ", ".join(key for key, wrong in found.items() if wrong == "") or "none")
    print("left open:", ", ".join(key for key, wrong in found.items() if wrong is None) or "none")
    faults = {key: wrong for key, wrong in found.items() if wrong}
    for key, wrong in faults.items():
        print(f"wrong: {key} is {wrong}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
