#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""systemd, as far as snapshotd needs it, on a bus of a test's own.

units.py FOLDER TOOLBOXD     the bus is FOLDER/bus, this process's number is in FOLDER/units.pid

Starts dbus-daemon, and again whenever it has ended, as its socket unit would. Starts and stops
toolboxd-snapshot-hook@EVENT.service as its unit file says: "TOOLBOXD toolboxctl snapshot-scripts
EVENT"; a stop is SIGTERM to that process, and SIGKILL after ten seconds. Ends with SIGTERM, and
ends what it has started.
"""

import ctypes
import os
import re
import select
import signal
import subprocess
import sys
import time

MANAGER = b"org.freedesktop.systemd1.Manager"
OBJECT = b"/org/freedesktop/systemd1"
UNIT = re.compile(r"^toolboxd-snapshot-hook@(freeze|thaw|freezeFail)\.service$")
STOP_TIMEOUT = 10
CONFIG = """<busconfig><type>system</type><listen>unix:path=%s</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/>
<allow user="*"/></policy></busconfig>
"""
library = ctypes.CDLL("libsystemd.so.0")
library.sd_bus_message_get_member.restype = ctypes.c_char_p


class Lost(Exception):
    """The bus has ended."""


def sd(name, *arguments):
    result = getattr(library, "sd_bus_" + name)(*arguments)
    if result < 0:
        raise Lost("%s: %s" % (name, os.strerror(-result)))
    return result


class Bus:
    """A connection that has systemd's name."""

    def __init__(self, path):
        self.bus = ctypes.c_void_p()
        sd("new", ctypes.byref(self.bus))
        sd("set_address", self.bus, b"unix:path=" + path.encode())
        sd("set_bus_client", self.bus, 1)
        sd("set_method_call_timeout", self.bus, ctypes.c_uint64(2_000_000))
        sd("start", self.bus)
        sd("request_name", self.bus, b"org.freedesktop.systemd1", ctypes.c_uint64(0))

    def close(self):
        library.sd_bus_close(self.bus)
        library.sd_bus_unref(self.bus)

    def fileno(self):
        return sd("get_fd", self.bus)

    def next(self):
        """A message, or None; the caller unrefs it."""
        while True:
            message = ctypes.c_void_p()
            done = sd("process", self.bus, ctypes.byref(message))
            if message:
                return message
            if done == 0:
                return None

    def job_removed(self, number, unit, result):
        sd("emit_signal", self.bus, OBJECT, MANAGER, b"JobRemoved", b"uoss", ctypes.c_uint32(number),
           job_path(number), unit.encode(), result)


def job_path(number):
    return b"/org/freedesktop/systemd1/job/%d" % number


class Unit:
    def __init__(self, name, command):
        self.name, self.command = name, command
        self.process = None
        self.start_job = self.stop_job = None
        # A start that waits for the end of what is being stopped.
        self.again = None
        self.kill_at = None

    def start(self, job):
        self.start_job = job
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL)

    def stop(self, job):
        self.stop_job = job
        self.process.send_signal(signal.SIGTERM)
        # What was stopped would not end.
        self.process.send_signal(signal.SIGCONT)
        self.kill_at = time.monotonic() + STOP_TIMEOUT


class Units:
    def __init__(self, folder, toolboxd):
        self.folder, self.toolboxd = folder, toolboxd
        self.units, self.jobs = {}, 0
        self.daemon = self.bus = None
        with open(folder + "/bus.conf", "w") as file:
            file.write(CONFIG % (folder + "/bus"))

    def connect(self):
        """As long as it takes: the daemon may be stopped."""
        if self.daemon is None or self.daemon.poll() is not None:
            self.daemon = subprocess.Popen(
                ["dbus-daemon", "--config-file=%s/bus.conf" % self.folder, "--nofork", "--nopidfile"])
        try:
            self.bus = Bus(self.folder + "/bus")
        except Lost:
            self.bus = None

    def run(self):
        while True:
            if self.bus is None:
                self.connect()
            try:
                self.round()
            except Lost:
                self.bus.close()
                self.bus = None
            if self.bus is None:
                time.sleep(0.02)

    def round(self):
        if self.bus is not None:
            while True:
                message = self.bus.next()
                if message is None:
                    break
                self.answer(message)
                library.sd_bus_message_unref(message)
            select.select([self.bus], [], [], 0.01)
        for unit in self.units.values():
            if unit.process is None:
                continue
            if unit.kill_at is not None and time.monotonic() >= unit.kill_at:
                unit.process.kill()
            status = unit.process.poll()
            if status is not None:
                self.ended(unit, status)

    def ended(self, unit, status):
        jobs = [(unit.stop_job, b"done")]
        if unit.start_job is not None:
            jobs.insert(0, (unit.start_job, b"done" if status == 0 else b"failed"))
        unit.process = unit.start_job = unit.stop_job = unit.kill_at = None
        if unit.again is not None:
            unit.start(unit.again)
            unit.again = None
        for job, result in jobs:
            if job is not None:
                self.removed(job, unit, result)

    def removed(self, job, unit, result):
        # Without a bus no process hears of it.
        if self.bus is not None:
            self.bus.job_removed(job, unit.name, result)

    def answer(self, message):
        member = library.sd_bus_message_get_member(message)
        if not library.sd_bus_message_is_method_call(message, MANAGER, None):
            return
        if member == b"Subscribe":
            sd("reply_method_return", message, b"")
            return
        name, mode = ctypes.c_char_p(), ctypes.c_char_p()
        sd("message_read", message, b"ss", ctypes.byref(name), ctypes.byref(mode))
        match = UNIT.match(name.value.decode())
        if member not in (b"StartUnit", b"StopUnit") or not match:
            sd("reply_method_errorf", message, b"org.freedesktop.systemd1.NoSuchUnit", b"not a unit of the test")
            return
        self.jobs += 1
        unit = self.units.setdefault(
            name.value, Unit(match.group(), [self.toolboxd, "toolboxctl", "snapshot-scripts", match.group(1)]))
        job = self.start(unit) if member == b"StartUnit" else self.stop(unit)
        sd("reply_method_return", message, b"o", job_path(job))

    def start(self, unit):
        if unit.process is None:
            unit.start(self.jobs)
        elif unit.stop_job is None:
            # It is being started: the job is the same.
            return unit.start_job
        else:
            unit.again = self.jobs
        return self.jobs

    def stop(self, unit):
        unit.again = None
        if unit.process is None:
            self.removed(self.jobs, unit, b"done")
        elif unit.stop_job is None:
            start, unit.start_job = unit.start_job, None
            unit.stop(self.jobs)
            self.removed(start, unit, b"canceled")
        else:
            return unit.stop_job
        return self.jobs

    def end(self):
        for process in [u.process for u in self.units.values() if u.process] + [self.daemon]:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait()


def main():
    folder, toolboxd = sys.argv[1:]
    units = Units(folder, toolboxd)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with open(folder + "/units.pid", "w") as file:
        file.write(str(os.getpid()))
    try:
        units.run()
    finally:
        units.end()


if __name__ == "__main__":
    main()
