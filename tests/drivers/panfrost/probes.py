#!/usr/bin/env python3
"""probes.py LIST LEFT_OUT GPU: the probes whose kernels are to be compiled for a GPU, a line each.

LIST is what `clprobe list --json` prints, LEFT_OUT the table beside this."""
import json
import sys


def left_out(file):
    """(GPU, probe) -> why."""
    with open(file, encoding="utf-8") as text:
        rows = [line.split(maxsplit=2) for line in text if not line.startswith("#")]
    return {(gpu, probe): why.strip() for gpu, probe, why in rows}


def with_kernels(file):
    with open(file, encoding="utf-8") as text:
        return [probe["name"] for probe in json.load(text)["probes"] if probe["kernels"]]


def main(listed, table, gpu):
    out = left_out(table)
    print("\n".join(probe for probe in with_kernels(listed) if (gpu, probe) not in out))


if __name__ == "__main__":
    main(*sys.argv[1:])
