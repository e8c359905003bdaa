#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A caller of a gRPC server on a Unix socket that begins requests and ends none.

Usage: greedy_caller.py SOCKET WAY CONNECTIONS SECONDS

WAY is what each connection sends, as much as the server takes:
  messages  64 calls, each with a message of 4 MiB that is not complete
  calls     10,000 calls, each with a message of 16 kB that is not complete
  header    a header of 1 GiB that is not complete
  headers   headers without an end
  untaken   8 calls whose replies are not taken
  resets    calls that are given up at once; each connection that ends is made again
  pings     PINGs; each connection that ends is made again
  deadlines 7 calls at a time whose deadline is over at once; each connection that ends is made again
  faults    7 calls at a time for which the server resets them; each connection that ends is made again
  lists     7 calls of ListPrograms a second, which are given up; each connection that ends is made again
Prints how many bytes were taken. Fails if nothing was taken of one of the first connections: it was refused.
"""

import gzip
import selectors
import socket
import struct
import sys
import time

METHOD = b"/toolboxd.v1.Transport/SendRpci"
STATUS_METHOD = b"/toolboxd.v1.Transport/GetStatus"
LIST_METHOD = b"/toolboxd.v1.Transport/ListPrograms"


def literal(text):
    assert len(text) < 127
    return bytes([len(text)]) + text


def headers(method):
    """POST, http, the method, an authority, application/grpc, "te: trailers"."""
    return (
        b"\x83\x86\x04" + literal(method) + b"\x01" + literal(b"localhost") +
        b"\x0f\x10" + literal(b"application/grpc") + b"\x00" + literal(b"te") + literal(b"trailers")
    )


HEADERS, STATUS_HEADERS, LIST_HEADERS = headers(METHOD), headers(STATUS_METHOD), headers(LIST_METHOD)
AT_ONCE = b"\x00" + literal(b"grpc-timeout") + literal(b"1n")
AGAIN = ("resets", "pings", "lists", "deadlines", "faults")
# "info-get " and so on: field 1 of SendRpciRequest.
SMALL_MESSAGE = b"\x00" + struct.pack(">I", 16000) + b"a" * 15000
MESSAGE = b"\x00" + struct.pack(">I", (4 << 20) - 64) + b"\x0a\xfb\xfe\xff\x01info-get "
# What a caller may send who has few rights.
COMPRESSED = gzip.compress(b"\x0a\xfb\xfe\xff\x07info-get " + bytes(15 << 20))
COMPRESSED = b"\x01" + struct.pack(">I", len(COMPRESSED)) + COMPRESSED
# A name of 2^30 bytes.
LONG_NAME = b"\x00\x7f\x81\xff\xff\xff\x03"

# A name of 3900 bytes (a length of more than 126: the rest of it, seven bits a byte), which is kept. Then references
# to it.
LONG = b"\x40\x7f\xbd\x1d" + b"n" * 3900 + b"\x01v"
REFERENCES = b"\xbe" * 4000

# A name, and a value of 100 bytes.
HEADER = b"\x00" + literal(b"x") + literal(b"a" * 100)


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


class Caller:
    def __init__(self, path, way):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.socket.setblocking(False)
        self.output = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
        self.input, self.sent, self.way = b"", 0, way
        self.window, self.first_window = 65535, 65535
        self.windows, self.begun = {}, set()
        if way == "header":
            self.output += frame(1, 0, 1, LONG_NAME)
        elif way == "headers":
            self.output += frame(1, 0, 1, HEADERS)
        elif way in ("calls", "resets"):
            self.calls = 0
        elif way in ("deadlines", "faults"):
            self.calls, self.open = 0, set()
        elif way == "lists":
            self.calls, self.next, self.lists = 0, 0, []
        elif way == "untaken":
            # The window of each stream is 0.
            self.output = self.output[:-9] + frame(4, 0, 0, struct.pack(">HI", 4, 0)) + frame(4, 1, 0)
            for i in range(8):
                stream = 2 * i + 1
                self.output += frame(1, 4, stream, STATUS_HEADERS) + frame(0, 1, stream, b"\0" * 5)
        elif way == "compressed":
            encoding = b"\x00" + literal(b"grpc-encoding") + literal(b"gzip")
            for i in range(8):
                stream = 2 * i + 1
                self.output += frame(1, 4, stream, HEADERS + encoding)
                # A frame has 16 KiB at most, and the call may have more to say.
                for at in range(0, len(COMPRESSED), 16384):
                    self.output += frame(0, 0, stream, COMPRESSED[at : at + 16384])
        elif way == "references":
            for i in range(64):
                self.output += frame(1, 4, 2 * i + 1, HEADERS + (LONG if i == 0 else b"") + REFERENCES)
        else:
            for i in range(64):
                stream = 2 * i + 1
                self.output += frame(1, 4, stream, HEADERS)
                self.windows[stream] = 0

    def take(self, kind, flags, stream, payload):
        if self.way in ("header", "headers"):
            # No other frame may be between those of a header.
            return
        if kind == 4 and not flags & 1:
            for at in range(0, len(payload) - 5, 6):
                setting, value = struct.unpack(">HI", payload[at : at + 6])
                if setting == 4:
                    self.first_window = value
            # Until it is confirmed, the server's limit of calls does not count.
            self.output += frame(4, 1, 0) if self.way == "messages" or self.way in AGAIN else b""
        elif kind == 6 and not flags & 1:
            self.output += frame(6, 1, 0, payload)
        elif kind == 8:
            size = struct.unpack(">I", payload)[0]
            if stream == 0:
                self.window += size
            elif stream in self.windows:
                self.windows[stream] += size
        if kind == 3:
            self.windows.pop(stream, None)
        if kind == 3 and self.way in ("deadlines", "faults"):
            self.open.discard(stream)

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionResetError
        self.input += data
        while len(self.input) >= 9 + int.from_bytes(self.input[:3], "big"):
            size = int.from_bytes(self.input[:3], "big")
            kind, flags, stream = struct.unpack(">BBI", self.input[3:9])
            payload, self.input = self.input[9 : 9 + size], self.input[9 + size :]
            self.take(kind, flags, stream & 0x7FFFFFFF, payload)

    def fill(self):
        if self.way == "header":
            self.output = frame(9, 0, 1, b"a" * 16384)
            return
        if self.way == "headers":
            self.output = frame(9, 0, 1, HEADER * 40)
            return
        if self.way == "calls":
            if self.calls < 10000 and self.window >= len(SMALL_MESSAGE):
                stream = 2 * self.calls + 1
                self.calls += 1
                self.window -= len(SMALL_MESSAGE)
                self.output = frame(1, 4, stream, HEADERS) + frame(0, 0, stream, SMALL_MESSAGE)
            return
        if self.way == "untaken":
            return
        if self.way == "lists":
            # Once they are served; those that are given up count for a second.
            now = time.monotonic()
            if self.lists and now >= self.next:
                self.output = b"".join(frame(3, 0, stream, b"\x00\x00\x00\x08") for stream in self.lists)
                self.lists, self.next = [], now + 1.05
            elif now >= self.next:
                self.next = now + 0.03
                self.lists = [2 * i + 1 for i in range(self.calls, self.calls + 7)]
                self.calls += 7
                for stream in self.lists:
                    self.output += frame(1, 4, stream, LIST_HEADERS) + frame(0, 1, stream, b"\0" * 5)
            return
        if self.way in ("deadlines", "faults"):
            while len(self.open) < 7:
                stream = 2 * self.calls + 1
                self.calls += 1
                self.open.add(stream)
                if self.way == "deadlines":
                    self.output += frame(1, 4, stream, LIST_HEADERS + AT_ONCE)
                else:
                    # A message, so that it is served, and a frame with a flag that there is not.
                    self.output += frame(1, 4, stream, LIST_HEADERS) + frame(0, 0, stream, b"\0" * 5)
                    self.output += frame(0, 2, stream, b"x")
            return
        if self.way == "pings":
            self.output = frame(6, 0, 0, b"12345678") * 500
            return
        if self.way == "resets":
            for _ in range(100):
                stream = 2 * self.calls + 1
                self.calls += 1
                self.output += frame(1, 4, stream, HEADERS) + frame(3, 0, stream, b"\x00\x00\x00\x08")
            return
        for stream in list(self.windows):
            if stream not in self.begun:
                room = min(self.window, self.first_window + self.windows[stream], 16384)
                if room < len(MESSAGE):
                    continue
                self.begun.add(stream)
                payload = MESSAGE + b"a" * (room - len(MESSAGE))
            else:
                room = min(self.window, self.first_window + self.windows[stream], 16384)
                if room <= 0:
                    continue
                payload = b"a" * room
            self.windows[stream] -= len(payload)
            self.window -= len(payload)
            self.output += frame(0, 0, stream, payload)

    def send(self):
        if not self.output:
            self.fill()
        if self.output:
            sent = self.socket.send(self.output)
            self.output = self.output[sent:]
            self.sent += sent
            return True
        return False


def main():
    path, way, count, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    end = time.monotonic() + seconds
    selector, total = selectors.DefaultSelector(), 0
    callers = []

    def connect():
        caller = Caller(path, way)
        callers.append(caller)
        selector.register(caller.socket, selectors.EVENT_READ | selectors.EVENT_WRITE, caller)

    for _ in range(count):
        connect()
    while time.monotonic() < end and selector.get_map():
        idle = True
        for key, events in selector.select(0.2):
            caller = key.data
            try:
                if events & selectors.EVENT_READ:
                    caller.receive()
                if events & selectors.EVENT_WRITE and caller.send():
                    idle = False
            except BlockingIOError:
                pass
            except (ConnectionError, OSError):
                selector.unregister(caller.socket)
                caller.socket.close()
                if way in AGAIN:
                    connect()
        if idle:
            time.sleep(0.02)
    total = sum(caller.sent for caller in callers)
    print(f"{total} bytes were taken by {len(selector.get_map())} of {count} connections")
    return "a connection was refused" if any(caller.sent == 0 for caller in callers[:count]) else 0


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    sys.exit(main())
