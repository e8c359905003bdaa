# SPDX-License-Identifier: Apache-2.0
"""Every power event, with hooks of this test's and /bin/true in place of shutdown(8)."""

import os
import time

SERVICES = ["Power"]
# Numbers of proto/toolboxd/v1/power.proto.
HALT, REBOOT, POWER_ON, RESUME, SUSPEND = 1, 2, 3, 4, 5


def flags(place):
    # Never the machine's own command: an option of powerd that the units do not use.
    return ["--power_backend=direct", "--shutdown_command=/bin/true", "--hook_timeout=10s",
            "--hook_dir=%s/hooks" % place.folder]


def prepare(place):
    for event in ("poweron", "halt", "suspend"):
        place.make("hooks/%s/10-true" % event, "#!/bin/sh\nexit 0\n", 0o755)
    place.make("hooks/reboot/10-false", "#!/bin/sh\nexit 3\n", 0o755)
    place.make("hooks/reboot/no.hook", "#!/bin/sh\nexit 3\n", 0o755)
    place.make("hooks/resume/10-open", "#!/bin/sh\nexit 0\n", 0o777)
    place.make("hooks/suspend/20-sleep", "#!/bin/sh\n[ ! -e %s/slow ] || sleep 60\n" % place.own, 0o755)


def event(caller, number, **fields):
    return caller.open("Power.ChangeState", caller.make("Power.ChangeState", begin=number, **fields))


def calls(caller, place, number):
    for kind in (POWER_ON, RESUME, SUSPEND):
        assert event(caller, kind).end().finish() == "OK"
    for kind in (HALT, REBOOT):
        call = event(caller, kind, skip_hooks=number % 2 == 1)
        steps = [call.read().WhichOneof("step") for _ in range(2)]
        assert steps == ["started", "hooks_finished"], steps
        other = event(caller, POWER_ON).end().finish()
        assert other == "FAILED_PRECONDITION", other
        call.send(begin=HALT).send(proceed={}).end()
        assert call.finish() == "OK"
    # Failed hooks, and no message: nothing is done. A caller that leaves: it goes on after two seconds.
    assert event(caller, REBOOT).end().finish() == "ABORTED"
    caller.open("Power.ChangeState").send(proceed={}).end().finish()
    event(caller, 77).end().finish()
    if number == 0:
        assert event(caller, HALT).end().finish() == "OK"
        call = event(caller, HALT)
        call.read()
        call.cancel()
        await_free(caller)


def await_free(caller):
    while event(caller, POWER_ON).end().finish() != "OK":
        time.sleep(0.1)


def left_open(caller, place):
    await_free(caller)
    os.close(os.open(place.own + "/slow", os.O_CREAT | os.O_WRONLY))
    call = event(caller, SUSPEND)
    call.read()
    return [call]
