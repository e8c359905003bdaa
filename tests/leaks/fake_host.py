# SPDX-License-Identifier: Apache-2.0
"""The host's side of guest RPC over vsock (docs/protocol/transport.md 1.6, rpc.md), for fake_host.c."""

import base64
import os
import queue
import socket
import struct
import threading
import time

RPCI, TCLO = 976, 975
INTEGER, STRING = 1, 2
TYPE, PAYLOAD = 1, 2
DATA, PING = 1, 2


def packet(payload):
    body = struct.pack(">IIII", INTEGER, TYPE, DATA, 0) + struct.pack(">III", STRING, PAYLOAD, len(payload)) + payload
    return struct.pack(">I", len(body)) + body


def fields(body):
    found, at = {}, 0
    while at < len(body):
        kind, field, value = struct.unpack_from(">III", body, at)
        if kind == INTEGER:
            found[field] = value
            at += 16
        else:
            found[field] = body[at + 12:at + 12 + value]
            at += 12 + value
    return found


def receive(connection):
    """The fields of the next packet; None at the end."""
    def exactly(size):
        data = b""
        while len(data) < size and (more := connection.recv(size - len(data))):
            data += more
        return data if len(data) == size else None
    try:
        head = exactly(4)
        body = head and exactly(struct.unpack(">I", head)[0])
    except OSError:
        return None
    return fields(body) if body else None


class FakeHost:
    def __init__(self, path, answers):
        """`answers`: of requests, by their beginnings; others succeed."""
        self.path, self.answers, self.asked, self.sent = path, answers, [], 0
        self.registered = threading.Event()
        self.guest, self.replies = None, None
        for port, serve in ((RPCI, self.serve_rpci), (TCLO, self.serve_tclo)):
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            listener.bind("%s.%d" % (path, port))
            os.chmod("%s.%d" % (path, port), 0o666)
            listener.listen(16)
            threading.Thread(target=self.accept, args=(listener, serve), daemon=True).start()

    def accept(self, listener, serve):
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    def serve_rpci(self, connection):
        with connection:
            while (got := receive(connection)) is not None:
                request = got.get(PAYLOAD, b"")
                self.asked.append(request)
                answer = next((value for key, value in self.answers.items() if request.startswith(key)), b"1 ")
                try:
                    connection.sendall(packet(answer))
                except OSError:
                    return

    def serve_tclo(self, connection):
        """One connection of the guest: it registers, then send() has it."""
        replies = queue.Queue()
        self.guest, self.replies = connection, replies
        threading.Thread(target=self.register, args=(connection, replies), daemon=True).start()
        with connection:
            while (got := receive(connection)) is not None:
                if got.get(TYPE) == DATA:
                    replies.put(got.get(PAYLOAD, b""))
            replies.put(None)

    def register(self, connection, replies):
        for command in (b"reset", b"ping", b"Capabilities_Register", b"Set_Option broadcastIP 1"):
            connection.sendall(packet(command))
            if replies.get(timeout=60) is None:
                return
        self.registered.set()

    def send(self, command):
        """The guest's reply."""
        self.sent += 1
        self.guest.sendall(packet(command))
        reply = self.replies.get(timeout=60)
        assert reply is not None, "the guest ended the connection after %r" % command[:80]
        return reply

    def await_request(self, begin, since):
        """Waits until the guest has sent a request that begins so, after the first `since` ones."""
        end = time.monotonic() + 30
        while not any(request.startswith(begin) for request in self.asked[since:]):
            assert time.monotonic() < end, "the guest does not send %r" % begin
            time.sleep(0.01)

    def break_off(self, sent=b""):
        """Ends the connection of commands, with these bytes before; the guest registers again."""
        self.registered.clear()
        try:
            self.guest.sendall(sent)
            self.guest.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def relayed(opcode, body=b"", user="", password="", kind=1):
    """A guest operation (docs/protocol/vix.md 4.1 to 4.3)."""
    login = base64.b64encode(("%s\0%s\0" % (user, password)).encode())
    credential = struct.pack("<II", len(user), len(password)) + login + b"\0" if user else b""
    sizes = 51 + len(body) + len(credential), 51, len(body), len(credential)
    head = struct.pack("<IHIIIIBIIIQII", 0xD00D0001, 5, *sizes, 5, opcode, 0, 0xFFFFFFFF, 7, 0, kind)
    return b'Vix_1_Relayed_Command "name"\0' + head + body + credential
