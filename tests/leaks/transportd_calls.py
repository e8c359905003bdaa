# SPDX-License-Identifier: Apache-2.0
"""What the host and the control socket's callers ask of transportd, with the other daemons beside it."""

import glob
import importlib
import os
import socket
import struct
import threading

import guest_operations
import misuse
import session_cases
from calls import Caller
from fake_host import FakeHost, packet, relayed
from life import Life, as_user

SERVICES = ["Transport"]
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../transportd")
BESIDE = ["guestinfod", "powerd", "snapshotd", "deployd", "clockd"]
COMMANDS = [
    b"ping", b"reset", b"Capabilities_Register", b" ", b"No_Such_Command x", b"Set_Option", b"Set_Option a b",
    b"Set_Option broadcastIP 0", b"Set_Option broadcastIP 1", b"Set_Option toolScripts.afterPowerOn 1",
    b"Set_Option synctime 1", b"Set_Option synctime.period 60", b"Set_Option synctime 0", b"Time_Synchronize 1",
    b"TimeInfo_Update", b"OS_PowerOn", b"OS_Resume", b"OS_Suspend", b"vmsupport.start", b"vmbackup.abort",
    b"vmbackup.snapshotDone", b"vmbackup.startWithOpts", b"Vix_1_SyncDriver_Thaw", b"deployPkg.begin",
    b"deployPkg.deploy /none", b"f ", b"f short", b"Vix_1_Relayed_Command", b'Vix_1_Relayed_Command "x"\0short',
]
# What the host sends before it ends a connection. From one to the next the guest waits longer.
ENDS = [packet(b"ping")[:9], packet(b""), b"\xff" * 40]
host = None
beside, sessions = [], []


def flags(place):
    return ["--runtime_dir=" + place.own, "--skip_cpuid_check", "--transport=vsock", "--allow=bob",
            "--policy=" + place.make("policy.textproto", 'disabled_operations: "ListProcessesInGuest"\n'),
            "--routes_dir=%s/routes.d" % place.folder, "--support_request=%s/support" % place.own]


def options(place):
    return {"preload": [os.environ["LEAKS_FAKE_HOST"]], "LEAKS_HOST": place.own + "/host",
            "ASAN_OPTIONS": place.environment()["ASAN_OPTIONS"] + ":handle_segv=0"}


def prepare(place):
    global host
    with open(FOLDER + "/guest_info/testdata/host_statistics_four", "rb") as file:
        statistics = b"1 " + file.read()
    host = FakeHost(place.own + "/host", {
        b"info-get guestinfo.none": b"0 No value found", b"guestlib.info.get": statistics, b"info-get": b"1 value",
        b"tools.capability.features": b"0 Unknown command"})
    place.make("routes.d/none.textproto", 'extension { target: "unix:%s/none" tclo_command: "Echo" }\n' % place.own)
    place.make("routes.d/broken.textproto", "extension { target: 7")
    for name in BESIDE:
        calls = importlib.import_module(name + "_calls")
        if hasattr(calls, "prepare"):
            calls.prepare(place)
        path = "%s/%s.sock" % (place.own, name)
        more = calls.options(place) if hasattr(calls, "options") else {}
        beside.append(Life(place, name, "--socket=" + path, "--idle_exit=0", "--allow=" + place.user.pw_name,
                           *calls.flags(place), **more).await_socket(path))
    for service in ("hgfsd", "vixd"):
        threading.Thread(target=serve_sessions, args=(place, service, listener(place, service)), daemon=True).start()


def listener(place, service):
    path = "%s/%s.sock" % (place.own, service)
    waiting = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    waiting.bind(path)
    os.chmod(path, 0o666)
    waiting.listen(32)
    return waiting


def serve_sessions(place, service, waiting):
    """As a socket unit with Accept=yes; of transportd's own user, whose password does not matter."""
    while True:
        connection, _ = waiting.accept()
        sessions.append(Life(place, "session", "--trust_own_user", "--service_dir=" + session_cases.services(place),
                             "--runtime_dir=%s/run" % place.own, service, connection=connection))
        connection.close()


