#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A guest whose host makes the faults of a seed: each request is answered once, and done once.

seeds.py ROOT FOLDER PASSWORD SEED OPERATIONS; the guest's files are in FOLDER, its socket is FOLDER/vmx.sock.
"""

import filecmp
import os
import re
import sys
import time

from guest import Guest, read, wait_until


class Seed:
    def __init__(self, guest):
        self.guest = guest
        self.journal = guest.folder + "/numbers"
        # Of programs and uploads, by their numbers: whether the host has heard of a success.
        self.programs, self.uploads = {}, {}
        self.refused = self.violations = 0

    def play(self, operations):
        for number in range(operations):
            kind = number % 3
            if kind == 0:
                command = "-c \"echo %d >>%s\"" % (number, self.journal)
                self.programs[number] = self.operate("start", "/bin/sh", command)
            elif kind == 1:
                target = "%s/files/%d" % (self.guest.folder, number)
                self.uploads[number] = self.operate("upload", "-f", self.guest.folder + "/content", target)
            else:
                self.operate("ls", "/etc")

    def operate(self, *words):
        ok = self.guest.operate(*words, patience=3)[0] == 0
        self.refused += not ok
        if not ok:
            self.guest.host("wait", "--timeout=10s")
        return ok

    def problems(self):
        took = wait_until(lambda: self.guest.operate("validate", patience=1)[0] == 0, 20)
        found = [] if took is not None else ["no success within 20 s of the last fault"]
        time.sleep(0.5)
        ran = read(self.journal).split()
        for number, ok in self.programs.items():
            times = ran.count(str(number))
            if times > 1 or ok and times != 1:
                found.append("program %d ran %d times" % (number, times))
        for number, ok in self.uploads.items():
            path = "%s/files/%d" % (self.guest.folder, number)
            if os.path.exists(path) and not filecmp.cmp(path, self.guest.folder + "/content", shallow=False):
                found.append("upload %d is not whole" % number)
            if ok and not os.path.exists(path):
                found.append("upload %d is lost" % number)
        left = [n for n in os.listdir(self.guest.folder + "/files") if not n.isdigit()]
        log = self.guest.host("log")[1]
        found += re.findall(r".*(?:a reply without a request|no reply to).*", log)
        return found + ["%s is left" % n for n in left]

    def faults(self):
        kinds = re.findall(r"\bfault\s+([a-z-]+)", self.guest.host("log")[1])
        return ", ".join("%d %s" % (kinds.count(k), k) for k in sorted(set(kinds)))


def main(arguments):
    root, folder, password, number, operations = arguments
    seed = Seed(Guest(root, folder, password, 0, 0))
    seed.play(int(operations))
    problems = seed.problems()
    name = "every request is answered once, and done once, whatever the host breaks: seed %s" % number
    print("\n".join(["FAIL  " + name] + problems) if problems else "pass  " + name)
    print("figure  %s operations, %d of them refused or unanswered; faults: %s" % (operations, seed.refused, seed.faults()))
    print("%d passed, %d failed" % (not problems, bool(problems)))


if __name__ == "__main__":
    main(sys.argv[1:])
