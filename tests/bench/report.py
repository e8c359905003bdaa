#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Makes docs/figures.md, its JSON and its plots from the rows that tests/bench/run measures.

  report.py machine           prints what the figures depend on, as the first line of ROWS
  report.py write ROWS DIR    writes the report: DIR/figures.md and DIR/figures/
  report.py render JSON DIR   the same from a figures.json
  report.py check DIR         fails where DIR holds anything but what its figures.json renders to

ROWS has JSON objects, one a line: {"machine": ...}, then one for each row (see rows.h).
Figures are rounded and in a fixed order, so that two reports can be compared with diff.
"""

import argparse
import datetime
import html
import json
import math
import os
import pathlib
import platform
import re
import subprocess
import sys
import textwrap

ROOT = pathlib.Path(__file__).resolve().parents[2]

# The rows of the overview and what they are called there.
GLANCE = [
    ("start to registration", "start.exec_to_atr"),
    ("an added address reaches the host", "address.reaches_host"),
    ("polls a second when idle", "idle.polls"),
    ("wake-ups a second when idle over vsock", "vsock.idle.wakeups"),
    ("a request to an idle guest over vsock", "vsock.pings.rest"),
    ("a file downloaded over vsock", "vsock.transfers.download.warm"),
    ("memory when idle (PSS of all processes)", "idle.pss"),
    ("first operation of a user", "operations.first.p50"),
    ("ReadEnvironmentVariables", "operations.read_environment.p50"),
    ("programs started a second", "programs.start"),
    ("a listing of 100,000 files", "listings.100000"),
    ("download of a file", "transfers.download.warm"),
    ("upload of a file", "transfers.upload"),
    ("packet of a download, traps alone = 1", "transfers.packet.download.multiple"),
    ("packet of an upload, traps alone = 1", "transfers.packet.upload.multiple"),
    ("archive of 64 MiB, downloaded", "transfers.archive.download.large"),
    ("archive of 64 MiB, uploaded", "transfers.archive.upload.large"),
    ("transportd's memory, 1 GiB downloaded", "memory.download.transportd.peak"),
    ("hgfsd's memory, 1 GiB downloaded", "memory.download.hgfsd.peak"),
]

# Nothing is shown finer than this: it would be noise.
SMALLEST_STEP = {"MiB": 0.1, "/s": 0.1}
DEFAULT_STEP = 0.01


# The figures.


def rounded(value, unit=""):
    """Two significant digits, but no finer than the unit's smallest step."""
    if value is None:
        return None
    step = SMALLEST_STEP.get(unit, DEFAULT_STEP)
    value = float(f"{value:.2g}")
    if abs(value) < 10 * step:
        value = round(value / step) * step
    value = float(f"{value:.2g}")
    return int(value) if value == int(value) else value


def figure(row):
    """A row as it is published. The ratio is toolboxd's value over vmtoolsd's."""
    unit = row["unit"]
    ours, theirs = rounded(row["toolboxd"], unit), rounded(row["vmtoolsd"], unit)
    ratio = None
    if theirs is not None and ours > 0 and theirs > 0:
        ratio = float(f"{row['toolboxd'] / row['vmtoolsd']:.2g}")
    result = {"key": row["key"], "toolboxd": ours, "vmtoolsd": theirs, "ratio": ratio}
    if "traps_alone" in row:
        result["traps_alone"] = rounded(row["traps_alone"], unit)
    for name in ("unit", "better", "aim", "group", "name", "what"):
        result[name] = row[name]
    return result


def read_rows(text):
    lines = [json.loads(line) for line in text.splitlines()]
    if not lines or "machine" not in lines[0]:
        raise ValueError("the first line is not the machine's")
    figures = [figure(row) for row in lines[1:]]
    keys = [row["key"] for row in figures]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"more than one row has the key {', '.join(twice)}")
    return {"machine": lines[0]["machine"], "figures": figures}


def to_json(report):
    """One line for each figure: a change shows as that line."""
    machine = ",\n".join(
        f"    {json.dumps(key)}: {json.dumps(value)}" for key, value in report["machine"].items()
    )
    figures = ",\n".join("    " + json.dumps(row) for row in report["figures"])
    return f'{{\n  "machine": {{\n{machine}\n  }},\n  "figures": [\n{figures}\n  ]\n}}\n'


