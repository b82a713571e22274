#!/usr/bin/env python3
"""Tables that pages in docs/ have of the Malis' inspections in docs/results/inspect.

    pages.py            writes them anew
    pages.py --check    fails where one is not what it would write

Each stands between two comments in its page, the first of which names it."""
import json
import re
import sys
from pathlib import Path

import check_kernels
import check_loops
import check_operators

HERE = Path(__file__).resolve().parent
DOCS = HERE.parents[2] / "docs"
PAGES = [DOCS / name for name in ("mali-kernels.md", "mali-loops.md", "mali-occupancy.md",
                               "mali-operators.md", "g52-write-up.md")]
GPUS = ("g31", "g52", "g57", "g72", "g76", "g310", "g610", "t860")
PUBLISHED = {16: "16 of 25", 48: "48 of 65", 107: "107 of 129", 169: "169 of 197"}


def inspection(gpu):
    return DOCS / "results" / "inspect" / f"mali-{gpu}.json"


def kernels_of(gpu, probe):
    with open(inspection(gpu), encoding="utf-8") as file:
        return [kernel for kernel in json.load(file)["kernels"] if kernel["probe"] == probe]


def kernels():
    """Every kernel on every GPU."""
    return check_kernels.table({gpu: inspection(gpu) for gpu in GPUS})[0]


def loops():
    """Every kernel of a G52, and how much its innermost loop does."""
    rows, _ = check_loops.table(HERE / "operations.txt", inspection("g52"))
    return rows


def operators():
    """Every operator's kernel of a G52, and how near the lane peak it can come."""
    rows, _ = check_operators.table(DOCS / "expectations" / "mali-g52.json", inspection("g52-operators"))
    return rows


def occupancy():
    """Live values against the threads that the compiler allows."""
    gpus = ("g52", "g610")
    found = {}
    for gpu in gpus:
        for kernel in kernels_of(gpu, "execution/occupancy"):
            said = kernel["statistics"]
            cells = found.setdefault(int(kernel["variant"].split()[0]), {})
            cells[gpu] = (f"{'full' if said['threads'] == 2 else 'half'} | {kernel['max_group_size']} | "
                          f"{said['spills'] + said['fills']:g} | {kernel['private_memory']} |")
    head = "".join(f" {gpu.upper()}: threads | group | spills | scratch |" for gpu in gpus)
    rows = ["| live values |" + head, "|---" * (1 + 4 * len(gpus)) + "|"]
    for live, cells in sorted(found.items()):
        rows.append(f"| {live} | " + " ".join(cells.get(gpu, "| | | |") for gpu in gpus))
    return rows


def dot_products():
    """The write-up's counts beside those of today."""
    rows = ["| multiplications | published: FMA of lines | | images: FMA of tuples in the loop | | "
            "buffers: FMA of tuples in the loop | | threads |", "|---" * 8 + "|"]
    found = {}
    for kernel in kernels_of("g52", "compute/dot_product"):
        found.setdefault(int(kernel["variant"]), {})[kernel["function"]] = kernel
    for count, of in sorted(found.items()):
        cells = [str(count), PUBLISHED.get(count, "")]
        fma, lines = (cells[1].split(" of ") + ["", ""])[:2]
        cells.append(f"{100 * int(fma) / int(lines):.0f} %" if lines else "")
        for function in ("dot_images", "dot_buffers"):
            loop = of[function]["code"]["loop"]
            cells += [f"{loop['fma']} of {loop['slots']}", f"{100 * loop['fma_share']:.0f} %"]
        full = all(of[name]["statistics"]["threads"] == 2 for name in ("dot_images", "dot_buffers"))
        rows.append("| " + " | ".join(cells + ["full" if full else "half"]) + " |")
    return rows


TABLES = {"kernels": kernels, "loops": loops, "operators": operators, "occupancy": occupancy, "dot_products": dot_products}


def with_tables(page):
    """The page's text, its tables made anew."""
    def made(match):
        rows = "\n".join(TABLES[match[2]]())
        return f"{match[1]}\n{rows}\n<!-- end -->"
    return re.sub(r"(<!-- made by tests/drivers/panfrost/pages.py: (\w+) -->)\n.*?<!-- end -->", made,
                  page.read_text(encoding="utf-8"), flags=re.DOTALL)


def main(arguments):
    stale = []
    for page in PAGES:
        text = with_tables(page)
        if text == page.read_text(encoding="utf-8"):
            continue
        stale.append(page.name)
        if "--check" not in arguments:
            page.write_text(text, encoding="utf-8")
    if stale and "--check" in arguments:
        print("not what tests/drivers/panfrost/pages.py makes:", *stale)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
