# SPDX-License-Identifier: Apache-2.0
"""What a server's callers do wrong: bytes that do not parse, calls that are given up, connections that end anywhere."""

import collections
import random
import socket
import struct

# Of callers whose calls are not counted.
NO_TALLY = collections.defaultdict(collections.Counter)

# Of HTTP/2 (RFC 9113), as far as it is needed to break off anywhere.
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def literal(text):
    return bytes([len(text)]) + text


def head(path):
    """POST, http, the path, an authority, application/grpc, "te: trailers"."""
    return (b"\x83\x86\x04" + literal(path.encode()) + b"\x01" + literal(b"localhost") + b"\x0f\x10" +
            literal(b"application/grpc") + b"\x00" + literal(b"te") + literal(b"trailers"))


def broken_connections(path):
    """Bytes after which a caller of this method leaves."""
    start = PREFACE + frame(SETTINGS, 0, 0)
    call = start + frame(HEADERS, END_HEADERS, 1, head(path))
    message = struct.pack(">BI", 0, 100) + b"\x0a\x62" + b"a" * 98
    noise = random.Random(path)
    return [
        call, call + frame(DATA, 0, 1, message[:50]), call + frame(DATA, END_STREAM, 1, message),
        call + frame(DATA, END_STREAM, 1), call + frame(RESET, 0, 1, b"\0\0\0\x08"), start,
        call + frame(DATA, END_STREAM, 1, message[:50]), call + frame(GOAWAY, 0, 0, bytes(8)),
        call + frame(DATA, 0, 1, message) * 3 + frame(DATA, 0, 1, message[:9]),
        start + frame(HEADERS, 0, 1, head(path)), start + frame(HEADERS, 0, 1, head(path)[:20])[:25],
        start + frame(HEADERS, END_HEADERS, 1, b"\xff" * 40), start + frame(PING, 0, 0, b"short"),
        call + frame(CONTINUATION, END_HEADERS, 1, b"\x83"), call + frame(HEADERS, END_HEADERS, 1, head(path)),
        call + struct.pack(">I", 1 << 24)[1:] + b"\0\0\0\0\0\1", PREFACE[:10], b"GET / HTTP/1.1\r\n\r\n", b"",
        noise.randbytes(3000), start + noise.randbytes(3000), call + frame(DATA, END_STREAM, 1, noise.randbytes(900)),
    ]


def connect_and_leave(path, sent):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(10)
        connection.connect(path)
        leave(connection, sent)


def leave(connection, sent):
    """Sends it, and leaves without (an even number of bytes) or with a look at the answer."""
    try:
        connection.sendall(sent)
        if len(sent) % 2:
            connection.settimeout(0.05)
            connection.recv(4096)
    except OSError:
        pass


def misuse(caller, name, harmless, rounds):
    """Calls of a method that come to nothing. `harmless` is a request that may be carried out."""
    method = caller.known[name]
    noise = random.Random(name)
    for i in range(rounds):
        caller.ask(name, b"\xff" * (1 + i), timeout=5)
        caller.ask(name, noise.randbytes(200), timeout=5)
        caller.open(name, harmless).cancel()
        caller.open(name, harmless, timeout=0.001).end().finish()
        if method.takes_many:
            caller.open(name).end().finish()
            caller.open(name).cancel()
            caller.open(name, harmless, b"\xff\xff").end().finish()


REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


def field(number, text):
    return bytes([number << 3 | 2]) + literal(text.encode())


def reflect(caller, services):
    """Asks the server what it serves, as grpcurl does, and what it does not."""
    ask = caller.channel.stream_stream(REFLECTION, None, None)
    names = ["toolboxd.v1." + name for name in services] + ["no.such.Service"]
    requests = [field(7, "")] + [field(4, name) for name in names] + [field(3, "toolboxd/v1/errors.proto"), field(6, "x")]
    replies = list(ask(iter(requests), timeout=20))
    assert len(replies) == len(requests), "reflection answers %d of %d requests" % (len(replies), len(requests))
    assert all(name.encode() in replies[0] for name in names[:-1]), replies[0]
    call = ask(iter(requests), timeout=20)
    next(call)
    call.cancel()