def machine():
    def output(*command):
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        return run.stdout.strip()

    def field(path, pattern):
        found = re.search(pattern, pathlib.Path(path).read_text(encoding="utf-8"), re.MULTILINE)
        return found.group(1) if found else "unknown"

    # The tree may belong to another user than root.
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT)]
    # An earlier report does not change what is measured.
    changes = ["status", "--porcelain", "--", ".", ":!docs/figures.md", ":!docs/figures"]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "commit": output(*git, "rev-parse", "--short=12", "HEAD"),
        "dirty": output(*git, *changes) != "",
        # vmtoolsd itself reports no version outside a VM.
        "open_vm_tools": output("dpkg-query", "--show", "--showformat=${Version}", "open-vm-tools"),
        "cpu": field("/proc/cpuinfo", r"^model name\s*: (.*)$"),
        "cores": os.cpu_count(),
        "memory_gib": round(int(field("/proc/meminfo", r"^MemTotal: *(\d+) kB$")) / 2**20),
        "kernel": platform.release().split("-")[0],
        "distribution": field("/etc/os-release", r'^PRETTY_NAME="?(.*?)"?$'),
    }


# Text.


def number(value):
    """Two significant digits for people."""
    if value == 0:
        return "0"
    if abs(value) >= 9.95:
        return f"{float(f'{value:.2g}'):,.0f}"
    if abs(value) >= 0.995:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 0.0995 else f"{value:.2g}"


def quantity(value, unit):
    if value is None:
        return "–"
    for small, factor, large in (("us", 1000, "ms"), ("ms", 1000, "s"), ("KiB", 1024, "MiB")):
        if unit == small and abs(value) >= factor:
            value, unit = value / factor, large
    unit = {"us": "µs", "x": "×"}.get(unit, unit)
    return number(value) + ("" if not unit or unit.startswith("/") else " ") + unit


def times_better(row):
    """None where there is nothing to compare."""
    if row["ratio"] is None:
        return None
    return row["ratio"] if row["better"] == "higher" else 1 / row["ratio"]


def times(row):
    better = times_better(row)
    return "–" if better is None else number(better) + " ×"


def part(row):
    return row["key"].split(".")[0]


def glance(report):
    """The overview's rows that were measured, with the overview's names."""
    rows = {row["key"]: row for row in report["figures"]}
    return [{**rows[key], "name": name} for name, key in GLANCE if key in rows]


def missing(report):
    """Keys of the overview that the measured parts do not have: GLANCE is out of date."""
    keys = {row["key"] for row in report["figures"]}
    parts = {part(row) for row in report["figures"]}
    return [key for _, key in GLANCE if key not in keys and key.split(".")[0] in parts]


