# SPDX-License-Identifier: Apache-2.0
"""Guest operations and HGFS packets as a host sends them (docs/protocol/vix.md 4.5, docs/protocol/hgfs.md 5.3)."""

import struct

CREATE_SESSION, DESTROY_SESSION, OPEN, READ, WRITE, CLOSE = 41, 42, 24, 25, 26, 27
REQUEST_HEADER = 52


def path(text):
    return text + b"\0"


def bodies(folder):
    """Opcodes and bodies of what a user may do in this folder, each after what it needs."""
    file, tree, moved = folder + b"/host-file", folder + b"/host-tree", folder + b"/host-moved"
    def one(text):
        return struct.pack("<iI", 0, len(text)) + path(text)
    return [
        (62, b""), (192, b""), (38, b""), (87, b""), (58, b""), (78, b""),
        (177, struct.pack("<iIIiiQ", 0, len(folder), 0, 0, 50, 0) + path(folder) + b"\0"),
        (178, struct.pack("<iIIB", 0, len(tree), 0, 1) + path(tree)),
        (181, struct.pack("<iIIII", 0, 1, 2, len(folder), 0) + path(b"p") + path(b".s") + path(folder)),
        (182, struct.pack("<iIIII", 0, 1, 2, len(folder), 0) + path(b"p") + path(b".s") + path(folder)),
        (189, struct.pack("<iIB", 0, len(file), 1) + path(file)),
        (183, struct.pack("<iqqiiiBBI", 0x40, 0, 0, 0, 0, 0o755, 0, 0, len(tree)) + path(tree)),
        (180, struct.pack("<iIIIB", 0, len(tree), len(moved), 0, 0) + path(tree) + path(moved)),
        (94, one(moved)), (19, one(file)), (70, one(moved)),
        (195, struct.pack("<iIIB", 0, len(moved), 0, 1) + path(moved)),
        (185, struct.pack("<BIIIII", 0, 10, 0, 0, 0, 0) + path(b"/bin/true")),
        (187, struct.pack("<II", 0, 0)),
    ]


def refused(folder):
    """Those that end with an error."""
    none = folder + b"/host-none"
    one = struct.pack("<iI", 0, len(none)) + path(none)
    return [
        (190, bytes(8)), (3000, b""), (186, struct.pack("<III", 0, 0, 0)), (75, b""), (193, struct.pack("<QI", 1, 0)),
        (194, one), (94, one), (188, struct.pack("<iIIiiQ", 0, len(none), 0, 0, 0, 0) + path(none) + b"\0"),
        (179, struct.pack("<iIIIB", 0, len(none), len(none), 0, 0) + path(none) * 2),
        (185, struct.pack("<BIIIII", 0, 6, 0, 0, 0, 0) + path(b"/none")),
        (201, struct.pack("<IIIBI", 0, 1, 0, 0, 1) + path(b"k") + path(b"c")), (4, bytes(12)), (199, bytes(8)),
    ]


def hgfs(operation, body, session=0):
    return struct.pack("<BxxxIIIIIIIIQQ", 1, 255, REQUEST_HEADER + len(body), REQUEST_HEADER, 7, operation, 0, 1, 0,
                       session, 0) + body


def create_session():
    return hgfs(CREATE_SESSION, struct.pack("<IIQQ", 0, 0xF800, 0, 0)[:24])


def session_of(reply):
    return struct.unpack_from("<Q", reply, REQUEST_HEADER)[0]


def opening(name, session, for_writing):
    """Of a file that exists, to read it; or of one that is made or emptied."""
    components = b"root" + name.replace(b"/", b"\0")
    fixed = struct.pack("<QIIIQQQQIII", 0x80B, 1 if for_writing else 0, 4 if for_writing else 0, 0x600, 0, 0, 0, 0,
                        0, 0, 0)
    fixed = fixed[:64].ljust(64, b"\0")
    return hgfs(OPEN, fixed + struct.pack("<IIII", len(components), 0, 0, 0) + components + b"\0", session)


def handle_of(reply):
    return struct.unpack_from("<I", reply, REQUEST_HEADER)[0]


def reading(handle, offset, session):
    return hgfs(READ, struct.pack("<IQIQ", handle, offset, 4096, 0), session)


def writing(handle, offset, data, session):
    return hgfs(WRITE, struct.pack("<IBQIQ", handle, 0, offset, len(data), 0) + data, session)


def closing(handle, session):
    return hgfs(CLOSE, struct.pack("<IQ", handle, 0), session)
