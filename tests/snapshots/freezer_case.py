#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""One case of tests/snapshots/freezer, on the file systems that it has made.

freezer_case.py CASE FREEZER STATE ROUNDS MOUNT...   mounts in the order of the freeze, upper first

Nothing is frozen but what these mounts are of: all of them loop devices, in a mount namespace of the
test, and FREEZER is the variant that refuses every other device.
"""

import array
import contextlib
import errno
import fcntl
import mmap
import os
import random
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

import held_writes

FIFREEZE, FITHAW = 0xC0045877, 0xC0045878
MOUNT_TABLE, ADD, SYNC, FREEZE, HOLD, THAW = range(1, 7)
IGNORE_FROZEN, WITH_PREVIOUS = 1, 2
VERSION = 2
REQUEST = struct.Struct("=8I4096s")
# Where the states begin in the list's page, and two of the states.
PAGE_STATES, TRYING, FROZEN = 28, 1, 2
REPLY = struct.Struct("=IiIIQQ256I")
# LimitMEMLOCK= that a unit may have, in bytes.
MEMLOCK = 4 << 20
OTHER_USER = 65534
CAPABILITIES = "+sys_admin,+dac_read_search"
# Patience for what takes milliseconds: a busy machine makes it longer, only a fault fails by it.
PATIENCE = 10


class Mount:
    """A line of mountinfo."""

    def __init__(self, path):
        for line in open("/proc/self/mountinfo"):
            fields = line.split()
            if fields[4] == path:
                self.path, self.id = path, int(fields[0])
                self.major, self.minor = map(int, fields[2].split(":"))
                self.source = fields[fields.index("-") + 2]
        if not self.source.startswith("/dev/loop"):
            raise SystemExit("%s is not on a loop device" % path)
        self.fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        self.device = os.fstat(self.fd).st_dev

    def thaw(self):
        """Whether it was frozen."""
        try:
            fcntl.ioctl(self.fd, FITHAW, 0)
            return True
        except OSError as e:
            assert e.errno == errno.EINVAL, e
            return False


class Writers:
    """A process for each mount that writes and syncs, and counts in shared memory what it did."""

    def __init__(self, mounts):
        self.counts = mmap.mmap(-1, 4096)
        self.mounts = mounts
        self.processes = [self.start(i, m) for i, m in enumerate(mounts)]

    def start(self, index, mount):
        process = os.fork()
        if process:
            return process
        file = os.open("%s/written" % mount.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        count = 0
        while True:
            os.pwrite(file, b"x" * 4096, count % 64 * 4096)
            os.fsync(file)
            count += 1
            struct.pack_into("=Q", self.counts, 8 * index, count)
            time.sleep(0.001)

    def now(self):
        return struct.unpack_from("=%dQ" % len(self.mounts), self.counts)

    def go_on(self, patience=PATIENCE):
        """Waits until each has written twice; how long that took."""
        start, before = time.monotonic(), self.now()
        # A write that was under way counts for nothing: two more begin and end.
        while not all(n >= b + 2 for n, b in zip(self.now(), before)):
            if time.monotonic() - start > patience:
                stuck = [m.path for m, n, b in zip(self.mounts, self.now(), before) if n < b + 2]
                raise AssertionError("no write within %.1f s on %s" % (patience, stuck))
            time.sleep(0.002)
        return time.monotonic() - start

    def stand_still(self, seconds):
        time.sleep(0.05)
        before = self.now()
        time.sleep(seconds)
        return self.now() == before

    def end(self):
        for process in self.processes:
            os.kill(process, signal.SIGKILL)
        for process in self.processes:
            os.waitpid(process, 0)


def send_signal(process, number):
    """To a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)


def child(process, name):
    try:
        for number in open("/proc/%d/task/%d/children" % (process, process)).read().split():
            if open("/proc/%s/comm" % number).read() == name + "\n":
                return int(number)
    except (OSError, TypeError):
        pass
    return None


def child_numbers(process):
    return [int(n) for n in open("/proc/%d/task/%d/children" % (process, process)).read().split()]


