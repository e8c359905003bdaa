#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""exchange.py A B: exchanges the two entries again and again until it is ended.

Both are in a directory of the caller's. At each moment one of the names leads to what the other
one was.
"""

import ctypes
import os
import sys

AT_FDCWD = -100
RENAME_EXCHANGE = 2


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    a, b = (os.fsencode(path) for path in sys.argv[1:3])
    while True:
        libc.renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE)


if __name__ == "__main__":
    main()
