# SPDX-License-Identifier: Apache-2.0
"""Every call of guestinfod, while an interface gets and loses addresses."""

import subprocess

SERVICES = ["GuestInfo"]
LINK = "eth0"


def flags(place):
    return ["--statfs=%s/none" % place.own, "--refresh_interval=1s"]


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


def prepare(place):
    # Of the network namespace of this test.
    ip("link", "add", LINK, "type", "veth", "peer", "name", "vethp0")
    ip("link", "set", LINK, "up")


def calls(caller, place, number):
    code, replies = caller.ask("GuestInfo.Get")
    assert code == "OK" and replies[0].host_name, code
    watch = caller.open("GuestInfo.Watch", caller.make("GuestInfo.Watch"))
    watch.read()
    # What changes comes within a second.
    if number % 4 == 0:
        change(watch, "198.51.100.%d" % (1 + number))
    watch.cancel()


def change(watch, address):
    for verb in ("add", "delete"):
        ip("address", verb, address + "/24", "dev", LINK)
        wanted = verb == "add"
        while (address in str(snapshot := watch.read())) != wanted:
            assert snapshot is not None, "Watch has ended"


def left_open(caller, place):
    # As many as it has places for, and more.
    watches = [caller.open("GuestInfo.Watch", caller.make("GuestInfo.Watch")) for _ in range(12)]
    watches[0].read()
    return watches
