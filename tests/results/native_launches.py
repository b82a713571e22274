#!/usr/bin/env python3
"""host/launch against a plain program: native_launches.py CLPROBE NATIVE [ROUNDS [PROFILE]]

CLPROBE is the program, NATIVE clprobe_native_launches; both run in turn, ROUNDS times (5), on the
default device, which has to be the first one. Prints of each finding its middle value over the
rounds, the native one, and the middle of the rounds' ratios, with the least and the largest.
"""
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path


def measured(clprobe, profile):
    """The findings of one run that have a value, suspect ones too, by key."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [clprobe, "run", "host/launch", "--profile", profile, "--summary", str(report)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        device = json.loads(report.read_text(encoding="utf-8"))["devices"][0]
    return {
        finding["key"]: finding["value"]
        for probe in device["probes"]
        for finding in probe["findings"]
        if "value" in finding
    }


def native(program):
    """As clprobe has it (harness/runner/command_line.cpp), workers of PoCL stay on their cores."""
    environment = {"POCL_AFFINITY": "1"} | os.environ
    run = subprocess.run([program], check=True, capture_output=True, env=environment)
    return json.loads(run.stdout)


def table(rounds):
    for key in rounds[0][1]:
        pairs = [(ours[key], theirs[key]) for ours, theirs in rounds if key in ours and theirs[key] > 0]
        if not pairs:
            yield f"{key:24} without a value"
            continue
        ratios = [ours / theirs for ours, theirs in pairs]
        yield (
            f"{key:24} {1e6 * statistics.median(ours for ours, _ in pairs):11.4f} us  native "
            f"{1e6 * statistics.median(theirs for _, theirs in pairs):11.4f} us  ratio "
            f"{statistics.median(ratios):.3f} [{min(ratios):.3f}, {max(ratios):.3f}]"
        )


def main(clprobe, program, rounds="5", profile="quick"):
    pairs = []
    for number in range(int(rounds)):
        if number % 2 == 0:
            ours = measured(clprobe, profile)
            pairs.append((ours, native(program)))
        else:
            theirs = native(program)
            pairs.append((measured(clprobe, profile), theirs))
    print("\n".join(table(pairs)))


if __name__ == "__main__":
    if not 3 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
