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
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from death_cases import DeathCases
from freezer_case import Mount, Writers
from held_writes import SilentFuse, wait_for
from script_cases import ScriptCases, Scripts
from snapshot_host import ABORTED, COMMIT, DONE, NESTED, PATIENCE, RESET, Snapshot

# What else shows those file systems, and one that is read-only.
BESIDE = ["bind", "sub", "readonly", "vfat"]
SMALL = ["small%d" % i for i in range(1, 21)]
SETTINGS = "/etc/toolboxd/snapshot.textproto"
LINE = re.compile(r"file systems were frozen for (\S+) for a snapshot "
                  r"\(the freeze took (\S+), the host had the commit (\S+) later\)")
KERNEL = re.compile(r"snapshot: \d+ file systems were frozen for \S+, (\S+) of FIFREEZE")
# Version 1: manifest, applications, file systems, writable, scripts, argument, limit, disks.
V1 = "0000000100000001%08x0000000000000001000000000000000000000000%08x00000000"
V2 = "00000002" + "00000001" + "00000000" * 8 + "0000000000000005" + "00000001" + "00000000"


class Place:
    """A folder for a writer."""

    def __init__(self, path):
        self.path = path


def milliseconds(duration):
    """Of absl::FormatDuration."""
    units = {"h": 3.6e6, "m": 6e4, "s": 1e3, "ms": 1, "us": 1e-3, "ns": 1e-6}
    return sum(float(n) * units[u] for n, u in re.findall(r"([0-9.]+)([a-z]+)", duration))


