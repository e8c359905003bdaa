#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Measures one guest at growing sizes; called by tests/scale/run."""

import argparse
import os
import socket
import struct
import subprocess
import sys
import time

# The longest time in which the channel may answer nothing, but for what other programs take of the machine.
MAX_STALL_MS = 100
# How much more than in proportion to its size a step may cost: noise of a machine with other work.
MAX_GROWTH = 1.5
# Processor time below which it does not matter.
FLOOR_MS = 100
# A list of processes is cut at 4 MiB of text (docs/protocol/vix.md 4.11): about 16,200 of tests/scale/crowd.c.
LISTED_PROCESSES = 16000
NAMES = {"transportd", "guestinfod", "session", "hgfsd", "vixd", "toolboxd-shim", "powerd", "snapshotd", "toolboxd"}


class Control:
    """vmxsim's control socket (vmxsim/control_frame.h)."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def call(self, *words):
        body = struct.pack("<I", len(words))
        for word in words:
            body += struct.pack("<I", len(word)) + word.encode()
        self.socket.sendall(struct.pack("<I", len(body)) + body)
        answer = self.read(struct.unpack("<I", self.read(4))[0])
        if struct.unpack("<I", answer[:4])[0] != 0:
            raise RuntimeError(answer[4:].decode())
        return answer[4:].decode()

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise ConnectionResetError("vmxsim closed the control connection")
            data += part
        return data


def comm(pid):
    try:
        with open("/proc/%s/comm" % pid) as file:
            return file.read().strip()
    except OSError:
        return ""


class Accounting:
    """What the kernel counts for threads and processes (TASKSTATS over netlink; linux/taskstats.h). A process counts
    with its threads that have ended, which are in no file of /proc."""

    GET, BY_THREAD, BY_PROCESS = 1, 1, 2
    STATS = 3
    # cpu_delay_total and cpu_run_real_total of struct taskstats, in nanoseconds.
    WAITED, USED = 24, 64

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.socket.bind((0, 0))
        # The controller's CTRL_CMD_GETFAMILY, by name; the answer has the number.
        found = self._ask(16, 3, 2, b"TASKSTATS\0")
        if 1 not in found:
            raise RuntimeError("the kernel has no TASKSTATS")
        self.family = struct.unpack("H", found[1])[0]

    @staticmethod
    def _attributes(data):
        found = {}
        while len(data) >= 4:
            size, kind = struct.unpack_from("HH", data)
            found[kind & 0x3FFF] = data[4:size]
            data = data[(size + 3) & ~3:]
        return found

    def _ask(self, family, command, kind, value):
        """The attributes of the answer; none if it is an error."""
        body = struct.pack("BBHHH", command, 1, 0, 4 + len(value), kind) + value + bytes(-len(value) % 4)
        self.socket.send(struct.pack("IHHII", 16 + len(body), family, 1, 1, 0) + body)
        answer = self.socket.recv(1 << 16)
        return {} if struct.unpack_from("IH", answer)[1] == 2 else self._attributes(answer[20:])

    def _read(self, kind, number, offset):
        """Seconds; 0 if there is no such process any more."""
        for group in self._ask(self.family, self.GET, kind, struct.pack("I", int(number))).values():
            stats = self._attributes(group).get(self.STATS)
            if stats:
                return struct.unpack_from("Q", stats, offset)[0] / 1e9
        return 0.0

    def used(self, pid):
        """Processor time of a process."""
        return self._read(self.BY_PROCESS, pid, self.USED)

    def waited(self, pid):
        """How long all threads of a process were ready to run and had no processor."""
        return self._read(self.BY_PROCESS, pid, self.WAITED)

    def thread_waited(self, tid):
        return self._read(self.BY_THREAD, tid, self.WAITED)


class Probe:
    """Pings the guest all the time. On the way of a ping are this process, vmxsim, the channel's thread in transportd,
    and the service or the login that this one may be waiting for: the service that has waited longest, and all
    processes that are new."""

    def __init__(self, path):
        self.control = Control(path)
        self.accounting = Accounting()
        self.raw = self.net = 0.0
        vmxsim = os.popen("ps -o ppid= -p %s" % self.control.call("init-pid").strip()).read().strip()
        self.way = [vmxsim, str(os.getpid())]
        self.look()

    def look(self):
        self.processes = self.control.call("processes").split()
        # A process has the number of its first thread, which is the channel's.
        self.channel = [pid for pid in self.processes if comm(pid) == "transportd"]
        self.services = [pid for pid in self.processes if comm(pid) in NAMES - {"transportd", "toolboxd-shim"}]

    def waits(self):
        """Of what is always on the way, and of each service."""
        way = sum(map(self.accounting.waited, self.way)) + sum(map(self.accounting.thread_waited, self.channel))
        return way, {pid: self.accounting.waited(pid) for pid in self.services}

    def ping(self):
        way, services = self.waits()
        begin = time.monotonic()
        try:
            self.control.call("tclo", "60", "ping")
        except RuntimeError as error:
            # Without an answer; it counts as long as it took.
            print("ping: %s" % error, file=sys.stderr)
            time.sleep(0.1)
        raw = time.monotonic() - begin
        way_after, services_after = self.waits()
        # Of a process that has ended, nothing is known any more.
        longest = max([services_after[pid] - before for pid, before in services.items()], default=0)
        net = raw - max(0.0, way_after - way) - max(0.0, longest)
        if raw > 0.05:
            known = set(self.processes)
            self.look()
            net -= sum(self.accounting.waited(pid) for pid in set(self.processes) - known)
        self.raw = max(self.raw, raw)
        self.net = max(self.net, net)


def probe(path):
    """A process of its own: answers each line of its input with the longest ping since the last, in
    milliseconds: as it was, and without waiting for a processor."""
    pings = Probe(path)
    os.set_blocking(0, False)
    while True:
        try:
            pings.ping()
        except OSError:
            return  # vmxsim has ended.
        time.sleep(0.005)
        line = sys.stdin.buffer.raw.read(1)
        if line is None:
            continue
        if line == b"":
            return
        print(pings.raw * 1000, pings.net * 1000, flush=True)
        pings.raw = pings.net = 0.0
        pings.look()


class Guest:
    """The guest, its host's commands, and what its processes have used."""

    def __init__(self, options):
        self.options = options
        self.work = options.work
        self.control = Control(options.control)
        self.accounting = Accounting()
        self.used = {}
        self.probe = subprocess.Popen([sys.argv[0], "--probe", "--control=" + options.control],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, *words, text=None):
        """A command of vmxsim; its output."""
        command = [self.options.vmxsim, words[0], "--control=" + self.options.control, *words[1:]]
        done = subprocess.run(command, input=text, capture_output=True, text=True)
        if done.returncode != 0:
            shown = " ".join(word for word in words if not word.startswith("--password"))
            raise RuntimeError("%s: %s" % (shown, done.stderr.strip() or done.stdout.strip()))
        return done.stdout

    def operation(self, *words, user="alice"):
        """A guest operation. A machine with much other work may be too slow for a login's time; what it comes to
        is kept for the next request."""
        for last in (False, False, True):
            try:
                return self.run("guest", "--user=" + user, "--password=" + self.options.password, "--timeout=60s", *words)
            except RuntimeError:
                if last:
                    raise
                time.sleep(1)

    def inside(self, *words):
        return self.run("exec", "--", *words)

    def ip(self, lines):
        path = os.path.join(self.work, "batch")
        with open(path, "w") as out:
            out.writelines(line + "\n" for line in lines)
        self.inside("ip", "-batch", path)

    def until_known(self, text):
        """Waits until the guest has reported it."""
        deadline = time.monotonic() + 60
        while text not in self.control.call("nics"):
            if time.monotonic() > deadline:
                raise RuntimeError("the guest did not report %s within 60 s" % text)
            time.sleep(0.02)

    def processes(self):
        for pid in self.control.call("processes").split():
            if comm(pid) in NAMES:
                yield pid

    def cpu_ms(self):
        """Of all toolboxd's processes, also those that have ended since it was asked last."""
        for pid in self.processes():
            self.used[pid] = max(self.used.get(pid, 0), self.accounting.used(pid))
        return sum(self.used.values()) * 1e3

    def memory_mb(self):
        total = 0
        for pid in self.processes():
            try:
                with open("/proc/%s/smaps_rollup" % pid) as rollup:
                    total += sum(int(line.split()[1]) for line in rollup if line.startswith("Private_"))
            except OSError:
                pass
        return total / 1024

    def longest(self):
        self.probe.stdin.write("\n")
        self.probe.stdin.flush()
        return [float(number) for number in self.probe.stdout.readline().split()]


