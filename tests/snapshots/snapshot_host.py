# SPDX-License-Identifier: Apache-2.0
"""A snapshot from the side of the host, for the cases of tests/snapshots/dialogue."""

import re
import subprocess

# In the order of the freeze, but for the last one, which needs none of them.
NESTED = ["inner", "xfs", "ext4", "btrfs"]
EVENT = re.compile(r"^ *([0-9.]+) TX   vmbackup\.eventSet (\S+) (\d+) (.*)\\0$")
DIALOGUE = re.compile(r"^ *[0-9.]+ (RX|TX|RPLY) +(.*)$")
ABORTED = ("req.aborted", 4, "Quiesce canceled.")
DONE = ("req.done", 0, "")
RESET = ("reset", 0, "")
COMMIT = ("prov.snapshotCommit", 0, "")
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

    def dialogue(self):
        """Every message and reply, byte for byte, but keepAlive."""
        found = [" ".join(m.groups()) for m in map(DIALOGUE.match, self.lines) if m]
        return [line for line in found if " req.keepAlive " not in line]

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
