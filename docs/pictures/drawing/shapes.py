# SPDX-License-Identifier: Apache-2.0

"""The shapes that the pictures of the documents are made of, and the command line of their scripts.

Needs Python 3 and nothing else. A picture follows the colour scheme of whoever looks at it.
"""

import pathlib
import sys
import xml.sax.saxutils

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


def boundary(points, number):
    """A dashed line between two sides that do not trust each other, with its number."""
    path = " ".join(f"{x},{y}" for x, y in points)
    x, y = points[0]
    return (f'<polyline class="guest" points="{path}"/>'
            f'<circle class="box other" cx="{x}" cy="{y}" r="12"/>' + text(x, y + 5, str(number)))


def legend(x, y, kind, words):
    return (f'<rect class="box {kind}" x="{x}" y="{y - 12}" width="22" height="15" rx="3"/>'
            + text(x + 30, y, words, "small", "start"))


def svg(source, title, width, height, parts):
    """The whole picture; `source` is the script that draws it."""
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-labelledby="title">',
        f"<!-- Written by docs/pictures/{source}; change that. -->",
        f'<title id="title">{xml.sax.saxutils.escape(title)}</title>',
        style(),
        f'<rect class="page" width="{width}" height="{height}" rx="8"/>',
        *parts,
        "</svg>",
        "",
    ])


def write_or_check(script, drawn):
    """Writes the picture beside its script, or with --check compares it with the file there."""
    path = pathlib.Path(script).with_suffix(".svg")
    if sys.argv[1:] == ["--check"]:
        if not path.exists() or path.read_text() != drawn:
            sys.exit(f"{path.name} differs from what {pathlib.Path(script).name} draws; run it")
    elif sys.argv[1:]:
        usage = f"usage: {pathlib.Path(script).name} [--check]"
        print(usage) if sys.argv[1:] == ["--help"] else sys.exit(usage)
    else:
        path.write_text(drawn)
