# SPDX-License-Identifier: Apache-2.0
"""Quiesced snapshots, which backups take. --snapshots asks for them."""

from checks import Failure, check, equal, holds
from event_scripts import EventScript, forget, recorded
from machine import wait_for_task

SCRIPTS = "/etc/toolboxd/snapshot.d"


def names(tree):
    return [s.name for s in tree] + [n for s in tree for n in names(s.childSnapshotList)]


def take(guest):
    """Takes a quiesced snapshot and removes it."""
    task = guest.vm.CreateSnapshot_Task(guest.mark, "made and removed by tests/vsphere/run", False, True)
    snapshot = wait_for_task(task, 900)
    remove = lambda: wait_for_task(snapshot.RemoveSnapshot_Task(False))
    guest.later("the snapshot " + guest.mark, remove)
    shown = names(guest.vm.snapshot.rootSnapshotList) if guest.vm.snapshot else []
    holds(guest.mark in shown, "the snapshot is not shown")
    remove()
    guest.undo.pop()


def calls(guest):
    """Each call of a script, with its first argument."""
    return [" ".join(line.split()[:2]) for line in recorded(guest)]


def still_writes(guest):
    """The file systems take writes, so nothing is frozen."""
    guest.output("for d in /var/tmp / /tmp; do [ ! -w $d ] || { : >$d/%s-w && rm $d/%s-w; }; done; sync" % (guest.mark, guest.mark))


@check("a quiesced snapshot is taken, and the guest writes afterwards", option="snapshots")
def quiesced(guest):
    take(guest)
    still_writes(guest)


@check("scripts run before and after a quiesced snapshot", option="snapshots")
def scripts(guest):
    guest.need_root()
    EventScript(guest, SCRIPTS, "one")
    forget(guest)
    take(guest)
    equal(calls(guest), ["one freeze", "one thaw"], "calls")


@check("a script that fails makes the snapshot fail, and nothing stays frozen", option="snapshots")
def failing_script(guest):
    guest.need_root()
    EventScript(guest, SCRIPTS, "one")
    EventScript(guest, SCRIPTS, "two", more="[ \"$1\" != freeze ]\n")
    forget(guest)
    try:
        take(guest)
    except Failure:
        still_writes(guest)
        # Only those that had succeeded are called again.
        equal(calls(guest), ["one freeze", "two freeze", "one freezeFail"], "calls")
        return
    raise Failure("the snapshot succeeded")
