#!/usr/bin/env python3
"""Saves the first screen of a report's page as a picture: save_page.py PROGRAM REPORT PICTURE.png"""
import os
import subprocess
import sys
import tempfile

from browser import Browser


def main(program, report, picture):
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        page = os.path.join(folder, "page.html")
        subprocess.run([program, "html", report, "-o", page], check=True)
        browser.size(1100)
        browser.open(page)
        browser.picture(picture, most=1000)


if __name__ == "__main__":
    main(*sys.argv[1:])
