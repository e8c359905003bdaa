# SPDX-License-Identifier: Apache-2.0
"""GuestProcessManager: start, list, terminate, environment."""

import shlex

from pyVmomi import vim, vmodl

from checks import Failure, NotApplicable, check, equal, holds, refused, within

GONE = (vim.fault.GuestProcessNotFound,)
DENIED = (vim.fault.GuestPermissionDenied, vim.fault.CannotAccessFile)


@check("a program runs as the user")
def user(guest):
    equal(guest.output("id -un").strip(), guest.user, "user")


@check("exit codes are reported")
def exit_codes(guest):
    for code in (0, 1, 7, 255):
        equal(guest.finish(guest.shell("exit %d" % code)).exitCode, code, "exit code")


@check("a program that a signal ended has exit code -1")
def signal(guest):
    equal(guest.finish(guest.shell("kill -9 $$")).exitCode, -1, "exit code")


@check("start and end are the guest's times")
def times(guest):
    before = int(guest.output("date +%s"))
    ended = guest.finish(guest.shell("sleep 1.2"))
    after = int(guest.output("date +%s"))
    start, end = ended.startTime.timestamp(), ended.endTime.timestamp()
    holds(before - 2 <= start <= end <= after + 2 and end - start <= 4, "%d to %d, in %d to %d" % (start, end, before, after))


@check("arguments are a shell's")
def arguments(guest):
    path = guest.path("arguments")
    script = 'printf "%s|" "$@" >' + path
    guest.finish(guest.start("/bin/sh", "-c %s %s 'a b' \"c\\\"d\" $((1 + 1)) ü" % (shlex.quote(script), guest.mark)))
    equal(guest.download(path).decode(), 'a b|c"d|2|ü|', "arguments")


@check("a program's path may have blanks")
def path_with_blanks(guest):
    path = guest.path("a program")
    guest.upload(path, b"#!/bin/sh\nexit 9\n", permissions=0o700)
    equal(guest.finish(guest.start(path, guest.mark)).exitCode, 9, "exit code")


@check("without one, the working directory is the user's home")
def home(guest):
    expected, seen = guest.output('echo ~; pwd').splitlines()
    equal(seen, expected, "directory")


@check("a working directory is entered, or refused if it is missing")
def working_directory(guest):
    guest.finish(guest.shell("pwd >pwd", directory=guest.folder))
    equal(guest.download(guest.path("pwd")).decode().strip(), guest.folder, "directory")
    faults = (vim.fault.FileFault, vmodl.fault.InvalidArgument)
    refused(faults, guest.shell, "exit 0", directory=guest.path("missing"))


@check("variables are given to the program")
def environment(guest):
    path = guest.path("environment")
    guest.finish(guest.shell('printf "%%s|%%s" "$ONE" "$TWO" >%s' % path, environment=["ONE=a b=c", "TWO=ü"]))
    equal(guest.download(path).decode(), "a b=c|ü", "variables")


@check("a program that does not exist is refused")
def missing(guest):
    refused((vim.fault.FileNotFound,), guest.start, guest.path("missing"), guest.mark)


@check("a file that is not executable is refused")
def not_executable(guest):
    guest.upload(guest.path("plain"), b"#!/bin/sh\n", permissions=0o600)
    refused(DENIED, guest.start, guest.path("plain"), guest.mark)


@check("a running program is listed with its owner, command line and start")
def listed(guest):
    pid = guest.shell("sleep 300")
    found = guest.processes([pid])
    equal([p.pid for p in found], [pid], "pids")
    equal((found[0].owner, found[0].endTime), (guest.user, None), "owner and end")
    holds(guest.mark in found[0].cmdLine, "the command line is %s" % found[0].cmdLine)
    holds(pid in [p.pid for p in guest.processes()], "it is not in the list of all processes")
    guest.terminate(pid)
    guest.finish(pid)


@check("the list has the machine's processes")
def all_processes(guest):
    found = {p.pid: p for p in guest.processes()}
    holds(1 in found, "pid 1 is not listed")
    equal(found[1].owner, "root", "owner of pid 1")


@check("a program is terminated with its children")
def terminate(guest):
    pid = guest.shell("sleep 60 & echo $! >%s.new && mv %s.new %s; wait" % ((guest.path("child"),) * 3))
    within(10, lambda: "child" in guest.entries(guest.folder), "it has started")
    child = int(guest.download(guest.path("child")))
    guest.terminate(pid)
    guest.finish(pid, seconds=20)
    sleeps = lambda: [p for p in guest.processes([child]) if not p.endTime and "sleep" in p.name]
    within(10, lambda: not sleeps(), "its child has ended")


@check("a program that ignores SIGTERM is killed")
def kill(guest):
    pid = guest.shell('trap "" TERM; : >%s; while :; do sleep 1; done' % guest.path("ignores"))
    within(10, lambda: "ignores" in guest.entries(guest.folder), "it has started")
    guest.terminate(pid)
    guest.finish(pid, seconds=40)


@check("a process that does not exist is not terminated")
def terminate_missing(guest):
    # Above the largest number that Linux gives to a process.
    refused(GONE, guest.terminate, 1 << 30)


@check("another user's process is not terminated")
def terminate_foreign(guest):
    if guest.user == "root":
        raise NotApplicable("the user is root")
    refused(DENIED, guest.terminate, 1)


@check("twenty programs at a time each have their own exit code")
def many(guest):
    pids = {guest.shell("sleep 0.5; exit %d" % code): code for code in range(20)}
    equal(len(pids), 20, "pids")
    seen = {pid: guest.finish(pid).exitCode for pid in pids}
    equal(seen, pids, "exit codes")


def variables(guest, names=None):
    lines = guest.process_manager.ReadEnvironmentVariableInGuest(guest.vm, guest.auth, names or [])
    return dict(line.split("=", 1) for line in lines)


@check("the environment has HOME, USER or LOGNAME, and PATH")
def whole_environment(guest):
    found = variables(guest)
    equal(found.get("HOME"), guest.output("echo ~").strip(), "HOME")
    holds(guest.user in (found.get("USER"), found.get("LOGNAME")), "neither USER nor LOGNAME is %s" % guest.user)
    holds("/bin" in found.get("PATH", ""), "PATH is %s" % found.get("PATH"))


@check("variables are read by name, and unknown ones left out")
def some_variables(guest):
    found = variables(guest, ["PATH", "NO_SUCH_VARIABLE"])
    equal(sorted(found), ["PATH"], "names")


@check("programs get the environment that is shown")
def same_environment(guest):
    seen = guest.output("env").splitlines()
    missing = [n for n in ("HOME", "PATH") if "%s=%s" % (n, variables(guest)[n]) not in seen]
    if missing:
        raise Failure("different in programs: %s" % ", ".join(missing))
