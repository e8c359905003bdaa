# SPDX-License-Identifier: Apache-2.0
"""A freezer for snapshotd that freezes nothing (freezer/protocol.h): it only says that it does."""

import errno
import os
import socket
import struct
import threading
import time

REQUEST, VERSION, MOUNT_TABLE, ADD, SYNC, FREEZE, HOLD, THAW = 32 + 4096, 2, 1, 2, 3, 4, 5, 6
TARGETS = 256


class FakeFreezer:
    """Answers every connection in a thread of its own; `errors` has the errno of an operation, `mute` those that get
    no answer, `cut` those after which it hangs up."""

    def __init__(self, path):
        self.errors, self.mute, self.cut, self.asked = {}, set(), set(), []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind(path)
        os.chmod(path, 0o666)
        self.listener.listen(16)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        added = 0
        with connection:
            while len(request := connection.recv(REQUEST)) == REQUEST:
                operation = struct.unpack_from("=II", request)[1]
                self.asked.append(operation)
                if operation in self.cut:
                    return
                if operation in self.mute:
                    continue
                error = self.errors.get(operation, 0)
                added += operation == ADD and error == 0
                self.reply(connection, operation, error, added)

    @staticmethod
    def reply(connection, operation, error, added):
        frozen_at = int(time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6)
        answer = struct.pack("=IiIIQQ%dI" % TARGETS, VERSION, error, 0, added, 1500, frozen_at, *[700] * TARGETS)
        if operation != MOUNT_TABLE:
            connection.send(answer)
            return
        table = os.open("/proc/self/mountinfo", os.O_RDONLY)
        try:
            socket.send_fds(connection, [answer], [table])
        finally:
            os.close(table)

    def faults(self):
        """Ways to fail, one after the other."""
        yield {"errors": {ADD: errno.ENOTSUP}}
        yield {"errors": {ADD: errno.EXDEV}}
        for operation in (MOUNT_TABLE, SYNC, FREEZE, THAW):
            yield {"errors": {operation: errno.EIO}}
            yield {"cut": {operation}}
        yield {"errors": {FREEZE: errno.EBUSY}}
        yield {"errors": {HOLD: errno.ETIMEDOUT, THAW: errno.ETIMEDOUT}}

    def set(self, errors=None, mute=(), cut=()):
        self.errors, self.mute, self.cut = errors or {}, set(mute), set(cut)
