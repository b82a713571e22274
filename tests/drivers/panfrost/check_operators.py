#!/usr/bin/env python3
"""check_operators.py EXPECTATIONS INSPECTION: how near a Mali-G52's lane peak an operator's kernels can come.

INSPECTION is what `clprobe inspect --json` writes there, EXPECTATIONS what is published of the device. Prints a row
a kernel: spills and bytes of scratch, threads (full at up to 32 registers, half at up to 64), the multiply-adds among the slots of its innermost loop, the bytes
that a work-item loads for one, and what share of the device's multiply-adds these allow: as many as there are slots
for, and as many as the first level of cache feeds at the bandwidth that was measured. Exits 1 where a kernel named
in MUST_NOT_SPILL spills."""
import json
import sys

MUST_NOT_SPILL = {("workloads/gemm", "panels", "gemm"), ("workloads/convolution", "3x3", "convolution"),
                  ("workloads/convolution", "1x1", "convolution"),
                  ("workloads/convolution", "depthwise 3x3", "convolution"),
                  ("workloads/convolution", "3x3 by Winograd", "convolution"),
                  ("workloads/gemm", "panels, fp16_fp32", "gemm"),
                  ("workloads/convolution", "3x3, fp16_fp32", "convolution")}
MAIN = ("gemm", "convolution", "attention", "softmax", "layer_norm")


def roofs(file):
    """Multiply-adds a second, and bytes a second of the first level: what the write-up measured."""
    with open(file, encoding="utf-8") as text:
        claims = json.load(text)["expectations"]

    def value_of(key):
        return min(claim["value"] for claim in claims if claim.get("key") == key)
    return value_of("fma.fp32.rate") / 2, value_of("buffer.l1.read_bandwidth")


def cells_of(kernel, rate, bandwidth):
    said = kernel.get("statistics", {})
    loop = kernel.get("code", {}).get("loop", {})
    spills = said.get("spills", 0) + said.get("fills", 0)
    cells = [f"{spills:g}", str(kernel.get("private_memory", 0)), {2: "full", 1: "half"}.get(said.get("threads"), "")]
    fma, slots, loaded = (loop.get(name, 0) for name in ("fma", "slots", "loaded_bytes"))
    if fma == 0:
        return cells + [""] * 4
    issued = fma / slots
    fed = bandwidth * fma / loaded / rate if loaded else 1
    return cells + [f"{fma} of {slots}", f"{100 * issued:.0f} %", f"{loaded / fma:.2f}",
                    f"{100 * min(issued, fed):.0f} %"]


def table(expectations, inspection):
    """The rows of the table, and what is not as it must be."""
    rate, bandwidth = roofs(expectations)
    with open(inspection, encoding="utf-8") as file:
        kernels = [kernel for kernel in json.load(file)["kernels"]
                   if kernel["probe"].startswith("workloads/") and kernel.get("function") in MAIN]
    rows = ["| kernel | spills | scratch | threads | multiply-adds of slots in the loop | | B loaded a multiply-add | "
            "of the lane peak at most |", "|---" * 8 + "|"]
    wrong = []
    for kernel in kernels:
        key = (kernel["probe"], kernel.get("variant", ""), kernel["function"])
        cells = cells_of(kernel, rate, bandwidth)
        rows.append("| " + " | ".join([" ".join(dict.fromkeys(key)), *cells]) + " |")
        if key in MUST_NOT_SPILL and cells[0] != "0":
            wrong.append("spills: " + " ".join(key))
    found = {(kernel["probe"], kernel.get("variant", ""), kernel["function"]) for kernel in kernels}
    wrong += [f"no such kernel: {' '.join(key)}" for key in sorted(MUST_NOT_SPILL - found)]
    return rows, wrong


def main(expectations, inspection):
    rows, wrong = table(expectations, inspection)
    print("\n".join(rows + wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
