#!/usr/bin/env python3
"""Saves a chart of a report's page as SVG: save_chart.py PROGRAM REPORT TITLE PICTURE.svg

TITLE is how the chart's title begins: "execution/occupancy".
"""
import json
import os
import subprocess
import sys
import tempfile

from browser import Browser


def main(program, report, title, picture):
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        page = os.path.join(folder, "page.html")
        subprocess.run([program, "html", report, "-o", page], check=True)
        browser.size(800)
        browser.open(page)
        figure = browser.evaluate(
            f"""[...document.querySelectorAll("figure")]
                  .find((figure) => figure.textContent.startsWith({json.dumps(title)}))?.id"""
        )
        if not figure:
            sys.exit(f"the page of {report} has no chart {title}")
        text = browser.saved(f"#{figure} .save")
        with open(picture, "w") as file:
            file.write(text)


if __name__ == "__main__":
    main(*sys.argv[1:])
