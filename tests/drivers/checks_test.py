#!/usr/bin/env python3
"""That what the scripts beside this judge drivers by can fail."""
import contextlib
import io
import json
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import check_llvmpipe
import only_late

sys.path.insert(0, str(Path(__file__).parent / "panfrost"))
sys.path.insert(0, str(Path(__file__).parents[2] / ".ci"))
import check_kernels  # pylint: disable=wrong-import-position
import check_operators  # pylint: disable=wrong-import-position
import check_run  # pylint: disable=wrong-import-position
import skipped_tests  # pylint: disable=wrong-import-position


def status_of(check, *files):
    """What a check of files with these texts ends with; those of None are not there."""
    with tempfile.TemporaryDirectory() as folder:
        names = []
        for number, content in enumerate(files):
            names.append(f"{folder}/{number}")
            if content is not None:
                text = content if isinstance(content, str) else json.dumps(content)
                Path(names[-1]).write_text(text, encoding="utf-8")
        with contextlib.redirect_stdout(io.StringIO()):
            return check(*names)


def report(*probes):
    return {"complete": True, "devices": [{"probes": list(probes)}]}


class OnlyLate(unittest.TestCase):
    late = {"status": "failed", "reason": "it did not end within 60 s"}
    wrong = {"status": "failed", "reason": "verification: a group's sum is wrong"}
    right = {"status": "measured"}

    def test_what_took_too_long_may_be_the_machines(self):
        self.assertEqual(status_of(only_late.main, report(self.late, self.right)), 0)

    def test_a_wrong_result_never_is(self):
        self.assertEqual(status_of(only_late.main, report(self.wrong, self.right)), 1)
        self.assertEqual(status_of(only_late.main, report(self.late, self.wrong)), 1)

    def test_nor_is_a_report_that_is_missing_or_cut_short(self):
        self.assertEqual(status_of(only_late.main, None), 1)
        self.assertEqual(status_of(only_late.main, "{"), 1)
        self.assertEqual(status_of(only_late.main, report(self.right) | {"complete": False}), 1)


class Llvmpipe(unittest.TestCase):
    """On two processors, the best form of which made 1e9 flop/s."""

    def status(self, units=("measured", 2), rate=("measured", 1e9), reason=""):
        point = {"at": [1, 1, 1, 1, 500], "samples": [1e-6]}
        axes = [{"name": name} for name in ("body", "width", "local_size", "groups", "trips")]
        series = [{"name": f"{kind}.race", "axes": axes, "points": [point]}
                  for kind in ("fp16", "fp32", "fp64")]

        def finding(key, status, value):
            interval = {} if value is None else {"value": value, "interval": [value, value]}
            return {"key": key, "status": status, "note": "none"} | interval
        rates = [finding(f"fma.{kind}.rate", *rate) for kind in ("fp16", "fp32", "fp64")]
        multiply_adds = {"probe": "compute/fma_rate", "findings": rates, "reason": reason,
                         "data": {"series": series}}
        others = {"probe": "others", "data": {}, "findings": [
            finding("compute_units", *units), finding("cache.line_size", "inconclusive", None)]}
        with mock.patch("os.sched_getaffinity", return_value={0, 1}):
            return status_of(check_llvmpipe.main, report(multiply_adds, others))

    def test_what_is_so_passes(self):
        self.assertEqual(self.status(), 0)

    def test_the_drivers_units_do_not(self):
        self.assertEqual(self.status(units=("measured", 8)), 1)
        self.assertEqual(self.status(units=("inconclusive", None)), 0)

    def test_a_slow_form_is_found_whatever_the_status(self):
        self.assertEqual(self.status(rate=("measured", 0.8e9)), 1)
        self.assertEqual(self.status(rate=("suspect", 0.5e9)), 0)  # on one of two processors
        self.assertEqual(self.status(rate=("suspect", 0.4e9)), 1)
        self.assertEqual(self.status(rate=("suspect", 0.2e9), reason="the machine was busy"), 0)
        self.assertEqual(self.status(rate=("suspect", 0.01e9), reason="the machine was busy"), 1)

    def test_all_precisions_are_there(self):
        self.assertEqual(self.status(rate=("unsupported", None)), 1)


