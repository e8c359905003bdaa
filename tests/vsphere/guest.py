# SPDX-License-Identifier: Apache-2.0
"""One virtual machine's guest, by vSphere's guest operations; and its cleaning."""

import secrets
import shlex
import time

from pyVmomi import vim, vmodl

from checks import Failure, NotApplicable, fault_text

# What may go wrong while cleaning.
TROUBLE = (vmodl.MethodFault, Failure, OSError)
FIRST_FUNCTION = 4194305  # The pid of toolboxd's functions, which no process has (docs/protocol/hgfs.md 5.9).


class Guest:
    """Guest operations as one user, and what they have made.

    Everything lies in `folder`, whose name has `mark`, and so has every program's command line: what
    is left after an interruption can be found by it. The folder is in /var/tmp, which a restart keeps.
    """

    def __init__(self, content, vm, user, password, transfers, options):
        operations = content.guestOperationsManager
        self.content, self.vm, self.transfers, self.options = content, vm, transfers, options
        self.user = user
        self.auth = self.login(user, password)
        self.file_manager = operations.fileManager
        self.process_manager = operations.processManager
        self.auth_manager = operations.authManager
        self.mark = "toolboxd-check-" + secrets.token_hex(4)
        self.folder = "/var/tmp/" + self.mark
        self.pids = []
        self.undo = []  # (what, function) for what lies elsewhere, undone in reverse after each check.

    @staticmethod
    def login(user, password):
        return vim.vm.guest.NamePasswordAuthentication(username=user, password=password, interactiveSession=False)

    def path(self, name):
        return self.folder + "/" + name

    def need_root(self):
        if self.user != "root":
            raise NotApplicable("needs --user=root, which may add scripts to /etc/toolboxd")

    # --- files

    def make_directory(self, path, parents=False):
        self.file_manager.MakeDirectoryInGuest(self.vm, self.auth, path, parents)

    def delete_file(self, path):
        self.file_manager.DeleteFileInGuest(self.vm, self.auth, path)

    def delete_directory(self, path, recursive=False):
        self.file_manager.DeleteDirectoryInGuest(self.vm, self.auth, path, recursive)

    def move_file(self, source, target, overwrite=False):
        self.file_manager.MoveFileInGuest(self.vm, self.auth, source, target, overwrite)

    def move_directory(self, source, target):
        self.file_manager.MoveDirectoryInGuest(self.vm, self.auth, source, target)

    def temporary_file(self, prefix, suffix, directory=None):
        return self.file_manager.CreateTemporaryFileInGuest(self.vm, self.auth, prefix, suffix, directory)

    def temporary_directory(self, prefix, suffix, directory=None):
        return self.file_manager.CreateTemporaryDirectoryInGuest(self.vm, self.auth, prefix, suffix, directory)

    def change(self, path, **attributes):
        """Sets attributes of a vim.vm.guest.FileManager.PosixFileAttributes."""
        wanted = vim.vm.guest.FileManager.PosixFileAttributes(**attributes)
        self.file_manager.ChangeFileAttributesInGuest(self.vm, self.auth, path, wanted)

    def page(self, path, index=None, count=None, pattern=None):
        return self.file_manager.ListFilesInGuest(self.vm, self.auth, path, index, count, pattern)

    def entries(self, path):
        """Every entry of a directory but "." and "..", by its name."""
        found, index = {}, 0
        while True:
            page = self.page(path, index, 100)
            found.update({f.path: f for f in page.files})
            index += len(page.files)
            if not page.remaining or not page.files:
                return {name: f for name, f in found.items() if name not in (".", "..")}

    def entry(self, path):
        """What the guest says about one file."""
        return self.page(path).files[0]

    # --- content

    def upload(self, path, content, overwrite=True, **attributes):
        wanted = vim.vm.guest.FileManager.PosixFileAttributes(**attributes)
        url = self.file_manager.InitiateFileTransferToGuest(self.vm, self.auth, path, wanted, len(content), overwrite)
        self.transfers.put(url, content)

    def offer(self, path):
        """The answer of InitiateFileTransferFromGuest: attributes, size, url."""
        return self.file_manager.InitiateFileTransferFromGuest(self.vm, self.auth, path)

    def download(self, path):
        return self.transfers.get(self.offer(path).url)

    # --- programs

    def start(self, program, arguments="", directory=None, environment=None):
        spec = vim.vm.guest.ProcessManager.ProgramSpec(
            programPath=program, arguments=arguments, workingDirectory=directory, envVariables=environment or []
        )
        pid = self.process_manager.StartProgramInGuest(self.vm, self.auth, spec)
        self.pids.append(pid)
        return pid

    def shell(self, script, **named):
        """Starts the script in /bin/sh. The mark is an argument, so that it is in the list of processes."""
        return self.start("/bin/sh", "-c %s %s" % (shlex.quote(script), self.mark), **named)

    def processes(self, pids=None):
        return self.process_manager.ListProcessesInGuest(self.vm, self.auth, pids or [])

    def terminate(self, pid):
        self.process_manager.TerminateProcessInGuest(self.vm, self.auth, pid)

    def finish(self, pid, seconds=60):
        """Waits for the end of a program; its ProcessInfo."""
        end, pause = time.monotonic() + seconds, 0.05
        while True:
            found = self.processes([pid])
            if not found:
                raise Failure("the program with pid %d is in no list of processes" % pid)
            if found[0].endTime:
                if pid in self.pids:
                    self.pids.remove(pid)
                return found[0]
            if time.monotonic() > end:
                raise Failure("the program with pid %d has not ended within %d s" % (pid, seconds))
            time.sleep(pause)
            pause = min(1, pause * 1.5)

    def run(self, script, seconds=60):
        """(exit code, output) of a script; through a file, which works with all guest tools."""
        path = self.path("output-" + secrets.token_hex(4))
        ended = self.finish(self.shell("{ %s\n} >%s 2>&1" % (script, shlex.quote(path))), seconds)
        text = self.download(path).decode("utf-8", "replace")
        self.delete_file(path)
        return ended.exitCode, text

    def output(self, script):
        """The output of a script that must succeed."""
        code, text = self.run(script)
        if code != 0:
            raise Failure("exit code %s of %s: %s" % (code, script, text))
        return text

    # --- begin and end

    def prepare(self):
        self.make_directory(self.folder)

    def later(self, what, function):
        """Has the function called after the check, whatever happens; before what was added earlier."""
        self.undo.append((what, function))

    def undo_all(self):
        """Undoes what lies outside the folder. Returns texts of what is left, and why."""
        left = []
        while self.undo:
            what, function = self.undo.pop()
            try:
                function()
            except Exception as error:  # Whatever it was, the rest is cleaned.
                left.append("%s: %s" % (what, fault_text(error)))
        return left

    def clean(self):
        """Removes all that was made. Returns texts of what is left, and why."""
        left = self.undo_all()
        try:
            self.end_programs()
        except TROUBLE as error:
            left.append("programs: " + fault_text(error))
        for parent in ("/var/tmp", "/tmp"):
            try:
                self.sweep(parent)
            except TROUBLE as error:
                left.append("%s: %s" % (parent, fault_text(error)))
        return left

    def marked_programs(self):
        """Running programs and functions of this run. A pid alone could be another process's meanwhile."""
        ours = lambda p: self.mark in (p.cmdLine or "") or (p.pid in self.pids and p.pid >= FIRST_FUNCTION)
        return [p for p in self.processes() if not p.endTime and ours(p)]

    def end_programs(self):
        for process in self.marked_programs():
            try:
                self.terminate(process.pid)
            except vim.fault.GuestProcessNotFound:
                pass  # It has ended meanwhile.
        end = time.monotonic() + 15
        while self.marked_programs():
            if time.monotonic() > end:
                raise Failure("still running: %s" % ", ".join("%d %s" % (p.pid, p.cmdLine) for p in self.marked_programs()))
            time.sleep(0.2)

    def marked_files(self, parent):
        return [f for f in self.page(parent, 0, 100, self.mark).files if self.mark in f.path]

    def sweep(self, parent):
        for found in self.marked_files(parent):
            path = parent + "/" + found.path
            if found.type == "directory":
                self.delete_directory(path, recursive=True)
            else:
                self.delete_file(path)
