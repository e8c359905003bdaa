#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Draws privilege.svg: who runs with which privilege, and the boundaries that SECURITY.md numbers.

    docs/pictures/privilege.py           writes docs/pictures/privilege.svg
    docs/pictures/privilege.py --check   fails if that file differs from what this would write
"""

from drawing.shapes import arrow, boundary, box, legend, svg, text, write_or_check

WIDTH, HEIGHT = 980, 640


def picture():
    parts = [
        box("other", 290, 14, 400, 50, "host", "may do anything to the guest; not defended against"),
        arrow([(490, 66), (490, 110)], "down", "up"),
        boundary([(30, 88), (950, 88)], 1),
        text(54, 106, "messages", "small", "start"),

        box("own", 290, 112, 400, 70, "transportd", "decodes, decides, logs; holds a password during one request",
            "opens no user's file, runs no program, no network"),
        box("own", 40, 112, 190, 70, "guestinfod, powerd", "read the machine;", "no capability"),
        arrow([(288, 147), (232, 147)], "left"),
        box("other", 750, 112, 190, 70, "extensions", "services of the", "administrator"),
        boundary([(720, 112), (720, 186)], 3),
        arrow([(692, 147), (748, 147)], "right"),

        arrow([(490, 184), (490, 246)], "down", "up"),
        boundary([(282, 214), (730, 214)], 2),
        text(502, 204, "user, service, password", "small", "start"),
        text(502, 234, "replies of the user's services", "small", "start"),
        box("root", 290, 248, 400, 54, "session", "PAM; then this user for good"),
        box("root", 40, 248, 190, 54, "power-hook@", "scripts of root only"),
        arrow([(135, 184), (135, 246)], "down"),
        text(147, 220, "an event's name", "small", "start"),
        arrow([(390, 304), (390, 336), (250, 336), (250, 366)], "down"),
        arrow([(590, 304), (590, 336), (730, 336), (730, 366)], "down"),

        box("user", 110, 368, 280, 60, "hgfsd, vixd of alice", "what alice may do, and less"),
        box("user", 590, 368, 280, 60, "hgfsd, vixd of root or bob", "what that user may do, and less"),
        boundary([(490, 356), (490, 560)], 4),
        arrow([(250, 430), (250, 476)], "down"),
        arrow([(730, 430), (730, 476)], "down"),
        box("user", 110, 478, 280, 60, "alice's programs and folders", "may have prepared anything there"),
        box("user", 590, 478, 280, 60, "programs and folders of others", "and sticky ones such as /tmp"),
        arrow([(730, 540), (730, 562), (250, 562), (250, 540)], "up"),
        text(505, 580, "work of another user in alice's folders", "small", "start"),

        box("other", 750, 248, 190, 54, "local processes", "at the sockets"),
        arrow([(748, 275), (692, 275)], "left"),
        boundary([(720, 240), (720, 310)], 5),

        legend(40, 622, "own", "own user, at most one privilege"),
        legend(290, 622, "root", "root"),
        legend(390, 622, "user", "the authenticated guest user"),
        legend(640, 622, "other", "not a process of toolboxd"),
    ]
    return svg(
        "privilege.py",
        "Privilege in toolboxd: five boundaries, between the host and transportd, transportd and "
        "session, transportd and extensions, guest users, and local processes and the sockets",
        WIDTH,
        HEIGHT,
        parts,
    )


if __name__ == "__main__":
    write_or_check(__file__, picture())
