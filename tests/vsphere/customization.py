# SPDX-License-Identifier: Apache-2.0
"""Customization of a clone by vCenter. --customization asks for it.

A full clone of the machine, with its name, is made beside it, customized at its first start, looked
at by guest operations, and destroyed. The machine itself is not changed.
"""

import time

from pyVmomi import vim

from checks import Failure, NotApplicable, check, equal
from guest import Guest
from machine import is_ready, wait_for_task, wait_until

SUCCEEDED = (vim.event.CustomizationSucceeded,)
FAILED = (vim.event.CustomizationFailed,)
TIME_LIMIT = 1200


def specification(name, cards):
    """A name, and addresses by DHCP for every card."""
    vm = vim.vm.customization
    identity = vm.LinuxPrep(hostName=vm.FixedName(name=name), domain="example.com", timeZone="Etc/UTC", hwClockUTC=True)
    adapters = [vm.AdapterMapping(adapter=vm.IPSettings(ip=vm.DhcpIpGenerator())) for _ in range(cards)]
    return vm.Specification(identity=identity, globalIPSettings=vm.GlobalIPSettings(), nicSettingMap=adapters)


def clone(guest, name):
    cards = [d for d in guest.vm.config.hardware.device if isinstance(d, vim.vm.device.VirtualEthernetCard)]
    place = vim.vm.RelocateSpec(pool=guest.vm.resourcePool)
    wanted = vim.vm.CloneSpec(location=place, powerOn=False, template=False, customization=specification(name, len(cards)))
    return wait_for_task(guest.vm.CloneVM_Task(guest.vm.parent, name, wanted))


def destroy(machine):
    if machine.runtime.powerState != "poweredOff":
        wait_for_task(machine.PowerOffVM_Task())
    wait_for_task(machine.Destroy_Task())


def customized(content, machine):
    """Waits for vCenter's event about the customization's end."""
    of_machine = vim.event.EventFilterSpec.ByEntity(entity=machine, recursion="self")
    wanted = vim.event.EventFilterSpec(entity=of_machine)
    end = time.monotonic() + TIME_LIMIT
    while time.monotonic() < end:
        for event in content.eventManager.QueryEvents(wanted):
            if isinstance(event, SUCCEEDED):
                return
            if isinstance(event, FAILED):
                raise Failure("vCenter: %s" % event.fullFormattedMessage)
        time.sleep(2)
    raise Failure("vCenter has no event about the customization's end within %d s" % TIME_LIMIT)


@check("a clone gets its host name, and vCenter the customization's success", option="customization")
def clone_is_customized(guest):
    if guest.content.about.apiType != "VirtualCenter":
        raise NotApplicable("an ESXi host does not customize; give the --url of a vCenter")
    name = guest.mark
    machine = clone(guest, name)
    guest.later("the clone " + name, lambda: destroy(machine))
    wait_for_task(machine.PowerOnVM_Task())
    customized(guest.content, machine)
    other = Guest(guest.content, machine, guest.user, "", guest.transfers, guest.options)
    other.auth = guest.auth
    wait_until(lambda: is_ready(other), "guest operations work in the clone", TIME_LIMIT)
    equal(machine.guest.hostName.split(".")[0], name, "the clone's host name")
    other.prepare()
    equal(other.output("uname -n").strip().split(".")[0], name, "the clone's uname -n")
