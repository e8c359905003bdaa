# SPDX-License-Identifier: Apache-2.0
"""Transfers of files both ways, with checksums that the guest computes itself."""

import concurrent.futures
import datetime
import hashlib
import random

from pyVmomi import vim, vmodl

from checks import Failure, NotApplicable, check, equal, holds, refused

# Around the sizes of the host's packets and of a page, and some MiB of an odd size.
SIZES = (0, 1, 4095, 4096, 61440, 63487, 63488, 63489, 126976, 1048577, 8 * 1048576 + 3)


def content_of(size):
    return random.Random(size).randbytes(size)


def digest(content):
    return hashlib.sha256(content).hexdigest()


def guest_digest(guest, path):
    return guest.output("sha256sum <%s" % path).split()[0]


@check("files of %d sizes up to 8 MiB arrive as sent" % len(SIZES))
def uploads(guest):
    for size in SIZES:
        guest.upload(guest.path("up-%d" % size), content_of(size))
    seen = guest.output("cd %s; sha256sum up-*" % guest.folder).splitlines()
    seen = {line.split()[1]: line.split()[0] for line in seen}
    equal(seen, {"up-%d" % size: digest(content_of(size)) for size in SIZES}, "checksums")


@check("they come back as they are, with their sizes")
def downloads(guest):
    for size in SIZES:
        offer = guest.offer(guest.path("up-%d" % size))
        equal(offer.size, size, "size")
        seen = guest.transfers.get(offer.url)
        equal((len(seen), digest(seen)), (size, digest(content_of(size))), "size and checksum of %d bytes" % size)


@check("a file of the guest's own comes back with its checksum")
def guest_file(guest):
    path = guest.path("made")
    guest.output("head -c 3000001 /dev/urandom >%s" % path)
    equal(digest(guest.download(path)), guest_digest(guest, path), "checksum")


@check("an upload's mode and times are kept")
def modes(guest):
    moment = datetime.datetime.fromtimestamp(1111111111, datetime.timezone.utc)
    for mode in (0o600, 0o644, 0o755, 0o640):
        path = guest.path("mode-%o" % mode)
        guest.upload(path, b"x", permissions=mode, modificationTime=moment)
        equal(guest.output("stat -c '%%a %%Y' %s" % path).split(), ["%o" % mode, "1111111111"], "mode and time")


@check("a download shows mode, owner and times")
def offered_attributes(guest):
    path = guest.path("offered")
    guest.output("printf abc >{0}; chmod 640 {0}; touch -m -d @1222222222 {0}".format(path))
    offer = guest.offer(path)
    equal(oct(offer.attributes.permissions & 0o7777), "0o640", "mode")
    equal(offer.attributes.modificationTime.timestamp(), 1222222222, "modification time")
    equal(offer.attributes.ownerId, int(guest.output("id -u")), "owner")


@check("an upload replaces a file only if asked to, and whole")
def overwrite(guest):
    path = guest.path("replaced")
    guest.upload(path, b"long content")
    refused((vim.fault.FileAlreadyExists,), guest.upload, path, b"short", overwrite=False)
    equal(guest.download(path), b"long content", "the file after the refusal")
    guest.upload(path, b"short")
    equal(guest.download(path), b"short", "the file after the upload")


@check("a download of what does not exist is refused")
def missing(guest):
    refused((vim.fault.FileNotFound,), guest.offer, guest.path("missing"))


@check("an upload to a missing directory is refused")
def missing_parent(guest):
    refused((vim.fault.FileFault, vmodl.fault.InvalidArgument), guest.upload, guest.path("missing/file"), b"x")


@check("another user's file is neither read nor replaced")
def foreign(guest):
    if guest.user == "root":
        raise NotApplicable("the user is root")
    faults = (vim.fault.CannotAccessFile, vim.fault.GuestPermissionDenied)
    refused(faults, guest.upload, "/etc/" + guest.mark, b"x")
    try:
        refused(faults, guest.download, "/etc/shadow")
    except Failure as failure:
        # Where the answer is to the transfer itself.
        holds("HTTP 403" in str(failure) or "HTTP 500" in str(failure), str(failure))


@check("four transfers at a time do not disturb each other")
def parallel(guest):
    def both_ways(number):
        content = content_of(700001 + number)
        path = guest.path("parallel-%d" % number)
        guest.upload(path, content)
        return guest.download(path) == content

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        equal(list(pool.map(both_ways, range(4))), [True] * 4, "same content")


@check("a file of /proc has its content")
def proc_file(guest):
    expected = guest.output("cat /proc/version")
    offer = guest.offer("/proc/version")
    # A host reads no more than this; the file system's own word is 0.
    holds(offer.size >= len(expected), "the size that is offered: %d" % offer.size)
    equal(guest.transfers.get(offer.url).decode(), expected, "content of /proc/version")
