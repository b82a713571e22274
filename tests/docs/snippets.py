"""Holds the C++ that documents show against sources that are compiled: snippets.py ROOT PAGE...

A block of C++ in a page follows a line `<!-- SOURCE -->`, a file below ROOT: each of its lines has to
stand in that file, in this order; a line `...` stands for any others. Exits 1, naming the line, where
one does not, or where no page has such a block.
"""
import re
import sys
from pathlib import Path

BLOCK = re.compile(r"<!-- (\S+) -->\n```(?:cpp|c|cmake)\n(.*?)```", re.DOTALL)


def missing(block, source):
    """The first line of the block that the source lacks, behind those before it; None if all are there."""
    lines = iter([line.strip() for line in source.splitlines()])
    for line in filter(None, map(str.strip, block.splitlines())):
        if line != "..." and line not in lines:
            return line
    return None


def main(root, *pages):
    blocks = problems = 0
    for page in pages:
        for name, block in BLOCK.findall(Path(page).read_text(encoding="utf-8")):
            blocks += 1
            if line := missing(block, (Path(root) / name).read_text(encoding="utf-8")):
                problems += 1
                print(f"{page}: {name} does not hold, in this order: {line}")
    print(f"{blocks} blocks, {problems} problems")
    return 1 if problems or not blocks else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
