# SPDX-License-Identifier: Apache-2.0
"""Functions, which are started as programs and are not processes: http.RoundTrip and those of extensions.

The HTTP server that http.RoundTrip needs runs in the guest, on its loopback interface, in python3.
"""

import http.client
import io

from pyVmomi import vim

from checks import Failure, NotApplicable, check, equal, holds, refused, within
from guest import FIRST_FUNCTION
from streams import feed, stream
from transfers import content_of

SERVER = b"""import http.server, os, signal, sys
signal.alarm(120)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[::-1])
    def do_GET(self):
        signal.pause()
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(server.server_port))
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
"""


def server(guest):
    """The port of the guest's HTTP server, which is started once."""
    port = guest.path("port")
    if "port" not in guest.entries(guest.folder):
        code, where = guest.run("command -v python3")
        if code != 0:
            raise NotApplicable("the guest has no python3 for the server")
        guest.upload(guest.path("server.py"), SERVER)
        guest.start(where.strip(), "%s %s %s" % (guest.path("server.py"), port, guest.mark))
        within(20, lambda: "port" in guest.entries(guest.folder), "the guest's HTTP server listens")
    return int(guest.download(port))


class Received(io.BytesIO):
    """An answer's bytes, as http.client reads them from a socket."""

    def makefile(self, _mode):
        return self


@check("http.RoundTrip reaches a server on the guest's loopback interface")
def round_trip(guest):
    body = content_of(200003)
    head = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
    pid = guest.start("http.RoundTrip", "127.0.0.1:%d" % server(guest))
    holds(pid >= FIRST_FUNCTION, "pid %d" % pid)
    feed(guest, pid, head.encode() + body)
    equal(guest.finish(pid).exitCode, 0, "exit code")
    answer = http.client.HTTPResponse(Received(guest.download(stream(pid, "stdout"))))
    answer.begin()
    equal((answer.status, answer.read() == body[::-1]), (200, True), "status, and whether the body is right")


def fails(guest, destination):
    """The function must end with exit code 1 and a reason; returns the reason."""
    pid = guest.start("http.RoundTrip", destination)
    equal(guest.finish(pid).exitCode, 1, "exit code")
    reason = guest.download(stream(pid, "stderr")).decode("utf-8", "replace").strip()
    holds(reason, "stderr is empty")
    return reason


@check("http.RoundTrip to a closed port fails with its reason")
def closed_port(guest):
    fails(guest, "127.0.0.1:1")


@check("http.RoundTrip out of the guest fails unless the policy has it")
def other_host(guest):
    # Documentation's range (RFC 5737): no machine has it.
    try:
        fails(guest, "192.0.2.1:9")
    except vim.fault.OperationDisabledByGuest:
        pass  # The policy, before it is started.


@check("a function is listed and terminated like a program")
def terminated(guest):
    pid = guest.start("http.RoundTrip", "127.0.0.1:%d" % server(guest))
    equal([p.endTime for p in guest.processes([pid])], [None], "end")
    guest.terminate(pid)
    guest.finish(pid, seconds=20)


@check("the extension echo answers, if examples/echo_cc is bound")
def extension(guest):
    try:
        pid = guest.start("echo.Upper")
    except vim.fault.FileNotFound as fault:
        raise NotApplicable("the guest has no function echo.Upper") from fault
    feed(guest, pid, b"loud")
    equal(guest.finish(pid).exitCode, 0, "exit code")
    equal(guest.download(stream(pid, "stdout")), b"LOUD", "stdout")
    equal(guest.download("/echocc:/some/text"), b"/some/text", "content of the scheme echocc")


@check("a function that does not exist is refused")
def missing(guest):
    refused((vim.fault.FileNotFound,), guest.start, "no.such_function", guest.mark)
    try:
        guest.start("no-such-program", guest.mark)
    except vim.fault.FileNotFound:
        return
    raise Failure("a program that is not in PATH was started")