def table(header, rows, left=1):
    """`left` columns are aligned to the left, the others to the right."""
    lines = [header, [("---" if i < left else "---:") for i in range(len(header))], *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def wrapped(text, indent=""):
    return textwrap.wrap(
        text, 120, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def groups(rows):
    """Rows by their group, in the order of the groups' first rows."""
    result = {}
    for row in rows:
        result.setdefault(row["group"], []).append(row)
    return result


def section(name, rows):
    """One part of the bench: a table for each group, and what the rows mean."""
    lines = [f"## {name}", f"Repeat with `tests/bench/run --only={name}`.", ""]
    for group, members in groups(rows).items():
        traps = any("traps_alone" in row for row in members)
        header = [group, "toolboxd", "vmtoolsd"] + ["traps alone"] * traps
        header += ["times better", "better is", "aim"]
        body = []
        for row in members:
            cells = [row["name"], quantity(row["toolboxd"], row["unit"])]
            cells.append(quantity(row["vmtoolsd"], row["unit"]))
            if traps:
                cells.append(quantity(row.get("traps_alone"), row["unit"]))
            body.append(cells + [times(row), row["better"], row["aim"]])
        lines += table(header, body) + [""]
    # Groups of one part may have the same rows.
    meanings = dict.fromkeys((row["name"], row["what"]) for row in rows)
    for row_name, what in meanings:
        lines += wrapped(f"- **{row_name}**: {what}", "  ")
    return lines + [""]


def page(report, plots):
    host = report["machine"]
    state = " with changes that are not committed" if host["dirty"] else ""
    lines = ["<!-- Written by tests/bench/run --report: change that, not this page. -->", "# Figures"]
    lines += wrapped(
        "toolboxd beside open-vm-tools' vmtoolsd: the same requests in the same run, each in a guest of its own under "
        "vmxsim, the simulated hypervisor. Times differ from machine to machine; ratios differ less."
    )
    lines += ["", "| | |", "|---|---|"]
    lines += [f"| date | {host['date']} |", f"| commit | {host['commit']}{state} |"]
    lines += [f"| machine | {host['cpu']}, {host['cores']} cores, {host['memory_gib']} GiB |"]
    lines += [f"| system | {host['distribution']}, Linux {host['kernel']} |"]
    lines += [f"| open-vm-tools | {host['open_vm_tools']} |", ""]
    glance_rows = glance(report)
    if glance_rows:
        lines += ["## At a glance"]
        if "overview.svg" in plots:
            lines += ["![How many times better toolboxd is than vmtoolsd](figures/overview.svg)", ""]
        body = [
            [
                row["name"],
                quantity(row["toolboxd"], row["unit"]),
                quantity(row["vmtoolsd"], row["unit"]),
                times(row),
            ]
            for row in glance_rows
        ]
        lines += table(["", "toolboxd", "vmtoolsd", "times better"], body) + [""]
    lines += ["## How to read and repeat this"]
    for point in (
        "`tests/bench/run --report` measures everything in about six minutes and writes this page, "
        "[figures.json](figures/figures.json) and the plots. Each part below can be repeated alone.",
        "*times better* compares the two values in the row's better direction: 10 × is a tenth of the time or ten "
        "times the rate, and less than 1 × is worse than vmtoolsd.",
        "A dash means that vmtoolsd does not offer this or has no such process, or that a value is too small for a "
        "ratio.",
        "*traps alone* is a guest that executes the backdoor instructions of the same packets, or over vsock sends and "
        "receives them, and does nothing else: the floor of what a packet can cost here.",
        "Over vsock, twice the backdoor's rate is the aim of a transfer. Under the simulator that is about what a guest "
        "reaches that only sends and receives the packets, since a trap costs little more there than a message on a "
        "socket.",
        "*aim* is the project's own target for the row. The bench measures; it does not pass or fail.",
        "Figures have two digits. The ratios come from what was measured, before rounding.",
    ):
        lines += wrapped("- " + point, "  ")
    lines += [""]
    if "rows.svg" in plots:
        lines += ["## Every row", "![Every row that both have](figures/rows.svg)", ""]
    parts = {}
    for row in report["figures"]:
        parts.setdefault(part(row), []).append(row)
    for name, rows in parts.items():
        lines += section(name, rows)
        if name == "transfers" and "packets.svg" in plots:
            lines += ["![Where the time of a packet goes](figures/packets.svg)", ""]
    return "\n".join(lines).rstrip("\n") + "\n"


# Plots.

# For each class its property, and its colours on light and dark backgrounds.
COLOURS = {
    "back": ("fill", "#ffffff", "#0d1117"),
    "text": ("fill", "#1f2328", "#f0f6fc"),
    "faint": ("fill", "#59636e", "#9198a1"),
    "good": ("fill", "#0969da", "#4493f8"),
    "bad": ("fill", "#bc4c00", "#f0883e"),
    "second": ("fill", "#80ccff", "#1f4f8f"),
    "third": ("fill", "#afb8c1", "#656c76"),
    "grid": ("stroke", "#d1d9e0", "#30363d"),
    "one": ("stroke", "#59636e", "#9198a1"),
}


def style():
    def colours(which):
        return [f".{name} {{ {values[0]}: {values[which]} }}" for name, values in COLOURS.items()]

    lines = ['text { font-family: system-ui, "Segoe UI", "DejaVu Sans", sans-serif; font-size: 13px }']
    lines += [".title { font-size: 16px }", ".title, .group { font-weight: 600 }"]
    lines += [".faint { font-size: 12px }", *colours(1), "@media (prefers-color-scheme: dark) {"]
    return "\n".join(["<style>", *lines, *colours(2), "}", "</style>"])


WIDTH, LEFT, RIGHT = 860, 330, 650  # of the picture, and where the bars begin and end
TOP, LINE, BAR = 64, 24, 14


class Svg:
    """Elements, one a line: a bar that changes shows as that line."""

    def __init__(self, title):
        self.title = title
        self.elements = []
        self.text(16, 28, title, "text title")

    def text(self, x, y, text, style="text", anchor="start"):
        anchor = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self.elements.append(f'<text x="{x:.0f}" y="{y:.0f}" class="{style}"{anchor}>{html.escape(text)}</text>')

    def bar(self, x, y, width, style, meaning):
        self.elements.append(
            f'<rect x="{x:.1f}" y="{y:.0f}" width="{max(width, 1):.1f}" height="{BAR}" class="{style}">'
            f"<title>{html.escape(meaning)}</title></rect>"
        )

    def line(self, x, top, bottom, style="grid"):
        self.elements.append(f'<path d="M{x:.1f} {top:.0f}V{bottom:.0f}" class="{style}"/>')

    def finish(self, height, footer):
        self.text(16, height - 14, footer, "faint")
        title = html.escape(self.title)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
            f'width="{WIDTH}" height="{height}" role="img" aria-label="{title}">'
        )
        back = f'<rect width="{WIDTH}" height="{height}" rx="6" class="back"/>'
        return "\n".join([head, style(), back, *self.elements, "</svg>"]) + "\n"


def footer(report):
    host = report["machine"]
    return (
        f"tests/bench/run, {host['date']}, commit {host['commit']}{' (changed)' if host['dirty'] else ''}; "
        f"{host['cpu']}, {host['cores']} cores; open-vm-tools {host['open_vm_tools']}"
    )


def ratio_plot(report, title, grouped_rows):
    """Bars of how many times better toolboxd is; `grouped_rows` is a list of (heading, rows)."""
    values = [times_better(row) for _, rows in grouped_rows for row in rows]
    if not values:
        return None
    smallest, largest = min(values), max(values)
    low = 1 if smallest >= 1 else 0.5 if smallest >= 0.5 else 10 ** math.floor(math.log10(smallest))
    high = 10 ** max(1, math.ceil(math.log10(largest)))

    def x(value):
        return LEFT + (RIGHT - LEFT) * math.log(value / low) / math.log(high / low)

    svg = Svg(title)
    bottom = TOP + LINE * sum(len(rows) + bool(heading) for heading, rows in grouped_rows)
    decade = 10 ** math.ceil(math.log10(low))
    while decade <= high:
        svg.line(x(decade), TOP - 6, bottom, "one" if decade == 1 else "grid")
        svg.text(x(decade), TOP - 12, f"{decade:,} ×" if decade >= 1 else f"{decade:g} ×", "faint", "middle")
        decade *= 10
    y = TOP
    for heading, rows in grouped_rows:
        if heading:
            svg.text(16, y + 17, heading, "text group")
            y += LINE
        for row in rows:
            better = times_better(row)
            values = f"{quantity(row['toolboxd'], row['unit'])} : {quantity(row['vmtoolsd'], row['unit'])}"
            svg.text(LEFT - 10, y + 16, row["name"], anchor="end")
            begin, end = sorted((x(1), x(better)))
            svg.bar(begin, y + 5, end - begin, "good" if better >= 1 else "bad", f"{row['key']}: {values}")
            svg.text(max(x(1), x(better)) + 6, y + 16, times(row))
            svg.text(WIDTH - 16, y + 16, values, "faint", "end")
            y += LINE
    svg.text(WIDTH - 16, TOP - 12, "toolboxd : vmtoolsd", "faint", "end")
    return svg.finish(bottom + 44, footer(report))


def overview_plot(report):
    rows = [row for row in glance(report) if times_better(row) is not None]
    return ratio_plot(report, "toolboxd: how many times better than vmtoolsd (log scale)", [("", rows)])


def rows_plot(report):
    # The parts of a packet say where its time goes; there is another plot for them.
    rows = [
        row
        for row in report["figures"]
        if times_better(row) is not None and ("traps_alone" not in row or row["unit"] == "x")
    ]
    title = "Every row: how many times better than vmtoolsd (log scale)"
    return ratio_plot(report, title, list(groups(rows).items()))


def packets_plot(report):
    """Stacked bars: where the time of a packet goes, beside a guest that only traps."""
    rows = {row["key"]: row for row in report["figures"]}
    steps = [
        ("fetch", "until the guest has it", "good"),
        ("reply", "from there to the reply", "second"),
        ("host", "the host, until the next offer", "third"),
    ]
    bars = []
    for way in ("download", "upload"):
        prefix = f"transfers.packet.{way}."
        if prefix + "all" not in rows:
            return None
        for who, name in (("toolboxd", "toolboxd"), ("traps_alone", "traps alone")):
            parts = [max(0, rows[prefix + key][who]) for key, _, _ in steps]
            bars.append((f"{way}, {name}", parts, rows[prefix + "all"][who]))
    svg = Svg("Where the time of a packet goes")
    x = 16
    for _, name, style in steps:
        svg.bar(x, TOP - 22, BAR, style, name)
        svg.text(x + BAR + 6, TOP - 10, name, "faint")
        x += 220
    scale = (RIGHT - LEFT + 100) / max(sum(parts) for _, parts, _ in bars)
    y = TOP
    for name, parts, total in bars:
        svg.text(LEFT - 110, y + 16, name, anchor="end")
        x = LEFT - 100
        for value, (_, step, style) in zip(parts, steps):
            svg.bar(x, y + 5, value * scale, style, f"{name}: {step}, {quantity(value, 'us')}")
            x += value * scale
        svg.text(x + 8, y + 16, quantity(total, "us"))
        y += LINE
    others = [rows[f"transfers.packet.{way}.all"] for way in ("download", "upload")]
    text = " and ".join(quantity(row["vmtoolsd"], "us") for row in others)
    svg.text(16, y + 20, f"vmtoolsd, too long for this scale: {text}.", "faint")
    return svg.finish(y + 60, footer(report))


# The files.


def render(report):
    """The report's files by their paths below the directory."""
    plots = {
        "overview.svg": overview_plot(report),
        "rows.svg": rows_plot(report),
        "packets.svg": packets_plot(report),
    }
    plots = {name: text for name, text in plots.items() if text is not None}
    files = {"figures.md": page(report, plots), "figures/figures.json": to_json(report)}
    files.update({f"figures/{name}": text for name, text in plots.items()})
    return files


def write(report, directory):
    for name, text in render(report).items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path)
    for key in missing(report):
        print(f"report.py: no row has the key {key}; correct GLANCE", file=sys.stderr)
    return 1 if missing(report) else 0


