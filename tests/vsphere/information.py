# SPDX-License-Identifier: Apache-2.0
"""What vSphere shows of the guest, compared with what the guest's own programs print."""

import collections
import re

from pyVmomi import vim

from checks import Failure, NotApplicable, check, equal, holds, within

UNMANAGED_VERSION = "2147483647"


@check("the tools run")
def tools_run(guest):
    equal(guest.vm.guest.toolsRunningStatus, "guestToolsRunning", "toolsRunningStatus")


@check("the guest reports its addresses within a minute")
def reports(guest):
    within(60, lambda: guest.vm.guest.net, "an interface is shown")


@check("their version is that of unmanaged tools")
def tools_version(guest):
    shown = guest.vm.guest
    equal(shown.toolsVersionStatus2, "guestToolsUnmanaged", "toolsVersionStatus2")
    equal(shown.toolsVersion, UNMANAGED_VERSION, "toolsVersion")


@check("guest operations are ready")
def operations_ready(guest):
    equal(guest.vm.guest.guestOperationsReady, True, "guestOperationsReady")


@check("soft power operations are possible")
def state_change(guest):
    equal(guest.vm.guest.guestStateChangeSupported, True, "guestStateChangeSupported")


@check("the heartbeat is green")
def heartbeat(guest):
    status = guest.vm.guestHeartbeatStatus
    if status in (None, "gray"):
        raise NotApplicable("this host shows no heartbeat")
    equal(status, "green", "guestHeartbeatStatus")


@check("the host name is the guest's")
def host_name(guest):
    expected = guest.output("uname -n").strip()
    shown = guest.vm.guest.hostName or ""
    # A host name, or the full name with its domain.
    holds(shown == expected or shown.split(".")[0] == expected.split(".")[0], "hostName: %s instead of %s" % (shown, expected))


@check("the operating system is named")
def system(guest):
    shown = guest.vm.guest
    equal(shown.guestFamily, "linuxGuest", "guestFamily")
    holds(shown.guestId, "guestId is empty")
    holds(shown.guestFullName, "guestFullName is empty")


def interfaces(guest):
    """Addresses, as text, by the MAC of their interface; of all scopes."""
    macs = {}
    for line in guest.output("ip -o link show").splitlines():
        mac = re.search(r" link/\S+ (\S+)", line)
        macs[line.split()[1].rstrip(":").split("@")[0]] = mac[1].lower() if mac else ""
    found = collections.defaultdict(set)
    for line in guest.output("ip -o address show").splitlines():
        words = line.split()
        found[macs.get(words[1].split("@")[0], "")].add(words[3].split("/")[0])
    return found


@check("every address that is shown is one of the guest's")
def addresses_exist(guest):
    here = interfaces(guest)
    shown = guest.vm.guest.net
    holds(shown, "no interface is shown")
    for nic in shown:
        mac = (nic.macAddress or "").lower()
        holds(mac in here, "no interface of the guest has the MAC %s" % mac)
        wrong = set(nic.ipAddress) - here[mac]
        holds(not wrong, "the interface with MAC %s has no %s" % (mac, ", ".join(sorted(wrong))))


@check("the addresses of the virtual machine's network cards are shown")
def addresses_shown(guest):
    here = interfaces(guest)
    cards = [
        d.macAddress.lower()
        for d in guest.vm.config.hardware.device
        if isinstance(d, vim.vm.device.VirtualEthernetCard) and d.macAddress
    ]
    known = [mac for mac in cards if mac in here]
    if not known:
        raise NotApplicable("no interface of the guest has the MAC of a card of this virtual machine")
    shown = {(n.macAddress or "").lower(): set(n.ipAddress) for n in guest.vm.guest.net}
    for mac in known:
        missing = here[mac] - shown.get(mac, set())
        holds(not missing, "the card with MAC %s lacks %s" % (mac, ", ".join(sorted(missing))))


@check("the primary address is one of the guest's")
def primary(guest):
    address = guest.vm.guest.ipAddress
    holds(address, "ipAddress is empty")
    holds(address in set().union(*interfaces(guest).values()), "the guest has no address %s" % address)


@check("the default route is shown")
def route(guest):
    routes = [l.split() for l in guest.output("ip -4 route show default").splitlines()]
    gateways = [r[r.index("via") + 1] for r in routes if "via" in r]
    if not gateways:
        raise NotApplicable("the guest has no default route")
    stacks = guest.vm.guest.ipStack
    shown = [r.gateway.ipAddress for s in stacks if s.ipRouteConfig for r in s.ipRouteConfig.ipRoute if r.network == "0.0.0.0"]
    holds(gateways[0] in shown, "no route by %s, only by %s" % (gateways[0], ", ".join(map(str, shown)) or "none"))


@check("the resolver's host name is shown")
def resolver(guest):
    names = [s.dnsConfig.hostName for s in guest.vm.guest.ipStack if s.dnsConfig]
    holds(names, "no dnsConfig")
    expected = guest.output("uname -n").strip().split(".")[0]
    holds(expected in [n.split(".")[0] for n in names], "dnsConfig.hostName: %s instead of %s" % (names, expected))


@check("the disk at / has its size")
def root_disk(guest):
    size = int(guest.output("df -B1 --output=size / | tail -n 1"))
    free = int(guest.output("df -B1 --output=avail / | tail -n 1"))
    shown = [d for d in guest.vm.guest.disk if d.diskPath == "/"]
    if not shown:
        raise Failure("no disk at /, only at %s" % (", ".join(d.diskPath for d in guest.vm.guest.disk) or "none"))
    equal(shown[0].capacity, size, "capacity")
    # Free space is sent every half minute, with or without what is reserved for root.
    holds(shown[0].freeSpace <= size and shown[0].freeSpace >= free - (1 << 30), "freeSpace: %d of %d" % (shown[0].freeSpace, size))


@check("every disk that is shown is mounted")
def disks_exist(guest):
    mounts = {l.split()[1].encode().decode("unicode_escape") for l in guest.output("cat /proc/mounts").splitlines()}
    wrong = [d.diskPath for d in guest.vm.guest.disk if d.diskPath not in mounts]
    holds(not wrong, "not mounted: %s" % ", ".join(wrong))


@check("a changed address is shown within seconds")
def changed_address(guest):
    if guest.user != "root":
        raise NotApplicable("needs --user=root, which may add an address to the loopback interface")
    names = [l.split()[1].split("@")[0] for l in guest.output("ip -o -4 address show scope global").splitlines()]
    if not names:
        raise NotApplicable("the guest has no interface with an address")
    # Documentation's range (RFC 5737), of one address: no other machine is reached by it.
    address, name = "203.0.113.77", names[0]
    guest.later("the address %s" % address, lambda: guest.run("ip address delete %s/32 dev %s" % (address, name)))
    guest.output("ip address add %s/32 dev %s" % (address, name))
    shows = lambda: address in [a for n in guest.vm.guest.net for a in n.ipAddress]
    within(30, shows, "an address that was added is shown", interval=0.1)
    guest.output("ip address delete %s/32 dev %s" % (address, name))
    within(30, lambda: not shows(), "an address that was removed is no longer shown", interval=0.1)
