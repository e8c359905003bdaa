# SPDX-License-Identifier: Apache-2.0
"""Writes that do not end, by a user without privileges, for freezer_case.py.

Each has a process that has begun to write a file of a file system. The kernel's freeze waits for it.
"""

import ctypes
import errno
import fcntl
import mmap
import os
import resource
import struct
import threading
import time

USER = 65534
MS_NOSUID, MS_NODEV, MNT_DETACH = 2, 4, 2
SYS_WRITE, SYS_SPLICE = 1, 275
libc = ctypes.CDLL(None, use_errno=True)


def become_user():
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)


def wait_for(condition, what, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.005)


def is_inside(process, call):
    """Whether a thread of it waits in this system call."""
    for thread in os.listdir("/proc/%d/task" % process):
        folder = "/proc/%d/task/%s/" % (process, thread)
        if open(folder + "syscall").read().startswith("%d " % call):
            text = open(folder + "stat").read()
            return text[text.rindex(")") + 2] in "SD"
    return False


class Splice:
    """splice(2) from a pipe that stays empty until `feed`; in its only thread, or in another one."""

    def __init__(self, folder, in_thread=False):
        self.path = folder + "/spliced"
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        source, self.feeder = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            os.close(self.feeder)
            become_user()
            if in_thread:
                thread = threading.Thread(target=self.splice, args=(source, file))
                thread.start()
                thread.join()
            self.splice(source, file)
        os.close(source)
        os.close(file)
        wait_for(lambda: is_inside(self.process, SYS_SPLICE), "no splice")

    @staticmethod
    def splice(source, file):
        os._exit(0 if os.splice(source, file, 4096) == 4 else 1)

    def feed(self):
        """The call, begun again by the kernel, gets its bytes and ends."""
        os.write(self.feeder, b"text")
        assert os.waitpid(self.process, 0)[1] == 0
        self.process = 0
        assert open(self.path, "rb").read() == b"text"

    def release(self):
        os.kill(self.process, 9)

    def end(self):
        os.close(self.feeder)
        if self.process:
            self.release()
            os.waitpid(self.process, 0)


