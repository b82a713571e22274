#!/usr/bin/env python3
"""check_kernels.py LIST GPU=INSPECTION...: whether every kernel of every probe is there on every GPU.

LIST is what `clprobe list --json` prints, an INSPECTION what `clprobe inspect --launch --json` writes.
Prints a row a kernel with a column a GPU: its instructions and its threads, in the compiler's words, 2
(on Midgard 4) being all that there can be; then a line that counts. Exits 1 where a probe with kernels
has none, a GPU lacks a kernel that another has, or one was not compiled, not launched or not told of.
Operators are another inspection's, which check_operators.py reads."""
import json
import sys

# Whose kernels are written for another vendor's compiler.
NOT_FOR_MALIS = {"compute/matrix_rate"}


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


def with_kernels(file):
    with open(file, encoding="utf-8") as text:
        return [probe["name"] for probe in json.load(text)["probes"]
                if probe["kernels"] and not probe["name"].startswith("workloads/")
                and probe["name"] not in NOT_FOR_MALIS]


def table(inspections):
    """The rows of the table of inspections by GPU, how many kernels there are, and how many cells are
    not as they must be."""
    of_gpu = {gpu: rows_of(file) for gpu, file in inspections.items()}
    kernels = list(dict.fromkeys(key for rows in of_gpu.values() for key in rows))
    rows = ["| kernel | " + " | ".join(of_gpu) + " |", "|---|" + "---|" * len(of_gpu)]
    bad = 0
    for key in kernels:
        cells = [cell(found.get(key)) for found in of_gpu.values()]
        bad += sum(not right for _, right in cells)
        name = " ".join(part for part in key if part)
        rows.append(f"| {name} | " + " | ".join(text for text, _ in cells) + " |")
    return rows, len(kernels), bad


def main(listed, *inspections):
    files = dict(pair.split("=", 1) for pair in inspections)
    rows, kernels, bad = table(files)
    print("\n".join(rows))
    lacking = [(gpu, probe) for gpu, file in files.items() for probe in with_kernels(listed)
               if not any(key[0] == probe for key in rows_of(file))]
    for gpu, probe in lacking:
        print(f"{gpu}, {probe}: no kernel was inspected")
    print(f"{kernels} kernels on each of {' '.join(files)}: "
          f"{kernels * len(files) - bad} compiled and launched, {bad} missing")
    return 1 if bad or lacking else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
