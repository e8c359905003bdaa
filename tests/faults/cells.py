#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The cells of tests/faults/run, which has started everything: each fault in the middle of each operation.

cells.py ROOT FOLDER PASSWORD LOG_READER FREEZER [--all] [--table] [--only=REGEX]
"""

import re
import signal
import sys
import threading
import time
import traceback

import faults
import operations
from guest import Guest, go_on, send_signal, wait_until
from table import print_table

# Processes that do not exist before.
COME_WITH_THE_OPERATION = ("login", "freezer")
# Nothing is left this long after the next success, in seconds.
QUIET = 15

# Without --all: each fault and each operation at least once, where most can go wrong.
DEFAULT = re.compile("|".join("^%s$" % line for line in (
    "kill -9 of transportd during (upload|upload of an archive|program that runs|start of a program|power event)",
    "kill -9 of (hgfsd|hgfsd's session) during (upload|upload of an archive|download)",
    "kill -9 of (hgfsd during listing|vixd during .*|login during login|vixd's session during program that runs)",
    "kill -9 of (guestinfod|powerd|clockd|deployd) during .*",
    "stopped for 2 s of (transportd during upload|hgfsd during download of an archive|vixd during process list)",
    "stopped for 12 s of hgfsd during upload",
    "out of memory of (transportd during download|hgfsd during upload of an archive|vixd during start of a program)",
    "memory is refused of (transportd during login|hgfsd during upload|guestinfod during .*)",
    "no more descriptors of (transportd during listing|hgfsd during upload|vixd during start of a program)",
    "no more processes of ((transportd|powerd) during power event|transportd during login|vixd during start of a program|snapshotd during .*)",
    "the disk is full during (upload|upload of an archive|snapshot)",
    "the runtime directory is full during (program that runs|start of a program|login)",
    "the disk turns read-only during (upload|upload of an archive)",
    "the log stands still during (upload|start of a program|login|power event|toolboxctl status)",
    "a D-Bus that does not answer during (login|program that runs|power event)",
    "a PAM module .* during login",
    "the clock jumps by an hour during (download|snapshot)",
    "the guest stands still for 3 s during (upload|program that runs)",
)))


class Cell:
    def __init__(self, fault, operation, victim):
        self.fault, self.operation, self.victim = fault, operation, victim
        self.outcome, self.harm, self.recovery = None, [], None

    def name(self):
        of = " of " + self.victim if self.victim else ""
        return "%s%s during %s" % (self.fault.name, of, self.operation.name)


def matrix():
    for operation in operations.ALL:
        for victim in operation.victims:
            for fault in faults.OF_PROCESSES:
                # No other process answers for transportd: the host only waits longer. The kernel kills powerd when the
                # shutdown command begins, of which the host has the answer then.
                if (fault, victim) not in ((faults.Stop, "transportd"), (faults.OutOfMemory, "powerd")):
                    yield Cell(fault, operation, victim)
    for operation in operations.ALL:
        for fault in faults.OF_THE_MACHINE:
            yield Cell(fault, operation, "")
    for fault in faults.OF_LOGINS:
        for operation in (operations.Login, operations.Download, operations.Running):
            yield Cell(fault, operation, "")


class Run:
    def __init__(self, guest):
        self.guest = guest
        self.passed = self.failed = 0

    def process(self, name, operation):
        if not name:
            return None
        uid = self.guest.uid(operation.user) if re.match("hgfsd|vixd", name) else None
        pid = self.guest.find(name, uid)
        assert pid is not None, "there is no %s" % name
        return pid

    def strike(self, cell, operation, fault):
        """From the begin of the operation to the fault; returns the time of that."""
        if fault.is_first:
            fault.strike(None)
            operation.begin()
            assert operation.middle(), "the operation has no middle"
            operation.resume()
            return time.monotonic()
        server = self.process(operation.server, operation)
        victim = None if cell.victim in COME_WITH_THE_OPERATION else self.process(cell.victim, operation)
        if server:
            send_signal(server, signal.SIGSTOP)
        try:
            operation.begin()
            assert operation.middle(), "the operation has no middle"
            if cell.victim in COME_WITH_THE_OPERATION:
                victim = self.guest.find(cell.victim)
                if victim is None:
                    raise operations.Missed
            fault.strike(victim)
        finally:
            if server and not (server == victim and fault.keeps_stopped):
                go_on(server)
        operation.resume()
        return time.monotonic()

    def begin(self, cell, operation, fault):
        for _ in range(10):
            operation.prepare()
            try:
                return self.strike(cell, operation, fault)
            except operations.Missed:
                operation.end()
        raise AssertionError("the operation has no middle")

    def end(self, cell, operation, fault, begin):
        """The operation ends while the fault holds, or after it."""
        result = []
        thread = threading.Thread(target=lambda: result.append(operation.end()), daemon=True)
        thread.start()
        thread.join(max(0, begin + fault.hold - time.monotonic()))
        if fault.is_ignored and not result:
            cell.harm.append("the operation waits for the end of the fault")
        fault.repair()
        thread.join(operations.LIMIT)
        assert result, "the host waits forever"
        return result[0]

    def play(self, cell):
        operation, fault = cell.operation(self.guest), cell.fault(self.guest)
        operation.patience = fault.patience
        begin = self.begin(cell, operation, fault)
        try:
            cell.outcome = self.end(cell, operation, fault, begin)
        finally:
            operation.abandon()
        if fault.is_ignored and not cell.outcome.ok:
            cell.harm.append("the host notices the fault")
        bound = fault.bound if cell.outcome.ok else max(fault.bound, operation.pause)
        cell.recovery = wait_until(operation.again, max(60, bound))
        if cell.recovery is None or cell.recovery > bound:
            cell.harm.append("no success within %d s" % bound)
        cell.harm += operation.harm(cell.outcome)
        if wait_until(lambda: not self.guest.problems(), QUIET, 0.1) is None:
            cell.harm += self.guest.problems()

    def check(self, cell, output):
        begin = time.monotonic()
        try:
            self.play(cell)
        except Exception:
            cell.harm.append(traceback.format_exc(limit=4))
        figure = "figure  %s; next success after %s ms; %.1f s in all" % (
            cell.outcome.text if cell.outcome else "-",
            "-" if cell.recovery is None else round(cell.recovery * 1000), time.monotonic() - begin)
        if cell.harm:
            self.failed += 1
            print("FAIL  " + cell.name(), *cell.harm, self.guest.state(), figure, sep="\n", file=output, flush=True)
        else:
            self.passed += 1
            print("pass  %s\n%s" % (cell.name(), figure), file=output, flush=True)


def chosen(options):
    only = next((o.split("=", 1)[1] for o in options if o.startswith("--only=")), "")
    is_all = "--all" in options or only
    return [c for c in matrix() if re.search(only, c.name()) and (is_all or DEFAULT.match(c.name()))]


def main(arguments):
    root, folder, password, log_reader, freezer = arguments[:5]
    options = arguments[5:]
    run = Run(Guest(root, folder, password, int(log_reader), int(freezer)))
    output = sys.stderr if "--table" in options else sys.stdout
    cells = chosen(options)
    for cell in cells:
        run.check(cell, output)
    if "--table" in options:
        print_table(cells)
    print("%d passed, %d failed" % (run.passed, run.failed))
    return 0 if cells and not run.failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
