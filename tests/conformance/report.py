#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Writes docs/conformance.md from the outcomes of tests/conformance/run.

Usage: report.py MATRIX FILE NAME=VERSION...

MATRIX is what `conformance --matrix` has written: tab-separated, toolboxd's column first. NAME is
the column of a version of open-vm-tools.
"""

import collections
import os
import re
import subprocess
import sys

# A longer outcome is cut, and has some of what is equal before the first difference: the test
# prints it whole.
WIDTH = 160
CONTEXT = 40

NOT_ASKED = "(not asked)"

# Whose open-vm-tools a column has.
DEBIANS = {"vmtoolsd": "Debian 12", "trixie": "Debian 13", "forky": "Debian testing"}

HEAD = """# Conformance

One table of scenarios, as toolboxd and several versions of open-vm-tools' vmtoolsd answer it, each in a simulated VM of
its own. [differences.md](protocol/differences.md) gives the reasons at length. This page is of toolboxd {commit} and
written by

    tests/conformance/run{options} --report

`tests/conformance/run --agent=COMMAND --matrix=FILE` writes such a table for any other guest agent. An outcome begins
with the VIX error of each step (0: success); `@` is the scenario's folder, and `…` stands for what was cut.

| | {names} |
|---|{rules}|
"""

UNASKED = """
No vmtoolsd is asked what ends that of Debian 12, as the reason in the table says.
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    names = rows[0][3:]
    for row in rows[1:]:
        if len(row) != len(names) + 3:
            sys.exit(f"report.py: {path}: {row[0]} has {len(row)} columns")
    return names, [(row[0], row[1], row[2], row[3:]) for row in rows[1:]]


def label(name, version):
    """Of "trixie" and "2:12.5.0-2": Debian 13 (12.5)."""
    number = re.match(r"(?:\d+:)?(\d+\.\d+)", version)
    return f"{DEBIANS.get(name, name)} ({number[1] if number else version})"


def cut_from(answers):
    """Where cells of these answers begin: 0, unless they are equal for a long way."""
    same = len(os.path.commonprefix(answers))
    if same < WIDTH - CONTEXT or max(map(len, answers)) <= WIDTH:
        return 0
    # At the start of a word, if one is near.
    space = answers[0].rfind(" ", same - 2 * CONTEXT, same - CONTEXT)
    return space + 1 if space >= 0 else same - CONTEXT


def cell(text, start=0):
    if not text:
        return ""
    shown = text[start : start + WIDTH]
    before, after = "…" if start else "", "…" if start + WIDTH < len(text) else ""
    # Quotes are as they were before the outcome was made one line.
    shown = re.sub(r"""\\(.)""", lambda escape: escape[1] if escape[1] in "\"'" else escape[0], shown)
    return "`" + before + shown.replace("`", "'").replace("|", "\\|") + after + "`"


def outcome(answer, ours, start):
    if answer == NOT_ASKED:
        return "not asked"
    return "as toolboxd" if answer == ours else cell(answer, start)


def summary(names, versions, rows):
    """The head's table: for each version, how many of the scenarios that it was asked it answers as toolboxd does."""
    asked, equal = collections.Counter(), collections.Counter()
    for _, _, _, answers in rows:
        for name, answer in zip(names[1:], answers[1:]):
            asked[name] += answer != NOT_ASKED
            equal[name] += answer == answers[0]
    lines = [
        "| open-vm-tools | " + " | ".join(versions[name] for name in names[1:]) + " |",
        f"| asked, of {len(rows)} scenarios | " + " | ".join(str(asked[name]) for name in names[1:]) + " |",
        "| answered as by toolboxd | " + " | ".join(str(equal[name]) for name in names[1:]) + " |",
        "| answered differently | " + " | ".join(str(asked[name] - equal[name]) for name in names[1:]) + " |",
    ]
    if any(asked[name] < len(rows) for name in names[1:]):
        lines.append(UNASKED.rstrip("\n"))
    return "\n".join(lines)


def differences(names, labels, rows):
    yield "## Where toolboxd differs"
    yield ""
    yield "| Scenario | toolboxd, and why | " + " | ".join(labels) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for scenario, _, why, answers in rows:
        if all(answer == answers[0] for answer in answers):
            continue
        start = cut_from([answer for answer in answers if answer != NOT_ASKED])
        cells = [outcome(answer, answers[0], start) for answer in answers[1:]]
        ours = f"{cell(answers[0], start)} {why}".strip()
        yield f"| {scenario} | {ours} | " + " | ".join(cells) + " |"


def versions_differ(rows):
    yield "## Where the versions differ among each other"
    yield ""
    found = [row for row in rows if len(set(row[3][1:])) > 1]
    for scenario, _, _, _ in found:
        yield f"- {scenario}"
    if not found:
        yield "Nowhere in this table."


def equal(rows):
    yield "## Where all agree"
    yield ""
    for scenario, _, _, answers in rows:
        if all(answer == answers[0] for answer in answers):
            yield f"- {scenario}"


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    names, rows = read(sys.argv[1])
    versions = dict(argument.split("=", 1) for argument in sys.argv[3:])
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], capture_output=True, text=True, check=True
    ).stdout.strip()
    options = "".join(f" --suite={name}" for name in names[2:])
    labels = [label(name, versions[name]) for name in names[1:]]
    page = HEAD.format(options=options, commit=commit, names=" | ".join(labels), rules="|".join("---" for _ in labels))
    parts = [
        page + summary(names, versions, rows),
        "\n".join(differences(names, labels, rows)),
        "\n".join(versions_differ(rows)),
        "\n".join(equal(rows)),
    ]
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
