#!/usr/bin/env python3
"""How well runs agree: repeatability.py REPORT...

Takes every pair of reports of the same device and every finding that is `measured` in both, and
counts the pairs whose intervals overlap; prints the share a finding and over all, and the median
relative half-width of the intervals of rates. Exits 1 where fewer than 95 pairs of 100 overlap.
"""
import itertools
import statistics
import sys

from reports import load


def findings(path):
    report = load(path)
    return {
        (device["device"]["slug"], finding["key"]): finding
        for device in report["devices"]
        for probe in device["probes"]
        for finding in probe["findings"]
        if finding["status"] == "measured"
    }


def overlap(a, b):
    (a_low, a_high), (b_low, b_high) = a["interval"], b["interval"]
    return a_low <= b_high and b_low <= a_high


def main(paths):
    reports = [findings(path) for path in paths]
    keys = sorted(set().union(*reports))
    total = agreed = 0
    half_widths = []
    for key in keys:
        found = [report[key] for report in reports if key in report]
        pairs = list(itertools.combinations(found, 2))
        good = sum(overlap(a, b) for a, b in pairs)
        total += len(pairs)
        agreed += good
        widths = [
            (f["interval"][1] - f["interval"][0]) / 2 / f["value"] for f in found if f["value"]
        ]
        if found[0]["better"] == "higher":
            half_widths += widths
        values = [f["value"] for f in found]
        print(
            f"{key[0]} {key[1]}: measured in {len(found)} of {len(paths)}, "
            f"{good} of {len(pairs)} pairs overlap, {min(values):.6g} to {max(values):.6g}, "
            f"half-width {100 * statistics.median(widths) if widths else 0:.2f} %"
        )
    print(f"all: {agreed} of {total} pairs overlap ({100 * agreed / max(total, 1):.1f} %)")
    if half_widths:
        print(f"rates: median half-width {100 * statistics.median(half_widths):.2f} %")
    return 0 if total and agreed >= 0.95 * total else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