class Case(ScriptCases, DeathCases):
    def __init__(self, folder, programs, password, rounds=0):
        self.folder, self.programs, self.password = folder, programs, password
        self.vmxsim = programs + "/test/vmxsim"
        self.control = folder + "/vmx.sock"
        self.rounds = int(rounds)
        self.mounts = [Mount("%s/fs/%s" % (folder, n)) for n in NESTED + SMALL]
        self.writers = None
        self.scripts = Scripts(folder)

    # --- what cases use

    def settings(self, frozen=NESTED, more="", scripts=False):
        """Every block file system of the table but `frozen` is excluded, those of the machine first."""
        # The freezer's deadline, where a process is stopped in the freeze, and that of a stopped script.
        lines = ["run_scripts: %s" % str(scripts).lower(), "freeze_time_limit: 5", "script_time_limit: 5", more]
        permitted = ["%s/fs/%s" % (self.folder, n) for n in frozen + (BESIDE if frozen == NESTED else [])]
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

    def toolboxctl(self, *arguments):
        # The sockets are where they are by default.
        return subprocess.run([self.programs + "/lib/toolboxd/toolboxd", "toolboxctl", "snapshot", *arguments],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60).stdout

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

    def every_kind_of_mount(self):
        fuse = SilentFuse(self.folder + "/fs/fuse")
        os.makedirs(self.folder + "/fs/memory", exist_ok=True)
        stand = [Place("%s/fs/%s" % (self.folder, n)) for n in ("overlay", "bind", "sub")]
        # What is in memory, and vfat, which cannot be frozen.
        go_on = [Place("%s/fs/%s" % (self.folder, n)) for n in ("memory", "vfat")
                 if n == "memory" or os.path.ismount(self.folder + "/fs/vfat")]
        standing, going = Writers(stand), Writers(go_on)
        try:
            plan = self.toolboxctl("plan")
            skipped = {"overlay": "its files lie on other file systems", "fuse": "served by a program",
                       "readonly": "read-only"}
            for name, reason in skipped.items():
                assert re.search(r"/fs/%s .*%s" % (name, reason), plan), plan
            steps = re.findall(r"^(\d+) +%s/fs/(\S+)" % self.folder, plan, re.M)
            assert sorted(n for _, n in steps) == sorted(NESTED), plan
            assert {n: int(s) for s, n in steps} == {"inner": 1, "btrfs": 1, "xfs": 2, "ext4": 3}, plan
            snapshot = self.snapshot("--hold=1s")
            snapshot.until("prov.snapshotCommit")
            before = going.now()
            assert standing.stand_still(0.3) and self.writers.stand_still(0.3), "a writer went on"
            assert all(n > b for n, b in zip(going.now(), before)), "what cannot be frozen stood still"
            snapshot.end().expect("good", [RESET, COMMIT, DONE])
            standing.go_on(PATIENCE)
        finally:
            standing.end()
            going.end()
            fuse.end()
        self.after("every kind of mount")
        print("figure  mounts that stood still: %s; that went on: %s" % (
            " ".join(NESTED + [m.path.rsplit("/", 1)[1] for m in stand]),
            " ".join(m.path.rsplit("/", 1)[1] for m in go_on)))

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

    def validate(self):
        """A guest operation."""
        command = [self.vmxsim, "guest", "--control=" + self.control, "--user=alice",
                   "--password=" + self.password, "validate"]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    def log_in(self):
        """The first login may take longer than the host waits, on a busy machine."""
        wait_for(lambda: self.validate().returncode == 0, "no login")

    @staticmethod
    def is_busy(operation):
        return operation.returncode != 0 and re.search(r"\b5 \(", operation.stderr + operation.stdout)

    def guest_operations(self):
        self.log_in()
        snapshot = self.snapshot("--hold=1.5s")
        snapshot.until("prov.snapshotCommit")
        during = self.validate()
        snapshot.end().expect("good", [RESET, COMMIT, DONE])
        assert self.is_busy(during), during
        after = self.validate()
        assert after.returncode == 0, after

    def trial(self):
        """As the host's: guest operations answer 5."""
        self.log_in()
        with ThreadPoolExecutor() as pool:
            trial = pool.submit(self.toolboxctl, "test", "--hold=2s")
            wait_for(lambda: self.writers.stand_still(0.3), "nothing stood still")
            during = self.validate()
            text = trial.result()
        assert re.search(r"^frozen for 2[0-9]{3}\.", text, re.M), text
        assert self.is_busy(during), during
        after = self.validate()
        assert after.returncode == 0, after
        self.after("a trial")

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
        """Of five snapshots with no hold; times in ms, the median is judged."""
        writers = Writers([m for m in self.mounts if m.path.rsplit("/", 1)[1] in frozen]) if writing else None
        size = os.path.getsize(self.folder + "/log")
        try:
            snapshots = [self.take() for _ in range(5)]
            table = self._kernel()
        finally:
            if writers:
                writers.end()
        for snapshot in snapshots:
            snapshot.expect("good", [RESET, COMMIT, DONE])
        with open(self.folder + "/log") as log:
            log.seek(size)
            text = log.read()
        lines = [[milliseconds(d) for d in line] for line in LINE.findall(text)]
        kernel = [milliseconds(d) for d in KERNEL.findall(text)][:len(lines)]
        assert len(lines) == len(kernel) == len(snapshots), text
        commits = [s.milliseconds("start to commit") for s in snapshots]
        frozen_for, freeze, late = map(list, zip(*lines))
        state = "%2d file systems, %s" % (len(frozen), "writers" if writing else "idle")
        for name, times in (("start to commit", commits), ("frozen with no hold", frozen_for),
                            ("first to last FIFREEZE", freeze), ("FIFREEZE together", kernel),
                            ("last FIFREEZE to commit", late)):
            print("figure  %s: %s %s ms" % (state, name, " ".join("%.1f" % t for t in times)))
        print("figure  %s: %s" % (state, table))
        median = lambda times: sorted(times)[len(times) // 2]
        assert median(late) < 10, late
        # At the same time they take less than one after the other.
        own = [f + l - k for f, l, k in zip(freeze, late, kernel)]
        assert median(own) < 10, own
        assert median(commits) < 200, commits

    def _kernel(self):
        """What FIFREEZE and FITHAW took, by the freezer's clock, and how long it was frozen."""
        text = self.toolboxctl("test")
        rows = re.findall(r"ms +([0-9.]+) ms +([0-9.]+) ms *$", text, re.M)
        frozen = re.search(r"^frozen for (.*)", text, re.M)
        assert rows and frozen, text
        freeze, thaw = (sum(float(row[i]) for row in rows) for i in (0, 1))
        return "in the kernel %.1f ms to freeze and %.1f ms to thaw, frozen for %s" % (freeze, thaw, frozen.group(1))

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
        # A case that failed may have left something frozen; the next one must begin with nothing frozen.
        test.reply("vmbackup.abort")
        frozen = [m.path for m in reversed(test.mounts) if m.thaw()]
        test.writers.end()
    assert not frozen, "left frozen: %s" % frozen


if __name__ == "__main__":
    main()
