# SPDX-License-Identifier: Apache-2.0
"""The faults of tests/faults/run. `strike` makes one, `repair` takes it back; both may come after the victim's end.

Each acts on a process of the guest, or on what the test itself has mounted, opened and written: never on the machine.
"""

import contextlib
import os
import re
import resource
import signal
import socket
import subprocess
import time

from guest import read, send_signal, wait_until

CGROUPS = "/sys/fs/cgroup"


class Fault:
    # After it is gone, the next operation succeeds within this, in seconds.
    bound = 10
    # What the host waits for an answer meanwhile.
    patience = 3
    # How long it holds while the operation goes on; the operation's end ends it as well.
    hold = 0.0
    # Whether the operation ends without waiting for the end of the fault.
    is_ignored = False
    # Whether it comes before the operation begins, not in its middle.
    is_first = False
    # Whether the operation goes on without its victim, which has been held until then.
    keeps_stopped = False

    def __init__(self, guest):
        self.guest = guest

    def strike(self, pid):
        raise NotImplementedError

    def repair(self):
        pass


class Kill(Fault):
    name = "kill -9"
    keeps_stopped = True

    def strike(self, pid):
        send_signal(pid, signal.SIGKILL)


class Stop(Fault):
    """Longer than what waits for a service. Where it keeps the host waiting, its user has a tenth of the time."""

    name = "stopped for 12 s"
    hold = 12.0
    bound = 50
    patience = 10
    keeps_stopped = True

    def strike(self, pid):
        self.pid = pid
        send_signal(pid, signal.SIGSTOP)

    def repair(self):
        send_signal(self.pid, signal.SIGCONT)


class Pause(Stop):
    name = "stopped for 2 s"
    hold = 2.0


class Group(Fault):
    """A control group of the test's own, of version 1."""

    controller = ""
    hold = 3.0

    def strike(self, pid):
        self.path = "%s/%s/toolboxd-faults-%d" % (CGROUPS, self.controller, os.getpid())
        self.home = "%s/%s%s" % (CGROUPS, self.controller, self._group_of(pid))
        with contextlib.suppress(FileExistsError):
            os.mkdir(self.path)
        self.limit()
        self._move(pid, self.path)

    def _group_of(self, pid):
        for line in read("/proc/%d/cgroup" % pid).splitlines():
            _, controllers, path = line.split(":", 2)
            if self.controller in controllers.split(","):
                return path
        return "/"

    @staticmethod
    def _move(pid, group):
        with contextlib.suppress(OSError), open(group + "/cgroup.procs", "w") as file:
            file.write(str(pid))

    def write(self, name, value):
        with open(self.path + "/" + name, "w") as file:
            file.write(str(value))

    def limit(self):
        raise NotImplementedError

    def repair(self):
        end = time.monotonic() + 5
        while time.monotonic() < end:
            for pid in read(self.path + "/cgroup.procs").split():
                self._move(pid, self.home)
            with contextlib.suppress(OSError):
                os.rmdir(self.path)
                return
            time.sleep(0.01)

    @classmethod
    def is_possible(cls):
        return os.access("%s/%s/cgroup.procs" % (CGROUPS, cls.controller), os.W_OK)


class OutOfMemory(Group):
    """The kernel ends a process that takes more than it has."""

    name = "out of memory"
    controller = "memory"

    def limit(self):
        self.write("memory.limit_in_bytes", 64 << 10)


class NoProcesses(Group):
    """fork(2) and clone(2) fail: no process and no thread."""

    name = "no more processes"
    controller = "pids"

    def limit(self):
        self.write("pids.max", 1)


class Limit(Fault):
    """A limit of the process's own, which its children have as well."""

    hold = 3.0

    def strike(self, pid):
        self.pid = pid
        self.old = self._prlimit()
        if self.old:
            self._prlimit(str(self.value()) + ":")

    def repair(self):
        if self.old:
            self._prlimit(self.old + ":")

    def _prlimit(self, soft=""):
        """As the process's own user, who may always do it; the limit that there was. Nothing if the process is gone."""
        fields = dict(re.findall(r"^(\w+):\s*(\S+)", read("/proc/%d/status" % self.pid), re.M))
        if not fields:
            return ""
        user = ["setpriv", "--reuid=" + fields["Uid"], "--regid=" + fields["Gid"], "--clear-groups"]
        result = subprocess.run([*user, "prlimit", "--pid=%d" % self.pid, "--noheadings", "--raw", "--output=SOFT",
                                 "--%s%s" % (self.kind, "=" + soft if soft else "")], capture_output=True, text=True, check=False)
        return result.stdout.strip()


class NoAddresses(Limit):
    name = "memory is refused"
    kind = "as"

    def value(self):
        pages = int((read("/proc/%d/statm" % self.pid) or "0").split()[0])
        return pages * resource.getpagesize()


class NoDescriptors(Limit):
    name = "no more descriptors"
    kind = "nofile"

    def value(self):
        used = set()
        with contextlib.suppress(OSError):
            used = {int(n) for n in os.listdir("/proc/%d/fd" % self.pid)}
        free = 0
        while free in used:
            free += 1
        return free


