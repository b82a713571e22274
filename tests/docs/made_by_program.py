"""Holds the parts of documents that the program prints against what it prints today.

usage: made_by_program.py PROGRAM ROOT PAGE... [--write]

Such a part stands between a line `<!-- made by `clprobe ARGUMENTS` -->` and a line `<!-- end -->`, as it is or,
where a line ``` comes first there, as a block of code; the command is run in ROOT. Exits 1, naming the page and the command, where one differs or a page has none;
with --write the pages are written anew.
"""
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

PART = re.compile(r"(<!-- made by `clprobe ([^`]+)` -->\n)(.*?)(<!-- end -->)", re.DOTALL)


def printed(program, arguments, root):
    """What the command prints; 1 is the status of a refuted expectation, and no failure here."""
    command = [str(Path(program).resolve()), *shlex.split(arguments)]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False,
                          stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C.UTF-8"})
    if done.returncode not in (0, 1) or not done.stdout:
        raise SystemExit(f"`clprobe {arguments}` ended with {done.returncode}: {done.stderr}")
    return done.stdout


def main(program, root, *pages):
    write = "--write" in pages
    stale = 0
    for page in filter("--write".__ne__, pages):
        text = Path(page).read_text(encoding="utf-8")
        parts = PART.findall(text)
        if not parts:
            print(f"{page}: nothing in it is made by the program")
            stale += 1
        for head, arguments, body, end in parts:
            made = printed(program, arguments, root).strip()
            if body.lstrip().startswith("```"):
                made = f"```\n{made}\n```"
            made = f"\n{made}\n\n"
            if made == body:
                continue
            text = text.replace(head + body + end, head + made + end)
            if not write:
                print(f"{page}: not what `clprobe {arguments}` prints")
                stale += 1
        if write:
            Path(page).write_text(text, encoding="utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
