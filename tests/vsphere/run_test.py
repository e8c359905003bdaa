#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests what the checks of this folder stand on: that they can fail, that the report fits and names no machine."""

import contextlib
import io
import json
import os
import pathlib
import sys
import types
import unittest

FOLDER = pathlib.Path(__file__).parent
sys.dont_write_bytecode = True
sys.path.insert(0, str(FOLDER))

# pylint: disable=wrong-import-position
import archives
import checks
import command_line
import expectations
import report
from guest import Guest
from pyVmomi import vim
from transfer import TRAILER

EVERY = ("information", "logins", "files", "programs", "transfers", "archives", "streams", "functions")
EVERY += ("snapshots", "power", "customization")
for group in EVERY:
    __import__(group)


def outcome(function):
    result = checks.make(checks.Check("group", "name", function, None), None)
    return result.outcome, result.detail


class Checks(unittest.TestCase):
    def test_outcomes_have_their_reasons(self):
        def fails(_):
            checks.equal(1, 2, "number")

        def does_not_apply(_):
            raise checks.NotApplicable("no such thing here")

        def is_refused(_):
            raise vim.fault.FileNotFound(msg="File /a was not found")

        self.assertEqual(outcome(lambda _: None), ("pass", ""))
        self.assertEqual(outcome(fails), ("FAIL", "number: 1 instead of 2"))
        self.assertEqual(outcome(does_not_apply), ("n/a", "no such thing here"))
        self.assertEqual(outcome(is_refused), ("FAIL", "FileNotFound: File /a was not found"))
        self.assertRegex(outcome(lambda _: {}["a"])[1], r"KeyError.*run_test.*:\d+")

    def test_refusal_must_be_the_right_one(self):
        def missing():
            raise vim.fault.FileNotFound(msg="missing")

        checks.refused((vim.fault.FileFault,), missing)
        with self.assertRaisesRegex(checks.Failure, "FileNotFound: missing instead of FileAlreadyExists"):
            checks.refused((vim.fault.FileAlreadyExists,), missing)
        with self.assertRaisesRegex(checks.Failure, "success instead of FileNotFound"):
            checks.refused((vim.fault.FileNotFound,), lambda: None)

    def test_names_are_unique_and_those_of_the_readme_exist(self):
        names = [c.name for c in checks.CHECKS]
        self.assertEqual(len(names), len(set(names)))
        expected = expectations.expected_failures("vmtoolsd")
        self.assertGreater(len(expected), 10)
        self.assertLessEqual(expected, set(names))
        self.assertIsNone(expectations.expected_failures("others"))

    def test_failures_that_are_expected_pass_and_passes_do_not(self):
        failed = checks.Result("group", "name", "FAIL", 0, "why")
        self.assertEqual(expectations.judge(failed, {"name"}).outcome, "pass")
        self.assertEqual(expectations.judge(failed, {"other"}).outcome, "FAIL")
        self.assertEqual(expectations.judge(failed._replace(outcome="pass"), {"name"}).outcome, "FAIL")
        self.assertEqual(expectations.judge(failed._replace(outcome="n/a"), {"name"}).outcome, "n/a")


class Cleaning(unittest.TestCase):
    def test_everything_is_undone_in_reverse_and_what_fails_is_named(self):
        guest, order = Guest.__new__(Guest), []
        guest.undo = []

        def fails():
            raise TypeError("odd")

        guest.later("first", lambda: order.append(1))
        guest.later("second", fails)
        guest.later("third", lambda: order.append(3))
        self.assertEqual(guest.undo_all(), ["second: TypeError: odd"])
        self.assertEqual(order, [3, 1])

    def test_only_processes_with_the_mark_and_functions_are_ended(self):
        guest = Guest.__new__(Guest)
        guest.mark, guest.pids = "toolboxd-check-1", [5, 6, 4194305]
        process = lambda pid, command, end=None: types.SimpleNamespace(pid=pid, cmdLine=command, endTime=end)
        guest.processes = lambda: [
            process(5, "sh -c x toolboxd-check-1"),
            process(6, "another that has this pid now"),
            process(7, "toolboxd-check-1", end=1),
            process(4194305, "http.RoundTrip"),
        ]
        self.assertEqual([p.pid for p in guest.marked_programs()], [5, 4194305])


