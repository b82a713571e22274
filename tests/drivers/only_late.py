#!/usr/bin/env python3
"""Fails where a probe of a report failed for another reason than the time that it took, which is the
only one that a busy machine explains; and where the report is missing or was cut short.
    only_late.py REPORT"""
import json
import sys


def main(report):
    try:
        with open(report, encoding="utf-8") as file:
            text = json.load(file)
    except (OSError, ValueError):
        return 1
    failed = [probe["reason"] for device in text["devices"] for probe in device["probes"]
              if probe["status"] == "failed"]
    return 0 if text["complete"] and all("did not end within" in why for why in failed) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
