# SPDX-License-Identifier: Apache-2.0
"""Scripts that the checks put below /etc/toolboxd for a while, and what they have recorded."""

from pyVmomi import vim


class EventScript:
    """A script in a folder of /etc/toolboxd that appends a word, and its arguments, to a record.

    Scripts of one folder run in the order of their words. `more` is what it does besides.
    """

    def __init__(self, guest, folder, word, more=""):
        self.guest = guest
        self.place_folder(folder)
        path = "%s/%s-%s" % (folder, guest.mark, word)
        guest.later(path, lambda: self.remove(path))
        script = "#!/bin/sh\necho %s \"$@\" >>%s\n%s" % (word, guest.path("events"), more)
        guest.upload(path, script.encode(), permissions=0o755)

    def place_folder(self, folder):
        """Makes the folder, and has it removed at the end if it was not there before."""
        try:
            self.guest.make_directory(folder, parents=True)
        except vim.fault.FileAlreadyExists:
            return
        self.guest.later(folder, lambda: self.guest.delete_directory(folder))

    def remove(self, path):
        try:
            self.guest.delete_file(path)
        except vim.fault.FileNotFound:
            pass


def recorded(guest):
    """What the scripts have recorded so far, a line each."""
    try:
        return guest.download(guest.path("events")).decode().splitlines()
    except vim.fault.FileNotFound:
        return []


def forget(guest):
    guest.upload(guest.path("events"), b"")
