# SPDX-License-Identifier: Apache-2.0
"""The life of a process of toolboxd, from its start to its end and the report of LeakSanitizer."""

import contextlib
import glob
import os
import pwd
import signal
import socket
import subprocess
import threading
import time

# What LeakSanitizer ends a process with that has lost memory.
LEAKED = 23
PATIENCE = 120
# Held where this process has another user, or starts one that must not have it.
IDENTITY = threading.Lock()


@contextlib.contextmanager
def as_user(name):
    """What connects meanwhile is this user's."""
    with IDENTITY:
        os.seteuid(pwd.getpwnam(name).pw_uid)
        try:
            yield
        finally:
            os.seteuid(0)


class Place:
    """The folders of one case, and who its processes are."""

    def __init__(self, folder, programs, user):
        self.folder, self.programs = folder, programs
        self.user = pwd.getpwnam(user)
        self.own = self.folder + "/own"
        self.reports = self.folder + "/reports"
        for path in (self.own, self.reports):
            os.makedirs(path)
            os.chown(path, self.user.pw_uid, self.user.pw_gid)
        # Every user that a process becomes may have something to report.
        os.chmod(self.reports, 0o1777)
        self.socket = self.own + "/socket"

    def make(self, name, text="", mode=0o644):
        """A file of root's, which the processes may read."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def environment(self):
        """What the sanitizers of a process, and of those that it starts, need."""
        shared = "exitcode=%d:log_path=%s/" % (LEAKED, self.reports)
        # The archives of gRPC and others are not instrumented (.bazelrc).
        asan = shared + "asan:detect_leaks=1:detect_container_overflow=0:detect_odr_violation=0"
        return {
            "ASAN_OPTIONS": asan, "LSAN_OPTIONS": shared + "lsan",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1:log_path=%s/ubsan" % self.reports,
            "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "HOME": self.own, "TMPDIR": self.own, "LANG": "C.UTF-8",
            # No service of the machine is asked for anything.
            "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=" + os.environ["LEAKS_BUS"],
        }

    def reported(self):
        """What the sanitizers have reported, and empties that folder."""
        texts = []
        for path in sorted(glob.glob(self.reports + "/*")):
            with open(path, errors="replace") as file:
                texts.append(file.read())
            os.unlink(path)
        return "\n".join(texts)


class Life:
    def __init__(self, place, program, *arguments, preload=(), connection=None, as_root=False, **environment):
        self.place, self.log_path = place, place.folder + "/log"
        command = [os.path.join(place.programs, program), *arguments]
        if not as_root:
            # No capability and no way to one: whatever is asked of the daemon, the kernel refuses what would act.
            command = ["setpriv", "--reuid", place.user.pw_name, "--regid", str(place.user.pw_gid), "--init-groups",
                       "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", *command]
        variables = {**place.environment(), **environment}
        if preload:
            # The sanitizer's library has to be the first one.
            libraries = ":".join([os.environ["LEAKS_LIBASAN"], *preload])
            command[-1 - len(arguments):-1 - len(arguments)] = ["env", "LD_PRELOAD=" + libraries]
        passed = []
        if connection is not None:
            passed = [connection.fileno()]
            command = ["bash", "-c", 'exec 3<&%d; exec "$@"' % connection.fileno(), "bash", *command]
        with IDENTITY, open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                command, env=variables, cwd=place.own, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, pass_fds=passed)

    def await_socket(self, path):
        """Waits until the process listens."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
                if probe.connect_ex(path) == 0:
                    return self
            time.sleep(0.02)
        raise AssertionError("it does not listen on %s\n%s" % (path, self.log()))

    def runs(self):
        return self.process.poll() is None

    def log(self):
        with open(self.log_path, errors="replace") as file:
            return file.read()[-6000:]

    def terminate(self):
        self.process.send_signal(signal.SIGTERM)
        return self

    def wait(self):
        """The exit status; of a process that does not end, a number that none has."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "none: it had to be killed"

    def check_end(self, expected=0):
        """Waits for the end, with this status, and without any report."""
        status = self.wait()
        report = self.place.reported()
        assert not report and status == expected, "exit status %s, not %s\n%s%s" % (
            status, expected, report, "" if report else self.log())
        return self

    def check_lost(self):
        """Waits for the end of a process with lost.c in it, and expects that memory to be reported."""
        status = self.wait()
        report = self.place.reported()
        assert status == LEAKED and "in LoseMemory" in report, "exit status %s: what is lost is not found\n%s%s" % (
            status, report, self.log())
        return self


def control():
    """The options of a life that loses memory on purpose."""
    return {"preload": [os.environ["LEAKS_LOST"]]}
