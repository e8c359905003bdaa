# SPDX-License-Identifier: Apache-2.0
"""--standalone: toolboxd of this source tree in a guest in which it is not installed; it stays there.

The guest's own tools, whichever they are, take the programs and start standalone.sh, which does the
rest in the guest.
"""

import io
import os
import tarfile

from pyVmomi import vim, vmodl

from checks import Failure
from connection import CannotTry
from machine import wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = "/var/lib/toolboxd-standalone"
STATE = FOLDER + "/state"
CONTENT = ("deploy/run", "deploy/pam/toolboxd", "out/lib/toolboxd")


def packed():
    """The programs and what starts them, as .tar.gz."""
    if not os.path.exists(ROOT + "/out/lib/toolboxd/transportd"):
        raise CannotTry("there are no programs in out/lib/toolboxd; build them with tools/build")
    out = io.BytesIO()

    def as_root(member):
        member.uid = member.gid = 0
        member.uname = member.gname = "root"
        return member

    with tarfile.open(fileobj=out, mode="w:gz", compresslevel=1) as archive:
        for name in CONTENT:
            archive.add(os.path.join(ROOT, name), name, filter=as_root)
    return out.getvalue()


def state(guest):
    """What standalone.sh has written; "" while the guest's tools change places."""
    try:
        return guest.download(STATE).decode().strip()
    except (vmodl.MethodFault, Failure, OSError):
        return ""


def send(guest):
    try:
        guest.make_directory(FOLDER)
    except vim.fault.FileAlreadyExists:
        pass
    guest.upload(STATE, b"sent\n")
    guest.upload(FOLDER + "/programs.tar.gz", packed())
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "standalone.sh"), "rb") as script:
        guest.upload(FOLDER + "/standalone.sh", script.read(), permissions=0o755)


def start(guest):
    """Starts it and returns the exit status of the command."""
    if guest.user != "root":
        raise CannotTry("--standalone needs --user=root, which stops the guest's tools and starts others")
    print("sending the programs to %s in the guest" % FOLDER)
    send(guest)
    print("starting toolboxd in place of the guest's tools")
    guest.start("/bin/sh", FOLDER + "/standalone.sh")
    wait_until(lambda: state(guest).startswith(("ready", "failed")), "toolboxd serves the host", 180)
    said = state(guest)
    if not said.startswith("ready"):
        print("toolboxd did not start; the guest has its own tools again:\n" + said)
        return 1
    guest.auth_manager.ValidateCredentialsInGuest(guest.vm, guest.auth)
    print("toolboxd serves %s, until the guest restarts or this command runs in it:" % guest.vm.name)
    print("  systemctl stop toolboxd-standalone")
    return 0
