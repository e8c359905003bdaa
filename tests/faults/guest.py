# SPDX-License-Identifier: Apache-2.0
"""The guest of tests/faults/run: what its host can ask, and what its processes, sockets and files look like."""

import collections
import contextlib
import os
import pwd
import re
import signal
import subprocess
import time

Process = collections.namedtuple("Process", "pid name uid state parent")
# Processes of which each user has one at most.
SERVICES = ("hgfsd", "vixd")
STOP_STATES = "Tt"


def wait_until(condition, limit, pause=0.02):
    """Seconds until `condition()` is true; None if that takes longer than `limit` seconds."""
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > limit:
            return None
        time.sleep(pause)
    return time.monotonic() - begin


def read(path):
    try:
        with open(path, errors="replace") as file:
            return file.read()
    except OSError:
        return ""


class Guest:
    def __init__(self, root, folder, password, log_reader, freezer):
        """`log_reader` and `freezer` are processes of the test: the one that reads the log, and systemd-socket-activate."""
        self.root, self.folder, self.password = root, folder, password
        self.log_reader, self.freezer = log_reader, freezer
        self.vmxsim = root + "/out/test/vmxsim"
        self.control = folder + "/vmx.sock"
        self.runtime = folder + "/run"

    # --- from the host's side

    def host(self, verb, *arguments, limit=60):
        """A verb of vmxsim: (exit status, what it printed)."""
        command = [self.vmxsim, verb, "--control=" + self.control, *arguments]
        result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                timeout=limit, check=False)
        return result.returncode, result.stdout.decode(errors="replace")

    def begin(self, verb, *arguments, **streams):
        return subprocess.Popen([self.vmxsim, verb, "--control=" + self.control, *arguments], **streams)

    def as_user(self, user, patience):
        return ["--user=" + user, "--password=" + self.password, "--timeout=%gs" % patience]

    def operate(self, *words, user="alice", patience=8):
        return self.host("guest", *self.as_user(user, patience), *words)

    def begin_operation(self, *words, user="alice", patience=8, **streams):
        return self.begin("guest", *self.as_user(user, patience), *words, **streams)

    def pam(self, mode):
        """Of pam_fault.c: STAGE WHAT, or nothing."""
        with open(self.folder + "/pam_mode.new", "w") as file:
            file.write(mode)
        os.rename(self.folder + "/pam_mode.new", self.folder + "/pam_mode")

    def pam_mode(self):
        return read(self.folder + "/pam_mode")

    @staticmethod
    def uid(user):
        return pwd.getpwnam(user).pw_uid

    def pings(self):
        return self.host("send", "--timeout=2s", "ping")[1].startswith("OK")

    # --- from inside

    def inside(self, *command, limit=60):
        return self.host("exec", "--", *command, limit=limit)

    def toolboxctl(self, *words, limit=60):
        return self.inside(self.root + "/out/bin/toolboxctl", "--control=%s/transportd.sock" % self.runtime, *words,
                           limit=limit)

    # --- its processes, by their numbers on this machine

    def processes(self):
        found = []
        for pid in self.host("processes")[1].split():
            status = read("/proc/%s/status" % pid)
            fields = dict(re.findall(r"^(\w+):\s*(\S+)", status, re.M))
            if fields:
                found.append(Process(int(pid), fields["Name"], int(fields["Uid"]), fields["State"], int(fields["PPid"])))
        return found

    def find(self, name, uid=None):
        """The newest process of that name, by its number; None if there is none. "hgfsd's session" is its parent."""
        if name == "freezer":
            return self.freezer_process()
        processes = self.processes()
        if name.endswith("'s session"):
            child = self.find(name[: -len("'s session")], uid)
            return next((p.parent for p in processes if p.pid == child), None)
        if name == "login":
            # A session in the module of PAM, which sleeps.
            found = [p.pid for p in processes if p.name == "session" and "nanosleep" in read("/proc/%d/wchan" % p.pid)]
        else:
            found = [p.pid for p in processes if p.name == name[:15] and uid in (None, p.uid) and p.state not in "ZX"]
        return max(found, default=None)

    def freezer_process(self):
        """The first of the two that serve a snapshot; they are outside of the guest."""
        children = read("/proc/%d/task/%d/children" % (self.freezer, self.freezer)).split()
        return int(children[0]) if children else None

    # --- what must not be left

    def problems(self):
        processes = self.processes()
        found = ["zombie %s" % p.name for p in processes if p.state in "ZX"]
        found += ["%s is stopped" % p.name for p in processes if p.state in STOP_STATES and p.name != "vmxsim-init"]
        for name in SERVICES:
            users = collections.Counter(p.uid for p in processes if p.name == name)
            found += ["%d %s of user %d" % (n, name, uid) for uid, n in users.items() if n > 1]
        sessions = sum(p.name == "session" for p in processes)
        # Each service has a parent, and one spare connection waits for each.
        expected = 2 * sum(p.name in SERVICES for p in processes) + 2
        if sessions > expected:
            found.append("%d sessions in place of %d" % (sessions, expected))
        return found + self.stale_sockets()

    def stale_sockets(self):
        """Sockets in the runtime directory at which no process listens."""
        listening = set()
        # Any process of the guest is in its network.
        for process in self.processes():
            for line in read("/proc/%d/net/unix" % process.pid).splitlines():
                fields = line.split()
                if len(fields) == 8 and fields[3] == "00010000":
                    listening.add(fields[7])
            if listening:
                break
        found = []
        for folder, _, names in os.walk(self.runtime):
            for name in names:
                path = os.path.join(folder, name)
                with contextlib.suppress(OSError):
                    if (os.lstat(path).st_mode & 0o170000) == 0o140000 and path not in listening:
                        found.append("socket %s without a listener" % os.path.relpath(path, self.runtime))
        # The freezer's is outside of the guest's network.
        return [f for f in found if "freezer.sock" not in f]

    def state(self):
        """For a person who looks at a failure."""
        lines = ["%d %s uid %d %s parent %d %s" % (*p, read("/proc/%d/wchan" % p.pid)) for p in self.processes()]
        return "\n".join(lines)


def send_signal(pid, number):
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


def go_on(pid):
    return send_signal(pid, signal.SIGCONT)
