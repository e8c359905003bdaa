#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""spawns.py COUNT PROGRAM [ARGUMENT]...: runs the program COUNT times, one after the other, and prints the median
time from its start to its end in milliseconds. It fails if the program does not end with the same status each time.
"""

import os
import sys
import time


def spawn(program, arguments):
    """Milliseconds, and the status. posix_spawn: a fork of this process would cost more than the program."""
    null = os.open("/dev/null", os.O_RDWR)
    actions = [(os.POSIX_SPAWN_DUP2, null, fd) for fd in (0, 1, 2)]
    begin = time.perf_counter()
    pid = os.posix_spawn(program, [program, *arguments], os.environ, file_actions=actions)
    status = os.waitpid(pid, 0)[1]
    elapsed = time.perf_counter() - begin
    os.close(null)
    return elapsed * 1000, os.waitstatus_to_exitcode(status)


def main():
    count, program, arguments = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
    results = sorted(spawn(program, arguments) for _ in range(count))
    statuses = {status for _, status in results}
    if len(statuses) != 1:
        sys.exit("%s ended with different statuses: %s" % (program, statuses))
    print("%.3f" % results[count // 2][0])


main()