# Rows: each yields, for a size, what is measured. What it needs before is made before the first yield, and
# undone after the last.

def change_one(guest):
    """An address comes, is reported, and goes; three times."""
    for i in (3, 4, 5):
        guest.ip(["address add 198.51.100.%d/24 dev eth0" % i])
        guest.until_known("198.51.100.%d" % i)
        guest.ip(["address delete 198.51.100.%d/24 dev eth0" % i])


def beside(guest, sizes, line):
    """A change while there are so many others; `line(i)` makes one of them."""
    made = 0
    for size in sizes:
        guest.ip(line(i) for i in range(made, size))
        made = size
        # Until the guest has looked at them.
        time.sleep(2)
        yield size, lambda: change_one(guest)


def interfaces(guest, sizes):
    yield from beside(guest, sizes, lambda i: "link add scale%d type bridge" % i)
    guest.ip(["link delete scale%d" % i for i in range(sizes[-1])])


def addresses(guest, sizes):
    guest.ip(["link add scale0 type bridge", "link set scale0 up"])
    yield from beside(guest, sizes, lambda i: "address add 10.%d.%d.1/24 dev scale0" % (i >> 8, i & 255))
    guest.ip(["link delete scale0"])


def routes(guest, sizes):
    guest.ip(["link add scale0 type bridge", "link set scale0 up"])
    yield from beside(guest, sizes, lambda i: "route add 10.%d.%d.%d/32 dev scale0" % (i >> 16, i >> 8 & 255, i & 255))
    guest.ip(["link delete scale0"])


