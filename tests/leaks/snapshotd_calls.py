# SPDX-License-Identifier: Apache-2.0
"""Every snapshot, with a freezer that freezes nothing and a bus on which no systemd runs a script."""

import os

from fake_freezer import FREEZE, FakeFreezer

SERVICES = ["Quiesce"]
freezer = None


def flags(place):
    os.makedirs(place.own + "/snapshot", exist_ok=True)
    os.chown(place.own + "/snapshot", place.user.pw_uid, place.user.pw_gid)
    return ["--freezer=%s/freezer" % place.own, "--snapshot_dir=%s/snapshot" % place.own,
            "--settings=%s/snapshot.textproto" % place.folder]


def prepare(place):
    global freezer
    freezer = FakeFreezer(place.own + "/freezer")
    settings(place)


def settings(place, text=""):
    place.make("snapshot.textproto", 'excluded_file_systems: "/none/**" script_time_limit: 1 time_limit: 60 ' + text)


def snapshot(caller, **fields):
    start = {"freeze_file_systems": True, "run_scripts": False, **fields}
    return caller.open("Quiesce.Run", caller.make("Quiesce.Run", start=start))


def steps(call, *wanted):
    """Reads until one of these updates; what came, by name."""
    while (update := call.read()) is not None:
        step = update.WhichOneof("step")
        if step in wanted:
            return step
    return None


def play(caller, **fields):
    """A snapshot as the host wants it; how its freeze ended."""
    call = snapshot(caller, create_manifest=True, product_version=12345, **fields)
    steps(call, "ready")
    call.send(proceed={})
    frozen = steps(call, "frozen", "failure", "done")
    call.send(alive={}).send(snapshot_done={})
    steps(call, "done")
    code = call.end().finish()
    assert code == "OK", code
    return frozen


def calls(caller, place, number):
    code, plans = caller.ask("Quiesce.GetPlan")
    assert code == "OK" and plans[0].freeze, (code, plans)
    assert play(caller) == "frozen"
    # Scripts only: there is none on this machine.
    assert play(caller, freeze_file_systems=False, run_scripts=True, script_argument=b"a") == "frozen"
    for wrong in ({"freeze_file_systems": False}, {"script_argument": bytes(257)}):
        assert snapshot(caller, **wrong).end().finish() == "INVALID_ARGUMENT", wrong
    faults = list(freezer.faults())
    freezer.set(**faults[number % len(faults)])
    play(caller)
    caller.ask("Quiesce.GetPlan")
    freezer.set()
    aborted(caller)
    if number == 0:
        rare(caller, place)


def aborted(caller):
    call = snapshot(caller)
    steps(call, "ready")
    other = snapshot(caller).end().finish()
    assert other == "FAILED_PRECONDITION", other
    call.send(abort={})
    steps(call, "done")
    call.end().finish()
    for after in ("ready", "frozen"):
        # The end of the caller's messages, and of the caller, are an abort.
        for end in ("end", "cancel"):
            call = snapshot(caller)
            steps(call, "ready")
            if after == "frozen":
                call.send(proceed={})
                steps(call, "frozen")
            getattr(call, end)()
            call.finish()
            await_free(caller)


def await_free(caller):
    while True:
        call = snapshot(caller)
        if steps(call, "ready") is not None:
            call.send(abort={})
            steps(call, "done")
            call.end().finish()
            return
        call.finish()


def rare(caller, place):
    """Settings that are wrong, scripts that cannot be started, a time limit, a freezer that does not answer."""
    settings(place, "time_limit: 99")
    for method in ("Quiesce.GetPlan", "Quiesce.Run"):
        assert caller.ask(method, caller.make(method) if method == "Quiesce.GetPlan" else
                          caller.make(method, start={"freeze_file_systems": True}))[0] != "OK"
    settings(place)
    script = "/etc/toolboxd/snapshot.d/10-script"
    os.makedirs(os.path.dirname(script), exist_ok=True)
    with open(script, "w"):
        pass
    call = snapshot(caller, run_scripts=True)
    steps(call, "ready")
    call.send(proceed={})
    assert steps(call, "failure") == "failure"
    # As long as scripts may be owed, it tries again.
    os.unlink(script)
    call.end().finish()
    freezer.set(mute={FREEZE})
    play(caller, time_limit=1)
    freezer.set()


def left_open(caller, place):
    call = snapshot(caller)
    steps(call, "ready")
    call.send(proceed={})
    steps(call, "frozen")
    return [call]
