# SPDX-License-Identifier: Apache-2.0
"""The virtual machine as a whole: tasks, power states, and waiting until the guest is back."""

import time

from pyVmomi import vim, vmodl

from checks import Failure, fault_text

BOOT_ID = "/proc/sys/kernel/random/boot_id"
RESTART = 600  # Seconds for a guest to go down or to come back.


def wait_for_task(task, seconds=1800):
    """Waits for a task's success; its result. Raises Failure with the task's error."""
    end = time.monotonic() + seconds
    while task.info.state not in ("success", "error"):
        if time.monotonic() > end:
            raise Failure("the task %s has not ended within %d s" % (task.info.descriptionId, seconds))
        time.sleep(0.5)
    if task.info.state == "error":
        raise Failure("the task %s failed: %s" % (task.info.descriptionId, fault_text(task.info.error)))
    return task.info.result


def is_ready(guest):
    """Whether guest operations work, with the user's login."""
    try:
        guest.auth_manager.ValidateCredentialsInGuest(guest.vm, guest.auth)
        return True
    except vmodl.MethodFault:
        return False


def wait_until(condition, what, seconds=RESTART):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failure("%s: not within %d s" % (what, seconds))
        time.sleep(1)


def wait_until_ready(guest):
    wait_until(lambda: is_ready(guest), "guest operations work again")


def wait_for_power(guest, state):
    wait_until(lambda: guest.vm.runtime.powerState == state, "the machine is %s" % state)


def power_on(guest):
    if guest.vm.runtime.powerState != "poweredOn":
        wait_for_task(guest.vm.PowerOnVM_Task())
    wait_until_ready(guest)


def boot_id(guest):
    return guest.output("cat " + BOOT_ID).strip()


def has_restarted(guest, before):
    """Whether the guest runs, and not since the boot of that id."""
    try:
        return boot_id(guest) != before
    except (vim.fault.GuestOperationsFault, vim.fault.InvalidState, vmodl.RuntimeFault, Failure, OSError):
        return False