def changes(guest, sizes):
    """For three seconds an address of each interface comes or goes ten times a second."""
    made = 0
    for size in sizes:
        guest.ip(["link add scale%d type bridge" % i for i in range(made, size)] +
                 ["link set scale%d up" % i for i in range(made, size)])
        made = size
        for what in ("add", "delete"):
            with open(os.path.join(guest.work, what), "w") as out:
                out.writelines("address %s 10.%d.%d.1/24 dev scale%d\n" % (what, i >> 8, i & 255, i) for i in range(size))

        def change():
            guest.inside("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do ip -batch %s/add; sleep 0.1; "
                                     "ip -batch %s/delete; sleep 0.1; done" % (guest.work, guest.work))
            change_one(guest)
        yield size, change
    guest.ip(["link delete scale%d" % i for i in range(made)])


def files(guest, sizes):
    """All pages of a listing, as a host asks for them."""
    folder = os.path.join(guest.work, "entries", "all")
    os.mkdir(folder)
    made = 0
    for size in sizes:
        for i in range(made, size):
            os.close(os.open("%s/file-%07d" % (folder, i), os.O_CREAT | os.O_WRONLY, 0o644))
        made = size

        def listing(size=size):
            lines = guest.operation("ls", "--page=1000", folder).count("\n")
            if lines < size:
                raise RuntimeError("%d of %d files were listed" % (lines, size))
        yield size, listing
    subprocess.run(["rm", "-rf", folder], check=True)


def numbers_left():
    """How many more processes this machine could have."""
    with open("/proc/sys/kernel/pid_max") as limit, open("/proc/loadavg") as load:
        # The kernel keeps 300 numbers; of the other value, "RUNNING/ALL", all have one.
        return int(limit.read()) - 300 - int(load.read().split()[3].split("/")[1])


