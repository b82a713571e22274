#!/usr/bin/env python3
"""Opens pages of reports in Chromium, the network off: page_test.py PROGRAM PICTURES DOCS

Every finding's value is on the page, links lead where they should, nothing stands on the console, and
what a report holds is never taken for markup. Leaves pictures in the folder PICTURES. Exits 4, saying
why, where there is no Chromium or the program makes no pages.
"""
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

from browser import Browser, chromium

MOST_BYTES = 1_500_000  # of a page of one report
WIDTHS = [380, 800, 1400]
REPORTS = ["h200", "pocl-3.1", "pocl-5.0", "pocl-6.0", "rusticl-llvmpipe"]
PREFIXES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12}


def load(path):
    with (gzip.open if path.endswith(".gz") else open)(path) as file:
        return json.load(file)


def findings_of(report):
    return [finding for device in report["devices"] for probe in device["probes"] for finding in probe["findings"]]


def number_in(text, unit):
    """The unscaled number that a value's text begins with: "66.41 ± 0.06 Tflop/s", "96 [80, 128] KiB"."""
    number = float(re.match(r"-?[0-9.]+", text)[0])
    if unit == "1":
        return number
    prefix = text.split()[-1].removesuffix(unit)
    return number * PREFIXES.get(prefix, 1)


def check(holds, what):
    if not holds:
        raise AssertionError(what)


def check_findings(browser, report):
    rows = browser.evaluate(
        """[...document.querySelectorAll("#findings-table tbody tr")].map((row) => [
             row.querySelector("th").textContent, row.querySelector(".value").textContent, row.dataset.status])"""
    )
    findings = findings_of(report)
    check(len(rows) == len(findings), f"{len(rows)} rows of {len(findings)} findings")
    for finding, (key, text, status) in zip(findings, rows):
        check((key, status) == (finding["key"], finding["status"]), f"{key} in place of {finding['key']}")
        if "value" not in finding:
            check(text == status, f"{key}: {text}")
            continue
        low, high = finding.get("interval", [finding["value"]] * 2)
        off = abs(number_in(text, finding["unit"]) - finding["value"])
        check(off <= max(high - low, 1e-3 * abs(finding["value"])), f"{key}: {text} of {finding['value']}")


def check_rates(browser):
    """Six bars at most, which are those of the headline rates."""
    rates = browser.evaluate('JSON.parse(document.querySelector("#data").textContent).devices[0].rates')
    drawn = browser.evaluate('[...document.querySelectorAll("[data-rates] svg text")].map((text) => text.textContent)')
    headlines = [rate["name"] for rate in rates if rate["headline"]]
    check(len(headlines) == min(6, len(rates)), f"{len(headlines)} headlines of {len(rates)} rates")
    check(headlines == [text for text in drawn if text in {rate["name"] for rate in rates}], f"drawn: {drawn}")


def wait_until_visible(browser, selector):
    """A link's address shows before the page has scrolled there."""
    browser.wait_for(
        f"""(() => {{
          const box = document.querySelector({json.dumps(selector)}).getBoundingClientRect();
          return box.height > 0 && box.bottom > 0 && box.top < window.innerHeight;
        }})()"""
    )


def check_use(browser):
    """Filters, and follows a link from the chip to a finding and from there to its figure."""
    browser.evaluate('document.querySelector("#filter-text").focus()')
    browser.call("Input.insertText", text="latency buffer")
    shown = browser.evaluate(
        """[...document.querySelectorAll("#findings-table tbody tr")].filter((row) => !row.hidden)
             .map((row) => row.textContent.toLowerCase())"""
    )
    check(shown and all("latency" in text and "buffer" in text for text in shown), "the filter shows others")
    link = browser.evaluate('document.querySelector(".chip a:has(.key)").getAttribute("href")')
    browser.click(".chip a:has(.key) .key")
    browser.wait_for(f"location.hash === {json.dumps(link)}")
    wait_until_visible(browser, link)
    figure = browser.evaluate('document.querySelector("#findings-table td a").getAttribute("href")')
    browser.click("#findings-table td a")
    browser.wait_for(f"location.hash === {json.dumps(figure)}")
    wait_until_visible(browser, figure)
    browser.click(f"{figure} summary")
    check(browser.evaluate(f'document.querySelector("{figure} details").open'), "no table of the data")
    check(browser.evaluate(f'document.querySelectorAll("{figure} details tbody tr").length') > 1, "an empty table")
    check(browser.saved(f"{figure} .save").startswith("<svg"), "no chart to save")
    browser.evaluate('history.replaceState(null, "", location.pathname)')


