#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Draws processes.svg: the processes of toolboxd, who they run as, and which calls which.

    docs/pictures/processes.py           writes docs/pictures/processes.svg
    docs/pictures/processes.py --check   fails if that file differs from what this would write

Needs Python 3 and nothing else. The picture follows the colour scheme of whoever looks at it.
"""

import pathlib
import sys
import xml.sax.saxutils

WIDTH, HEIGHT = 980, 600

# Colours by class: what is filled or drawn with them. Plain rules, since not every viewer knows
# variables of CSS; one that does not know @media shows the light ones.
LIGHT = {"page": "#ffffff", "words": "#1f2328", "small": "#4b535d", "line": "#59636e",
         "own": ("#dbeafe", "#2563eb"), "root": ("#fde8c8", "#c2700a"),
         "user": ("#dcf5e0", "#1a7f37"), "other": ("#eef0f2", "#818b98")}
DARK = {"page": "#0d1117", "words": "#f0f6fc", "small": "#b7bfc8", "line": "#9198a1",
        "own": ("#11284f", "#5b9bf8"), "root": ("#432a06", "#e3a33b"),
        "user": ("#0f3319", "#4cc364"), "other": ("#21262d", "#6e7681")}


def colours(palette):
    rules = [f".page {{ fill: {palette['page']}; }}",
             f"text {{ fill: {palette['words']}; }}",
             f"text.small {{ fill: {palette['small']}; }}",
             f".head {{ fill: {palette['line']}; }}",
             f".line, .guest {{ stroke: {palette['line']}; }}"]
    rules += [f".{kind} {{ fill: {palette[kind][0]}; stroke: {palette[kind][1]}; }}"
              for kind in ("own", "root", "user", "other")]
    return rules


def style():
    rules = ['text { font: 13px "DejaVu Sans", Verdana, system-ui, sans-serif; }',
             "text.title { font-weight: bold; font-size: 15px; }",
             "text.small { font-size: 11.5px; }",
             ".box, .line { stroke-width: 1.5; }",
             ".line, .guest { fill: none; }",
             ".guest { stroke-dasharray: 6 5; }",
             *colours(LIGHT),
             "@media (prefers-color-scheme: dark) {",
             *("  " + rule for rule in colours(DARK)),
             "}"]
    return "<style>\n" + "\n".join("  " + rule for rule in rules) + "\n</style>"


def text(x, y, words, kind="", anchor="middle"):
    return (f'<text x="{x}" y="{y}" text-anchor="{anchor}" class="{kind}">'
            f"{xml.sax.saxutils.escape(words)}</text>")


def box(kind, x, y, width, height, title, *lines):
    """A process with its name and some words below."""
    middle = x + width / 2
    first = y + height / 2 - 8.5 * len(lines) + 5
    parts = [f'<rect class="box {kind}" x="{x}" y="{y}" width="{width}" height="{height}" rx="6"/>',
             text(middle, first, title, "title")]
    parts += [text(middle, first + 17 * (i + 1), line, "small") for i, line in enumerate(lines)]
    return "\n".join(parts)


def head(x, y, direction):
    """The head of an arrow whose point is at (x, y)."""
    across, along = {"up": (4.5, 9), "down": (4.5, -9), "left": (9, 4.5), "right": (-9, 4.5)}[direction]
    if direction in ("up", "down"):
        points = f"{x},{y} {x - across},{y + along} {x + across},{y + along}"
    else:
        points = f"{x},{y} {x + across},{y - along} {x + across},{y + along}"
    return f'<polygon class="head" points="{points}"/>'


def arrow(points, direction, both=None):
    """A line along the points, with a head at its end, and at its start where `both` is given."""
    path = " ".join(f"{x},{y}" for x, y in points)
    parts = [f'<polyline class="line" points="{path}"/>', head(*points[-1], direction)]
    if both:
        parts.append(head(*points[0], both))
    return "\n".join(parts)


def legend(x, y, kind, words):
    return (f'<rect class="box {kind}" x="{x}" y="{y - 12}" width="22" height="15" rx="3"/>'
            + text(x + 30, y, words, "small", "start"))


def picture():
    parts = [
        f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        box("other", 290, 14, 400, 56, "VMX", "ESXi, Workstation, Fusion; in tests vmxsim"),
        f'<rect class="guest" x="16" y="112" width="{WIDTH - 32}" height="434" rx="10"/>',
        text(32, 134, "Linux guest", "small", "start"),
        arrow([(490, 72), (490, 146)], "down", "up"),
        text(502, 98, "backdoor: RPCI and TCLO", "small", "start"),

        box("own", 250, 148, 480, 78, "transportd",
            "VMware's protocols: registration, guest information, VIX, HGFS",
            "opens no user's file, runs no program, uses no network"),
        box("other", 40, 154, 160, 66, "toolboxctl", "vmware-rpctool,", "grpcurl"),
        arrow([(202, 187), (248, 187)], "right"),
        box("other", 780, 154, 160, 66, "extensions", "services of your own,", "in any language"),
        arrow([(732, 187), (778, 187)], "right"),

        arrow([(310, 228), (310, 258), (120, 258), (120, 298)], "down"),
        arrow([(330, 228), (330, 298)], "down"),
        arrow([(680, 228), (680, 298)], "down"),
        text(692, 262, "gRPC over Unix sockets", "small", "start"),

        box("own", 40, 300, 160, 80, "guestinfod", "addresses, names,", "disks, memory"),
        box("own", 250, 300, 160, 80, "powerd", "power off, reboot,", "run hooks"),
        box("root", 460, 300, 480, 40, "session"),
        box("user", 460, 370, 220, 66, "hgfsd", "files, archives", "one for each user"),
        box("user", 720, 370, 220, 66, "vixd", "programs, functions, HTTP", "one for each user"),
        arrow([(570, 342), (570, 368)], "down"),
        arrow([(830, 342), (830, 368)], "down"),
        text(700, 360, "PAM, then setuid", "small"),

        box("other", 40, 474, 160, 54, "kernel", "netlink, /proc"),
        arrow([(120, 472), (120, 382)], "up"),
        box("other", 250, 474, 160, 54, "systemd, logind", "hook scripts as root"),
        arrow([(330, 382), (330, 472)], "down"),
        box("other", 460, 474, 220, 54, "files", "with the user's own rights"),
        arrow([(570, 438), (570, 472)], "down"),
        box("user", 720, 474, 106, 54, "shim", "one per program"),
        arrow([(773, 438), (773, 472)], "down"),
        box("user", 842, 474, 98, 54, "programs", "outlive vixd"),
        arrow([(828, 501), (840, 501)], "right"),

        legend(40, 578, "own", "a user of its own, no privilege"),
        legend(290, 578, "root", "root until PAM agrees"),
        legend(480, 578, "user", "the authenticated guest user"),
        legend(720, 578, "other", "not a daemon of toolboxd"),
    ]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'height="{HEIGHT}" role="img" aria-labelledby="title">',
        "<!-- Written by docs/pictures/processes.py; change that. -->",
        '<title id="title">The processes of toolboxd: transportd speaks to the hypervisor and calls '
        "guestinfod, powerd, and, through session, hgfsd and vixd</title>",
        style(),
        *parts,
        "</svg>",
        "",
    ])


def main(arguments):
    path = pathlib.Path(__file__).resolve().with_name("processes.svg")
    if arguments == ["--check"]:
        if not path.exists() or path.read_text() != picture():
            print("docs/pictures/processes.svg is not what its source draws; "
                  "run docs/pictures/processes.py", file=sys.stderr)
            return 1
        return 0
    if arguments:
        print(__doc__.strip(), file=sys.stderr)
        return 0 if arguments == ["--help"] else 2
    path.write_text(picture())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
