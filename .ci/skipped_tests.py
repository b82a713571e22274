#!/usr/bin/env python3
"""Which tests were skipped, and why: a line a reason, from what ctest --output-junit wrote.
    skipped_tests.py RESULTS"""
import sys
import xml.etree.ElementTree


def reason(test):
    """The last line that the test printed: those that skip themselves say why there."""
    lines = [line.strip() for line in (test.findtext("system-out") or "").splitlines()]
    told = [line for line in lines if line and not set(line) <= set("=-~. ")]
    return told[-1] if told else "they do not say why"


def main(results):
    tests = {}
    for test in xml.etree.ElementTree.parse(results).iter("testcase"):
        if test.find("skipped") is not None:
            tests.setdefault(reason(test), []).append(test.get("name"))
    for why, names in tests.items():
        print(f"{names[0]}{f' and {len(names) - 1} more' if len(names) > 1 else ''}: {why}")


if __name__ == "__main__":
    main(*sys.argv[1:])
