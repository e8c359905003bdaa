#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A caller who sends a descriptor whose last close takes a minute: whoever receives it, or closes the connection, waits.

Usage: lingering.py SOCKET WAY

WAY is how it comes:
  received  with the first bytes of a connection for gRPC
  unread    behind more PINGs than are permitted, so that the connection is closed before it is received
  packet    with a request to rpc.sock
Says when it was sent or that the kernel refuses it, and stays until it is ended.
"""

import array
import signal
import socket
import struct
import sys

from greedy_caller import frame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0)
SECONDS = 60


class Lingering:
    """A TCP connection over loopback whose other side takes nothing."""

    def __init__(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.side = socket.create_connection(listener.getsockname())
            self.other = listener.accept()[0]
        self.side.setblocking(False)
        try:
            while True:
                self.side.send(bytes(65536))
        except BlockingIOError:
            pass
        self.side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, SECONDS))

    def send(self, connection, data):
        """Sends the data with the only descriptor of one side."""
        rights = array.array("i", [self.side.fileno()])
        connection.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)])
        self.side.close()


def main():
    path, way = sys.argv[1:]
    gift = Lingering()
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET if way == "packet" else socket.SOCK_STREAM)
        connection.connect(path)
        try:
            if way == "unread":
                connection.sendall(PREFACE + frame(6, 0, 0, b"12345678") * 2000)
            gift.send(connection, struct.pack("II", 1, 0) + b"info-get x" if way == "packet" else PREFACE)
            print("sent", flush=True)
        except PermissionError:
            print("refused", flush=True)
        except BrokenPipeError:
            # The connection was ended before.
            continue
        break
    signal.pause()


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main()
