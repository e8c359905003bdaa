# SPDX-License-Identifier: Apache-2.0
"""Programs' standard streams without files, at /proc/PID: docs/protocol/hgfs.md 5.9.

Only programs without a slash have them.
"""

import shlex

from pyVmomi import vim

from checks import check, equal, refused, within
from transfers import content_of, digest

NOT_YET = (vim.fault.CannotAccessFile,)


def stream(pid, name):
    return "/proc/%d/%s" % (pid, name)


def start(guest, script):
    return guest.start("sh", "-c %s %s" % (shlex.quote(script), guest.mark))


def feed(guest, pid, content):
    guest.upload(stream(pid, "stdin"), content)


@check("output and errors are read apart, and as often as wanted")
def outputs(guest):
    pid = start(guest, "echo out; echo err >&2; exit 3")
    equal(guest.finish(pid).exitCode, 3, "exit code")
    for _ in range(2):
        equal(guest.download(stream(pid, "stdout")), b"out\n", "stdout")
        equal(guest.download(stream(pid, "stderr")), b"err\n", "stderr")


@check("input reaches the program, and its end ends it")
def inputs(guest):
    for size in (0, 1, 63489, 1048583):
        pid = start(guest, "cat")
        feed(guest, pid, content_of(size))
        equal(guest.finish(pid).exitCode, 0, "exit code")
        seen = guest.download(stream(pid, "stdout"))
        equal((len(seen), digest(seen)), (size, digest(content_of(size))), "size and checksum of stdout")


@check("output of a program that still runs is refused until its end")
def running(guest):
    pid = start(guest, "read line; echo got $line")
    refused(NOT_YET, guest.offer, stream(pid, "stdout"))
    feed(guest, pid, b"it\n")
    offers = []

    def offered():
        try:
            offers.append(guest.offer(stream(pid, "stdout")))
        except NOT_YET:
            pass
        return offers

    within(20, offered, "the output is offered")
    equal(guest.transfers.get(offers[0].url), b"got it\n", "stdout")


@check("a program that does not exist has no streams")
def missing(guest):
    refused((vim.fault.FileFault,), guest.offer, stream((1 << 22) - 1, "stdout"))