class Freezer:
    """A freezer as systemd starts it, and its connection."""

    def __init__(self, arguments, caller=0):
        # The kernel remembers who made the pair.
        os.seteuid(caller)
        self.socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        os.seteuid(0)
        self.main = os.fork()
        if self.main == 0:
            # Nice= of the unit.
            os.nice(-20)
            os.dup2(other.fileno(), 3)
            os.set_inheritable(3, True)
            os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (MEMLOCK, MEMLOCK))
            os.execv(arguments[0], arguments)
        other.close()
        self.status = None

    def send(self, operation, flags=0, freeze_ms=0, hold_ms=0, mount=None):
        id, major, minor, path = (mount.id, mount.major, mount.minor, mount.path) if mount else (0, 0, 0, "")
        self.socket.send(REQUEST.pack(VERSION, operation, flags, freeze_ms, hold_ms, id, major, minor, path.encode()))

    def receive(self):
        if not select.select([self.socket], [], [], 30)[0]:
            raise AssertionError("no reply within 30 s")
        data = self.socket.recv(65536)
        return Reply(data) if data else None

    def ask(self, *arguments, **named):
        self.send(*arguments, **named)
        reply = self.receive()
        assert reply, "the connection has ended"
        return reply

    def add(self, mounts, flags=0):
        for mount in mounts:
            reply = self.ask(ADD, flags=flags, mount=mount)
            assert reply.error == 0, (mount.path, reply)

    def add_in_groups(self, mounts):
        """inner, xfs, ext4 and btrfs, of which the first and the last do not need each other."""
        inner, xfs, ext4, btrfs = mounts
        self.add([inner])
        self.add([btrfs], WITH_PREVIOUS)
        self.add([xfs, ext4])

    def twin(self):
        return child(self.main, "freezer-twin")

    def helper(self):
        return child(self.twin(), "freezer-helper")

    def releaser(self):
        return child(self.main, "freezer-release")

    def reap(self):
        if self.status is None:
            self.status = os.waitpid(self.main, 0)[1]

    def wait(self):
        """Leaves, and returns its exit status."""
        self.socket.close()
        self.reap()
        return self.status


class Reply:
    def __init__(self, data):
        self.version, self.error, self.failed, self.count, self.frozen_us, self.frozen_at_us, *self.micros = (
            REPLY.unpack(data))

    def __repr__(self):
        return "error %d (%s), failed %d, %s" % (
            self.error, os.strerror(self.error), self.failed, self.micros[: self.count])