def check(directory):
    """The names of the files that are not what figures.json renders to."""
    report = json.loads((directory / "figures/figures.json").read_text(encoding="utf-8"))
    files = render(report)
    found = {f"figures/{path.name}" for path in (directory / "figures").iterdir()} | {"figures.md"}
    return sorted(
        name
        for name in files.keys() | found
        if not (directory / name).is_file()
        or (directory / name).read_text(encoding="utf-8") != files.get(name)
    )


def main(arguments):
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("machine")
    for name, source in (("write", "rows"), ("render", "json")):
        command = commands.add_parser(name)
        command.add_argument(source, type=pathlib.Path)
        command.add_argument("dir", type=pathlib.Path)
    commands.add_parser("check").add_argument("dir", type=pathlib.Path)
    options = parser.parse_args(arguments)
    try:
        if options.command == "machine":
            print(json.dumps({"machine": machine()}))
        elif options.command == "write":
            return write(read_rows(options.rows.read_text(encoding="utf-8")), options.dir)
        elif options.command == "render":
            return write(json.loads(options.json.read_text(encoding="utf-8")), options.dir)
        else:
            differing = check(options.dir)
            for name in differing:
                print(
                    f"{options.dir / name} is not what figures.json renders to; run tests/bench/run "
                    f"--report={options.dir} --from={options.dir}/figures/figures.json",
                    file=sys.stderr,
                )
            return 1 if differing else 0
    except (OSError, ValueError, KeyError, subprocess.CalledProcessError) as error:
        print(f"report.py {options.command}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
