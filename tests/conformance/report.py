#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Writes docs/conformance.md from the outcomes of tests/conformance/run.

Usage: report.py MATRIX FILE NAME=VERSION...

MATRIX is what `conformance --matrix` has written: tab-separated, toolboxd's column first. NAME is
the column of a version of open-vm-tools.
"""

import collections
import subprocess
import sys

# A longer outcome is cut: the test prints it whole.
WIDTH = 160

HEAD = """# Conformance

One table of scenarios, as toolboxd and several versions of open-vm-tools' vmtoolsd answer it, each in a simulated VM of
its own. [differences.md](protocol/differences.md) gives the reasons at length. This page is of toolboxd {commit} and
written by

    tests/conformance/run{options} --report

`tests/conformance/run --agent=COMMAND --matrix=FILE` writes such a table for any other guest agent. An outcome begins
with the VIX error of each step (0: success); `@` is the scenario's folder.

| | {names} |
|---|{rules}|
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        rows = [line.rstrip("\n").split("\t") for line in file]
    names = rows[0][3:]
    for row in rows[1:]:
        if len(row) != len(names) + 3:
            sys.exit(f"report.py: {path}: {row[0]} has {len(row)} columns")
    return names, [(row[0], row[1], row[2], row[3:]) for row in rows[1:]]


def cell(text):
    if len(text) > WIDTH:
        text = text[: WIDTH - 1] + "…"
    return "`" + text.replace("`", "'").replace("|", "/") + "`" if text else ""


def outcome(answer, ours, asked):
    if not asked:
        return "not asked"
    return "as toolboxd" if answer == ours else cell(answer)


def summary(names, versions, rows):
    """The head's table: for each version, how many scenarios it answers as toolboxd does."""
    counts = collections.Counter()
    for _, _, _, answers in rows:
        for name, answer in zip(names[1:], answers[1:]):
            counts[name] += answer == answers[0]
    lines = [
        "| open-vm-tools | " + " | ".join(versions[name] for name in names[1:]) + " |",
        f"| answered as by toolboxd, of {len(rows)} | "
        + " | ".join(str(counts[name]) for name in names[1:])
        + " |",
    ]
    return "\n".join(lines)


def differences(names, rows):
    yield "## Where toolboxd differs"
    yield ""
    yield "| Scenario | toolboxd, and why | " + " | ".join(names[1:]) + " |"
    yield "|---" * (len(names) + 1) + "|"
    for scenario, _, why, answers in rows:
        if all(answer == answers[0] for answer in answers):
            continue
        asked = [answer != "(not asked)" for answer in answers]
        cells = [outcome(answer, answers[0], ask) for answer, ask in zip(answers[1:], asked[1:])]
        ours = f"{cell(answers[0])} {why}".strip().replace("|", "/")
        yield f"| {scenario} | {ours} | " + " | ".join(cells) + " |"


def versions_differ(names, rows):
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
    page = HEAD.format(
        options=options, commit=commit, names=" | ".join(names[1:]), rules="|".join("---" for _ in names[1:])
    )
    parts = [
        page + summary(names, versions, rows),
        "\n".join(differences(names, rows)),
        "\n".join(versions_differ(names, rows)),
        "\n".join(equal(rows)),
    ]
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write("\n\n".join(parts) + "\n")


if __name__ == "__main__":
    main()
