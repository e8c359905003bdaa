#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""In place of a user's hgfsd or vixd: gRPC on descriptor 3 that answers every call in the same wrong way.

Usage: hostile_service.py FILE

FILE has the way, and is read for each call:
  trickle  content: two messages without any each half second; a file's attributes for other calls
  flood    the same, as fast as it is taken
  entries  a message of 8 MiB that is a list of empty entries
  long     a message that says that it has a gigabyte, as fast as it is taken
  compressed  a message of 120 kB that is 120 MB without its compression
  headers  headers without an end
  references  headers that refer four thousand times to a long one
  descriptor  a descriptor whose last close takes a minute, with the first byte
  silence  nothing
"""

import array
import gzip
import selectors
import socket
import struct
import sys

HEADERS = bytes.fromhex("88 0f10 10") + b"application/grpc"  # :status 200, content-type
TRAILERS = b"\x00\x0bgrpc-status\x010"
ENTRY = b"\x0a\x00"  # Field 1, empty.
HEADER = b"\x00\x01x\x64" + b"a" * 100
# A name of 3900 bytes (a length of more than 126: the rest of it, seven bits a byte), which is kept. Then references
# to it.
LONG = b"\x40\x7f\xbd\x1d" + b"n" * 3900 + b"\x01v"
REFERENCES = b"\xbe" * 4000
FILE = bytes.fromhex("1001 18808040")  # FileInfo: REGULAR, 1 MiB.


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def message(content):
    return b"\x00" + struct.pack(">I", len(content)) + content


def send_lingering(connection):
    """Sends a TCP connection that is closed by its last close and whose other side takes nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        side = socket.create_connection(listener.getsockname())
        other = listener.accept()[0]
    side.setblocking(False)
    try:
        while True:
            side.send(bytes(65536))
    except BlockingIOError:
        pass
    side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 60))
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [side.fileno()]))]
    try:
        connection.sendmsg([frame(4, 0, 0)], rights)
    finally:
        side.close()
    return other


class Service:
    def __init__(self, connection, way_file):
        self.connection, self.way_file = connection, way_file
        self.input, self.windows, self.queues, self.trickling = b"", {0: 65535}, {}, {}

    def send(self, *arguments):
        self.connection.sendall(frame(*arguments))

    def way(self):
        with open(self.way_file, encoding="ascii") as file:
            return file.read().strip()

    def begin(self, stream, headers):
        self.windows[stream] = 65535
        way = self.way()
        if way == "compressed":
            content = gzip.compress(b"\x0a\x80\x80\x80\x38" + bytes(7 << 24))
            self.send(1, 4, stream, HEADERS + b"\x00\x0dgrpc-encoding\x04gzip")
            self.queues[stream] = b"\x01" + struct.pack(">I", len(content)) + content
            return
        if way == "descriptor":
            self.other = send_lingering(self.connection)
            return
        if way == "references":
            self.send(1, 4, stream, HEADERS + LONG + REFERENCES)
            self.send(1, 5, stream, REFERENCES + TRAILERS)
            return
        self.send(1, 0 if way == "headers" else 4, stream, HEADERS)
        # Nothing else may be between them. Until the client has enough.
        while way == "headers":
            self.send(9, 0, stream, HEADER * 40)
        if way == "long":
            self.queues[stream] = b"\x00\x40\x00\x00\x00" + bytes(64 << 20)
        elif way == "entries":
            self.queues[stream] = message(ENTRY * (4 << 20))
        elif way == "silence":
            return
        elif b"FileHandler/Read" in headers:
            self.queues[stream] = message(b"\x0a\x06" + FILE)
            self.trickling[stream] = (0.5, 2) if way == "trickle" else (0, 2000)
        else:
            self.send(0, 0, stream, message(FILE))
            self.send(1, 5, stream, TRAILERS)

    def end(self, stream):
        for table in (self.windows, self.queues, self.trickling):
            table.pop(stream, None)

    def take(self, kind, flags, stream, payload):
        if kind == 0 and payload:
            self.send(8, 0, 0, struct.pack(">I", len(payload)))
        elif kind == 1:
            self.begin(stream, payload)
        elif kind == 3:
            self.end(stream)
        elif kind in (4, 6) and not flags & 1 and self.way() != "references":
            # Settings that are not confirmed limit nothing.
            self.send(kind, 1, 0, payload if kind == 6 else b"")
        elif kind == 8 and stream in self.windows:
            self.windows[stream] += struct.unpack(">I", payload)[0]

    def receive(self):
        data = self.connection.recv(65536)
        if not data:
            sys.exit()
        self.input += data
        while len(self.input) >= 9 + int.from_bytes(self.input[:3], "big"):
            size = int.from_bytes(self.input[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", self.input[3:9])
            payload, self.input = self.input[9 : 9 + size], self.input[9 + size :]
            self.take(kind, flags, stream & 0x7FFFFFFF, payload)

    def write(self):
        for stream in list(self.queues):
            queue = self.queues[stream]
            size = min(len(queue), 16384, self.windows[0], self.windows[stream])
            if size > 0:
                self.send(0, 0, stream, queue[:size])
                self.queues[stream] = queue[size:]
                self.windows[0] -= size
                self.windows[stream] -= size
        for stream, (_, count) in self.trickling.items():
            if not self.queues.get(stream):
                self.queues[stream] = message(b"") * count

    def run(self):
        # The client's preface.
        while len(self.input) < 24:
            self.input += self.connection.recv(24 - len(self.input))
        self.input = b""
        self.send(4, 0, 0)
        selector = selectors.DefaultSelector()
        selector.register(self.connection, selectors.EVENT_READ)
        while True:
            slow = all(pause > 0 for pause, _ in self.trickling.values())
            waiting = any(len(queue) > 2000 for queue in self.queues.values())
            if selector.select(0.01 if waiting or not slow else 0.5):
                self.receive()
            self.write()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    Service(socket.socket(fileno=3), sys.argv[1]).run()
