#!/usr/bin/env python3
"""Fails where a report lacks a value for one of these findings.
    has_findings.py REPORT KEY..."""
import json
import sys


def main(report, *keys):
    with open(report, encoding="utf-8") as file:
        devices = json.load(file)["devices"]
    found = {finding["key"]: finding for device in devices for probe in device["probes"]
             for finding in probe["findings"]}
    lacking = [key for key in keys if "value" not in found.get(key, {})]
    for key in lacking:
        print(f"{key}: {found[key].get('note', '') if key in found else 'not even tried'}")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