def check_shape(browser, pictures, name):
    """Nothing is cut off at any width, and each picture has an alternative."""
    check(
        browser.evaluate('[...document.querySelectorAll(".chart")].every((chart) => chart.getAttribute("aria-label"))'),
        "a chart says nothing to a screen reader",
    )
    check(
        browser.evaluate('[...document.querySelectorAll("th")].every((cell) => cell.scope)'), "a heading of no scope"
    )
    for width in WIDTHS:
        browser.size(width)
        browser.evaluate("new Promise((done) => setTimeout(done, 200))")
        wide = browser.evaluate("document.documentElement.scrollWidth")
        check(wide <= width, f"{wide} pixels at a width of {width}")
        browser.picture(os.path.join(pictures, f"{name}-{width}.png"))
    browser.dark(True)
    browser.picture(os.path.join(pictures, f"{name}-dark.png"))
    browser.dark(False)


def check_no_eval(browser):
    refused = browser.evaluate("(() => { try { return new Function('return 1')(); } catch (e) { return e.name; } })()")
    check(refused == "EvalError", f"text is run as a script: {refused}")


def hostile(report):
    """The report with markup wherever it holds text."""
    markup = "</script><script>document.title = 'taken'</script><img src=x onerror=alert(1)>\u2028"
    device = report["devices"][0]
    device["device"]["name"] = markup
    for probe in device["probes"]:
        for finding in probe["findings"]:
            finding["note"] = markup
            finding["method"] = markup
    return report


def check_side_by_side(browser, pictures):
    table = 'document.querySelector("#comparison tbody").textContent'
    before = browser.evaluate(table)
    browser.evaluate(
        """(() => { const base = document.querySelector("#base"); base.value = "1";
                    base.dispatchEvent(new Event("change")); })()"""
    )
    after = browser.evaluate(table)
    check(before != after and "×" in after, "no ratios to the device that was chosen")
    check_shape(browser, pictures, "several")


def check_verdicts(browser, claims):
    said = browser.evaluate('document.querySelector("#verdicts").textContent')
    check(re.search(r"against the report before it: \d+ worse, \d+ better", said), f"no verdicts: {said}")
    judged = browser.evaluate('document.querySelectorAll("#comparison tbody .same, #comparison tbody .undecided").length')
    check(judged > 50, f"{judged} findings are judged")
    shown = browser.evaluate('document.querySelector("#claims").innerText')
    for expectation in claims["expectations"]:
        check(expectation["claim"] in shown, f"{expectation['claim']} is not shown")
    check("confirmed" in shown, "no claim has its verdict")


class Test:
    def __init__(self, program, folder, browser):
        self.program = program
        self.folder = folder
        self.browser = browser

    def open(self, name, *arguments):
        """Opens the page that the program makes of that; its size in bytes."""
        page = os.path.join(self.folder, name + ".html")
        made = subprocess.run([self.program, "html", *arguments, "-o", page], capture_output=True, text=True)
        if made.returncode == 2 and "without the libraries" in made.stderr:
            print("skipped:", made.stderr.strip())
            sys.exit(4)
        check(made.returncode == 0, made.stderr)
        self.browser.size(1400)
        self.browser.open(page)
        return os.path.getsize(page)

    def end(self, name):
        check(not self.browser.complaints(), f"{name}: {self.browser.complaints()}")
        print("read", name, flush=True)


def main(program, pictures, docs):
    if not chromium():
        print("skipped: there is no Chromium (./bootstrap says why)")
        return 4
    os.makedirs(pictures, exist_ok=True)
    paths = [os.path.join(docs, "results", name + ".json.gz") for name in REPORTS]
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        test = Test(program, folder, browser)
        for name, path in zip(REPORTS, paths):
            size = test.open(name, path)
            check(size <= MOST_BYTES, f"{name}: {size} B")
            check_findings(browser, load(path))
            check_rates(browser)
            if path == paths[0]:
                check_no_eval(browser)
                check_use(browser)
                check_shape(browser, pictures, name)
            test.end(name)

        test.open("several", *paths)
        check_side_by_side(browser, pictures)
        test.end("several")

        claims = os.path.join(docs, "expectations", "nvidia-h200.json")
        earlier = os.path.join(docs, "results", "repeated", "h200-standard-01.json.gz")
        test.open("verdicts", earlier, paths[0], "--expectations", claims)
        check_verdicts(browser, load(claims))
        test.end("verdicts")

        changed = os.path.join(folder, "hostile.json")
        with open(changed, "w") as file:
            json.dump(hostile(load(paths[0])), file)
        test.open("hostile", changed)
        check("<img src=x" in browser.evaluate('document.querySelector("h1").textContent'), "the name is not as it was")
        check(browser.evaluate('document.title.startsWith("clprobe")'), "a script of the report ran")
        test.end("hostile")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
