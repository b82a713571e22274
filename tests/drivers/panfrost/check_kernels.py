#!/usr/bin/env python3
"""check_kernels.py LIST LEFT_OUT GPU=INSPECTION...: whether every kernel of every probe is there on every GPU.

LIST is what `clprobe list --json` prints, LEFT_OUT the table of what is not compiled somewhere, an
INSPECTION what `clprobe inspect --launch --json` writes.
Prints a row a kernel with a column a GPU: its instructions and its threads, in the compiler's words, 2
(on Midgard 4) being all that there can be; then a line that counts. Exits 1 where a probe with kernels has none, a GPU lacks a
kernel that another has, or one was not compiled, not launched or not told of."""
import json
import sys

import probes


def rows_of(file):
    with open(file, encoding="utf-8") as text:
        kernels = json.load(text)["kernels"]
    return {(row["probe"], row.get("variant", ""), row.get("function", "")): row for row in kernels}


def cell(row):
    """What a table says of a kernel, and whether that is as it must be."""
    if row is None:
        return "missing", False
    if "error" in row:
        return "not compiled", False
    if "launch_error" in row or "launch_seconds" not in row:
        return "not launched", False
    said = row.get("statistics", {})
    if "inst" not in said:
        return "not told", False
    spills = said.get("spills", 0) + said.get("fills", 0)
    extra = f", {spills:g} spills" if spills else ""
    return f"{said['inst']:g}/{said['threads']:g}{extra}", True


def main(listed, table, *inspections):
    left_out = probes.left_out(table)
    of_gpu = {gpu: rows_of(file) for gpu, file in (pair.split("=", 1) for pair in inspections)}
    kernels = list(dict.fromkeys(key for rows in of_gpu.values() for key in rows))
    bad = out = 0
    print("| kernel | " + " | ".join(of_gpu) + " |")
    print("|---|" + "---|" * len(of_gpu))
    for key in kernels:
        cells = [("left out", True) if (gpu, key[0]) in left_out else cell(rows.get(key))
                 for gpu, rows in of_gpu.items()]
        out += sum(text == "left out" for text, _ in cells)
        bad += sum(not right for _, right in cells)
        name = " ".join(part for part in key if part)
        print(f"| {name} | " + " | ".join(text for text, _ in cells) + " |")
    lacking = [(gpu, probe) for gpu, rows in of_gpu.items() for probe in probes.with_kernels(listed)
               if (gpu, probe) not in left_out and not any(key[0] == probe for key in rows)]
    for gpu, probe in lacking:
        print(f"{gpu}, {probe}: no kernel was inspected")
    for (gpu, probe), why in left_out.items():
        if gpu in of_gpu:
            print(f"{gpu}, {probe} is left out: {why}")
    print(f"{len(kernels)} kernels on each of {' '.join(of_gpu)}: "
          f"{len(kernels) * len(of_gpu) - bad - out} compiled and launched, {out} left out, {bad} missing")
    return 1 if bad or lacking else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
