# SPDX-License-Identifier: Apache-2.0
"""The administrator's scripts around a snapshot: cases of tests/snapshots/dialogue."""

import contextlib
import os
import signal
import subprocess

from held_writes import wait_for
from snapshot_host import COMMIT, DONE, NESTED, RESET

SCRIPTS = "/etc/toolboxd/snapshot.d"
MANIFEST = "/run/toolboxd/snapshot/quiesce_manifest.xml"
STARTED = ["RX vmbackup.start 1", "TX vmbackup.eventSet reset 0 \\0", "RPLY OK "]
FROZEN = ["TX vmbackup.eventSet prov.snapshotCommit 0 \\0", "RX vmbackup.snapshotDone", "RPLY OK ",
          "TX vmbackup.eventSet req.genericManifest 0 %s\\0" % MANIFEST]
ENDED = ["TX vmbackup.eventSet req.done 0 \\0"]


class Scripts:
    """Scripts in snapshot.d, and what they say of themselves: "NAME EVENT begin|end" lines."""

    def __init__(self, folder):
        self.log = folder + "/scripts.log"
        self.size = 0

    def add(self, name, body="", seconds=0.05):
        path = "%s/%s" % (SCRIPTS, name)
        with open(path, "w") as file:
            file.write("""#!/bin/sh
echo "%s $1 begin" >>%s
sleep %s
%s
echo "%s $1 end" >>%s
""" % (name, self.log, seconds, body, name, self.log))
        os.chmod(path, 0o755)

    def remove(self):
        for name in os.listdir(SCRIPTS):
            os.unlink("%s/%s" % (SCRIPTS, name))

    def mark(self):
        self.size = os.path.getsize(self.log) if os.path.exists(self.log) else 0

    def lines(self):
        """Since the mark."""
        if not os.path.exists(self.log):
            return []
        with open(self.log) as file:
            file.seek(self.size)
            return file.read().splitlines()

    def begun(self):
        return [line[:-len(" begin")] for line in self.lines() if line.endswith(" begin")]

    def check(self, why, at_death=0):
        """Each whose `freeze` came to its end is called back; twice only if the first call did not end,
        or was the last of the `at_death` lines that there were when its caller was killed: the caller
        may not have recorded its end."""
        owed, may = set(), set()
        for number, line in enumerate(self.lines(), 1):
            name, event, what = line.split()
            if event == "freeze":
                assert name not in owed, "%s: %s was not called back: %s" % (why, name, self.lines())
                may.add(name)
                if what == "end":
                    owed.add(name)
            elif what == "begin":
                assert name in may, "%s: %s was called back twice: %s" % (why, name, self.lines())
                owed.discard(name)
            else:
                if number != at_death:
                    may.discard(name)
                owed.discard(name)
        assert not owed, "%s: not called back: %s: %s" % (why, owed, self.lines())


