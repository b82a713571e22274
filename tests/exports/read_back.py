#!/usr/bin/env python3
"""Has the readers of other tools read what `clprobe export` writes.

    read_back.py READER CLPROBE REPORT...

READER is a function below. Each report is read, and a made-up one whose texts are hostile. Exits 4,
saying why, where this machine lacks the reader.
"""
import csv
import gzip
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

# Texts that break out of every format here, were they not escaped.
HOSTILE = [
    '=cmd|"/c calc"!A1', 'a,b;c', '{x="1"} 2\n# EOF\n', "\x1b[2J\x07", "</testcase><x a='", "`|<img>`",
    "-1+1", "@SUM(1)", "RESULT=fail>\n<LAVA_SIGNAL_TESTCASE TEST_CASE_ID=x RESULT=pass>", "\\", '\\"',
    "\u202eµ", " ",
]


class Missing(Exception):
    """What this machine lacks."""


def load(path):
    opened = gzip.open if str(path).endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def hostile(report):
    """The report with such texts wherever a report has texts of its own."""
    texts = iter(HOSTILE * 10000)
    for device in report["devices"]:
        for name in ("name", "vendor", "platform", "driver_version"):
            device["device"][name] = next(texts)
        device["device"]["slug"] += next(texts)
        for probe in device["probes"]:
            for finding in probe["findings"]:
                finding["key"] += next(texts)
                finding["note"] = next(texts)
            for series in probe["data"]["series"]:
                series["name"] += next(texts)
    report["started"] = report["tool_version"] = next(texts)
    return report


def findings_of(report):
    """Each once: of several with one key the last."""
    return list({
        (device["device"]["slug"], finding["key"]): finding
        for device in report["devices"]
        for probe in device["probes"]
        for finding in probe["findings"]
    }.values())


def measured(report, *units):
    return [
        finding
        for finding in findings_of(report)
        if finding["status"] == "measured" and (not units or finding["unit"] in units)
    ]


def numbers(values):
    """To compare numbers whose order a format changes and that it may scale."""
    return sorted(float(f"{value:.10g}") for value in values)


def must_match(document, schema):
    try:
        import jsonschema
    except ImportError:
        raise Missing("python3-jsonschema is not installed") from None
    jsonschema.Draft7Validator(schema).validate(document)


def bencher(export, report):
    """By the schema that Bencher publishes, https://bencher.dev/bmf.json."""
    document = json.loads(export("bencher"))
    metric = {
        "type": "object",
        "properties": {name: {"type": "number"} for name in ("value", "lower_value", "upper_value")},
        "required": ["value"],
    }
    must_match(document, {
        "type": "object",
        "patternProperties": {".+": {"type": "object", "patternProperties": {".+": metric}}},
    })
    # Which lengths it takes: https://bencher.dev/docs/reference/bencher-metric-format
    assert all(len(name) <= 1024 for name in document)
    assert all(len(measure) <= 64 for metrics in document.values() for measure in metrics)
    read = [metric["value"] for metrics in document.values() for metric in metrics.values()]
    in_ns = [f["unit"] == "s" and f["better"] == "lower" for f in measured(report)]
    assert numbers(read) == numbers(
        f["value"] * (1e9 if ns else 1) for f, ns in zip(measured(report), in_ns)
    )


def github_action(export, report):
    """By the type that github-action-benchmark reads (BenchmarkResult of its src/extract.ts, and
    extractCustomBenchmarkResult there, which takes such a list as it is)."""
    read = 0
    with tempfile.TemporaryDirectory() as folder:
        export("github-action", "-o", folder)
        for name, better in (("bigger", "higher"), ("smaller", "lower")):
            document = load(f"{folder}/{name}-is-better.json")
            must_match(document, {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": {"type": "string", "minLength": 1},
                        "value": {"type": "number"},
                        "unit": {"type": "string"},
                        "range": {"type": "string"},
                        "extra": {"type": "string"},
                    },
                    "required": ["name", "value", "unit"],
                    "additionalProperties": False,
                },
            })
            assert len({entry["name"] for entry in document}) == len(document)
            assert len(document) == sum(f["better"] == better for f in measured(report))
            read += len(document)
    return read


def google_benchmark(export, report):
    """By Google Benchmark's own compare.py."""
    tool = Path("/usr/share/benchmark/compare.py")
    if not tool.exists():
        raise Missing("compare.py is not installed (libbenchmark-tools)")
    if subprocess.run(["/usr/bin/python3", "-c", "import scipy.stats"], capture_output=True).returncode:
        raise Missing("compare.py takes python3-scipy")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/export.json"
        export("google-benchmark", "-o", path)
        command = ["/usr/bin/python3", tool, "--no-color", "-d", f"{folder}/compared.json", "benchmarks"]
        subprocess.run([*command, path, path], check=True, stdout=subprocess.DEVNULL)
        compared = {entry["name"]: entry for entry in load(f"{folder}/compared.json")}
    findings = [entry for name, entry in compared.items() if len(entry["measurements"]) == 1]
    rates = measured(report, "B/s", "flop/s", "op/s", "texel/s")
    times = [1e18 / f["value"] for f in rates] + [f["value"] * 1e9 for f in measured(report, "s")]
    read = [entry["measurements"][0]["real_time"] for entry in findings if entry["time_unit"] == "ns"]
    # Points that were sampled once have one measurement as well.
    assert not Counter(numbers(time for time in times if time > 0)) - Counter(numbers(read))
    tested = [entry for entry in compared.values() if entry["utest"]]
    assert all(entry["utest"]["nr_of_repetitions"] >= 2 for entry in tested)
    assert len(tested) > 100 or len(findings_of(report)) < 100  # of whole reports