class Case:
    def __init__(self, program, state, rounds, mounts):
        self.mounts = [Mount(m) for m in mounts]
        devices = ",".join("%d:%d" % (os.major(m.device), os.minor(m.device)) for m in self.mounts)
        self.command = [program, "--only=" + devices, "--state=" + state]
        self.program, self.state, self.rounds = program, state, rounds
        self.writers = None

    def start(self):
        return Freezer(self.command)

    def thaw_list(self):
        subprocess.run([*self.command, "--thaw"], check=True, timeout=60)

    def assert_thawed(self, why):
        frozen = [m.path for m in self.mounts if m.thaw()]
        assert not frozen, "%s: still frozen: %s" % (why, frozen)

    # --- the exchange

    def freezes_and_thaws(self):
        """Freezes all, sees that the writers stand still, thaws, sees them go on."""
        freezer = self.start()
        freezer.add(self.mounts)
        self.writers.go_on()
        synced = freezer.ask(SYNC)
        assert synced.error == 0, synced
        frozen = freezer.ask(FREEZE, freeze_ms=10000, hold_ms=10000)
        assert frozen.error == 0, frozen
        try:
            assert self.writers.stand_still(0.3), "a writer went on"
            assert freezer.ask(HOLD, hold_ms=10000).error == 0
        finally:
            thawed = freezer.ask(THAW)
        assert thawed.error == 0, thawed
        self.writers.go_on()
        self.assert_thawed("after kThaw")
        count = frozen.count
        print("figure  syncfs, FIFREEZE, FITHAW of %d in us: %s, %s, %s; frozen %d" % (
            count, synced.micros[:count], frozen.micros[:count], thawed.micros[:count], thawed.frozen_us))
        assert 300_000 < thawed.frozen_us
        assert freezer.wait() == 0
        # Closed without a word, the list is empty.
        page = open(self.state, "rb").read()
        assert len(page) == 4096 and struct.unpack_from("=I", page, 8)[0] == 0

    def a_group_freezes_at_once(self):
        """A write to the first one that does not end holds up its FIFREEZE only: the second one freezes meanwhile."""
        holder = held_writes.Splice(self.mounts[0].path)
        try:
            freezer = self.start()
            freezer.add(self.mounts, WITH_PREVIOUS)
            freezer.send(FREEZE, freeze_ms=10000, hold_ms=10000)
            stands_still = lambda: self.state_of(0) == TRYING and self.state_of(1) == FROZEN
            held_writes.wait_for(stands_still, "not frozen while the other one was held up")
            threads = len(os.listdir("/proc/%d/task" % freezer.main))
            # After 2 s the write is interrupted.
            assert freezer.receive().error == 0
            assert self.writers.stand_still(0.2), "a writer went on"
            assert len(os.listdir("/proc/%d/task" % freezer.main)) == 1
            assert freezer.ask(THAW).error == 0
            assert freezer.wait() == 0
            holder.feed()
        finally:
            holder.end()
        self.writers.go_on()
        self.assert_thawed("after a group")
        print("figure  threads in a freeze of %d: %d" % (len(self.mounts), threads))
        assert threads == len(self.mounts), threads

    def state_of(self, index):
        """Of the page that the freezer's processes share (freezer/targets.h)."""
        return struct.unpack_from("=I", open(self.state, "rb").read(), PAGE_STATES + 4 * index)[0]

    def refuses_what_cannot_be_frozen(self):
        freezer = self.start()
        first = self.mounts[0]

        class Other:
            path, id, major, minor = first.path, first.id + 1, first.major, first.minor

        assert freezer.ask(ADD, mount=Other).error == errno.EXDEV
        Other.id, Other.minor = first.id, first.minor + 1
        assert freezer.ask(ADD, mount=Other).error == errno.EXDEV
        # A tmpfs; a link; a folder that is not there.
        folder = os.path.dirname(self.state)
        link = folder + "/link"
        with contextlib.suppress(FileExistsError):
            os.symlink(first.path, link)
        Other.minor = first.minor
        for path, error in ((link, errno.ELOOP), (folder + "/none", errno.ENOENT)):
            Other.path = path
            assert freezer.ask(ADD, mount=Other).error == error, path
        for line in open("/proc/self/mountinfo"):
            fields = line.split()
            if fields[4] == os.path.dirname(folder):
                Other.path, Other.id = fields[4], int(fields[0])
        assert freezer.ask(ADD, mount=Other).error == errno.ENOTSUP
        assert freezer.ask(FREEZE, freeze_ms=100, hold_ms=100).error == errno.EINVAL
        assert freezer.wait() == 0

    def sends_the_mount_table(self):
        freezer = self.start()
        freezer.send(MOUNT_TABLE)
        data, control, _, _ = freezer.socket.recvmsg(REPLY.size, socket.CMSG_SPACE(4))
        assert Reply(data).error == 0
        fds = array.array("i", control[0][2])
        text = os.fdopen(fds[0]).read()
        assert text == open("/proc/self/mountinfo").read()
        assert freezer.wait() == 0

    def a_second_freezer_is_refused(self):
        freezer, second = self.start(), self.start()
        freezer.add(self.mounts)
        assert second.ask(ADD, mount=self.mounts[0]).error == errno.EBUSY
        assert freezer.ask(FREEZE, freeze_ms=10000, hold_ms=10000).error == 0
        # Not even --thaw interferes, and a start does not.
        with subprocess.Popen([*self.command, "--thaw"]) as thaw:
            assert self.start().wait() == 0
            assert thaw.poll() is None
            assert freezer.ask(THAW).error == 0
            assert freezer.wait() == 0
            assert thaw.wait() == 0
        second.add(self.mounts)
        assert second.wait() == 0

    def what_others_froze_stays_frozen(self):
        other = self.mounts[-1]
        for flags, error in ((0, errno.EBUSY), (IGNORE_FROZEN, 0)):
            fcntl.ioctl(other.fd, FIFREEZE, 0)
            try:
                freezer = self.start()
                freezer.add(self.mounts)
                reply = freezer.ask(FREEZE, flags=flags, freeze_ms=10000, hold_ms=10000)
                assert reply.error == error, reply
                if error:
                    assert reply.failed == len(self.mounts) - 1
                assert freezer.ask(THAW).error == 0
                assert freezer.wait() == 0
            finally:
                assert other.thaw(), "it was thawed"
            self.assert_thawed("flags %d" % flags)

    def other_devices_are_refused(self):
        """The test's own guard: without the device on its list nothing is frozen."""
        assert subprocess.run([self.program, "--state=" + self.state], stderr=subprocess.DEVNULL).returncode == 2
        first = self.mounts[0]
        freezer = Freezer([self.program, "--only=0:0", "--state=" + self.state])
        freezer.add(self.mounts)
        reply = freezer.ask(FREEZE, freeze_ms=1000, hold_ms=1000)
        assert (reply.error, reply.failed) == (errno.EPERM, 0), reply
        assert freezer.wait() == 0
        assert not first.thaw()

    def two_capabilities_are_enough(self):
        folder = os.path.dirname(self.state) + "/other"
        os.mkdir(folder)
        os.chown(folder, OTHER_USER, OTHER_USER)
        as_other_user = [
            "/usr/bin/setpriv", "--reuid=%d" % OTHER_USER, "--regid=%d" % OTHER_USER, "--clear-groups",
            "--bounding-set=-all," + CAPABILITIES, "--inh-caps=-all," + CAPABILITIES,
            "--ambient-caps=-all," + CAPABILITIES,
        ]
        freezer = Freezer([*as_other_user, *self.command, "--state=%s/frozen" % folder])
        freezer.add(self.mounts)
        assert freezer.ask(SYNC).error == 0
        reply = freezer.ask(FREEZE, freeze_ms=10000, hold_ms=10000)
        assert reply.error == 0, reply
        assert self.writers.stand_still(0.2)
        # The twin has them too.
        os.kill(freezer.main, signal.SIGKILL)
        self.writers.go_on()
        freezer.wait()

    def only_allowed_callers_are_heard(self):
        assert Freezer(self.command, caller=OTHER_USER).wait() == 256
        freezer = Freezer([*self.command, "--allow=%d" % OTHER_USER], caller=OTHER_USER)
        freezer.add(self.mounts)
        assert freezer.wait() == 0

    def has_little_memory(self):
        freezer = self.start()
        freezer.add(self.mounts)
        assert freezer.ask(FREEZE, freeze_ms=10000, hold_ms=10000).error == 0
        private = pss = 0
        for process in (freezer.main, freezer.twin(), freezer.helper(), freezer.releaser()):
            for line in open("/proc/%d/smaps_rollup" % process):
                name, *rest = line.split()
                private += int(rest[0]) if name.startswith("Private") else 0
                pss += int(rest[0]) if name == "Pss:" else 0
        assert freezer.ask(THAW).error == 0
        assert freezer.wait() == 0
        print("figure  all processes while frozen: private %d kB, Pss %d kB" % (private, pss))
        assert private < 1024, private

    # --- ends

    def thaws_after_silence(self):
        freezer = self.start()
        freezer.add(self.mounts)
        assert freezer.ask(FREEZE, freeze_ms=10000, hold_ms=300).error == 0
        took = self.writers.go_on()
        assert freezer.ask(HOLD, hold_ms=300).error == errno.ETIMEDOUT
        assert freezer.ask(THAW).error == errno.ETIMEDOUT
        print("figure  writers went on %.0f ms after a freeze with hold_ms 300" % (took * 1000))
        assert freezer.ask(FREEZE, freeze_ms=100, hold_ms=100).error == errno.EALREADY
        assert freezer.wait() == 0
        self.assert_thawed("after silence")

    def ends_thawed_after_a_half_close(self):
        """As snapshotd cancels: the end of the connection means that everything is thawed."""
        usual = self._freeze_time()
        longest = 0
        for _ in range(self.rounds):
            freezer = self.start()
            freezer.add_in_groups(self.mounts)
            freezer.send(FREEZE, freeze_ms=10000, hold_ms=10000)
            time.sleep(random.uniform(0, 2 * usual))
            start = time.monotonic()
            freezer.socket.shutdown(socket.SHUT_WR)
            while freezer.receive():
                pass
            longest = max(longest, time.monotonic() - start)
            self.assert_thawed("at the end of the connection")
            assert freezer.wait() == 0
        self.writers.go_on()
        print("figure  half-closed: %d rounds in a freeze of %.0f ms, the end came within %.0f ms" % (
            self.rounds, usual * 1000, longest * 1000))

    def a_freeze_that_hangs_is_ended(self):
        """In the wrong order FIFREEZE of the upper one waits for the lower one, which is frozen."""
        freezer = self.start()
        freezer.add(self.mounts[::-1])
        start = time.monotonic()
        reply = freezer.ask(FREEZE, freeze_ms=500, hold_ms=10000)
        took = time.monotonic() - start
        assert reply.error == errno.ETIMEDOUT, reply
        self.assert_thawed("after a freeze that hung")
        self.writers.go_on()
        assert freezer.ask(THAW).error == 0
        assert freezer.wait() == 0
        print("figure  a freeze that hangs ends after %.0f ms with freeze_ms 500" % (took * 1000))
        assert took >= 0.5

    def _held(self, holder, **limits):
        """Freezes while a write of the holder goes on; the reply and how long it took."""
        freezer = self.start()
        freezer.add(self.mounts)
        start = time.monotonic()
        freezer.send(FREEZE, **limits)
        # Whatever becomes of it, this test ends.
        end = threading.Timer(20, holder.release)
        end.start()
        reply = freezer.receive()
        end.cancel()
        return freezer, reply, time.monotonic() - start

    def _splice_is_interrupted(self, in_thread):
        holder = held_writes.Splice(self.mounts[0].path, in_thread)
        try:
            freezer, reply, took = self._held(holder, freeze_ms=30000, hold_ms=10000)
            assert reply.error == 0, reply
            assert self.writers.stand_still(0.2)
            assert freezer.ask(THAW).error == 0
            assert freezer.wait() == 0
            holder.feed()
        finally:
            holder.end()
        self.writers.go_on()
        print("figure  a freeze behind a splice that does not end took %.1f s" % took)
        assert 1.9 < took < 8, took

    def splice_is_interrupted(self):
        self._splice_is_interrupted(False)

    def splice_of_a_thread_is_interrupted(self):
        self._splice_is_interrupted(True)

    def stopped_processes_stay_stopped(self):
        stopped = os.fork()
        if stopped == 0:
            while True:
                signal.pause()
        os.kill(stopped, signal.SIGSTOP)
        os.waitpid(stopped, os.WUNTRACED)
        self.splice_is_interrupted()
        assert " (stopped)" in open("/proc/%d/status" % stopped).read()
        os.kill(stopped, signal.SIGKILL)
        os.waitpid(stopped, 0)

    def parents_see_no_stop(self):
        """One whose child is stopped may stop itself, as su does."""
        parent = os.fork()
        if parent == 0:
            if os.fork() == 0:
                time.sleep(20)
                os._exit(0)
            os._exit(1 if os.WIFSTOPPED(os.waitpid(-1, os.WUNTRACED)[1]) else 0)
        self.splice_is_interrupted()
        children = child_numbers(parent)
        ended = os.waitpid(parent, os.WNOHANG)[0]
        for process in children + [parent] * (not ended):
            os.kill(process, signal.SIGKILL)
        assert not ended, "it saw its child stop"
        os.waitpid(parent, 0)

    def fuse_is_aborted(self):
        holder = held_writes.Fuse(self.mounts[0].path, os.path.dirname(os.path.dirname(self.state)) + "/fuse")
        self.command.insert(2, "--only_fuse=%d" % holder.connection)
        try:
            freezer, reply, took = self._held(holder, freeze_ms=30000, hold_ms=10000)
            assert reply.error == 0, reply
            assert freezer.ask(THAW).error == 0
            assert freezer.wait() == 0
            assert holder.failed()
        finally:
            holder.end()
        self.writers.go_on()
        print("figure  a freeze behind a write from memory of FUSE took %.1f s" % took)
        assert 9 < took < 18, took

    def core_dump_is_ended(self):
        """Where core_pattern is a program, its file is not a write of the one that dumps, and holds nothing."""
        holder = held_writes.CoreDump(
            self.mounts[0].path, os.path.dirname(os.path.dirname(self.state)) + "/fuse")
        try:
            freezer, reply, took = self._held(holder, freeze_ms=30000, hold_ms=10000)
            assert reply.error == 0, reply
            assert self.writers.stand_still(0.2), "a writer went on"
            assert freezer.ask(THAW).error == 0
            assert freezer.wait() == 0
            is_file = not open("/proc/sys/kernel/core_pattern").read().startswith("|")
            assert not is_file or holder.ended()
        finally:
            holder.end()
        self.writers.go_on()
        print("figure  a freeze behind a core dump took %.1f s" % took)
        assert took < 18 and (took > 9 or not is_file), took

    def a_held_write_is_given_up_after_freeze_ms(self):
        """What cannot be released holds up its own file system only, and that one is thawed when it can be."""
        self._given_up(held_writes.Fuse(
            self.mounts[-1].path, os.path.dirname(os.path.dirname(self.state)) + "/fuse"))

    def userfault_is_given_up_after_freeze_ms(self):
        self._given_up(held_writes.Userfault(self.mounts[-1].path))

    def _given_up(self, holder):
        try:
            freezer = self.start()
            freezer.add(self.mounts)
            freezer.send(FREEZE, freeze_ms=1000, hold_ms=10000)
            time.sleep(0.5)
            before = self.writers.now()
            held_writes.wait_for(lambda: all(n > b for n, b in list(zip(self.writers.now(), before))[:-1]), "not thawed")
            holder.release()
            reply = freezer.receive()
            assert reply.error == errno.ETIMEDOUT, reply
            assert freezer.wait() == 0
        finally:
            holder.end()
        self.assert_thawed("after a freeze that was given up")
        self.writers.go_on()

    def thaw_asks_no_fuse(self):
        """A user has mounted FUSE above a mount point since it was frozen."""
        freezer = self.start()
        freezer.add(self.mounts)
        assert freezer.ask(FREEZE, freeze_ms=10000, hold_ms=10000).error == 0
        for process in (freezer.twin(), freezer.main):
            os.kill(process, signal.SIGKILL)
        freezer.reap()
        self._wait_for_lock()
        fuse = held_writes.SilentFuse(os.path.dirname(self.mounts[0].path))
        try:
            thaw = subprocess.run([*self.command, "--thaw"], timeout=15, stderr=subprocess.DEVNULL)
            assert thaw.returncode == 1, thaw
        finally:
            fuse.end()
        self.thaw_list()
        self.writers.go_on()
        self.assert_thawed("by the list, without FUSE")

    def releaser_killed(self):
        """Without it a freeze is as before it was there."""
        freezer = self.start()
        freezer.add(self.mounts)
        os.kill(freezer.releaser(), signal.SIGKILL)
        assert freezer.ask(FREEZE, freeze_ms=10000, hold_ms=10000).error == 0
        assert freezer.ask(THAW).error == 0
        assert freezer.wait() == 0
        self.writers.go_on()

    def the_twin_needs_no_helper(self):
        freezer = self.start()
        freezer.add(self.mounts)
        assert freezer.ask(FREEZE, freeze_ms=10000, hold_ms=500).error == 0
        os.kill(freezer.helper(), signal.SIGKILL)
        os.kill(freezer.main, signal.SIGSTOP)
        took = self.writers.go_on()
        self.assert_thawed("without a helper")
        os.kill(freezer.main, signal.SIGCONT)
        assert freezer.ask(THAW).error == errno.ETIMEDOUT
        assert freezer.wait() == 0
        assert took >= 0.3, took

    def _death(self, victim, what, delay):
        """One round: the freeze begins, and after `delay` the victim gets the signal."""
        freezer = self.start()
        if victim == "both" and what == signal.SIGKILL:
            # Without btrfs, which becomes read-only if SIGKILL ends its thaw (docs/reliability.md 3).
            freezer.add(self.mounts[:3])
        else:
            freezer.add_in_groups(self.mounts)
        freezer.send(FREEZE, freeze_ms=400, hold_ms=400)
        time.sleep(delay)
        twin = freezer.twin()
        if victim == "peer":
            freezer.socket.close()
        for name, process in (("main", freezer.main), ("twin", twin)):
            if victim in (name, "both") and process:
                send_signal(process, what)
        if victim == "both":
            if what == signal.SIGKILL:
                freezer.reap()
                self.thaw_list()
            else:
                # As systemd: what is stopped is continued when it must end.
                for process in filter(None, (freezer.main, twin)):
                    for number in (signal.SIGTERM, signal.SIGCONT):
                        send_signal(process, number)
        took = self.writers.go_on()
        if what == signal.SIGSTOP and victim != "both":
            # The deadlines have passed when it goes on.
            time.sleep(max(0, 0.9 - took))
            self.assert_thawed("%s stopped" % victim)
            for process in filter(None, (freezer.main, twin)):
                send_signal(process, signal.SIGCONT)
        freezer.wait()
        self._wait_for_lock()
        self.assert_thawed("%s %s after %.0f ms" % (victim, signal.Signals(what).name, delay * 1000))
        self.writers.go_on()
        return took

    def _wait_for_lock(self):
        """Until no process has the list."""
        with open(self.state) as file:
            fcntl.flock(file, fcntl.LOCK_EX)

    def _freeze_time(self):
        """How long a freeze takes now, in seconds."""
        freezer = self.start()
        freezer.add_in_groups(self.mounts)
        start = time.monotonic()
        assert freezer.ask(FREEZE, freeze_ms=10000, hold_ms=10000).error == 0
        took = time.monotonic() - start
        assert freezer.ask(THAW).error == 0
        freezer.wait()
        return took

    def _deaths(self, victim, what):
        usual = self._freeze_time()
        longest = 0
        for i in range(self.rounds):
            # In the freeze, at its end, and while all is frozen.
            longest = max(longest, self._death(victim, what, random.uniform(0, 2 * usual)))
        print("figure  %s %s: %d rounds in a freeze of %.0f ms, writers went on within %.0f ms" % (
            victim, signal.Signals(what).name, self.rounds, usual * 1000, longest * 1000))
        # Deadlines of 400 ms each, and FIFREEZE itself, which nothing ends.
        assert longest < 0.8 + 2 * usual + 2, longest


for _victim in ("main", "twin", "both"):
    for _name, _what in (("killed", signal.SIGKILL), ("stopped", signal.SIGSTOP), ("terminated", signal.SIGTERM)):
        setattr(Case, "%s_%s" % (_victim, _name), lambda self, v=_victim, w=_what: self._deaths(v, w))
# The last argument has no meaning there.
Case.peer_gone = lambda self: self._deaths("peer", signal.SIGKILL)


def main():
    case, program, state, rounds, *mounts = sys.argv[1:]
    folder = os.path.dirname(os.path.dirname(state))
    if " %s " % folder not in " ".join(l for l in open("/proc/self/mountinfo") if " toolboxd-snapshots " in l):
        raise SystemExit("freezer_case.py: only tests/snapshots/freezer starts it, in mounts of its own")
    if any(not m.startswith(folder + "/") for m in mounts):
        raise SystemExit("freezer_case.py: freezes only below %s" % folder)
    test = Case(program, state, int(rounds), mounts)
    test.writers = Writers(test.mounts)
    try:
        getattr(test, case)()
    finally:
        frozen = [m.path for m in reversed(test.mounts) if m.thaw()]
        test.writers.end()
    assert not frozen, "left frozen: %s" % frozen


if __name__ == "__main__":
    main()
