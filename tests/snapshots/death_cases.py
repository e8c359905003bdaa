# SPDX-License-Identifier: Apache-2.0
"""Ends and deaths of every process of a snapshot: cases of tests/snapshots/dialogue."""

import contextlib
import os
import random
import re
import signal
import subprocess
import time

from snapshot_host import ABORTED, COMMIT, DONE, PATIENCE, RESET

VICTIMS = ("transportd", "snapshotd", "freezer", "twin", "both", "hook", "script", "bus")


class DeathCases:
    """Of the Case in dialogue_case.py."""

    def _terminated(self, find, events):
        snapshot = self.snapshot("--hold=30s", "--patience=20s", "--timeout=40s")
        snapshot.until("prov.snapshotCommit")
        start = time.monotonic()
        os.kill(find(), signal.SIGTERM)
        self.writers.go_on(PATIENCE)
        print("figure  thawed %.0f ms after SIGTERM" % ((time.monotonic() - start) * 1000))
        snapshot.end()
        assert snapshot.outcome() == events[0] and snapshot.events() == events[1], snapshot.text()

    def freezer_terminated(self):
        lost = ("req.error", 3, "Error when notifying the sync provider.")
        self._terminated(lambda: self.freezers()[0], ("failed", [RESET, COMMIT, lost, DONE]))
        self.after("SIGTERM of the freezer")

    def snapshotd_terminated(self):
        self._terminated(lambda: self.pid("snapshotd"), ("aborted", [RESET, COMMIT, ABORTED, DONE]))
        self._restart()
        self.after("SIGTERM of snapshotd")

    def transportd_terminated(self):
        self._terminated(lambda: self.pid("transportd"), ("aborted", [RESET, COMMIT, ABORTED, DONE]))
        self.after("SIGTERM of transportd")

    def _restart(self):
        """deploy/run starts what failed, not what has ended: a unit of systemd does."""
        before = self.pid("transportd")
        os.kill(before, signal.SIGTERM)
        end = time.monotonic() + PATIENCE
        while self.pid("transportd") in (before, None):
            assert time.monotonic() < end, "deploy/run has not started again"
            time.sleep(0.05)

    def deaths(self):
        counts, longest, hits = {}, 0, {}
        with self.with_scripts("10-a", "20-b"):
            # A few rounds are of other ones each time.
            victims = random.sample(VICTIMS, len(VICTIMS))
            for number in range(self.rounds):
                victim = victims[number % len(victims)]
                # What is stopped is given up after 10 s.
                is_stopped = random.random() < 0.25 and victim != "both"
                outcome, took, hit = self._death(victim, signal.SIGSTOP if is_stopped else signal.SIGKILL)
                counts[outcome] = counts.get(outcome, 0) + 1
                hits[victim] = hits.get(victim, 0) + hit
                longest = max(longest, took)
        print("figure  %d rounds, with a process to end: %s; outcomes %s; writers went on within %.1f s" % (
            self.rounds, hits, counts, longest))

    def _hooks(self):
        """Those that systemd would have started, and their scripts."""
        units = self.children(int(open(self.folder + "/units.pid").read()))
        hooks = [p for p in units if p != self.bus()]
        return hooks, [script for hook in hooks for script in self.children(hook)]

    def bus(self):
        for pid in self.children(int(open(self.folder + "/units.pid").read())):
            with contextlib.suppress(OSError):
                if open("/proc/%d/comm" % pid).read() == "dbus-daemon\n":
                    return pid
        return None

    def _victims(self, victim):
        if victim in ("transportd", "snapshotd"):
            return [p for p in [self.pid(victim)] if p]
        if victim == "bus":
            return [p for p in [self.bus()] if p]
        if victim in ("hook", "script"):
            # They run for a part of the time only.
            end = time.monotonic() + 0.3
            while time.monotonic() < end:
                found = self._hooks()[victim == "script"]
                # One that has said nothing yet was not called, for the test.
                if found and (victim == "hook" or self.scripts.lines()[-1:] and self.scripts.lines()[-1].endswith("begin")):
                    return found[:1]
                time.sleep(0.002)
            return []
        freezers = self.freezers()
        return {"freezer": freezers[:1], "twin": freezers[1:], "both": freezers}[victim]

    def _death(self, victim, what):
        # Scripts, freeze, frozen, and scripts again.
        delay = random.uniform(0, 1.1)
        why = "%s %s after %.3f s" % (victim, what.name, delay)
        self.scripts.mark()
        snapshot = self.snapshot("--hold=0.4s", "--patience=13s", "--timeout=45s")
        time.sleep(delay)
        victims = self._victims(victim)
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, what)
        at_death = len(self.scripts.lines())
        if victim == "both" and victims:
            self._thaw_list(victims)
        try:
            took = self.writers.go_on(PATIENCE)
        except AssertionError as e:
            self._continue(victims)
            raise AssertionError("%s: %s" % (why, e))
        if what == signal.SIGSTOP and victims:
            # Up to the deadline it may be frozen still, or again.
            time.sleep(random.uniform(0, 11))
            took = max(took, self.writers.go_on(PATIENCE))
            self._continue(victims)
        outcome = snapshot.end().outcome()
        if victim == "transportd" and re.search(r"did not (fetch|reply)", snapshot.text()):
            # Ended before it had the start; one that was stopped may still take it. The host has given up.
            outcome = "given up"
            self.host("wait", "--timeout=20s")
            self.reply("vmbackup.abort")
        assert outcome in ("good", "failed", "aborted", "refused", "lost", "given up"), (why, snapshot.text())
        self.after(why)
        self.scripts.check(why, at_death)
        return outcome, took, bool(victims)

    def _continue(self, stopped):
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, random.choice((signal.SIGKILL, signal.SIGCONT)))

    def _thaw_list(self, victims):
        """ExecStopPost= of the unit, which systemd runs when both are gone."""
        for pid in victims:
            with contextlib.suppress(OSError):
                while "Z" not in open("/proc/%d/stat" % pid).read().split(")")[-1]:
                    time.sleep(0.001)
        devices = ",".join("%d:%d" % (os.major(m.device), os.minor(m.device)) for m in self.mounts)
        subprocess.run([self.programs + "/test/freezer_for_tests", "--only=" + devices,
                        "--state=" + self.folder + "/freezer/frozen", "--thaw"], check=True, timeout=60)
