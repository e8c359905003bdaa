#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Draws processes.svg: the processes of toolboxd, who they run as, and which calls which.

    docs/pictures/processes.py           writes docs/pictures/processes.svg
    docs/pictures/processes.py --check   fails if that file differs from what this would write
"""

from drawing.shapes import arrow, box, legend, svg, text, write_or_check

WIDTH, HEIGHT = 980, 600


def picture():
    parts = [
        box("other", 290, 14, 400, 56, "VMX", "ESXi, Workstation, Fusion; in tests vmxsim"),
        f'<rect class="guest" x="16" y="112" width="{WIDTH - 32}" height="434" rx="10"/>',
        text(32, 134, "Linux guest", "small", "start"),
        arrow([(490, 72), (490, 146)], "down", "up"),
        text(502, 98, "vsock or backdoor: RPCI and TCLO", "small", "start"),

        box("own", 250, 148, 480, 78, "transportd",
            "VMware's protocols: registration, guest information, VIX, HGFS",
            "opens no user's file, runs no program, uses no network"),
        box("other", 40, 154, 160, 66, "toolboxctl", "vmware-rpctool,", "grpcurl"),
        arrow([(202, 187), (248, 187)], "right"),
        box("other", 780, 154, 160, 66, "extensions", "services of your own,", "in any language"),
        arrow([(732, 187), (778, 187)], "right"),

        arrow([(310, 228), (310, 258), (120, 258), (120, 298)], "down"),
        arrow([(330, 228), (330, 298)], "down"),
        arrow([(680, 228), (680, 298)], "down"),
        text(692, 262, "gRPC over Unix sockets", "small", "start"),

        box("own", 40, 300, 160, 80, "guestinfod", "addresses, names,", "disks, memory"),
        box("own", 225, 300, 210, 80, "powerd", "power off, reboot; likewise", "snapshotd, deployd, clockd"),
        box("root", 460, 300, 480, 40, "session"),
        box("user", 460, 370, 220, 66, "hgfsd", "files, archives", "one for each user"),
        box("user", 720, 370, 220, 66, "vixd", "programs, functions, HTTP", "one for each user"),
        arrow([(570, 342), (570, 368)], "down"),
        arrow([(830, 342), (830, 368)], "down"),
        text(700, 360, "PAM, then setuid", "small"),

        box("other", 40, 474, 160, 54, "kernel", "netlink, /proc"),
        arrow([(120, 472), (120, 382)], "up"),
        box("other", 250, 474, 160, 54, "systemd, logind", "hook scripts as root"),
        arrow([(330, 382), (330, 472)], "down"),
        box("other", 460, 474, 220, 54, "files", "with the user's own rights"),
        arrow([(570, 438), (570, 472)], "down"),
        box("user", 720, 474, 106, 54, "shim", "one per program"),
        arrow([(773, 438), (773, 472)], "down"),
        box("user", 842, 474, 98, 54, "programs", "outlive vixd"),
        arrow([(828, 501), (840, 501)], "right"),

        legend(40, 578, "own", "own user, at most one privilege"),
        legend(290, 578, "root", "root until PAM agrees"),
        legend(480, 578, "user", "the authenticated guest user"),
        legend(720, 578, "other", "not a daemon of toolboxd"),
    ]
    return svg(
        "processes.py",
        "The processes of toolboxd: transportd speaks to the hypervisor and calls "
        "guestinfod, powerd, and, through session, hgfsd and vixd",
        WIDTH,
        HEIGHT,
        parts,
    )


if __name__ == "__main__":
    write_or_check(__file__, picture())
