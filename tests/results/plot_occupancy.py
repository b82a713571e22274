#!/usr/bin/env python3
"""Draws the occupancy curve of a report as SVG: plot_occupancy.py REPORT PICTURE.svg

Resident threads a compute unit over the registers of a thread, a line a group size.
"""
import sys

from reports import load

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 760, 360, 70, 50, 40
COLOURS = ["#4c78a8", "#f58518", "#54a24b", "#b279a2", "#e45756", "#72b7b2"]


def curves(report):
    for device in report["devices"]:
        for probe in device["probes"]:
            for series in probe["data"]["series"]:
                if series["name"] != "resident_threads":
                    continue
                lines = {}
                for point in series["points"]:
                    if point["samples"]:
                        _, registers, size = point["at"]
                        place = lines.setdefault(int(size), {})
                        threads = max(point["samples"])
                        place[registers] = max(threads, place.get(registers, 0))
                return device["device"]["name"], lines
    sys.exit("the report holds no occupancy curve")


def main(report_path, picture_path):
    name, lines = curves(load(report_path))
    most_registers = max(r for line in lines.values() for r in line)
    most_threads = max(t for line in lines.values() for t in line.values())
    x = lambda r: LEFT + (WIDTH - LEFT - 130) * r / most_registers
    y = lambda t: HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * t / most_threads
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{name}: threads resident on a compute unit</text>',
    ]
    for step in range(5):
        threads = most_threads * step / 4
        out.append(
            f'<line x1="{LEFT}" x2="{x(most_registers)}" y1="{y(threads)}" y2="{y(threads)}" '
            'stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{y(threads) + 4}" text-anchor="end">{threads:.0f}</text>'
        )
    for registers in range(0, int(most_registers) + 1, 32):
        out.append(
            f'<text x="{x(registers)}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">'
            f"{registers}</text>"
        )
    middle = (LEFT + x(most_registers)) / 2
    out.append(
        f'<text x="{middle}" y="{HEIGHT - 10}" text-anchor="middle">registers a thread, as the '
        "compiler reports them</text>"
    )
    for colour, (size, line) in zip(COLOURS, sorted(lines.items())):
        path = " ".join(f"{x(r):.1f},{y(t):.1f}" for r, t in sorted(line.items()))
        label = TOP + 18 * (sorted(lines).index(size) + 1)
        out.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        out += [
            f'<circle cx="{x(r):.1f}" cy="{y(t):.1f}" r="2.5" fill="{colour}"/>'
            for r, t in sorted(line.items())
        ]
        out.append(
            f'<text x="{x(most_registers) + 14}" y="{label}" fill="{colour}">groups of {size}</text>'
        )
    out.append("</svg>")
    with open(picture_path, "w") as file:
        file.write("\n".join(out) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