def with_values(report):
    return [f["value"] for f in findings_of(report) if "value" in f]


def openmetrics(export, report):
    """By the parser of Prometheus' Python client."""
    try:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    except ImportError:
        raise Missing("python3-prometheus-client is not installed") from None
    read, without = [], []
    for family in text_string_to_metric_families(export("openmetrics")):
        for sample in family.samples:
            if re.fullmatch("clprobe_finding(_[a-z]+_per_[a-z]+|_(seconds|cycles|bytes|hertz|joules))?",
                            family.name):
                read.append(sample.value)
            if family.name == "clprobe_finding_without_value":
                without.append(sample.labels["status"])
    assert numbers(read) == numbers(with_values(report))
    assert len(without) == len(findings_of(report)) - len(read)


def promtool(export, report):
    """By Prometheus itself: its older text format, then OpenMetrics, of which it wants a time a
    sample when it imports them."""
    tool = shutil.which("promtool")
    if tool is None:
        raise Missing("promtool is not installed (of Debian's prometheus, which starts a server: .ci/run readers unpacks it)")
    text = export("openmetrics")
    subprocess.run([tool, "check", "metrics"], input=text, text=True, check=True)
    timed = re.sub(r"^([^#].*)$", r"\1 1700000000", text, flags=re.MULTILINE)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "export.txt").write_text(timed, encoding="utf-8")
        command = [tool, "tsdb", "create-blocks-from", "openmetrics", "export.txt", "blocks"]
        shown = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    series = sum(not line.startswith("#") for line in text.splitlines())
    assert re.search(rf"\b{series}\b", shown), shown  # how many series the block has


def rfc4180(export, report):
    """By Python's csv module, which the formula rule of spreadsheets is set against."""
    text = export("csv")
    assert text.count("\n") == text.count("\r\n")
    rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    assert len(rows) == len(findings_of(report))
    assert not any(None in row or None in row.values() for row in rows)
    assert numbers(float(row["value"]) for row in rows if row["value"]) == numbers(with_values(report))
    numeric = ("value", "low", "high")
    cells = [cell for row in rows for name, cell in row.items() if name not in numeric]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in cells)


def lava_dispatcher(export, report):
    """By the code of LAVA's dispatcher that reads a test's console."""
    try:
        from lava_dispatcher.actions.test.shell import TestShellAction, handle_testcase
        from lava_dispatcher.connection import SignalMatch
    except ImportError as error:
        raise Missing(f"LAVA's dispatcher is not installed (.ci/run readers unpacks it): {error}") from None
    action = TestShellAction()
    action._reset_patterns()
    matcher = SignalMatch()
    check_lava(export, report, action.patterns["signal"],
               lambda words: matcher.match(handle_testcase(words)))


def lava(export, report):
    """By LAVA's rules: the pattern and `handle_testcase` of lava_dispatcher/actions/test/shell.py,
    and what lava_results_app/models.py keeps of a test case (LAVA 2023.01)."""
    check_lava(export, report, r"<LAVA_SIGNAL_(\S+) ([^>]+)>",
               lambda words: {key.lower(): value for key, value in (word.split("=") for word in words)})


def check_lava(export, report, pattern, match):
    text = export("lava")
    read = []
    for line in text.splitlines():
        [(name, words)] = re.findall(pattern, line)
        if name == "TESTSET":
            assert re.fullmatch(r"START [-_a-zA-Z0-9.]+|STOP", words)
            continue
        case = match(words.split())
        assert name == "TESTCASE" and case["result"] in ("pass", "fail", "skip", "unknown")
        assert re.fullmatch(r"[-_a-zA-Z0-9.]+", case["test_case_id"])  # of its results' address
        read.append(case)
    assert len(read) == len(findings_of(report))
    values = [case for case in read if "measurement" in case]
    assert len(values) == len(with_values(report))
    assert all(abs(float(case["measurement"])) < 1e20 for case in values)


def junit(export, report):
    """By junitparser."""
    try:
        import junitparser
    except ImportError:
        raise Missing("python3-junitparser is not installed") from None
    suite = junitparser.JUnitXml.fromstring(export("junit").encode())
    cases = list(suite)
    assert suite.tests == len(cases) == len(findings_of(report))
    assert suite.failures == sum(f["status"] == "failed" for f in findings_of(report))
    passed = [case for case in cases if not case.result]
    assert len(passed) == len(measured(report))
    assert all(case.system_out for case in passed)


def main(reader, clprobe, *paths):
    check = globals()[reader]
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "hostile.json")
        made.write_text(json.dumps(hostile(load(paths[0]))), encoding="utf-8")
        for path in (*paths, made):
            def export(form, *options):
                command = [clprobe, "export", path, "--as", form, *options]
                return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.decode("utf-8")

            try:
                check(export, load(path))
            except Missing as missing:
                print(missing)
                return 4
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
