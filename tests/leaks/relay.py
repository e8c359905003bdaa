# SPDX-License-Identifier: Apache-2.0
"""Connections that gRPC's client makes, as descriptors: for a process that is started with one."""

import os
import socket
import threading


def listen(path):
    if os.path.exists(path):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    listener.listen(4)
    return listener


def accepted(path, connect):
    """The connection that is made to this path when `connect` is called, and what that returns."""
    with listen(path) as listener:
        made = connect()
        listener.settimeout(20)
        connection, _ = listener.accept()
        connection.settimeout(None)
    return connection, made


def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
    except OSError:
        pass
    for end in (source, target):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def join(one, other):
    """Passes on what each of them brings, until one ends."""
    for pair in ((one, other), (other, one)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
