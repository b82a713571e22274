"""Holds documents against a schema of docs/, and the schema against documents made wrong.

usage: check.py SCHEMA SAMPLE [DOCUMENT...]

SAMPLE has every member that a document can have: each change below must make the schema refuse it, so
that a schema that lets everything pass fails. Prints each problem; exits 1 where there is one.
"""

import copy
import gzip
import json
import pathlib
import sys

import jsonschema


def members(value, place=()):
    """Every member of every object in the document: its object's place and its name."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield place, name
            yield from members(inner, place + (name,))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from members(inner, place + (index,))


def at(document, place):
    for step in place:
        document = document[step]
    return document


def has(document, place):
    for step in place:
        if isinstance(document, dict) and step not in document:
            return False
        document = document[step]
    return True


FREE = {"environment", "numbers", "words", "statistics"}  # objects whose members' names are anyone's


def changed(sample):
    """Documents that are wrong in one place each, with what was done to them."""
    for place, name in members(sample):
        wrong = copy.deepcopy(sample)
        value = at(wrong, place)[name]
        at(wrong, place)[name] = None
        yield f"null for {place + (name,)}", wrong
        wrong = copy.deepcopy(sample)
        at(wrong, place)[name] = {"a": 1} if not isinstance(value, dict) else "text"
        yield f"another type for {place + (name,)}", wrong
        if not FREE.intersection(place):
            wrong = copy.deepcopy(sample)
            at(wrong, place)["surplus"] = 1
            yield f"a surplus member in {place}", wrong
    first = ("devices", 0, "probes", 0, "findings", 0)
    for place, value in {
        ("schema_version",): "2.0.0",
        ("started",): "yesterday",
        ("seed",): -1,
        ("profile",): "fast",
        ("devices", 0, "device", "slug"): "GPU 0",
        ("devices", 0, "device", "cache_line"): 64.5,
        ("devices", 0, "device", "uuid"): "GPU-1",
        ("devices", 0, "probes", 0, "elapsed", "build"): -1,
        ("devices", 0, "probes", 0, "builds", 0, "sha256"): "abc",
        first + ("unit",): "furlong",
        first + ("status",): "inconclusive",
        first + ("interval",): [1],
        first + ("better",): "more",
        ("inspection_version",): "2.0.0",
        ("kernels", 0, "probe"): "anything",
        ("kernels", 0, "sha256"): "abc",
        ("kernels", 0, "build_seconds"): -1,
        ("kernels", 0, "code", "all", "fma_share"): 1.5,
        ("kernels", 0, "statistics", "inst"): "many",
        ("expectations_version",): "2.0.0",
        ("device",): " ",
        ("expectations",): [],
        ("expectations", 0, "at_most"): 80,  # beside a value
        ("expectations", 0, "tolerance_percent"): -1,
        ("expectations", 1, "tolerance_percent"): 1,  # of a bound
        ("network_version",): "2.0.0",
        ("input",): [3],
        ("layers",): [],
        ("layers", 0, "operator"): "softmax",
        ("layers", 0, "heads"): 2,  # of a convolution
        ("layers", 0, "stride"): 0,
        ("layers", 0, "activation"): "relu7",
        ("layers", 2, "inputs"): ["grouped"],  # a sum of one
        ("devices", 0, "probes", 0, "data", "series", 0, "points", 0, "samples", 0): "1",
        ("devices", 0, "probes", 0, "data", "series", 0, "points", 0, "block", 0): 0.5,
    }.items():
        if not has(sample, place[:-1]) or place[0] not in sample:
            continue
        wrong = copy.deepcopy(sample)
        at(wrong, place[:-1])[place[-1]] = value
        yield f"{value!r} for {place}", wrong


OPTIONAL = {
    "reason", "clock", "resolution", "ratio", "others", "steal", "slowdown", "error", "interval",
    "method", "evidence", "note", "labels", "block", "compute_units", "max_clock_mhz",
    "max_work_group_size", "max_work_item_sizes", "global_memory", "max_allocation",
    "local_memory", "cache_size", "cache_line", "address_bits", "image2d_max_width",
    "image2d_max_height", "timer_resolution_ns", "native_float_width", "uuid", "variant", "function",
    "build_seconds", "binary_bytes", "registers", "spill_stores", "spill_loads", "stack", "private_memory",
    "max_group_size", "preferred_multiple", "statistics", "messages", "code", "loop", "text",
    "launch_seconds", "launch_error", "$schema", "source", "unit", "tolerance_percent", "outputs",
    "inputs", "kernel", "stride", "padding", "groups", "bias", "activation", "causal", "cached",
}  # fmt: skip


def lacking(sample):
    """Documents that lack one member that has to be there."""
    for place, name in members(sample):
        if name not in OPTIONAL and not FREE.intersection(place):
            wrong = copy.deepcopy(sample)
            del at(wrong, place)[name]
            yield f"no {name} in {place}", wrong


def main(schema_file, sample_file, *report_files):
    with open(schema_file, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    base = pathlib.Path(schema_file).resolve().as_uri()  # a schema refers to another beside it
    validator = jsonschema.Draft202012Validator(
        schema, resolver=jsonschema.RefResolver(base_uri=base, referrer=schema)
    )
    problems = []
    for name in (sample_file, *report_files):
        opened = gzip.open if name.endswith(".gz") else open
        with opened(name, "rt", encoding="utf-8") as file:
            report = json.load(file)
        for error in validator.iter_errors(report):
            problems.append(f"{name}: {error.json_path}: {error.message[:200]}")
    with open(sample_file, encoding="utf-8") as file:
        sample = json.load(file)
    tried = 0
    for what, wrong in (*changed(sample), *lacking(sample)):
        tried += 1
        if validator.is_valid(wrong):
            problems.append(f"the schema accepts {what}")
    print(*problems, sep="\n")
    print(f"{1 + len(report_files)} documents, {tried} wrong ones, {len(problems)} problems")
    return 1 if problems or tried < 100 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
