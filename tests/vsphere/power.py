# SPDX-License-Identifier: Apache-2.0
"""Soft power operations and their scripts. --power asks for them: the guest goes down, several times.

With --power=requests the host only asks, and nothing waits for the machine to go down: for simulators.
"""

from pyVmomi import vim

from checks import check, holds, within
from event_scripts import EventScript, forget, recorded
from machine import boot_id, has_restarted, power_on, wait_for_power, wait_for_task, wait_until


def place(guest, *events):
    """Scripts for these events, if the user is root: as a list of the events."""
    if guest.user != "root":
        return []
    for event in events:
        EventScript(guest, "/etc/toolboxd/power.d/" + event, event)
    forget(guest)
    return list(events)


def request(ask):
    """Asks again while an earlier change of state is still in progress."""

    def accepted():
        try:
            ask()
            return True
        except (vim.fault.ToolsUnavailable, vim.fault.InvalidState):
            return False

    within(30, accepted, "the guest accepts the request")


def have_run(guest, events):
    within(30, lambda: all(e in recorded(guest) for e in events), "scripts of %s have run" % ", ".join(events))


@check("the guest restarts, after its scripts", option="power")
def restart(guest):
    events = place(guest, "reboot")
    before = boot_id(guest)
    request(guest.vm.RebootGuest)
    if guest.options.power != "requests":
        wait_until(lambda: has_restarted(guest, before), "the guest has restarted")
    have_run(guest, events)


@check("the guest shuts down after its scripts, and runs those of power-on afterwards", option="power")
def shut_down(guest):
    events = place(guest, "halt", "poweron")
    request(guest.vm.ShutdownGuest)
    if guest.options.power == "requests":
        have_run(guest, events[:1])
        return
    wait_for_power(guest, "poweredOff")
    power_on(guest)
    have_run(guest, events)


@check("the guest suspends after its scripts, and runs those of resume afterwards", option="power")
def suspend(guest):
    events = place(guest, "suspend", "resume")
    before = boot_id(guest)
    wait_for_task(guest.vm.SuspendVM_Task())
    wait_for_power(guest, "suspended")
    power_on(guest)
    holds(boot_id(guest) == before, "the guest has restarted instead")
    if guest.options.power != "requests":
        have_run(guest, events)
