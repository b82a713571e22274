#!/usr/bin/env python3
"""What a report reaches of plain C++: native_shares.py REPORT NATIVE...

REPORT is clprobe's, NATIVE what clprobe_native printed on the same machine in the same minutes; of
several of these the middle one of each figure counts, and the best of all. Prints each finding
beside its native figure and the share: of rates what is reached of the median and of the best, of
latencies how far the finding is from the median. A level's native latency is the middle of those at
footprints inside the level, by the report's own sizes; a level's size has to lie in the rise of the
native curve behind it.
"""
import math
import statistics
import sys

from reports import load

RATES = {"fma.fp32.rate": ("fma", "fp32"), "fma.fp64.rate": ("fma", "fp64")}
RATES["buffer.l1.read_bandwidth"] = ("bandwidth", "l1", "read")
for operation in ("read", "write", "copy", "triad"):
    RATES[f"buffer.memory.{operation}_bandwidth"] = ("bandwidth", "memory", operation)


def load(path):
    return load(path)


def findings_of(report):
    return {
        finding["key"]: finding
        for device in report["devices"]
        for probe in device["probes"]
        for finding in probe["findings"]
        if "value" in finding
    }


def at(native, path):
    for name in path:
        native = native[name]
    return native


def rates(findings, natives):
    for key, path in RATES.items():
        if key not in findings:
            continue
        median = statistics.median(at(native, path)["median"] for native in natives)
        best = max(at(native, path)["best"] for native in natives)
        value = findings[key]["value"]
        yield (
            f"{key:34} {value / 1e9:8.1f} G  native {median / 1e9:8.1f}, best {best / 1e9:8.1f}  "
            f"share {100 * value / median:5.1f} %, of the best {100 * value / best:5.1f} %"
        )


def inside(findings):
    """(key, from, to) of each level's latency: the footprints between its knee and the last."""
    low = 0
    level = 1
    while f"buffer.l{level}.latency" in findings:
        size = findings.get(f"buffer.l{level}.size")
        if size is None:
            return
        yield f"buffer.l{level}.latency", low, size["interval"][0]
        low = size["interval"][1]
        level += 1
    if "buffer.memory.latency" in findings:
        yield "buffer.memory.latency", low, math.inf


def times_between(natives, low, high):
    return [
        point["median"]
        for native in natives
        for point in native["latency"]
        if low <= point["bytes"] <= high
    ]


def latencies(findings, natives):
    for key, low, high in inside(findings):
        times = times_between(natives, low, high)
        if not times:
            continue
        value = findings[key]["value"]
        native = statistics.median(times)
        yield (
            f"{key:34} {value * 1e9:8.2f} ns native {native * 1e9:8.2f} "
            f"({min(times) * 1e9:.2f} to {max(times) * 1e9:.2f})  "
            f"{100 * (value / native - 1):+.1f} %"
        )


def sizes(findings, natives):
    size = findings.get("buffer.l1.size")
    system = natives[0].get("l1_bytes")
    if size and system:
        yield (
            f"{'buffer.l1.size':34} {size['value'] / 1024:8.1f} KiB the system says "
            f"{system / 1024:.0f}  {100 * (size['value'] / system - 1):+.1f} %"
        )


def rises(findings, natives):
    """Each level's size, and where the native curve goes from a tenth to nine tenths of the way from
    that level's latency to the next one's, in logarithms."""
    places = sorted(point["bytes"] for point in natives[0]["latency"])
    curve = [(x, math.log(statistics.median(times_between(natives, x, x)))) for x in places]
    levels = list(inside(findings))
    for (key, low, high), (_, next_low, next_high) in zip(levels, levels[1:]):
        before = times_between(natives, low, high)
        behind = times_between(natives, next_low, next_high)
        if not before or not behind:
            continue
        start, end = (math.log(statistics.median(times)) for times in (before, behind))
        first = max(x for x, y in curve if y < start + 0.1 * (end - start))
        last = min(x for x, y in curve if y > start + 0.9 * (end - start))
        size = findings[key.replace("latency", "size")]["value"]
        yield (
            f"{key.replace('latency', 'size'):34} {size / 1024:8.0f} KiB the native rise goes from "
            f"{first / 1024:.0f} to {last / 1024:.0f}: {'inside' if first <= size <= last else 'outside'}"
        )


def main(paths):
    if len(paths) < 2:
        print(__doc__.strip().splitlines()[0], file=sys.stderr)
        return 2
    findings = findings_of(load(paths[0]))
    natives = [load(path) for path in paths[1:]]
    for part in (rates, sizes, rises, latencies):
        for line in part(findings, natives):
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
