# SPDX-License-Identifier: Apache-2.0
"""The operations of tests/faults/run, each stopped in its middle while a fault strikes.

An operation has a beginning, a middle, at which `middle` returns, and an end. `harm` lists what is lost or wrong
afterwards, `again` says whether the next operation of its kind succeeds.
"""

import contextlib
import filecmp
import os
import re
import subprocess
import tarfile
import threading
import time

from guest import read, wait_until

# What a test waits for the end of an operation: a host may wait for one answer after another.
LIMIT = 60
HALF = 4 << 20


class Missed(Exception):
    """The middle was over before it was seen: the operation has to be begun again."""


class Outcome:
    def __init__(self, ok, text):
        self.ok, self.text = ok, text


def last_line(text):
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no word"


def short(text):
    """What the host sees, without names and numbers of this run."""
    text = re.sub(r"^(vmxsim [a-z ]+: |toolboxctl: | *[0-9.]+ RPLY )", "", last_line(text))
    text = re.sub(r"/tmp/\S+", "PATH", text)
    return text[:70]


class Operation:
    """`victims` are the processes that take part. Of a short one the process that serves it at last is stopped before
    it begins, so that the request is with that process when the fault comes."""

    victims = ()
    server = ""
    user = "alice"
    # What the host waits for an answer, in seconds.
    patience = 3
    # After a failure, how long its service may not be asked at all.
    pause = 0

    def __init__(self, guest):
        self.guest = guest
        self.process = None

    def prepare(self):
        """Once before each fault."""
        self.must_succeed()

    def must_succeed(self):
        """Without a fault; a user whose services have kept the host waiting is refused for a while."""
        assert wait_until(self.again, 60, 0.1) is not None, "no success before the fault"

    def begin(self):
        raise NotImplementedError

    def middle(self):
        time.sleep(0.2)
        return True

    def resume(self):
        """What the host does after the middle."""

    def end(self):
        output = self.process.communicate(timeout=LIMIT)[0]
        text = output.decode(errors="replace")
        if self.process.returncode == 0:
            return Outcome(True, "success")
        return Outcome(False, short(text))

    def harm(self, outcome):
        return []

    def again(self):
        raise NotImplementedError

    def abandon(self):
        """Whatever happened, nothing of it runs on."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def start(self, *words, user=None, **streams):
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **streams}
        self.process = self.guest.begin_operation(*words, user=user or self.user, patience=self.patience, **streams)


class Transfer(Operation):
    """The content is at its middle when the fault comes."""

    victims = ("transportd", "hgfsd", "hgfsd's session")
    size = 2 * HALF

    def __init__(self, guest):
        super().__init__(guest)
        self.disk = guest.folder + "/disk/alice"
        self.source = guest.folder + "/content"
        self.half, self.gate = threading.Event(), threading.Event()
        self.thread = None

    def middle(self):
        return self.half.wait(LIMIT)

    def resume(self):
        self.gate.set()

    def abandon(self):
        self.gate.set()
        super().abandon()
        if self.thread is not None:
            self.thread.join(LIMIT)

    def run_thread(self, function):
        self.half.clear()
        self.gate.clear()
        self.thread = threading.Thread(target=function, daemon=True)
        self.thread.start()

    def left_overs(self, folder, permitted):
        """Hidden names: temporary files of an upload or an archive."""
        left = []
        wait_until(lambda: not [n for n in os.listdir(folder) if n not in permitted], 3)
        left += ["%s is left" % n for n in os.listdir(folder) if n not in permitted]
        return left


class Upload(Transfer):
    """Replaces a file: at any time the old or the new one is there."""

    name = "upload"

    def prepare(self):
        self.folder = self.disk + "/uploads"
        self.target = self.folder + "/target"
        self.old = self.guest.folder + "/old"
        self.must_succeed()
        status, text = self.guest.operate("upload", "-f", self.old, self.target)
        assert status == 0, text

    def begin(self):
        self.start("upload", "-f", "-", self.target, stdin=subprocess.PIPE)
        self.run_thread(self._feed)

    def _feed(self):
        with contextlib.suppress(BrokenPipeError), self.process.stdin, open(self.source, "rb") as source:
            self.process.stdin.write(source.read(HALF))
            self.process.stdin.flush()
            self.half.set()
            self.gate.wait()
            self.process.stdin.write(source.read())
        self.half.set()

    def end(self):
        # communicate() would close the stream of the thread.
        text = self.process.stdout.read().decode(errors="replace")
        self.process.wait(LIMIT)
        return Outcome(True, "success") if self.process.returncode == 0 else Outcome(False, short(text))

    def harm(self, outcome):
        wanted = [self.source] if outcome.ok else [self.source, self.old]
        found = [] if any(filecmp.cmp(self.target, w, shallow=False) for w in wanted) else ["the target is not whole"]
        return found + self.left_overs(self.folder, ["target"])

    def again(self):
        return self.guest.operate("upload", "-f", self.old, self.disk + "/next", patience=1)[0] == 0


class Unpack(Transfer):
    """An archive that is unpacked: each file of it is whole or absent."""

    name = "upload of an archive"

    def prepare(self):
        self.folder = self.disk + "/unpacked"
        subprocess.run(["rm", "-rf", self.folder], check=True)
        os.mkdir(self.folder)
        os.chown(self.folder, *self._owner())
        self.archive = self.guest.folder + "/tree.tar"
        self.must_succeed()

    def _owner(self):
        info = os.stat(self.disk)
        return info.st_uid, info.st_gid

    def begin(self):
        self.start("upload", "-f", "-", self.folder, stdin=subprocess.PIPE)
        self.run_thread(self._feed)

    def _feed(self):
        with contextlib.suppress(BrokenPipeError), self.process.stdin, open(self.archive, "rb") as source:
            self.process.stdin.write(source.read(HALF + 1000))
            self.process.stdin.flush()
            self.half.set()
            self.gate.wait()
            self.process.stdin.write(source.read())
        self.half.set()

    end = Upload.end

    def harm(self, outcome):
        tree = self.guest.folder + "/disk/alice/tree"
        names = set(os.listdir(tree))

        def wrong():
            found = []
            for name in os.listdir(self.folder):
                path = self.folder + "/" + name
                if name not in names:
                    found.append("%s is left" % name)
                elif not filecmp.cmp(path, tree + "/" + name, shallow=False):
                    found.append("%s is not whole" % name)
            return found

        wait_until(lambda: not wrong(), 3)
        found = wrong()
        if outcome.ok and set(os.listdir(self.folder)) != names:
            found.append("success, and files are missing")
        return found

    def again(self):
        return self.guest.operate("upload", "-f", self.guest.folder + "/one.tar", self.disk + "/uploads2", patience=1)[0] == 0


class Download(Transfer):
    name = "download"

    def prepare(self):
        self.path = self.disk + "/content"
        self.must_succeed()

    def begin(self):
        self.start("download", self.path, "-", stderr=subprocess.PIPE)
        self.run_thread(self._take)

    def _take(self):
        self.content = self.process.stdout.read(HALF)
        self.half.set()
        self.gate.wait()
        self.content += self.process.stdout.read()

    def end(self):
        text = self.process.stderr.read().decode(errors="replace")
        self.process.wait(LIMIT)
        self.thread.join(LIMIT)
        return Outcome(True, "success") if self.process.returncode == 0 else Outcome(False, short(text))

    def harm(self, outcome):
        with open(self.source, "rb") as file:
            whole = file.read()
        if outcome.ok and self.content != whole:
            return ["success, and the content differs"]
        return [] if whole.startswith(self.content) else ["content that the file does not have"]

    def again(self):
        return self.guest.operate("download", self.guest.folder + "/disk/alice/tree/file0", "/dev/null", patience=1)[0] == 0


class Pack(Download):
    name = "download of an archive"

    def prepare(self):
        self.path = self.disk + "/tree"
        self.must_succeed()

    def harm(self, outcome):
        if not outcome.ok:
            return []
        path = self.guest.folder + "/received.tar"
        with open(path, "wb") as file:
            file.write(self.content)
        with tarfile.open(path) as archive:
            names = {os.path.basename(m.name) for m in archive if m.isfile()}
        return [] if names == set(os.listdir(self.path)) else ["success, and files are missing"]


class Listing(Operation):
    name = "listing"
    victims = ("transportd", "hgfsd", "hgfsd's session")
    server = "hgfsd"

    def prepare(self):
        self.path = self.guest.folder + "/disk/alice/many"
        self.must_succeed()

    def begin(self):
        self.start("ls", "--page=50", self.path, stderr=subprocess.PIPE)

    def end(self):
        output, error = self.process.communicate(timeout=LIMIT)
        self.names = output.decode().split()
        return Outcome(True, "success") if self.process.returncode == 0 else Outcome(False, short(error.decode()))

    def harm(self, outcome):
        if not outcome.ok or sorted(self.names) == sorted(os.listdir(self.path) + [".", ".."]):
            return []
        return ["success, and %d of %d names" % (len(self.names), len(os.listdir(self.path)))]

    def again(self):
        return self.guest.operate("ls", self.guest.folder + "/disk/alice/uploads", patience=1)[0] == 0


class Programs(Operation):
    """A program writes a number once, and its exit code is 7."""

    victims = ("transportd", "vixd", "vixd's session")
    number = 0

    def prepare(self):
        Programs.number += 1
        self.journal = self.guest.folder + "/programs"
        self.line = "program %d" % Programs.number
        self.must_succeed()

    def command(self, seconds):
        return ["start", "/bin/sh", "-c \"echo %s >>%s; sleep %g; exit 7\"" % (self.line, self.journal, seconds)]

    def ran(self):
        return read(self.journal).splitlines().count(self.line)

    def exit_code(self, pid, limit):
        """What the host learns, at last."""
        code = None

        def is_known():
            nonlocal code
            status, text = self.guest.operate("ps", pid, patience=4)
            row = next((r.split() for r in text.splitlines() if r.split()[:1] == [pid]), None)
            if status != 0 or row is None:
                return False
            # Its end, then its exit code.
            code = self.code_of(row)
            return code is not None

        wait_until(is_known, limit, 0.1)
        return code

    @staticmethod
    def code_of(row):
        return None if row[3] == "0" else int(row[4])

    def again(self):
        return self.guest.operate("ps", "1", patience=1)[0] == 0


class Running(Programs):
    """Strikes while the program runs."""

    name = "program that runs"

    def begin(self):
        status, text = self.guest.operate(*self.command(1))
        assert status == 0, text
        self.pid = text.split()[0]

    def end(self):
        code = self.exit_code(self.pid, 20)
        return Outcome(code == 7, "exit code %s" % code)

    def harm(self, outcome):
        found = [] if outcome.ok else ["the exit code is lost"]
        return found if self.ran() == 1 else found + ["the program ran %d times" % self.ran()]


class Start(Programs):
    """Strikes while the program is being started."""

    name = "start of a program"
    server = "vixd"

    def begin(self):
        self.start(*self.command(0.3), stderr=subprocess.PIPE)

    def end(self):
        output, error = self.process.communicate(timeout=LIMIT)
        if self.process.returncode != 0:
            return Outcome(False, short(error.decode()))
        code = self.exit_code(output.decode().split()[0], 20)
        return Outcome(code == 7, "success" if code == 7 else "exit code %s" % code)

    def harm(self, outcome):
        time.sleep(0.3)
        ran = self.ran()
        if outcome.text.startswith("exit code"):
            return ["the exit code is lost"]
        # The host of a transportd that ended does not know whether it did what was asked.
        is_unknown = re.search(r"did not|guest tools|closed|reply", outcome.text)
        if ran != 1 and (outcome.ok or ran and not is_unknown):
            return ["the program ran %d times" % ran]
        return []


class ProcessList(Operation):
    name = "process list"
    victims = ("transportd", "vixd", "vixd's session")
    server = "vixd"

    def prepare(self):
        self.must_succeed()

    def begin(self):
        self.start("ps")

    def again(self):
        return self.guest.operate("ps", "1", patience=1)[0] == 0


class Login(Operation):
    """A user who has no session; PAM takes a quarter of a second, unless a module of PAM has a fault."""

    name = "login"
    victims = ("transportd", "login")
    number = 0

    def prepare(self):
        self.must_succeed()
        self.user = self.next_user()

    @staticmethod
    def next_user():
        Login.number += 1
        return "faults%d" % Login.number

    def begin(self):
        self.is_slow = not self.guest.pam_mode()
        if self.is_slow:
            self.guest.pam("auth slow")
        self.start("validate")

    def middle(self):
        if self.is_slow and wait_until(lambda: self.guest.find("login"), 1, 0) is None:
            raise Missed
        return True

    def end(self):
        outcome = super().end()
        if self.is_slow:
            self.guest.pam("")
        return outcome

    def again(self):
        """Of another user each time that it succeeds."""
        self.another = getattr(self, "another", None) or self.next_user()
        ok = self.guest.operate("validate", user=self.another, patience=1)[0] == 0
        if ok:
            self.another = None
        return ok

    def harm(self, outcome):
        # After a refusal that user waits for a moment.
        took = wait_until(lambda: self.guest.operate("validate", user=self.user, patience=1)[0] == 0, 40, 0.1)
        return [] if took is not None else ["the user cannot log in any more"]


class Information(Operation):
    """An address comes; the host knows it."""

    name = "guest information"
    victims = ("transportd", "guestinfod")
    server = "guestinfod"
    number = 0
    address = ""

    def begin(self):
        self.change()

    def change(self):
        if self.address:
            self.guest.inside("ip", "address", "delete", self.address + "/32", "dev", "eth0")
        Information.number = Information.number % 250 + 1
        Information.address = "198.51.100.%d" % Information.number
        self.guest.inside("ip", "address", "add", self.address + "/32", "dev", "eth0")

    def is_known(self):
        known = re.findall(r"198\.51\.100\.\d+", self.guest.host("info")[1])
        return set(known) == {self.address}

    def end(self):
        took = wait_until(self.is_known, 3)
        return Outcome(took is not None, "the address" if took is not None else "not the address, for 3 s")

    def again(self):
        self.change()
        return wait_until(self.is_known, 5) is not None


class Power(Operation):
    """A power-off whose script takes half a second; vmxsim records the shutdown."""

    name = "power event"
    victims = ("transportd", "powerd")
    bystander = "guestinfod"

    def prepare(self):
        self.must_succeed()
        self.shutdowns_before = self.shutdowns()

    def shutdowns(self):
        return self.guest.host("recorded")[1].count("shutdown -h")

    def begin(self):
        self.process = self.guest.begin("power", "off", "--timeout=%ds" % self.patience, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def end(self):
        text = self.process.communicate(timeout=LIMIT)[0].decode()
        status = re.search(r"^status: (\d) ", text, re.M)
        self.done = status is not None and status[1] == "1"
        if self.done:
            return Outcome(True, "success")
        return Outcome(False, "error status" if status else short(text))

    def harm(self, outcome):
        wait_until(lambda: self.shutdowns() > self.shutdowns_before, 2 if outcome.ok else 0)
        shutdowns = self.shutdowns() - self.shutdowns_before
        if outcome.ok and shutdowns != 1 or outcome.text == "error status" and shutdowns or shutdowns > 1:
            return ["%d shutdowns" % shutdowns]
        return []

    def again(self):
        return "status: 1" in self.guest.host("power", "on", "--timeout=3s")[1]


class Snapshot(Operation):
    """Of a file system on a loop device; the fault strikes while it is frozen."""

    name = "snapshot"
    victims = ("transportd", "snapshotd", "freezer")

    def prepare(self):
        self.must_succeed()

    def begin(self):
        self.process = self.guest.begin("snapshot", "--hold=1s", "--patience=6s", "--timeout=20s",
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self.lines = []

    def middle(self):
        for line in self.process.stdout:
            self.lines.append(line.decode())
            if "prov.snapshotCommit" in self.lines[-1]:
                return True
        return False

    def end(self):
        text = "".join(self.lines) + self.process.stdout.read().decode()
        self.process.wait(LIMIT)
        outcome = re.search(r"^outcome: (.*)$", text, re.M)
        self.text = text
        return Outcome(self.process.returncode == 0, outcome[1] if outcome else short(text))

    def harm(self, outcome):
        file = self.guest.folder + "/frozen/written"
        try:
            subprocess.run(["timeout", "10", "sh", "-c", "echo x >>'%s'" % file], check=True, stderr=subprocess.DEVNULL)
        except subprocess.CalledProcessError:
            return ["the file system stays frozen"]
        return []

    def again(self):
        return self.guest.host("snapshot", "--patience=3s", "--timeout=6s")[0] == 0


class Status(Operation):
    name = "toolboxctl status"
    victims = ("transportd", "guestinfod")
    server = "transportd"

    def prepare(self):
        self.must_succeed()

    def begin(self):
        words = ["exec", "--", self.guest.root + "/out/bin/toolboxctl", "--control=%s/transportd.sock" % self.guest.runtime]
        self.process = self.guest.begin(words[0], *words[1:], "status", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT)

    def again(self):
        return self.guest.toolboxctl("status")[0] == 0


class Clock(Operation):
    """The guest's clock is 5 s late; vmxsim plays what sets it."""

    name = "clock"
    victims = ("transportd", "clockd")
    server = "clockd"
    # A clockd that has not answered in time is not asked for a minute.
    pause = 65
    # After ten steps within a minute, the next is refused. This is when the last ones were asked for.
    asked = []

    def prepare(self):
        assert wait_until(lambda: len([t for t in Clock.asked if t > time.monotonic() - 61]) < 5, 70, 0.5) is not None
        if self.guest.find("clockd") is None:
            self.must_succeed()

    def steps(self):
        return self.guest.host("clock")[1].count("\nstep ")

    def begin(self):
        self.before = self.steps()
        Clock.asked.append(time.monotonic())
        self.guest.host("clock", "ahead=5s")
        self.process = self.guest.begin("send", "--timeout=%ds" % self.patience, "Time_Synchronize 1", stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end(self):
        text = self.process.communicate(timeout=LIMIT)[0].decode()
        ok = text.startswith("OK")
        self.made = self.steps() - self.before
        return Outcome(ok, "success" if ok else short(text))

    def harm(self, outcome):
        # An answer that comes too late for transportd is an error, and the clock is set.
        return ["%d steps" % self.made] if self.made > 1 or outcome.ok and self.made != 1 else []

    def again(self):
        self.guest.host("clock", "ahead=5s")
        ok = self.guest.host("send", "--timeout=3s", "Time_Synchronize 1")[1].startswith("OK")
        if ok:
            Clock.asked.append(time.monotonic())
        return ok


class Customization(Operation):
    """Without cloud-init in the guest it ends with a reason; nothing of the package may stay."""

    name = "customization"
    victims = ("transportd", "deployd")
    server = "deployd"

    def prepare(self):
        self.must_succeed()

    def begin(self):
        self.process = self.guest.begin("customize", "--timeout=%ds" % self.patience, "--cust_cfg=%s/cust.cfg" % self.guest.folder,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def end(self):
        text = self.process.communicate(timeout=LIMIT)[0].decode()
        return Outcome("cloud-init" in text, "its reason" if "cloud-init" in text else short(text))

    def harm(self, outcome):
        folder = self.guest.runtime + "/deploy"

        def left():
            return [f for d, _, names in os.walk(folder) for f in (os.path.join(d, n) for n in names)
                    if "c2VjcmV0" in read(f)]

        wait_until(lambda: not left(), 10, 0.2)
        return ["a password is left in %s" % os.path.relpath(f, folder) for f in left()]

    def again(self):
        return "cloud-init" in self.guest.host("customize", "--timeout=3s", "--cust_cfg=%s/cust.cfg" % self.guest.folder)[1]


ALL = (Upload, Unpack, Download, Pack, Listing, Running, Start, ProcessList, Login, Information, Power, Snapshot, Status,
       Clock, Customization)
