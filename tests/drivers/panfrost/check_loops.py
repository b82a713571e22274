#!/usr/bin/env python3
"""check_loops.py OPERATIONS INSPECTION: whether a Mali-G52's kernels do little but what they are for.

INSPECTION is what `clprobe inspect --json` writes there, OPERATIONS the table beside this. Prints a row
a kernel: instructions of its innermost loop, how many it needs, threads (2 are all that there can be),
spills and bytes of scratch. Exits 1 where a loop has more than 1.25 times what it needs, threads are
fewer than they should be, or registers are spilled; where a line of the table has no kernel, and where
a probe whose kernels have loops has no line."""
import json
import re
import sys

COSTS = {"loop": 5, "address": 3, "scaled": 5, "texel": 5, "atomic": 3, "block": 42}
MOST = 1.25


def lines_of(file):
    """(probe, kernel) -> the sum as text, and whether half of the threads will do."""
    table = {}
    with open(file, encoding="utf-8") as text:
        for line in text:
            if line.strip() and not line.startswith("#"):
                probe, kernel, rest = line.split(maxsplit=2)
                table[probe, kernel] = (rest.removesuffix("half\n").strip(), rest.endswith("half\n"))
    return table


def needed(expression, options):
    defined = {name.lower(): int(value) for name, value in re.findall(r"-D(\w+)=(\d+)\b", options)}
    return eval(expression, {"__builtins__": {}}, COSTS | defined)


def row_of(kernel, line):
    """A kernel's row, and whether it is as it must be."""
    said = kernel.get("statistics", {})
    threads = said.get("threads", 0)
    spills = said.get("spills", 0) + said.get("fills", 0)
    scratch = kernel.get("private_memory", 0)
    right = threads == 2 and spills == 0 and scratch == 0
    name = " ".join([kernel["probe"], kernel.get("variant", ""), kernel.get("function", "")])
    start, end = f"| {' '.join(name.split())} |", f"{threads:g} | {spills:g} | {scratch} |"
    if line is None:
        return f"{start} | | | {end}", right
    loop = kernel.get("code", {}).get("loop", {}).get("instructions", 0)
    least = needed(line[0], kernel["options"])
    if line[1]:  # what is spilled on purpose makes the loop another one
        right = loop > 0 and (spills > 0 or scratch > 0 or loop <= MOST * least)
    else:
        right = right and 0 < loop <= MOST * least
    return f"{start} {loop} | {least} | {loop / least:.2f} | {end}", right


def table(operations, inspection):
    """The rows of the table, and what is not as it must be."""
    lines = lines_of(operations)
    with open(inspection, encoding="utf-8") as file:
        kernels = json.load(file)["kernels"]
    rows = ["| kernel | loop | needs | ratio | threads | spills | scratch |", "|---|---|---|---|---|---|---|"]
    wrong = []
    for kernel in kernels:
        row, right = row_of(kernel, lines.get((kernel["probe"], kernel.get("function"))))
        rows.append(row)
        if not right:
            wrong.append("not as it must be: " + row)
    found = {(kernel["probe"], kernel.get("function")) for kernel in kernels}
    wrong += [f"no such kernel: {' '.join(key)}" for key in lines if key not in found]
    for probe in dict.fromkeys(kernel["probe"] for kernel in kernels):
        loops = [kernel for kernel in kernels
                 if kernel["probe"] == probe and "loop" in kernel.get("code", {})]
        if loops and not any(key[0] == probe for key in lines):
            wrong.append(f"no line for {probe}")
    return rows, wrong


def main(operations, inspection):
    rows, wrong = table(operations, inspection)
    print("\n".join(rows + wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
