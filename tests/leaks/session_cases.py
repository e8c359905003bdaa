# SPDX-License-Identifier: Apache-2.0
"""The life of session: one connection, from its greeting to the end of the service that it has started."""

import shlex
import socket
import struct

import relay
from life import Life, as_user, control

GREETING = b"\1"
OK, BAD_LOGIN, REFUSED, UNKNOWN_SERVICE, CANNOT_START, ONLY_OWN_USER = range(6)


def services(place):
    """A folder of programs that give the services what the sanitizers need, and session's own environment lacks."""
    folder = place.folder + "/services"
    for name in ("hgfsd", "vixd", "transportd"):
        lines = ["export %s=%s" % (key, shlex.quote(value)) for key, value in place.environment().items()
                 if key.endswith("_OPTIONS")]
        place.make("services/" + name, "#!/bin/sh\n%s\nexec %s/%s \"$@\"\n" % ("\n".join(lines), place.programs, name),
                   0o755)
    return folder


def request(service, user, password):
    body = b"".join(struct.pack(">H", len(text)) + text.encode() for text in (service, user, password))
    return struct.pack(">I", len(body)) + body


class Session(Life):
    def __init__(self, place, *flags, as_root=True, pair=None, **options):
        self.client, server = pair or socket.socketpair()
        self.client.settimeout(60)
        runtime = place.own + "/run" if not as_root else place.folder + "/run"
        super().__init__(place, "session", "--service_dir=" + services(place), "--runtime_dir=" + runtime, *flags,
                         connection=server, as_root=as_root, **options)
        server.close()

    def greeted(self):
        greeting = self.client.recv(1)
        assert greeting == GREETING, (greeting, self.log())
        return self

    def ask(self, service, user, password):
        self.greeted()
        self.client.sendall(request(service, user, password))
        return self.answer()

    def answer(self):
        """The result of the reply."""
        size = struct.unpack(">I", self.exactly(4))[0]
        return self.exactly(size)[0]

    def exactly(self, size):
        data = b""
        while len(data) < size and (more := self.client.recv(size - len(data))):
            data += more
        assert len(data) == size, "the connection ended\n" + self.log()
        return data

    def serve(self, connect):
        """gRPC over this connection."""
        connection, made = relay.accepted(self.place.own + "/relay", connect)
        relay.join(connection, self.client)
        return made

    def hang_up(self):
        try:
            self.client.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.client.close()
        return self


def refusals(place, user, password):
    """Requests of a session that starts nothing, each in a life of its own."""
    flags = ["--pam_service=toolboxd"]
    for wanted, service, name, word in ((OK, "verify", user, password), (BAD_LOGIN, "verify", user, "wrong"),
                                        (BAD_LOGIN, "hgfsd", "nobody-there", "x"), (UNKNOWN_SERVICE, "vixd", user, "x"),
                                        (REFUSED, "hgfsd", "expired", password)):
        session = Session(place, *flags, "hgfsd")
        result = session.ask(service, name, word)
        assert result == wanted, ("session's answer", service, name, result)
        session.hang_up().check_end()
    session = Session(place, *flags, "hgfsd").greeted()
    session.client.sendall(struct.pack(">I", 4) + b"\xff\xff\0\0")
    assert session.answer() == CANNOT_START
    session.hang_up().check_end(1)
    for cut in (0, 3, 9):
        session = Session(place, *flags, "hgfsd").greeted()
        session.client.sendall(request("hgfsd", user, password)[:cut])
        session.hang_up().check_end(0 if cut == 0 else 1)


def check_control(place, user, password):
    session = Session(place, "hgfsd", **control())
    assert session.ask("verify", user, password) == OK
    session.hang_up().check_lost()


def usage(place):
    for status, arguments in ((0, ["--help"]), (2, []), (2, ["--nonsense", "hgfsd"]), (2, ["cat"]), (2, ["hgfsd"])):
        Life(place, "session", *arguments, as_root=True).check_end(status)


def own_user(place):
    """Without root and PAM: the service of the only user that it serves."""
    with as_user(place.user.pw_name):
        pairs = [socket.socketpair() for _ in range(2)]
    session = Session(place, "--trust_own_user", "hgfsd", as_root=False, pair=pairs[0])
    result = session.ask("hgfsd", "bob", "")
    assert result == ONLY_OWN_USER, result
    session.hang_up().check_end()
    session = Session(place, "--trust_own_user", "hgfsd", as_root=False, pair=pairs[1])
    assert session.ask("hgfsd", place.user.pw_name, "") == OK
    return session


def with_password(place, service, password):
    session = Session(place, service)
    assert session.ask(service, place.user.pw_name, password) == OK
    return session


def by_policy(place):
    """As toolboxctl's connections: transportd is asked about the policy, which has the first user and not the second."""
    policy = place.make("policy.textproto", 'allow: "%s"\n' % place.user.pw_name)
    flags = ["--peer_login", "--policy=" + policy, "hgfsd"]
    session = Session(place, *flags)
    result = session.ask("hgfsd", "bob", "")
    assert result == REFUSED, result
    session.hang_up().check_end()
    session = Session(place, *flags)
    assert session.ask("hgfsd", place.user.pw_name, "") == OK, session.log()
    return session
