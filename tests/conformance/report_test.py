#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Tests report.py: what a reader of docs/conformance.md sees of an outcome."""

import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent))

import report  # pylint: disable=wrong-import-position

NAMES = ["toolboxd", "vmtoolsd", "trixie"]
VERSIONS = {"vmtoolsd": "2:12.2.0-1+deb12u4", "trixie": "2:12.5.0-2+deb13u1"}


def table(rows):
    labels = [report.label(name, VERSIONS[name]) for name in NAMES[1:]]
    return list(report.differences(NAMES, labels, rows))


class ReportTest(unittest.TestCase):
    def test_column_names_the_debian_and_the_version(self):
        self.assertEqual(table([])[2], "| Scenario | toolboxd, and why | Debian 12 (12.2) | Debian 13 (12.5) |")

    def test_long_outcomes_show_where_they_differ(self):
        same, rest = "0 0 rem=0 " + "[Name=a ft=0] " * 30, " [Name=z ft=0]" * 30
        row = ("ls", "differs on purpose", "why", [f"{same}size={n}{rest}" for n in (5, 0, 0)])
        for part in table([row])[-1].split(" | ")[1:]:
            self.assertRegex(part, r"^`….*size=[05] .*…`")
            self.assertLess(len(part), report.WIDTH + 12)

    def test_what_fits_is_not_cut(self):
        row = ("start", "differs on purpose", "why", ["x" * (report.WIDTH - 1) + end for end in "abb"])
        self.assertNotIn("…", table([row])[-1])

    def test_equal_beginnings_without_spaces_are_cut_too(self):
        row = ("ls", "differs on purpose", "why", ["x" * 500 + end for end in "abb"])
        self.assertIn("x" * report.CONTEXT + "a` why", table([row])[-1])

    def test_commands_are_as_they_were_sent(self):
        escaped = "0 -c \\'ls \\\"$0\\\" | wc -l\\' \\xff"
        row = ("start", "differs on purpose", "why", [escaped + " 1", escaped + " 2", escaped + " 2"])
        # A table's "|" needs a backslash, which is not shown.
        self.assertIn("""`0 -c 'ls "$0" \\| wc -l' \\xff 1` why""", table([row])[-1])

    def test_what_is_not_asked_is_not_counted_as_different(self):
        rows = [
            ("a", "equal", "", ["0", "0", "0"]),
            ("b", "differs on purpose", "why", ["0", "1", "1"]),
            ("c", "differs on purpose", "why", ["3", report.NOT_ASKED, report.NOT_ASKED]),
        ]
        lines = report.summary(NAMES, VERSIONS, rows).split("\n")
        self.assertIn("| asked, of 3 scenarios | 2 | 2 |", lines)
        self.assertIn("| answered as by toolboxd | 1 | 1 |", lines)
        self.assertIn("| answered differently | 1 | 1 |", lines)
        self.assertIn("not asked", table(rows)[-1])


if __name__ == "__main__":
    unittest.main()
