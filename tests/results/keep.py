#!/usr/bin/env python3
"""Keeps reports in docs/results: keep.py REPORT... FOLDER

Packs each as FOLDER/<its name>.json.gz. Paths in the recorded command and environment are shortened
to their last part: they say nothing of the device, and something of whoever measured.
"""
import gzip
import json
import sys
from pathlib import Path


def shortened(text):
    """The report's text, all else in it as it was."""
    report = json.loads(text)
    for recorded in (*report["command_line"], *report["host"].get("environment", {}).values()):
        if recorded.startswith(("/", "./", ".")) and "/" in recorded and ":" not in recorded:
            text = text.replace(json.dumps(recorded), json.dumps(Path(recorded).name))
    return text


def main(*arguments):
    *reports, folder = map(Path, arguments)
    for report in reports:
        text = shortened(report.read_text(encoding="utf-8"))
        packed = gzip.compress(text.encode(), mtime=0)
        (folder / report.name).with_suffix(".json.gz").write_bytes(packed)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
