#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""One case of tests/leaks/run, which has made its place.

case.py PROGRAM CASE FOLDER PROGRAMS USER PASSWORD COUNTS

Appends a line for each method and outcome to COUNTS. Prints what failed.
"""

import faulthandler
import importlib
import os
import socket
import subprocess
import sys

import misuse
import relay
import session_cases
from calls import Caller, methods, tally
from life import Life, Place

# How often everything is done that a daemon's calls() does, and each misuse of a method.
ROUNDS, MISUSES = 12, 6
PATIENCE = 600
# What every server has.
HEALTH = ["Health.Check", "Health.Watch"]
# Of these no call ends by itself.
ENDLESS = ["Health.Watch", "GuestInfo.Watch", "Transport.Trace"]
# Cases that need no more than the program.
BARE = ["starts", "no_host", "asked_about_policy"]
# What every method gets in the case "calls", at least.
LEAST = 36


class Case:
    def __init__(self, program, folder, programs, user, password, counts):
        self.program, self.password, self.counts = program, password, counts
        self.place = Place(folder, programs, user)
        self.tally = tally()
        Caller.known = methods()
        self.connections = 0
        self.calls = importlib.import_module(program + "_calls") if os.path.exists(
            os.path.join(os.path.dirname(os.path.abspath(__file__)), program + "_calls.py")) else None

    def run(self, name):
        if hasattr(self.calls, "prepare") and name not in BARE:
            self.calls.prepare(self.place)
        getattr(self, name)()
        with open(self.counts, "a") as file:
            for method, outcomes in self.tally.items():
                for outcome, number in outcomes.items():
                    print(self.program, method, outcome, number, file=file)
            print(self.program, "connections", "ended", self.connections, file=file)
            if hasattr(self.calls, "requests"):
                print(self.program, "requests", "host", self.calls.requests(), file=file)

    # --- starting and calling

    def options(self, lost):
        """Of a life of the daemon; with memory that is lost on purpose."""
        options = self.calls.options(self.place) if hasattr(self.calls, "options") else {}
        if lost:
            options["preload"] = [os.environ["LEAKS_LOST"], *options.get("preload", [])]
        return options

    def start(self, *more, lost=False):
        """The daemon, on a socket of its own."""
        flags = ["--socket=" + self.place.socket, "--socket_mode=0666", "--allow=root", *self.calls.flags(self.place)]
        return Life(self.place, self.program, *flags, *more, **self.options(lost)).await_socket(self.place.socket)

    def start_connected(self, connection, lost=False):
        """hgfsd or vixd, with a connection as session gives it one."""
        options = self.options(lost)
        if hasattr(self.calls, "environment"):
            options.update(self.calls.environment(self.place))
        life = Life(self.place, self.program, *self.calls.flags(self.place), connection=connection, **options)
        connection.close()
        return life

    def connected(self, lost=False):
        """That, and a caller at the other end."""
        def connect():
            caller = Caller(self.place.own + "/relay", self.tally)
            caller.pending = caller.open("Health.Check", caller.make("Health.Check"))
            return caller
        connection, caller = relay.accepted(self.place.own + "/relay", connect)
        life = self.start_connected(connection, lost)
        caller.pending.finish()
        return life, caller

    def methods(self):
        return [name for name in Caller.known if name.split(".")[0] in self.calls.SERVICES and
                name not in getattr(self.calls, "LEFT_OUT", [])] + HEALTH

    def caller(self):
        self.connections += 1
        return Caller(self.place.socket, self.tally)

    def use(self, caller, rounds):
        """What callers do who do everything right, and some of what they do wrong."""
        for number in range(rounds):
            self.calls.calls(caller, self.place, number)
            for service in ["", "toolboxd.v1." + self.calls.SERVICES[0], "none"]:
                caller.ask("Health.Check", service=service)
                caller.glimpse("Health.Watch", service=service)
        misuse.reflect(caller, self.calls.SERVICES)

    def misuse(self, caller):
        harmless = self.calls.harmless(self.place) if hasattr(self.calls, "harmless") else {}
        for name in self.methods():
            misuse.misuse(caller, name, caller.make(name, **harmless.get(name, {})), MISUSES)

    def check_counts(self):
        for name in self.methods():
            outcomes = self.tally[name]
            answered = outcomes["OK"] > 0 or name in ENDLESS
            enough = sum(outcomes.values()) >= LEAST and sum(outcomes.values()) > outcomes["OK"]
            assert answered and enough, "%s was called too seldom: %s" % (name, dict(outcomes))

    # --- cases of daemons with a listening socket

    def calls_then_sigterm(self):
        life = self.start("--idle_exit=0")
        caller = self.caller()
        self.use(caller, ROUNDS)
        self.misuse(caller)
        for name in self.methods():
            for sent in misuse.broken_connections(caller.known[name].path):
                self.connections += 1
                misuse.connect_and_leave(self.place.socket, sent)
        self.foreign()
        other = self.caller()
        # One that leaves in the middle, and one that is still there at the end.
        left = self.calls.left_open(other, self.place)
        other.close()
        assert life.runs(), life.log()
        caller.ask("Health.Check")
        if self.program != "powerd":
            left = self.calls.left_open(caller, self.place)
        life.terminate()
        life.wait()
        if hasattr(self.calls, "finish"):
            self.calls.finish()
        life.check_end()
        for call in left:
            call.finish()
        self.check_counts()

    def foreign(self):
        """A user who may not call."""
        script = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(9); s.recv(1)"
        for _ in range(3):
            self.connections += 1
            subprocess.run(["setpriv", "--reuid", "bob", "--clear-groups", sys.executable, "-c", script, self.place.socket],
                           check=True)

    def idle_exit(self):
        life = self.start("--idle_exit=1s")
        caller = self.caller()
        self.use(caller, 1)
        caller.close()
        life.check_end()

    def control(self):
        life = self.start(lost=True)
        caller = self.caller()
        caller.ask("Health.Check")
        caller.close()
        life.terminate().check_lost()
        if hasattr(self.calls, "finish"):
            self.calls.finish()

    # --- cases of those that session starts

    def connected_then_sigterm(self):
        life, caller = self.connected()
        self.use(caller, ROUNDS)
        self.misuse(caller)
        left = self.calls.left_open(caller, self.place)
        life.terminate().check_end()
        for call in left:
            call.finish()
        self.check_counts()

    def hang_up(self):
        life, caller = self.connected()
        self.use(caller, 1)
        self.calls.left_open(caller, self.place)
        caller.close()
        life.check_end()

    def broken(self):
        """Connections that are broken off."""
        for sent in misuse.broken_connections(Caller.known[self.methods()[0]].path):
            self.connections += 1
            client, server = socket.socketpair()
            life = self.start_connected(server)
            misuse.leave(client, sent)
            client.close()
            life.check_end()

    def connected_control(self):
        life, caller = self.connected(lost=True)
        caller.close()
        life.check_lost()

    # --- cases of all

    def starts(self):
        """Starts that come to nothing."""
        place, wrong = self.place, [(0, "--help"), (0, "--version"), (2, "--nonsense"), (2, "--log_level=loud")]
        for status, flag in wrong:
            Life(place, self.program, flag).check_end(status)
        if self.program in ("hgfsd", "vixd"):
            # Without a connection.
            Life(place, self.program).check_end(64)
        elif self.program != "transportd":
            Life(place, self.program, *self.calls.flags(place), "--socket=%s/none/socket" % place.own).check_end(1)
            Life(place, self.program, "--idle_exit=soon").check_end(2)

    # --- transportd, as far as it goes without a host

    def no_host(self):
        Life(self.place, "transportd", "--runtime_dir=" + self.place.own).check_end()

    def asked_about_policy(self):
        for status, text in ((0, ""), (0, 'allow: "%s"' % self.place.user.pw_name), (1, 'deny: "@%s"' %
                             self.place.user.pw_name), (1, "allow: 7"), (1, 'programs: "/bin/true"')):
            policy = self.place.make("policy.textproto", text)
            Life(self.place, "transportd", "--policy=" + policy, "--permits_login=" + self.place.user.pw_name
                 ).check_end(status)

    # --- session

    def refusals(self):
        session_cases.refusals(self.place, self.place.user.pw_name, self.password)

    def session_usage(self):
        session_cases.usage(self.place)

    def session_control(self):
        session_cases.check_control(self.place, self.place.user.pw_name, self.password)

    def served(self, session, service):
        """hgfsd or vixd in the session, and the end of its caller."""
        self.calls = importlib.import_module(service + "_calls")
        if service == "hgfsd" and not os.path.exists(self.place.own + "/tree"):
            self.calls.prepare(self.place)
        elif service == "vixd":
            self.calls.prepare(self.place)

        def connect():
            caller = Caller(self.place.own + "/relay", self.tally)
            caller.pending = caller.open("Health.Check", caller.make("Health.Check"))
            return caller
        caller = session.serve(connect)
        caller.pending.finish()
        self.use(caller, 1)
        caller.close()
        session.check_end()

    def sessions(self):
        self.served(session_cases.own_user(self.place), "hgfsd")
        self.served(session_cases.by_policy(self.place), "hgfsd")
        for service in ("hgfsd", "vixd"):
            self.served(session_cases.with_password(self.place, service, self.password), service)


def main():
    # A case that hangs says where.
    faulthandler.dump_traceback_later(PATIENCE, exit=True)
    program, name, folder, programs, user, password, counts = sys.argv[1:]
    case = Case(program, folder, programs, user, password, counts)
    try:
        case.run(name)
    except AssertionError as error:
        print(error)
        print(case.place.reported())
        with open(case.place.folder + "/log", errors="replace") as log:
            print("".join(log.readlines()[-20:]))
        return 1
    return 0


if __name__ == "__main__":
    # Threads that wait for a caller do not keep the process.
    status = main()
    sys.stdout.flush()
    os._exit(status)