class Malis(unittest.TestCase):
    listed = {"probes": [{"name": "a/b", "kernels": ["a/b.cl"]}]}
    kernel = {"probe": "a/b", "function": "f", "launch_seconds": 0.1,
              "statistics": {"inst": 9, "threads": 2}}

    def kernels(self, *of_gpus):
        def check(listed, *inspections):
            return check_kernels.main(
                listed, *(f"g{number}={file}" for number, file in enumerate(inspections)))
        return status_of(check, self.listed, *({"kernels": rows} for rows in of_gpus))

    def test_a_kernel_that_is_missing_fails(self):
        self.assertEqual(self.kernels([self.kernel], [self.kernel]), 0)
        self.assertEqual(self.kernels([self.kernel], []), 1)
        for lack in ("launch_seconds", "statistics"):
            row = {key: value for key, value in self.kernel.items() if key != lack}
            self.assertEqual(self.kernels([row]), 1)
        self.assertEqual(self.kernels([self.kernel | {"error": "no"}]), 1)

    def test_operators_are_in_another_inspection(self):
        self.listed = {"probes": self.listed["probes"] + [{"name": "workloads/x", "kernels": ["x.cl"]}]}
        self.assertEqual(self.kernels([self.kernel]), 0)

    def operators(self, fma=64, slots=80, loaded=128, spills=0):
        """The status of the check, and what it says of the first operator."""
        claims = [{"key": "fma.fp32.rate", "value": 76.8}] + [
            {"key": "buffer.l1.read_bandwidth", "value": value} for value in (95, 19.2)]
        kernels = [{"probe": probe, "variant": variant, "function": function, "private_memory": 0,
                    "statistics": {"threads": 1, "spills": spills},
                    "code": {"loop": {"fma": fma, "slots": slots, "loaded_bytes": loaded}}}
                   for probe, variant, function in sorted(check_operators.MUST_NOT_SPILL)]
        with tempfile.TemporaryDirectory() as folder:
            names = [f"{folder}/claims", f"{folder}/kernels"]
            for name, content in zip(names, ({"expectations": claims}, {"kernels": kernels})):
                Path(name).write_text(json.dumps(content), encoding="utf-8")
            rows, wrong = check_operators.table(*names)
        return len(wrong), rows[2].split(" | ")[-5:]

    def test_an_operator_reaches_what_the_slowest_part_lets_it(self):
        # 2 B of 19.2 G/s: 9.6 G of 38.4
        self.assertEqual(self.operators(), (0, ["half", "64 of 80", "80 %", "2.00", "25 % |"]))
        self.assertEqual(self.operators(loaded=32)[1][-1], "80 % |")
        self.assertEqual(self.operators(spills=1)[0], len(check_operators.MUST_NOT_SPILL))

    def run_status(self, **record):
        record = {"probe": "a/b", "status": "failed", "reason": "verification: no", "findings": [],
                  "clock": {"source": "host"}} | record
        return status_of(check_run.main, self.listed, report(record))

    def test_what_did_not_execute_has_to_fail(self):
        self.assertEqual(self.run_status(), 0)
        self.assertEqual(self.run_status(status="measured"), 1)
        self.assertEqual(self.run_status(status="inconclusive"), 1)
        self.assertEqual(self.run_status(reason="it crashed"), 1)
        self.assertEqual(self.run_status(findings=[{"key": "k", "value": 1}]), 1)
        self.assertEqual(self.run_status(clock={"source": "events"}), 1)


class SkippedTests(unittest.TestCase):
    """What .ci/run says of tests that were skipped."""

    def test_each_reason_is_told_once(self):
        plain = "Oclgrind is not installed\n"
        catch = ("a_test.cpp:41: SKIPPED:\nexplicitly with message:\n  no device,\n  nor a driver\n"
                 "\n====\nassertions: - none -\n")
        suite = "".join(f'<testcase name="t{number}"><skipped/><system-out>{text}</system-out>'
                        "</testcase>" for number, text in enumerate([plain, catch, plain]))
        with tempfile.NamedTemporaryFile("w", suffix=".xml") as file:
            file.write(f'<testsuite>{suite}<testcase name="passed"/></testsuite>')
            file.flush()
            with contextlib.redirect_stdout(io.StringIO()) as said:
                skipped_tests.main(file.name)
        self.assertEqual(said.getvalue(), "t0 and 1 more: Oclgrind is not installed\n"
                                          "t1: no device, nor a driver\n")


if __name__ == "__main__":
    unittest.main()