class Full(Fault):
    """A file system of the test's own without a free block."""

    hold = 3.0
    folder = ""

    def strike(self, _):
        self.path = "%s/%s/filler" % (self.guest.folder, self.folder)
        with contextlib.suppress(OSError), open(self.path, "wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 16))
        with contextlib.suppress(OSError), open(self.path, "ab", buffering=0) as file:
            while True:
                file.write(bytes(512))

    def repair(self):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)


class FullDisk(Full):
    name = "the disk is full"
    folder = "disk"


class FullRuntime(Full):
    name = "the runtime directory is full"
    folder = "run"


class ReadOnlyDisk(Fault):
    """What errors=remount-ro does when the kernel has found an error; repaired as an administrator does."""

    name = "the disk turns read-only"
    hold = 3.0

    def strike(self, _):
        self.disk = self.guest.folder + "/disk"
        device = self._run("findmnt", "-n", "-o", "SOURCE", self.disk).stdout.strip()
        with open("/sys/fs/ext4/%s/trigger_fs_error" % os.path.basename(device), "w") as file:
            file.write("a fault of tests/faults")

    @staticmethod
    def _run(*command):
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)

    def repair(self):
        # The guest has mounts of its own.
        inside = ["nsenter", "--mount", "--target=%d" % self.guest.processes()[0].pid]
        for where in (inside, []):
            # As soon as no process of the guest has a file open there.
            assert wait_until(lambda w=where: self._run(*w, "umount", self.disk).returncode == 0, 10, 0.1) is not None
        self._run("e2fsck", "-fy", self.disk + ".img")
        assert self._run("mount", "-o", "loop,errors=remount-ro", self.disk + ".img", self.disk).returncode == 0
        device = self._run("findmnt", "-n", "-o", "SOURCE", self.disk).stdout.strip()
        mounted = self._run(*inside, "mount", "-o", "errors=remount-ro", device, self.disk)
        assert mounted.returncode == 0, mounted.stdout


class SilentLog(Fault):
    """Standard error of all services is a pipe that is full and that no process reads."""

    name = "the log stands still"
    hold = 12.0
    is_ignored = True

    def strike(self, _):
        os.kill(self.guest.log_reader, signal.SIGSTOP)
        stopped = "/proc/%d/stat" % self.guest.log_reader
        assert wait_until(lambda: read(stopped).rsplit(")")[-1].split()[0] == "T", 5) is not None
        self.fd = os.open(self.guest.folder + "/log.pipe", os.O_WRONLY | os.O_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self.fd, b"a line of tests/faults\n" * 100)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self.fd, b"\n")

    def repair(self):
        os.close(self.fd)
        os.kill(self.guest.log_reader, signal.SIGCONT)


class SilentBus(Fault):
    """A system bus that takes connections and never answers."""

    name = "a D-Bus that does not answer"
    hold = 5.0

    def strike(self, _):
        path = self.guest.folder + "/bus"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.bind(path)
        self.socket.listen(100)
        self.guest.inside("ln", "-sf", path, "/run/dbus/system_bus_socket")

    def repair(self):
        self.guest.inside("rm", "-f", "/run/dbus/system_bus_socket")
        self.socket.close()


class Pam(Fault):
    """A module of PAM, in a stage of each login. Refusals that take long take others' place for twenty times as long."""

    hold = 3.0
    bound = 50
    is_first = True

    def strike(self, _):
        self.guest.pam(self.mode)

    def repair(self):
        self.guest.pam("")


class PamHangs(Pam):
    name = "a PAM module hangs"
    mode = "auth hang"


class PamCrashes(Pam):
    name = "a PAM module crashes"
    mode = "auth crash"


class PamRefuses(Pam):
    name = "a PAM module refuses"
    mode = "auth refuse"


class PamSessionHangs(Pam):
    name = "a PAM module hangs in the session"
    mode = "session hang"


class PamSessionCrashes(Pam):
    name = "a PAM module crashes in the session"
    mode = "session crash"


class ClockJumps(Fault):
    """The host's by an hour; the guest's follows. Both are vmxsim's."""

    name = "the clock jumps by an hour"

    def strike(self, _):
        self.guest.host("clock", "ahead=1h")
        # It waits for its turn.
        self.request = self.guest.begin("send", "--timeout=9s", "Time_Synchronize 1", stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

    def repair(self):
        self.request.wait()


class Standstill(Fault):
    """The whole guest, as when its host suspends it; but its clock goes on, so that the time counts as a slow answer of
    the service or the login that was asked, whose user waits for ten times as long."""

    name = "the guest stands still for 3 s"
    bound = 50

    def strike(self, _):
        self.pids = [p.pid for p in self.guest.processes()]
        for pid in self.pids:
            send_signal(pid, signal.SIGSTOP)
        time.sleep(3)
        for pid in self.pids:
            send_signal(pid, signal.SIGCONT)


OF_PROCESSES = (Kill, Pause, Stop, OutOfMemory, NoAddresses, NoDescriptors, NoProcesses)
OF_THE_MACHINE = (FullDisk, FullRuntime, ReadOnlyDisk, SilentLog, SilentBus, ClockJumps, Standstill)
OF_LOGINS = (PamHangs, PamCrashes, PamRefuses, PamSessionHangs, PamSessionCrashes)
