#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One case of tests/snapshots/dialogue, which has started everything.

dialogue_case.py CASE FOLDER PROGRAMS PASSWORD [ROUNDS]

Freezes nothing itself but, where another program does it in the field, a loop device below FOLDER.
"""

import contextlib
import os
import random
import re
import signal
import subprocess
import sys
import time

from freezer_case import Mount, Writers

NESTED = ["inner", "xfs", "ext4", "btrfs"]
SMALL = ["small%d" % i for i in range(1, 21)]
SETTINGS = "/etc/toolboxd/snapshot.textproto"
EVENT = re.compile(r"^ *([0-9.]+) TX   vmbackup\.eventSet (\S+) (\d+) (.*)\\0$")
ABORTED = ("req.aborted", 4, "Quiesce canceled.")
DONE = ("req.done", 0, "")
RESET = ("reset", 0, "")
COMMIT = ("prov.snapshotCommit", 0, "")
# Version 1: manifest, applications, file systems, writable, scripts, argument, limit, disks.
V1 = "0000000100000001%08x0000000000000001000000000000000000000000%08x00000000"
V2 = "00000002" + "00000001" + "00000000" * 8 + "0000000000000005" + "00000001" + "00000000"
# What FIFREEZE and signals need on a busy machine, in seconds.
PATIENCE = 20


class Snapshot:
    """`vmxsim snapshot`, while it runs and afterwards."""

    def __init__(self, test, *options):
        command = [test.vmxsim, "snapshot", "--control=" + test.control, *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = []

    def until(self, event):
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            match = EVENT.match(self.lines[-1])
            if match and match.group(2) == event:
                return
        raise AssertionError("no %s:\n%s" % (event, self.text()))

    def end(self):
        self.lines += self.process.stdout.read().splitlines()
        self.status = self.process.wait()
        return self

    def text(self):
        return "\n".join(self.lines)

    def events(self):
        """Without keepAlive and the manifest."""
        found = [(m.group(2), int(m.group(3)), m.group(4)) for m in map(EVENT.match, self.lines) if m]
        return [e for e in found if e[0] not in ("req.keepAlive", "req.genericManifest")]

    def value(self, name):
        return next((l[len(name) + 2:] for l in self.lines if l.startswith(name + ": ")), "")

    def outcome(self):
        return self.value("outcome").split(":")[0]

    def milliseconds(self, name):
        return float(self.value(name).split()[0])

    def expect(self, outcome, events):
        assert self.outcome() == outcome, self.text()
        assert self.events() == events, self.text()
        assert not self.value("violation"), self.text()
        assert self.status == (0 if outcome == "good" else 1), self.text()


class Case:
    def __init__(self, folder, programs, password, rounds=0):
        self.folder, self.programs, self.password = folder, programs, password
        self.vmxsim = programs + "/test/vmxsim"
        self.control = folder + "/vmx.sock"
        self.rounds = int(rounds)
        self.mounts = [Mount("%s/fs/%s" % (folder, n)) for n in NESTED + SMALL]
        self.writers = None

    # --- what cases use

    def settings(self, frozen=NESTED, more=""):
        """Every block file system of the table but `frozen` is excluded, those of the machine first."""
        # The freezer's deadline, where a process is stopped in the freeze.
        lines = ["run_scripts: false", "freeze_time_limit: 5", more]
        permitted = ["%s/fs/%s" % (self.folder, n) for n in frozen]
        for line in open("/proc/self/mountinfo"):
            fields = line.split()
            path = fields[4].encode().decode("unicode_escape")
            if path in permitted or fields[2].startswith("0:") and fields[fields.index("-") + 1] != "btrfs":
                continue
            pattern = re.sub(r"([\\*?\[\]])", r"\\\1", path)
            lines.append('excluded_file_systems: "%s"' % pattern.replace("\\", "\\\\").replace('"', '\\"'))
        with open(SETTINGS + ".new", "w") as file:
            file.write("\n".join(sorted(set(lines))) + "\n")
        os.chmod(SETTINGS + ".new", 0o644)
        os.rename(SETTINGS + ".new", SETTINGS)

    def host(self, verb, *arguments):
        command = [self.vmxsim, verb, "--control=" + self.control, *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)

    def reply(self, request):
        return self.host("send", request).stdout.rstrip("\n")

    def snapshot(self, *options):
        return Snapshot(self, *options)

    def take(self, *options):
        return self.snapshot(*options).end()

    def assert_thawed(self, why):
        frozen = [m.path for m in self.mounts if m.thaw()]
        assert not frozen, "%s: still frozen: %s" % (why, frozen)

    def wait_for_end_of_freezers(self, why):
        """A FIFREEZE that has begun cannot be taken back: one whose peer has died thaws when it is through."""
        state = ("--state=%s/freezer/frozen" % self.folder).encode()
        end = time.monotonic() + PATIENCE
        while True:
            running = []
            for pid in filter(str.isdigit, os.listdir("/proc")):
                with contextlib.suppress(OSError):
                    words = open("/proc/%s/cmdline" % pid, "rb").read().split(b"\0")
                    if words[0].endswith(b"/freezer_for_tests") and state in words:
                        running.append(pid)
            if not running:
                return
            assert time.monotonic() < end, "%s: the freezer goes on: %s" % (why, running)
            time.sleep(0.01)

    def after(self, why):
        """The freezer ends, every writer goes on, and the next snapshot is good."""
        self.wait_for_end_of_freezers(why)
        self.writers.go_on(PATIENCE)
        self.assert_thawed(why)
        self.next_is_good(why)

    def next_is_good(self, why):
        end = time.monotonic() + PATIENCE
        while True:
            self.host("wait", "--timeout=20s")
            last = self.take("--patience=5s")
            if last.outcome() == "good" and last.status == 0:
                return
            # The services may be about to start again.
            assert time.monotonic() < end, "%s: the next snapshot: %s" % (why, last.text())
            time.sleep(0.2)

    def pid(self, name):
        for pid in self.host("processes").stdout.split():
            with contextlib.suppress(OSError):
                if open("/proc/%s/comm" % pid).read().strip() == name:
                    return int(pid)
        return None

    def children(self, pid):
        with contextlib.suppress(OSError, TypeError):
            return [int(p) for p in open("/proc/%d/task/%d/children" % (pid, pid)).read().split()]
        return []

    def freezers(self):
        """Main and twin, as far as they run."""
        for main in self.children(int(open(self.folder + "/freezer.pid").read())):
            names = {open("/proc/%d/comm" % c).read().strip(): c for c in self.children(main)}
            return [main, *(c for name, c in names.items() if name == "freezer-twin")]
        return []

    # --- the host's side

    def good_snapshot(self):
        snapshot = self.snapshot("--hold=1s")
        snapshot.until("prov.snapshotCommit")
        assert self.writers.stand_still(0.6), "a writer went on"
        snapshot.end().expect("good", [RESET, COMMIT, DONE])
        assert "req.genericManifest" in snapshot.text(), snapshot.text()
        self.after("a good snapshot")
        assert "file systems were frozen for" in open(self.folder + "/log").read()

    def already_frozen(self):
        mount = self.mounts[NESTED.index("btrfs")]
        subprocess.run(["fsfreeze", "-f", mount.path], check=True, timeout=30)
        try:
            snapshot = self.take()
        finally:
            assert mount.thaw()
        snapshot.expect("failed", [RESET, ("req.error", 3, "Error when enabling the sync provider."), DONE])
        self.after("a file system that was frozen")

    def abort_while_frozen(self):
        self.take("--hold=30s", "--abort_at=req.keepAlive").expect("aborted", [RESET, COMMIT, ABORTED, DONE])
        self.after("an abort")

    def silent_host(self):
        snapshot = self.take("--silent", "--opts=" + V1 % (0, 4))
        snapshot.expect("aborted", [RESET, COMMIT, ABORTED, DONE])
        assert 3900 < snapshot.milliseconds("start to end") < 6000, snapshot.text()
        self.after("a silent host")

    def commit_refused(self):
        snapshot = self.take("--refuse=prov.snapshotCommit")
        assert snapshot.outcome() == "failed" and snapshot.events() == [RESET, COMMIT, DONE], snapshot.text()
        self.after("a refused commit")

    def keep_alive_refused(self):
        snapshot = self.take("--refuse=req.keepAlive", "--hold=20s")
        snapshot.expect("aborted", [RESET, COMMIT, ABORTED, DONE])
        assert snapshot.milliseconds("start to end") < 6000, snapshot.text()
        self.after("a refused keepAlive")

    def reset_refused(self):
        snapshot = self.take("--refuse=reset")
        snapshot.expect("aborted", [RESET, ABORTED, DONE])
        self.after("a refused reset")

    def abort_during_freeze(self):
        """The lower file system is frozen by another program: what lies in its files waits for it."""
        lower = self.mounts[NESTED.index("ext4")]
        subprocess.run(["fsfreeze", "-f", lower.path], check=True, timeout=30)
        try:
            snapshot = self.snapshot("--abort_after=1")
            time.sleep(4)
            early = snapshot.process.poll()
        finally:
            lower.thaw()
        snapshot.end()
        assert early is None, "ended before the thaw: %s" % snapshot.text()
        snapshot.expect("aborted", [RESET, ABORTED, DONE])
        assert snapshot.milliseconds("start to end") > 3500, snapshot.text()
        self.after("an abort during a freeze")

    def random_aborts(self):
        for _ in range(20):
            delay = random.uniform(0, 0.15)
            snapshot = self.take("--hold=1s", "--abort_after=%.3f" % delay)
            events = snapshot.events()
            assert events in ([RESET, ABORTED, DONE], [RESET, COMMIT, ABORTED, DONE]), snapshot.text()
            assert not snapshot.value("violation"), snapshot.text()
            self.writers.go_on()
            # The end was reported: this needs no wait.
            self.assert_thawed("an abort after %.3f s" % delay)
        self.after("aborts")

    def start_with_opts(self):
        self.take("--opts=" + V1 % (1, 0)).expect("good", [RESET, COMMIT, DONE])
        for opts, text in (
            (V2, "Incompatible quiesce parameter version"),
            ("0000000100000000", "Error initializing quiesce operation."),
            ((V1 % (1, 0))[:-8], "XDR deserialization failed."),
        ):
            snapshot = self.take("--opts=" + opts)
            snapshot.expect("refused", [])
            assert "ERROR " + text in snapshot.text(), snapshot.text()
        self.after("refused parameters")

    def idle_commands(self):
        for command in ("vmbackup.snapshotDone", "vmbackup.abort"):
            reply = self.reply(command)
            assert reply == "ERROR Error: no quiesce operation in progress", reply
        reply = self.reply("vmbackup.snapshotCompleted")
        assert reply == "ERROR Error: no quiesce complete in progress", reply

    def second_start(self):
        snapshot = self.snapshot("--hold=1s")
        snapshot.until("prov.snapshotCommit")
        reply = self.reply("vmbackup.start 1")
        assert reply == "ERROR Quiesce operation already in progress.", reply
        snapshot.end().expect("good", [RESET, COMMIT, DONE])

    def guest_operations(self):
        command = [self.vmxsim, "guest", "--control=" + self.control, "--user=alice",
                   "--password=" + self.password, "validate"]
        operate = lambda: subprocess.run(command, capture_output=True, text=True, timeout=60)
        before = operate()
        assert before.returncode == 0, before
        snapshot = self.snapshot("--hold=1.5s")
        snapshot.until("prov.snapshotCommit")
        frozen = operate()
        snapshot.end().expect("good", [RESET, COMMIT, DONE])
        assert frozen.returncode != 0 and re.search(r"\b5 \(", frozen.stderr + frozen.stdout), frozen
        after = operate()
        assert after.returncode == 0, after

    def _channel(self, fault):
        snapshot = self.snapshot("--hold=30s", "--timeout=40s")
        snapshot.until("prov.snapshotCommit")
        start = time.monotonic()
        assert self.host(*fault).returncode == 0
        self.writers.go_on(PATIENCE)
        print("figure  thawed %.0f ms after \"%s\"" % ((time.monotonic() - start) * 1000, " ".join(fault)))
        snapshot.end()
        assert snapshot.outcome() == "aborted", snapshot.text()
        assert snapshot.events() == [RESET, COMMIT, ABORTED, DONE], snapshot.text()
        self.after(" ".join(fault))

    def channel_closed(self):
        self._channel(("fault", "close"))

    def channel_reset(self):
        self._channel(("send", "reset"))

    def keep_alive_under_load(self):
        load = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(2 * os.cpu_count())]
        try:
            snapshot = self.snapshot("--hold=11s")
            snapshot.until("prov.snapshotCommit")
            end = time.monotonic() + 9
            while time.monotonic() < end:
                assert self.reply("ping") == "OK "
            snapshot.end()
        finally:
            for process in load:
                process.kill()
                process.wait()
        snapshot.expect("good", [RESET, COMMIT, DONE])
        gap = snapshot.milliseconds("largest gap between events")
        print("figure  largest gap between events under load: %.0f ms" % gap)
        assert gap <= 2600, snapshot.text()

    def sync_only(self):
        self.settings([])
        try:
            self.take().expect("failed", [RESET, ("req.error", 3, "Error when enabling the sync provider."), DONE])
            self.settings([], "sync_only: true")
            self.take().expect("good", [RESET, COMMIT, DONE])
        finally:
            self.settings()
        self.after("sync_only")

    def figures(self):
        try:
            for frozen in (SMALL[:1], SMALL[:3], SMALL):
                self.settings(frozen)
                for writing in (False, True):
                    self._figure(frozen, writing)
        finally:
            self.settings()

    def _figure(self, frozen, writing):
        writers = Writers([m for m in self.mounts if m.path.rsplit("/", 1)[1] in frozen]) if writing else None
        size = os.path.getsize(self.folder + "/log")
        try:
            snapshots = [self.take() for _ in range(5)]
            kernel = self._kernel()
        finally:
            if writers:
                writers.end()
        for snapshot in snapshots:
            snapshot.expect("good", [RESET, COMMIT, DONE])
        with open(self.folder + "/log") as log:
            log.seek(size)
            times = re.findall(r"snapshot: \d+ file systems were frozen for (\S+)", log.read())
        del times[len(snapshots):]
        commits = sorted(s.milliseconds("start to commit") for s in snapshots)
        print("figure  %2d file systems, %s: start to commit %s ms; frozen with no hold %s" % (
            len(frozen), "writers" if writing else "idle", " ".join("%.0f" % c for c in commits), " ".join(times)))
        print("figure  %2d file systems, %s: %s" % (len(frozen), "writers" if writing else "idle", kernel))
        # The kernel takes 45 ms for each, one after the other.
        assert len(frozen) > 3 or commits[len(commits) // 2] < 200, commits

    def _kernel(self):
        """What FIFREEZE and FITHAW took, by the freezer's clock, and how long it was frozen."""
        text = subprocess.run(
            [self.programs + "/lib/toolboxd/toolboxd", "toolboxctl", "snapshot", "test",
             "--snapshot_socket=%s/run/snapshotd.sock" % self.folder],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60).stdout
        rows = re.findall(r"ms +([0-9.]+) ms +([0-9.]+) ms *$", text, re.M)
        frozen = re.search(r"^frozen for (.*)", text, re.M)
        assert rows and frozen, text
        freeze, thaw = (sum(float(row[i]) for row in rows) for i in (0, 1))
        return "in the kernel %.1f ms to freeze and %.1f ms to thaw, frozen for %s" % (freeze, thaw, frozen.group(1))

    # --- ends and deaths

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
        counts, longest, hits = {}, 0, 0
        for number in range(self.rounds):
            victim = ("transportd", "snapshotd", "freezer", "twin", "both")[number % 5]
            # What is stopped is given up after 10 s.
            what = signal.SIGSTOP if number % 20 < 4 and victim != "both" else signal.SIGKILL
            outcome, took, hit = self._death(victim, what)
            counts[outcome] = counts.get(outcome, 0) + 1
            longest, hits = max(longest, took), hits + hit
        print("figure  %d rounds, %d of them with a process to end; outcomes %s; writers went on within %.1f s" % (
            self.rounds, hits, counts, longest))

    def _victims(self, victim):
        if victim in ("transportd", "snapshotd"):
            return [p for p in [self.pid(victim)] if p]
        freezers = self.freezers()
        return {"freezer": freezers[:1], "twin": freezers[1:], "both": freezers}[victim]

    def _death(self, victim, what):
        delay = random.uniform(0, 0.5)
        why = "%s %s after %.3f s" % (victim, what.name, delay)
        snapshot = self.snapshot("--hold=0.4s", "--patience=13s", "--timeout=45s")
        time.sleep(delay)
        victims = self._victims(victim)
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, what)
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


def main():
    case, folder, *arguments = sys.argv[1:]
    if " %s " % folder not in " ".join(l for l in open("/proc/self/mountinfo") if " toolboxd-snapshots " in l):
        raise SystemExit("dialogue_case.py: only tests/snapshots/dialogue starts it, in mounts of its own")
    test = Case(folder, *arguments)
    if case == "settings":
        return test.settings()
    test.writers = Writers(test.mounts[:len(NESTED)])
    try:
        getattr(test, case)()
    finally:
        # Of a case that failed: the next one begins with nothing frozen.
        test.reply("vmbackup.abort")
        frozen = [m.path for m in reversed(test.mounts) if m.thaw()]
        test.writers.end()
    assert not frozen, "left frozen: %s" % frozen


if __name__ == "__main__":
    main()
