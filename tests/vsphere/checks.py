# SPDX-License-Identifier: Apache-2.0
"""What the checks share: their list, their outcomes, and what they may assert.

A check is a function of the Guest with a sentence that says what should hold. It returns, or raises
Failure with what it saw instead, or NotApplicable where this host or guest cannot show it.
"""

import time
import traceback
from typing import Callable, NamedTuple, Optional

from pyVmomi import vmodl

CHECKS = []


class Failure(Exception):
    """What was seen instead."""


class NotApplicable(Exception):
    """Why the check cannot be made here."""


class Check(NamedTuple):
    group: str
    name: str
    function: Callable
    option: Optional[str]  # The option that asks for it; None: it is always made.


class Result(NamedTuple):
    group: str
    name: str
    outcome: str  # "pass", "FAIL" or "n/a"
    seconds: float
    detail: str


def check(name, option=None):
    """Adds the decorated function to the checks of its module, in the order of the source."""

    def add(function):
        CHECKS.append(Check(function.__module__, name, function, option))
        return function

    return add


def fault_text(error):
    """The type and the message of a fault, or of another exception, on one line."""
    text = getattr(error, "msg", None) or str(error)
    return " ".join(("%s: %s" % (type(error).__name__.split(".")[-1], text)).split())


def make(one, guest):
    """Makes one check; its Result. Lets no exception of the check out."""
    start = time.monotonic()
    outcome, detail = "pass", ""
    try:
        one.function(guest)
    except NotApplicable as why:
        outcome, detail = "n/a", str(why)
    except Failure as seen:
        outcome, detail = "FAIL", str(seen)
    except (vmodl.MethodFault, OSError) as error:
        outcome, detail = "FAIL", fault_text(error)
    except Exception as error:  # A mistake of the check: where it is.
        where = traceback.extract_tb(error.__traceback__)[-1]
        outcome, detail = "FAIL", "%s (%s:%d)" % (fault_text(error), where.filename.rsplit("/", 1)[-1], where.lineno)
    return Result(one.group, one.name, outcome, time.monotonic() - start, detail)


def equal(seen, expected, what):
    if seen != expected:
        raise Failure("%s: %s instead of %s" % (what, short(seen), short(expected)))


def holds(condition, what):
    if not condition:
        raise Failure(what)


def short(value):
    """The value as text of a bounded length."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else text[:200] + "…"


def refused(faults, call, *arguments, **named):
    """The call must fail with one of these faults (classes). Returns the fault."""
    expected = " or ".join(f.__name__.split(".")[-1] for f in faults)
    try:
        call(*arguments, **named)
    except faults as fault:
        return fault
    except vmodl.MethodFault as fault:
        raise Failure("%s instead of %s" % (fault_text(fault), expected)) from fault
    raise Failure("success instead of %s" % expected)


def within(seconds, condition, what, interval=0.2):
    """Asks until the condition holds, and returns what it returned."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() >= end:
            raise Failure("%s: not within %d s" % (what, seconds))
        time.sleep(interval)