class ScriptCases:
    """Of the Case in dialogue_case.py, with S1, S2, S3 and S7 of docs/protocol/snapshot.md 8.9."""

    @contextlib.contextmanager
    def with_scripts(self, *names):
        self.scripts.remove()
        self.scripts.mark()
        for name in names:
            self.scripts.add(name)
        self.settings(scripts=True)
        try:
            yield
        finally:
            self.settings()
            self.scripts.remove()

    def scripts_succeed(self):
        """The order of scripts, freeze and events is what they could see."""
        with self.with_scripts():
            # It writes to the file systems, which are not frozen when it is called.
            written = " ".join("%s/by-script" % m.path for m in self.mounts[:len(NESTED)])
            for name in ("10-a", "20-b"):
                self.scripts.add(name, "for file in %s; do echo x >$file; done" % written)
            snapshot = self.snapshot("--hold=0.5s")
            snapshot.until("prov.snapshotCommit")
            assert self.scripts.begun() == ["10-a freeze", "20-b freeze"], self.scripts.lines()
            assert self.writers.stand_still(0.2), "a writer went on"
            snapshot.until("req.genericManifest")
            snapshot.until("req.done")
            assert self.scripts.begun()[2:] == ["20-b thaw", "10-a thaw"], self.scripts.lines()
            assert len(self.scripts.lines()) == 8, self.scripts.lines()
            snapshot.end().expect("good", [RESET, COMMIT, DONE])
            assert snapshot.dialogue() == STARTED + FROZEN + ENDED, snapshot.text()
            self.scripts.check("S1")
        self.after("scripts")

    def script_fails(self):
        with self.with_scripts("10-a"):
            self.scripts.add("20-b", "exit 3")
            self.scripts.add("30-c")
            snapshot = self.take()
            assert snapshot.outcome() == "failed" and not snapshot.value("violation"), snapshot.text()
            assert snapshot.dialogue() == STARTED + [
                "TX vmbackup.eventSet req.error 2 Custom quiesce script failed.\\0",
                "TX vmbackup.eventSet req.error 5 'VmBackupOnFreeze' operation failed.\\0"] + ENDED, snapshot.text()
            assert self.scripts.begun() == ["10-a freeze", "20-b freeze", "10-a freezeFail"], self.scripts.lines()
        self.after("a script that failed")

    def thaw_script_fails(self):
        with self.with_scripts("10-a"):
            self.scripts.add("20-b", "[ $1 = freeze ] || exit 3")
            snapshot = self.take()
            assert not snapshot.value("violation"), snapshot.text()
            assert snapshot.dialogue() == STARTED + FROZEN + [
                "TX vmbackup.eventSet req.error 2 Custom quiesce script failed.\\0",
                "TX vmbackup.eventSet req.error 5 'VmBackupOnThaw' operation failed.\\0"] + ENDED, snapshot.text()
            assert self.scripts.begun() == ["10-a freeze", "20-b freeze", "20-b thaw", "10-a thaw"], self.scripts.lines()
        self.after("a script that failed after the snapshot")

    def freeze_fails_with_scripts(self):
        mount = self.mounts[NESTED.index("btrfs")]
        with self.with_scripts("10-a"):
            subprocess.run(["fsfreeze", "-f", mount.path], check=True, timeout=30)
            try:
                snapshot = self.take()
            finally:
                assert mount.thaw()
            assert snapshot.dialogue() == STARTED + [
                "TX vmbackup.eventSet req.error 3 Error when enabling the sync provider.\\0"] + ENDED, snapshot.text()
            assert self.scripts.begun() == ["10-a freeze", "10-a freezeFail"], self.scripts.lines()
        self.after("a freeze that failed")

    def script_takes_too_long(self):
        with self.with_scripts("10-a"):
            self.scripts.add("20-b", "[ $1 != freeze ] || sleep 600")
            snapshot = self.take()
            assert snapshot.outcome() == "failed", snapshot.text()
            assert 4900 < snapshot.milliseconds("start to end") < 12000, snapshot.text()
            assert self.scripts.begun() == ["10-a freeze", "20-b freeze", "10-a freezeFail"], self.scripts.lines()
        self.after("a script that took too long")

    def abort_of_a_script(self):
        with self.with_scripts("10-a"):
            self.scripts.add("20-b", "[ $1 != freeze ] || sleep 600")
            snapshot = self.take("--abort_after=0.6")
            assert snapshot.outcome() == "aborted", snapshot.text()
            assert snapshot.milliseconds("start to end") < 4500, snapshot.text()
            assert self.scripts.begun() == ["10-a freeze", "20-b freeze", "10-a freezeFail"], self.scripts.lines()
        self.after("an abort of a script")

    def scripts_are_called_back_after_a_death(self):
        """snapshotd is killed while a script runs, and starts again with the next request."""
        with self.with_scripts("10-a"):
            self.scripts.add("20-b", "[ $1 != freeze ] || sleep 600")
            snapshot = self.snapshot("--patience=13s")
            wait_for(lambda: "20-b freeze" in self.scripts.begun(), "20-b was not called")
            os.kill(self.pid("snapshotd"), signal.SIGKILL)
            assert snapshot.end().outcome() == "aborted", snapshot.text()
            self.scripts.add("20-b")
            self.next_is_good("a death of snapshotd")
            # What its caller waits for no more was stopped, and is not called back.
            assert self.scripts.begun() == [
                "10-a freeze", "20-b freeze", "10-a freezeFail",
                "10-a freeze", "20-b freeze", "20-b thaw", "10-a thaw"], self.scripts.lines()
        self.after("a death of snapshotd")

    def scripts_are_called_back_without_a_bus(self):
        """The bus is stopped when the snapshot ends."""
        with self.with_scripts("10-a"):
            snapshot = self.snapshot("--hold=0.3s", "--patience=13s", "--timeout=60s")
            snapshot.until("prov.snapshotCommit")
            bus = self.bus()
            os.kill(bus, signal.SIGSTOP)
            snapshot.end()
            assert self.scripts.begun() == ["10-a freeze"], self.scripts.lines()
            os.kill(bus, signal.SIGCONT)
            wait_for(lambda: len(self.scripts.begun()) == 2, "10-a was not called back")
            self.scripts.check("a bus that was stopped")
            self.next_is_good("a bus that was stopped")
        self.after("a bus that was stopped")
