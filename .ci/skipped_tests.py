#!/usr/bin/env python3
"""Which tests were skipped, and why: a line a reason, from what ctest --output-junit wrote.
    skipped_tests.py RESULTS"""
import sys
import xml.etree.ElementTree


def reason(test):
    """What Catch2 shows as a test's message, or else the last line that the test printed."""
    lines = [line.strip() for line in (test.findtext("system-out") or "").splitlines()]
    if "explicitly with message:" in lines:
        lines = lines[lines.index("explicitly with message:") + 1:]
        return " ".join(lines[:lines.index("")] if "" in lines else lines)
    lines = [line for line in lines if line]
    return lines[-1] if lines else "they do not say why"


def main(results):
    tests = {}
    for test in xml.etree.ElementTree.parse(results).iter("testcase"):
        if test.find("skipped") is not None:
            tests.setdefault(reason(test), []).append(test.get("name"))
    for why, names in tests.items():
        print(f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {why}")


if __name__ == "__main__":
    main(*sys.argv[1:])