def calls(caller, place, number):
    assert host.registered.wait(60), "transportd does not register"
    ask(caller, place)
    for command in COMMANDS:
        host.send(command)
    operate(place, number)
    if number % 4 == 0:
        long_operations(place)
        limited(place)
        rpc_socket(place)
    if number < len(ENDS):
        host.break_off(ENDS[number])


def ask(caller, place):
    for name in ("GetStatus", "GetReportedInfo", "ListSessions", "ListPrograms", "ListTransfers", "GetMetrics",
                 "GetHostStatistics", "GetTimeStatus"):
        code, _ = caller.ask("Transport." + name)
        assert code == "OK", (name, code)
    for operation, target in (("ListFilesInGuest", ""), ("StartProgramInGuest", "/bin/true"), ("None", "")):
        caller.ask("Transport.CheckPolicy", user=place.user.pw_name, operation=operation, target=target)
    for request in (b"info-get guestinfo.ip", b"info-get guestinfo.none", b"info-set guestinfo.x y", b"", b"x" * 70000):
        caller.ask("Transport.SendRpci", request=request)
    still = caller.open("Transport.StandStill", caller.make("Transport.StandStill"))
    still.read()
    host.send(relayed(192, b"", place.user.pw_name, "x"))
    still.end().finish()
    traces = [caller.open("Transport.Trace", caller.make("Transport.Trace")) for _ in range(5)]
    host.send(b"ping")
    for trace in traces:
        trace.cancel()


def operate(place, number):
    """Guest operations: rightly, without a credential, and cut."""
    folder = place.own.encode()
    for opcode, body in guest_operations.bodies(folder):
        whole = relayed(opcode, body, place.user.pw_name, "x")
        reply = host.send(whole)
        assert reply.startswith(b"OK 0 0"), (opcode, reply[:80])
        host.send(whole[:-1 - number])
        host.send(relayed(opcode, body[:-1], place.user.pw_name, "x"))
    for opcode, body in guest_operations.refused(folder):
        reply = host.send(relayed(opcode, body, place.user.pw_name, "x"))
        assert not reply.startswith(b"OK 0 "), (opcode, reply[:80])
    for kind in (0, 3, 4, 8, 9, 11, 99):
        host.send(relayed(192, b"", kind=kind))
    transfer(place, place.own.encode() + b"/host-file")


def strangers():
    """Logins that are refused: after some of them no new one is tried for a while, so they come last."""
    for path in sorted(glob.glob(FOLDER + "/vix/testdata/tclo_*")):
        with open(path, "rb") as file:
            host.send(file.read())
    for number in range(20):
        host.send(relayed(192, b"", "bob", "wrong%d" % number))


def hgfs(place, request):
    """The reply to an HGFS packet of the place's user."""
    body = struct.pack("<Ii", len(request), 0) + request
    reply = host.send(relayed(84, body, place.user.pw_name, "x"))
    head, error, _, rest = reply.split(b" ", 3)
    assert head == b"OK" and error == b"0", reply[:80]
    return rest.split(b"#", 1)[-1] if rest.startswith(b"#") else rest


def status_of(reply):
    return struct.unpack_from("<I", reply, 24)[0]