class Fuse:
    """write(2) from a page of a file that a FUSE server has and never sends."""

    HEADER = struct.Struct("=IIQQIIIHH")
    ATTRIBUTES = struct.pack("=6Q10I", 2, 4096, 8, 0, 0, 0, 0, 0, 0, 0o100444, 1, USER, USER, 0, 4096, 0)
    FOLDER = struct.pack("=6Q10I", 1, 0, 0, 0, 0, 0, 0, 0, 0, 0o40555, 2, USER, USER, 0, 4096, 0)
    REPLIES = {
        26: struct.pack("=4I2H2I2HI7I", 7, 31, 0, 0, 1, 1, 4096, 1, 1, 0, 0, *[0] * 7),  # INIT
        1: struct.pack("=4Q2I", 2, 0, 0, 0, 0, 0) + ATTRIBUTES,  # LOOKUP
        14: struct.pack("=Q2I", 0, 0, 0),  # OPEN
    }

    def __init__(self, folder, mount):
        self.process = self.server = 0
        self.mount_server(mount)
        file = os.open(folder + "/faulting", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        self.process = os.fork()
        if self.process == 0:
            self.write(file)
        os.close(file)
        wait_for(lambda: is_inside(self.process, SYS_WRITE), "no fault")

    def mount_server(self, mount, options=b""):
        self.mount = mount
        os.makedirs(mount, exist_ok=True)
        device = os.open("/dev/fuse", os.O_RDWR)
        options = b"fd=%d,rootmode=40000,user_id=%d,group_id=%d" % (device, USER, USER) + options
        if libc.mount(b"fuse", mount.encode(), b"fuse", MS_NOSUID | MS_NODEV, options) != 0:
            raise OSError(ctypes.get_errno(), "mount fuse")
        line = next(l for l in open("/proc/self/mountinfo") if " %s " % mount in l)
        self.connection = int(line.split()[2].split(":")[1])
        self.server = os.fork()
        if self.server == 0:
            self.serve(device)
        os.close(device)

    def serve(self, device):
        while True:
            try:
                request = os.read(device, 1 << 17)
            except OSError as e:
                os._exit(0 if e.errno == errno.ENODEV else 1)
            _, opcode, unique, node = self.HEADER.unpack_from(request)[:4]
            if opcode in (2, 36, 42):  # FORGET, INTERRUPT, BATCH_FORGET: no answer
                continue
            data, error = self.REPLIES.get(opcode), 0
            if opcode == 15:  # READ
                data = self.read(request)
                if data is None:
                    continue
            if opcode == 3:  # GETATTR
                data = struct.pack("=Q2I", 0, 0, 0) + (self.FOLDER if node == 1 else self.ATTRIBUTES)
            if data is None:
                data, error = b"", -errno.ENOSYS
            os.write(device, struct.pack("=IiQ", 16 + len(data), error, unique) + data)

    def read(self, _):
        """What a READ gets; here never an answer."""
        return None

    def write(self, file):
        become_user()
        source = os.open(self.mount + "/file", os.O_RDONLY)
        page = mmap.mmap(source, 4096, prot=mmap.PROT_READ)
        try:
            os.write(file, page)
        except OSError as e:
            os._exit(e.errno)
        os._exit(0)

    def failed(self):
        """Its write has ended, with an error: the file system has been aborted."""
        status = os.waitpid(self.process, 0)[1]
        self.process = 0
        return os.WIFEXITED(status) and os.WEXITSTATUS(status) == errno.EFAULT

    def release(self):
        """Its end aborts the file system; the one who waits for it cannot be killed."""
        if self.server:
            os.kill(self.server, 9)
            os.waitpid(self.server, 0)
            self.server = 0

    def end(self):
        self.release()
        if self.process:
            os.waitpid(self.process, 0)
        libc.umount2(self.mount.encode(), MNT_DETACH)


class Userfault:
    """write(2) from a page that a program serves by userfaultfd(2), and does not. Users may where
    vm.unprivileged_userfaultfd is 1; this one is root, who always may."""

    API, REGISTER, UNREGISTER = 0xC018AA3F, 0xC020AA00, 0x8010AA01
    SYS_USERFAULTFD, MISSING = 323, 1

    def __init__(self, folder):
        file = os.open(folder + "/faulting", os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
        self.process = os.fork()
        if self.process == 0:
            self.write(file)
        os.close(file)
        wait_for(lambda: is_inside(self.process, SYS_WRITE), "no fault")

    def write(self, file):
        faults = libc.syscall(self.SYS_USERFAULTFD, os.O_CLOEXEC)
        memory = mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        fcntl.ioctl(faults, self.API, struct.pack("=3Q", 0xAA, 0, 0))
        fcntl.ioctl(faults, self.REGISTER, struct.pack("=4Q", address, 4096, self.MISSING, 0))
        libc.write(file, ctypes.c_void_p(address), 4096)
        os._exit(1)

    def release(self):
        """Nothing less ends its write."""
        if self.process:
            os.kill(self.process, 9)
            os.waitpid(self.process, 0)
            self.process = 0

    end = release


class CoreDump(Fuse):
    """A core that takes 50 s: of memory that a FUSE server delivers slowly, and root's is not aborted."""

    SIZE = 4 << 20
    ATTRIBUTES = struct.pack("=6Q10I", 2, SIZE, SIZE // 512, 0, 0, 0, 0, 0, 0, 0o100444, 1, 0, 0, 0, 4096, 0)
    REPLIES = {**Fuse.REPLIES, 1: struct.pack("=4Q2I", 2, 0, 0, 0, 0, 0) + ATTRIBUTES}

    def __init__(self, folder, mount):
        self.process = self.server = 0
        self.mount_server(mount, b",allow_other")
        self.process = os.fork()
        if self.process == 0:
            self.dump(folder)
        wait_for(self.is_dumping, "no core dump")

    def dump(self, folder):
        os.chdir(folder)
        resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        with open("/proc/self/coredump_filter", "w") as file:
            # With memory of files.
            file.write("0x37")
        source = os.open(self.mount + "/file", os.O_RDONLY)
        self.memory = mmap.mmap(source, self.SIZE, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
        os.abort()

    def read(self, request):
        offset, size = struct.unpack_from("=QI", request, self.HEADER.size + 8)
        time.sleep(0.05)
        return bytes(min(size, self.SIZE - offset))

    def is_dumping(self):
        with open("/proc/%d/status" % self.process) as file:
            return "CoreDumping:\t1" in file.read()

    def ended(self):
        if os.waitpid(self.process, os.WNOHANG)[0] != self.process:
            return False
        self.process = 0
        return True

    def release(self):
        if self.process:
            os.kill(self.process, 9)
        super().release()


class SilentFuse(Fuse):
    """A FUSE file system over a folder, for everybody, whose server answers nothing any more."""

    def __init__(self, mount):
        self.process = 0
        self.mount_server(mount, b",allow_other")
        wait_for(lambda: os.path.isdir(mount), "no FUSE")
        os.kill(self.server, 19)