def processes(guest, sizes):
    """The list of processes while there are so many: children of tests/scale/crowd.c, which the guest's
    tracer does not follow: with a stop for each, 30,000 took more than five minutes."""
    crowd = os.path.join(guest.work, "crowd")
    subprocess.run(["cc", "-O1", "-static", "-o", crowd, os.path.join(os.path.dirname(sys.argv[0]), "crowd.c")], check=True)
    namespace = "/proc/%s/ns/pid" % guest.control.call("init-pid").strip()
    there, parents, made = [], [], 0
    try:
        for size in sizes:
            more, made = size - made, size
            if numbers_left() < more + 1000:
                raise RuntimeError("%d more processes would take all but %d numbers of this machine (pid_max)" %
                                   (more, numbers_left() - more))
            there.append(os.path.join(guest.work, "crowd-%d" % size))
            parents.append(subprocess.Popen([crowd, namespace, str(more), there[-1]]))
            deadline = time.monotonic() + 300
            while not os.path.exists(there[-1]):
                if parents[-1].poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("%d processes were not there within five minutes" % size)
                time.sleep(0.1)

            def listing(size=size):
                lines = guest.operation("ps").count("\n")
                if lines < min(size, LISTED_PROCESSES):
                    raise RuntimeError("%d of %d processes were listed" % (lines, size))
            yield size, listing
    finally:
        for parent in parents:
            parent.terminate()
        for parent in parents:
            parent.wait()


def programs(guest, sizes):
    """So many are started, run at the same time, and end."""
    script = os.path.join(guest.work, "content", "program")
    with open(script, "w") as out:
        out.write('read line < "$1"\n: > "$2"\n')
    os.chmod(script, 0o755)
    for size in sizes:
        folder = os.path.join(guest.work, "content", "ended-%d" % size)
        os.mkdir(folder)
        os.chmod(folder, 0o777)
        gate = os.path.join(folder, "gate")
        os.mkfifo(gate)
        os.chmod(gate, 0o666)

        def start(size=size, folder=folder, gate=gate):
            for i in range(size):
                guest.operation("start", "/bin/sh", script, gate, "%s/%d" % (folder, i))
            with open(gate, "wb", buffering=0) as lines:
                # One for each; the rest is for those that a retry has started twice.
                lines.write(b"\n" * (size + 20))
                wait_for_ends(size, folder)

        def wait_for_ends(size, folder):
            deadline = time.monotonic() + 120
            while len(os.listdir(folder)) < size + 1:
                if time.monotonic() > deadline:
                    raise RuntimeError("%d of %d programs ended" % (len(os.listdir(folder)) - 1, size))
                time.sleep(0.1)
        yield size, start


def users(guest, sizes):
    """Each logs in and lists a directory, one after the other."""
    for size in sizes:
        def log_in(size=size):
            for i in range(1, size + 1):
                guest.operation("getenv", "USER", user="guest%d" % i)
        yield size, log_in


def content(guest, sizes):
    """A sparse file's content to the host; MiB."""
    path = os.path.join(guest.work, "content", "large")
    for size in sizes:
        with open(path, "w") as out:
            os.truncate(out.fileno(), size << 20)
        os.chmod(path, 0o644)

        def download(size=size):
            with open(os.devnull, "w") as nowhere:
                done = subprocess.run([guest.options.vmxsim, "guest", "--control=" + guest.options.control,
                                       "--user=alice", "--password=" + guest.options.password, "download", path, "-"],
                                      stdout=nowhere, stderr=subprocess.PIPE, text=True)
            if done.returncode != 0:
                raise RuntimeError("download: " + done.stderr.strip())
        yield size, download
    os.remove(path)


def mounts(guest, sizes):
    """File systems that come, until the host knows them all."""
    made = 0
    for size in sizes:
        def appear(size=size):
            nonlocal made
            for i in range(made, size):
                folder = os.path.join(guest.work, "mounts", str(i))
                os.mkdir(folder)
                subprocess.run(["mount", "-t", "tmpfs", "none", folder], check=True)
            made = size
            change_one(guest)
        yield size, appear
    for i in range(made):
        subprocess.run(["umount", os.path.join(guest.work, "mounts", str(i))], check=True)


