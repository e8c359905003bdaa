# SPDX-License-Identifier: Apache-2.0
"""Every call of vixd: programs of the test's user, their streams, and HTTP to a server on the loopback interface."""

import http.server
import os
import threading
import time

SERVICES = ["Processes", "FileHandler", "Function"]
server = None


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"page\n" * 5000)

    def log_message(self, *arguments):
        pass


def flags(place):
    return ["--shim=%s/toolboxd-shim" % place.programs]


def environment(place):
    folder = place.own + "/runtime"
    os.makedirs(folder, exist_ok=True)
    os.chmod(folder, 0o700)
    os.chown(folder, place.user.pw_uid, place.user.pw_gid)
    return {"TOOLBOXD_RUNTIME_DIR": folder}


def prepare(place):
    global server
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()


def calls(caller, place, number):
    streams(caller)
    programs(caller)
    functions(caller)


def start(caller, program, arguments=b"", **fields):
    code, replies = caller.ask("Processes.Start", program=program, arguments=arguments, **fields)
    return (code, replies[0].pid) if code == "OK" else (code, 0)


def programs(caller):
    codes = [start(caller, program, arguments, **fields)[0] for program, arguments, fields in (
        (b"/bin/true", b"", {}), (b"/bin/echo", b"a 'b c' > /dev/null", {}),
        (b"/bin/true", b"", {"environment": [b"A=b", b"PATH=/bin"], "working_directory": b"/"}))]
    assert codes == ["OK"] * 3, codes
    for program, fields in ((b"/none", {}), (b"", {}), (b"/etc/passwd", {}), (b"/bin/true\0", {}),
                            (b"/bin/true", {"environment": [b"without"]}), (b"none", {"with_io": True}),
                            (b"/bin/true", {"working_directory": b"/none"}), (b"/bin/" + b"x" * 5000, {})):
        assert start(caller, program, **fields)[0] != "OK", (program, fields)
    code, sleeper = start(caller, b"/bin/sleep", b"100")
    assert code == "OK" and caller.ask("Processes.Terminate", pid=sleeper)[0] == "OK"
    for pid in (0, -1, 1, 1 << 40, 4194303):
        assert caller.ask("Processes.Terminate", pid=pid)[0] != "OK", pid
    assert caller.ask("Processes.List")[1][0].processes
    caller.ask("Processes.List", pids=[sleeper, 1, 0, -3, 1 << 40])
    caller.glimpse("Processes.List", replies=0)
    assert caller.ask("Processes.ReadEnvironment")[1][0].variables
    caller.ask("Processes.ReadEnvironment", names=[b"HOME", b"NONE", b""])


def write(caller, path, *chunks, commit=True, mode=0):
    call = caller.open("FileHandler.Write").send(open={"path": path, "mode": mode}).opened()
    for chunk in chunks:
        call.send(chunk={"append": True, "data": chunk})
    if commit:
        call.send(commit={})
    return call.end().finish()


def streams(caller):
    code, pid = start(caller, b"cat", with_io=True)
    assert code == "OK", code
    stdin, stdout = b"/proc/%d/stdin" % pid, b"/proc/%d/stdout" % pid
    assert caller.ask("FileHandler.Stat", path=stdin)[0] == "OK"
    assert write(caller, stdin, b"half", commit=False) != "OK"
    write(caller, stdin, b"a", mode=3)
    caller.open("FileHandler.Write").send(open={"path": stdin}).send(chunk={"offset": 99, "data": b"x"}).end().finish()
    caller.open("FileHandler.Write").send(open={"path": stdin}).opened().cancel()
    assert write(caller, stdin, b"line\n" * 1000) == "OK"
    await_end(caller, pid)
    assert caller.ask("FileHandler.Stat", path=stdout)[0] == "OK"
    assert caller.ask("FileHandler.Read", path=stdout, chunk_size=100)[0] == "OK"
    caller.ask("FileHandler.Read", path=stdout, offset=1 << 40)
    caller.glimpse("FileHandler.Read", path=stdout, chunk_size=1)
    for path in (b"/proc/1/stdout", b"/proc/%d/stdin" % pid, b"", b"/etc/passwd", b"/proc/x/stdin",
                 b"/proc/999999999999/stderr"):
        caller.ask("FileHandler.Stat", path=path)
        caller.ask("FileHandler.Read", path=path)
        write(caller, path, b"x")


def await_end(caller, pid):
    end = time.monotonic() + 20
    while time.monotonic() < end:
        replies = caller.ask("Processes.List", pids=[pid])[1]
        if replies[0].processes[0].HasField("exit_code"):
            return
        time.sleep(0.02)
    raise AssertionError("program %d does not end" % pid)


def function(caller, arguments, *parts, name="http.RoundTrip", **fields):
    call = caller.open("Function.Run").send(start={"name": name, "arguments": arguments, **fields})
    for part in parts:
        call.send(**part)
    return call


def functions(caller):
    here = b"127.0.0.1:%d" % server.server_port
    request = {"stdin": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"}
    call = function(caller, here, request, {"close_stdin": {}})
    output = b""
    while (reply := call.read()) is not None:
        output += reply.stdout
    assert call.finish() == "OK" and output.count(b"page\n") == 5000, output[:100]
    for arguments, fields in ((b"", {}), (here, {"no_loopback": True}), (b"192.0.2.1:80", {}), (b"none:x", {}),
                              (b"127.0.0.1:1", {}), (here, {"name": "none"})):
        function(caller, arguments, {"close_stdin": {}}, **fields).end().finish()
    function(caller, here, request).cancel()
    call = function(caller, here, request, {"close_stdin": {}})
    call.read()
    call.cancel()
    caller.open("Function.Run").send(stdin=b"x").end().finish()


def left_open(caller, place):
    here = b"127.0.0.1:%d" % server.server_port
    _, pid = start(caller, b"cat", with_io=True)
    upload = caller.open("FileHandler.Write").send(open={"path": b"/proc/%d/stdin" % pid}).opened()
    read = caller.open("FileHandler.Read", caller.make("FileHandler.Read", path=b"/proc/%d/stdout" % pid))
    return [function(caller, here), upload, read]