class Report(unittest.TestCase):
    def setUp(self):
        nic = types.SimpleNamespace(macAddress="00:50:56:00:00:01", ipAddress=["192.0.2.10"])
        shown = types.SimpleNamespace(hostName="secret-host", ipAddress="192.0.2.10", net=[nic])
        self.machine = types.SimpleNamespace(name="secret-vm", guest=shown)
        url = types.SimpleNamespace(hostname="vcenter.secret.example")
        options = types.SimpleNamespace(url=url, user="carol", url_user="root")
        self.names = report.hidden_names(self.machine, options)

    def test_names_and_addresses_are_hidden(self):
        text = "carol and root on secret-vm at 192.0.2.10, 192.0.2.101 of secret-host via vcenter.secret.example: 00:50:56:00:00:01"
        expected = "<user> and root on <machine> at <address>, 192.0.2.101 of <host name> via <server>: <MAC>"
        self.assertEqual(self.names.hide(text), expected)

    def test_table_has_80_columns(self):
        result = checks.Result("group", "a long name " * 20, "FAIL", 1234.5678, "a long reason " * 30)
        text = report.row(result, self.names) + "\n" + report.head({"guest name": "Linux " * 40})
        self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_json_has_each_check_and_no_names(self):
        results = [checks.Result("group", "name", "FAIL", 0.12345, "secret-vm"), checks.Result("group", "b", "n/a", 0, "")]
        options = types.SimpleNamespace(user="root", power="full", snapshots=False, customization=False)
        made = json.loads(report.as_json({"guest name": "secret-host"}, results, options, self.names))
        self.assertEqual((made["passed"], made["failed"], made["not_applicable"]), (0, 1, 1))
        self.assertEqual(made["checks"][0]["seconds"], 0.123)
        self.assertEqual(made["options"], ["power"])
        self.assertNotIn("secret", json.dumps(made))


class Archives(unittest.TestCase):
    def download(self, content):
        """The members of a stream of which each byte comes alone."""

        def get(_, complete):
            received = bytearray()
            for byte in content:
                received.append(byte)
                if complete(received):
                    break
            return bytes(received)

        guest = types.SimpleNamespace(transfers=types.SimpleNamespace(get=get), offer=lambda _: types.SimpleNamespace(url=""))
        return archives.download(guest, "/a")

    def test_stream_ends_at_its_trailer_and_not_at_content_like_it(self):
        members = [archives.member("a", content=b"x" + TRAILER), archives.member("b", content=b"y")]
        found = self.download(archives.archive(members, "w") + TRAILER + b"more")
        self.assertEqual({name: content for name, (_, content) in found.items()}, {"a": b"x" + TRAILER, "b": b"y"})

    def test_stream_without_a_trailer_fails(self):
        with self.assertRaisesRegex(checks.Failure, "no trailer"):
            self.download(archives.archive([archives.member("a")], "w"))

    def test_other_members_than_the_tree_fail(self):
        found = archives.unpack(archives.archive(archives.TREE, "w:gz"), True)
        archives.same(found)
        del found["a/empty"]
        with self.assertRaises(checks.Failure):
            archives.same(found)


class CommandLine(unittest.TestCase):
    def setUp(self):
        for name in ("VSPHERE_URL", "VSPHERE_USER", "VSPHERE_PASSWORD"):
            os.environ.pop(name, None)

    def refused(self, *arguments):
        said = io.StringIO()
        with contextlib.redirect_stderr(said), self.assertRaises(SystemExit) as end:
            command_line.parse(["--vm=a", "--user=b", *arguments])
        self.assertEqual(end.exception.code, 2)
        return said.getvalue()

    def test_password_is_never_an_argument(self):
        self.assertIn("VSPHERE_PASSWORD", self.refused("--url=https://a:b@host"))

    def test_what_is_missing_is_named(self):
        self.assertIn("VSPHERE_URL", self.refused())
        self.assertIn("VSPHERE_USER", self.refused("--url=https://host"))
        self.assertIn("https", self.refused("--url=http://a@host"))

    def test_environment_may_have_all(self):
        os.environ["VSPHERE_URL"] = "https://a%40b:p%2Fw@host:8443/sdk"
        options = command_line.parse(["--vm=a", "--user=b"])
        self.assertEqual((options.url_user, options.url_password, options.url.port), ("a@b", "p/w", 8443))


if __name__ == "__main__":
    unittest.main()
