# SPDX-License-Identifier: Apache-2.0
"""Every call of clockd, whose clock is fake_clock.c here. It could not set the machine's: it has no capability."""

import os
import time

SERVICES = ["Clock"]
# Of fields that are microseconds.
SECOND = 1000000


def flags(place):
    os.makedirs(place.own + "/clock", exist_ok=True)
    os.chown(place.own + "/clock", place.user.pw_uid, place.user.pw_gid)
    return ["--clock_dir=%s/clock" % place.own]


def options(place):
    return {"preload": [os.environ["LEAKS_FAKE_CLOCK"]]}


def now():
    return int(time.clock_gettime(time.CLOCK_BOOTTIME) * SECOND)


def step(delta, **fields):
    uptime = now()
    return {"delta_us": delta, "epoch_us": int(time.time() * SECOND) - uptime, "uptime_us": uptime, "reason": 1, **fields}


def slew(caller, *requests):
    call = caller.open("Clock.Slew", *[caller.make("Clock.Slew", **fields) for fields in requests])
    for _ in requests:
        if call.read() is None:
            break
    return call


def calls(caller, place, number):
    before = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    assert caller.ask("Clock.GetClockStatus")[0] == "OK"
    code, _ = caller.ask("Clock.Step", **step(3 * SECOND if number % 2 else -SECOND, allow_backward=True))
    # There is a limit a minute.
    assert code in ("OK", "RESOURCE_EXHAUSTED"), code
    for wrong in (step(0), step(-5), step(1 << 60), step(-(1 << 62), allow_backward=True), step(9, uptime_us=0),
                  step(9, epoch_us=-1), step(9, epoch_us=-(1 << 63), uptime_us=(1 << 63) - 1), {}):
        assert caller.ask("Clock.Step", **wrong)[0] != "OK", wrong
    call = slew(caller, {"tick_us": 10010, "lasts_seconds": 9}, {"nominal": {}, "lasts_seconds": 9},
                {"phase_lock": {"offset_us": 900, "frequency": -70}, "lasts_seconds": 9})
    assert caller.ask("Clock.GetClockStatus")[0] == "OK"
    caller.ask("Clock.Step", **step(7, unless_disciplined=True))
    assert call.end().finish() == "OK"
    for wrong in ({"tick_us": 8999, "lasts_seconds": 9}, {"tick_us": 10000}, {"lasts_seconds": 9},
                  {"phase_lock": {"offset_us": 500001}, "lasts_seconds": 9}):
        assert slew(caller, wrong).end().finish() == "INVALID_ARGUMENT", wrong
    slew(caller, {"tick_us": 9000, "lasts_seconds": 9}).cancel()
    if number == 0:
        # A second Slew, and a caller that says nothing more.
        call = slew(caller, {"tick_us": 10010, "lasts_seconds": 1})
        assert slew(caller, {"nominal": {}, "lasts_seconds": 9}).end().finish() == "FAILED_PRECONDITION"
        time.sleep(2)
        call.end().finish()
    moved = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) - before
    assert abs(moved) < 0.5, "the machine's clock has moved by %g s" % moved


def left_open(caller, place):
    return [slew(caller, {"tick_us": 10010, "lasts_seconds": 60})]
