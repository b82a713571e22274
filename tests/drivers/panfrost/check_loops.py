#!/usr/bin/env python3
"""check_loops.py OPERATIONS INSPECTION: whether a Mali-G52's kernels do little but what they are for.

INSPECTION is what `clprobe inspect --json` writes there, OPERATIONS the table beside this. Prints a row
a kernel that is in the table: instructions of its innermost loop, how many it needs, threads (2 are
all that there can be), spills. Exits 1 where a loop has more than 1.25 times what it needs, threads are
fewer than they should be, or registers are spilled; and where a line of the table has no kernel."""
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


def main(operations, inspection):
    table = lines_of(operations)
    with open(inspection, encoding="utf-8") as file:
        rows = json.load(file)["kernels"]
    good = True
    print("| kernel | loop | needs | ratio | threads | spills | |\n|---|---|---|---|---|---|---|")
    for key, (expression, half) in table.items():
        found = [row for row in rows if (row["probe"], row.get("function")) == key]
        if not found:
            print(f"| {' '.join(key)} | | | | | | no such kernel |")
            good = False
        for row in found:
            said = row.get("statistics", {})
            loop = row.get("code", {}).get("loop", {}).get("instructions", 0)
            least = needed(expression, row["options"])
            spills = said.get("spills", 0) + said.get("fills", 0) + row.get("private_memory", 0)
            threads = said.get("threads", 0)
            right = 0 < loop <= MOST * least and threads == 2 and spills == 0
            if half:  # what is spilled on purpose makes the loop longer
                right = loop > 0 and (spills > 0 or loop <= MOST * least)
            good = good and right
            name = " ".join([*key, row.get("variant", "")]).strip()
            print(f"| {name} | {loop} | {least} | {loop / least:.2f} | {threads:g} | {spills:g} | "
                  f"{'' if right else 'not as it must be'} |")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