def transfer(place, name):
    """A file that is written and read, one that is given up, and packets that are cut or of no session."""
    make = guest_operations
    reply = hgfs(place, make.create_session())
    assert status_of(reply) == 0, reply
    session = make.session_of(reply)
    for for_writing in (True, False):
        reply = hgfs(place, make.opening(name, session, for_writing))
        assert status_of(reply) == 0, (name, for_writing, reply)
        handle = make.handle_of(reply)
        for offset in (0, 4000):
            request = (make.writing(handle, offset, b"d" * 4000, session) if for_writing else
                       make.reading(handle, offset, session))
            assert status_of(hgfs(place, request)) == 0, request[:80]
        assert status_of(hgfs(place, make.closing(handle, session))) == 0
    # Left open, with a half of its content.
    handle = make.handle_of(hgfs(place, make.opening(name + b"-left", session, True)))
    hgfs(place, make.writing(handle, 0, b"half", session))
    handle = make.handle_of(hgfs(place, make.opening(b"/archive:" + name.rsplit(b"/", 1)[0], session, False)))
    hgfs(place, make.reading(handle, 0, session))
    for wrong in (make.opening(name + b"/none", session, False), make.opening(name, 77, False),
                  make.reading(999, 0, session), make.hgfs(255, b"", session), make.hgfs(7, b"x", session)):
        assert status_of(hgfs(place, wrong)) != 0, wrong
    hgfs(place, make.hgfs(make.DESTROY_SESSION, bytes(8), session))
    for path in sorted(glob.glob(FOLDER + "/hgfs/testdata/request_*")):
        with open(path, "rb") as file:
            request = file.read()
        host.send(b"f " + request)
        hgfs(place, request)
        hgfs(place, request[:-7])


def long_operations(place):
    """A shutdown by /bin/true, snapshots with a freezer that freezes nothing, and the old freeze."""
    host.send(b"OS_Halt")
    # Version 1: present, a manifest, file systems, a minute.
    options = struct.pack(">10I", 1, 1, 1, 0, 1, 0, 0, 0, 60, 0)
    for last in (b"vmbackup.snapshotDone", b"vmbackup.abort"):
        since = len(host.asked)
        reply = host.send(b"vmbackup.startWithOpts " + options)
        assert reply.startswith(b"OK"), reply
        host.await_request(b"vmbackup.eventSet prov.snapshotCommit", since)
        host.send(last)
        host.await_request(b"vmbackup.eventSet req.done", since)
    host.send(b"vmbackup.startWithOpts " + options[:20])
    host.send(b'Vix_1_SyncDriver_Freeze "all" "100"')
    host.send(b"Vix_1_SyncDriver_Thaw")


def limited(place):
    """A caller who may read only: with a gRPC server of its own in transportd."""
    with as_user("bob"):
        caller = Caller(place.socket, misuse.NO_TALLY)
        caller.ask("Transport.GetStatus")
    for name in ("GetStatus", "GetMetrics", "ListSessions", "StandStill"):
        caller.ask("Transport." + name)
    caller.ask("Transport.SendRpci", request=b"info-set guestinfo.x y")
    caller.glimpse("Transport.Trace", replies=0)
    for sent in misuse.broken_connections("/toolboxd.v1.Transport/SendRpci"):
        with as_user("bob"):
            misuse.connect_and_leave(place.socket, sent)
    caller.close()


def rpc_socket(place):
    """vmware-rpctool's way (rpctool/protocol.h)."""
    for sent in (struct.pack("=II", 1, 0) + b"info-get guestinfo.ip", b"", b"x", struct.pack("=II", 9, 0) + b"x",
                 struct.pack("=II", 1, 0) + b"y" * 65000):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.settimeout(5)
            connection.connect(place.own + "/rpc.sock")
            try:
                connection.send(sent)
                connection.recv(70000)
            except OSError:
                pass


def left_open(caller, place):
    host.registered.wait(60)
    strangers()
    still = caller.open("Transport.StandStill", caller.make("Transport.StandStill"))
    trace = caller.open("Transport.Trace", caller.make("Transport.Trace"))
    host.send(b"ping")
    return [still, trace]


def requests():
    """How many the host has sent."""
    return host.sent if host else 0


def finish():
    """The end of what is beside it; reports of all of them count."""
    for life in sessions:
        life.wait()
    for life in beside:
        status = life.terminate().wait()
        assert status == 0, "a daemon beside it ended with status %s" % status
