#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Tests report.py. Where a change of the report is meant, testdata/report is made again:

  tests/bench/report.py write tests/bench/testdata/rows tests/bench/testdata/report
"""

import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

FOLDER = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(FOLDER))

import report as bench_report  # pylint: disable=wrong-import-position

ROWS = (FOLDER / "testdata/rows").read_text(encoding="utf-8")


def rows():
    return [json.loads(line) for line in ROWS.splitlines()]


def text(objects):
    return "".join(json.dumps(row) + "\n" for row in objects)


def changed(key, **values):
    """The rows with other values in one."""
    return text([{**row, **values} if row.get("key") == key else row for row in rows()])


def files(rows_text):
    return bench_report.render(bench_report.read_rows(rows_text))


def changed_lines(before, after):
    return [(a, b) for a, b in zip(before.splitlines(), after.splitlines()) if a != b]


class Rounding(unittest.TestCase):
    def test_keeps_two_digits(self):
        for value, result in ((635.4, 640), (16.29, 16), (0.2437, 0.24), (9.83, 9.8), (79012, 79000)):
            self.assertEqual(bench_report.rounded(value), result)

    def test_leaves_out_what_is_finer_than_the_units_step(self):
        self.assertEqual(bench_report.rounded(0.0134), 0.01)
        self.assertEqual(bench_report.rounded(-0.013, "MiB"), 0)
        self.assertEqual(bench_report.rounded(0.27, "MiB"), 0.3)

    def test_does_not_change_a_rounded_value(self):
        for value in (635.4, 0.2437, 0.996, 9.96, 0.0051, 123456.7):
            once = bench_report.rounded(value)
            self.assertEqual(bench_report.rounded(once), once)

    def test_chooses_the_unit_for_people(self):
        for value, unit, result in (
            (30012, "ms", "30 s"),
            (0.24, "ms", "0.24 ms"),
            (41000, "us", "41 ms"),
            (5100, "KiB", "5.0 MiB"),
            (635, "/s", "640/s"),
            (7, "", "7.0"),
            (None, "ms", "–"),
        ):
            self.assertEqual(bench_report.quantity(value, unit), result)


class Figures(unittest.TestCase):
    def test_take_the_ratio_before_rounding(self):
        row = bench_report.figure({**rows()[1], "toolboxd": 1.44, "vmtoolsd": 1.46})
        self.assertEqual((row["toolboxd"], row["vmtoolsd"], row["ratio"]), (1.4, 1.5, 0.99))

    def test_have_no_ratio_where_a_value_is_absent_or_zero(self):
        for ours, theirs in ((1, None), (1, 0), (0, 1), (-1, 1)):
            row = bench_report.figure({**rows()[1], "toolboxd": ours, "vmtoolsd": theirs})
            self.assertIsNone(row["ratio"])

    def test_count_as_better_in_the_rows_direction(self):
        self.assertEqual(bench_report.times({"better": "lower", "ratio": 0.1}), "10 ×")
        self.assertEqual(bench_report.times({"better": "higher", "ratio": 0.5}), "0.50 ×")

    def test_with_one_key_twice_are_refused(self):
        with self.assertRaisesRegex(ValueError, "start.exec_to_atr"):
            bench_report.read_rows(text(rows() + [rows()[1]]))

    def test_without_the_machine_are_refused(self):
        for content in ("", text(rows()[1:])):
            with self.assertRaisesRegex(ValueError, "machine"):
                bench_report.read_rows(content)


class Report(unittest.TestCase):
    def test_is_the_stored_one(self):
        stored = FOLDER / "testdata/report"
        found = {
            str(path.relative_to(stored)): path.read_text(encoding="utf-8")
            for path in stored.rglob("*")
            if path.is_file()
        }
        self.assertEqual(found, files(ROWS))

    def test_of_its_own_json_is_the_same(self):
        report = files(ROWS)
        self.assertEqual(bench_report.render(json.loads(report["figures/figures.json"])), report)

    def test_is_the_same_after_a_change_below_rounding(self):
        self.assertEqual(files(changed("start.exec_to_atr", toolboxd=16.34)), files(ROWS))

    def test_shows_a_change_as_one_line_of_json(self):
        before, after = files(ROWS), files(changed("start.exec_to_atr", toolboxd=21))
        lines = changed_lines(before["figures/figures.json"], after["figures/figures.json"])
        self.assertEqual(len(lines), 1)
        self.assertIn('"toolboxd": 21, "vmtoolsd": 600, "ratio": 0.035', lines[0][1])

    def test_leaves_out_the_plots_of_what_was_not_measured(self):
        some = files(text(row for row in rows() if not row.get("key", "").startswith("transfers.")))
        self.assertNotIn("figures/packets.svg", some)
        self.assertNotIn("packets.svg", some["figures.md"])
        self.assertIn("figures/overview.svg", some)

    def test_lists_the_keys_that_the_overview_misses(self):
        self.assertEqual(bench_report.missing(bench_report.read_rows(ROWS)), [])
        without = text(row for row in rows() if row.get("key") != "idle.pss")
        self.assertEqual(bench_report.missing(bench_report.read_rows(without)), ["idle.pss"])

    def test_keeps_prose_within_120_columns(self):
        for line in files(ROWS)["figures.md"].splitlines():
            if not line.startswith("|"):
                self.assertLessEqual(len(line), 120, line)


class Plots(unittest.TestCase):
    def bars(self, name):
        svg = xml.etree.ElementTree.fromstring(files(ROWS)[f"figures/{name}"])
        space = "{http://www.w3.org/2000/svg}"
        return [
            (bar.find(f"{space}title").text.split(":")[0], float(bar.get("width")), bar.get("class"))
            for bar in svg.iter(f"{space}rect")
            if bar.find(f"{space}title") is not None
        ]

    def test_have_a_bar_for_each_row_that_can_be_compared(self):
        compared = [
            row["key"]
            for row in bench_report.read_rows(ROWS)["figures"]
            if row["ratio"] is not None and ("traps_alone" not in row or row["unit"] == "x")
        ]
        self.assertEqual([key for key, _, _ in self.bars("rows.svg")], compared)

    def test_draw_ratios_on_a_log_scale(self):
        widths = {key: width for key, width, _ in self.bars("overview.svg")}
        # 37 and 370 times: a decade of three.
        difference = widths["address.reaches_host"] - widths["start.exec_to_atr"]
        self.assertAlmostEqual(difference, (bench_report.RIGHT - bench_report.LEFT) / 3, delta=0.2)

    def test_mark_what_is_worse(self):
        worse = [key for key, _, style in self.bars("rows.svg") if style == "bad"]
        self.assertEqual(worse, ["idle.private"])


class Command(unittest.TestCase):
    def run_command(self, *arguments):
        """The exit status and what was printed."""
        output = io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            status = bench_report.main([str(argument) for argument in arguments])
        return status, output.getvalue()

    def test_check_finds_a_page_that_was_edited(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            self.assertEqual(self.run_command("write", FOLDER / "testdata/rows", folder)[0], 0)
            self.assertEqual(self.run_command("check", folder), (0, ""))
            page = folder / "figures.md"
            page.write_text(page.read_text(encoding="utf-8").replace("16 ms", "15 ms"), encoding="utf-8")
            status, output = self.run_command("check", folder)
            self.assertEqual(status, 1)
            self.assertIn("figures.md is not what figures.json renders to", output)

    def test_names_the_file_that_it_cannot_read(self):
        status, output = self.run_command("write", "/nonexistent", "/nonexistent")
        self.assertEqual(status, 1)
        self.assertIn("/nonexistent", output)

    def test_prints_its_help(self):
        run = subprocess.run(
            [sys.executable, FOLDER / "report.py", "--help"], check=True, capture_output=True, text=True
        )
        self.assertIn("report.py check DIR", run.stdout)


if __name__ == "__main__":
    unittest.main()