# Row, what its size counts, the sizes of an ordinary run and of --full.
ROWS = [
    (interfaces, "a change beside interfaces", (30, 100, 300), (300, 1000, 3000)),
    (addresses, "a change beside addresses", (100, 300, 1000), (1000, 3000, 10000)),
    (routes, "a change beside routes", (1000, 3000, 10000), (10000, 30000, 100000)),
    (changes, "interfaces that change ten times a second", (5, 15, 50), (50, 150, 500)),
    (files, "files of a directory, listed", (1000, 3000, 10000), (10000, 100000, 1000000)),
    (processes, "processes, listed", (100, 300, 1000), (3000, 10000, 30000)),
    (programs, "programs at once", (5, 15, 50), (100, 300, 1000)),
    (users, "users in turn", (5, 15, 45), (20, 60, 200)),
    (content, "MiB of a transfer", (16, 64, 256), (1024, 3072, 10240)),
    (mounts, "mounts that appear", (20, 60, 200), (50, 150, 500)),
]


class Report:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, good, why=""):
        print("%s  %s%s" % ("pass" if good else "FAIL", name, "" if good else ": " + why))
        self.passed += good
        self.failed += not good


def measure(guest, operation):
    guest.cpu_ms()
    guest.longest()
    cpu, begin = guest.cpu_ms(), time.monotonic()
    operation()
    wall = (time.monotonic() - begin) * 1000
    # What follows the operation is part of what it costs.
    time.sleep(1.2)
    raw, net = guest.longest()
    return guest.cpu_ms() - cpu, wall, guest.memory_mb(), raw, net


def run_row(guest, row, full, report):
    function, name, small, large = row
    results = []
    for size, operation in function(guest, large if full else small):
        cpu, wall, memory, raw, net = measure(guest, operation)
        results.append((size, cpu, net))
        print("| %s | %s | %d | %d | %.1f | %d | %d |" % (name, format(size, ","), cpu, wall, memory, raw, net), flush=True)
    return name, results


def judge(name, results, report):
    # In proportion: what a size costs beyond the one before it, for each that was added.
    (small, small_cpu, *_), (large, large_cpu, *_) = results[0], results[-1]
    allowed = max(FLOOR_MS, small_cpu) * large / small * MAX_GROWTH
    report.check("%s: %d times as many cost at most in proportion" % (name, large // small), large_cpu <= allowed,
                 "%d ms, then %d ms" % (small_cpu, large_cpu))
    worst = max(result[2] for result in results)
    report.check("%s: no ping takes over %d ms" % (name, MAX_STALL_MS), worst <= MAX_STALL_MS, "%d ms" % worst)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("vmxsim", "control", "password", "work", "only"):
        parser.add_argument("--" + name)
    for name in ("full", "list", "probe"):
        parser.add_argument("--" + name, action="store_true")
    options = parser.parse_args()
    if options.probe:
        return probe(options.control)
    if options.list:
        for function, name, small, large in ROWS:
            print("%-12s %s: %s; --full: %s" % (function.__name__, name, ", ".join(map(str, small)), ", ".join(map(str, large))))
        return 0
    wanted = options.only.split(",") if options.only else [row[0].__name__ for row in ROWS]
    guest = Guest(options)
    # The first operation of a user is its login.
    guest.operation("getenv", "USER")
    guest.operation("ls", guest.work)
    time.sleep(2)
    report = Report()
    print("| What | Size | CPU ms | Time ms | Memory MB | Longest ping ms | Without waiting for a processor |")
    print("|---|---:|---:|---:|---:|---:|---:|")
    print("| nothing, for five seconds | | %d | %d | %.1f | %d | %d |" % measure(guest, lambda: time.sleep(5)), flush=True)
    judged = []
    for row in ROWS:
        if row[0].__name__ in wanted:
            try:
                judged.append(run_row(guest, row, options.full, report))
            except RuntimeError as error:
                report.check(row[1], False, str(error))
    print()
    for name, results in judged:
        judge(name, results, report)
    print("%d passed, %d failed" % (report.passed, report.failed))
    return 0 if report.failed == 0 and report.passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
