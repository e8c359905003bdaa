# SPDX-License-Identifier: Apache-2.0
"""Directories as archives, as toolbox has them: docs/protocol/hgfs.md 6."""

import io
import tarfile
import zlib

from pyVmomi import vim, vmodl

from checks import Failure, check, equal, holds, refused
from transfer import TRAILER
from transfers import content_of, digest

BIG = content_of(300001)
TIME = 1000000000
BAD_OPTION = (vmodl.fault.InvalidArgument, vim.fault.FileFault)


def member(name, kind=tarfile.REGTYPE, mode=0o644, content=b"", target=""):
    info = tarfile.TarInfo(name)
    info.type, info.mode, info.size, info.mtime, info.linkname = kind, mode, len(content), TIME, target
    return info, content


TREE = [
    member("a", tarfile.DIRTYPE, 0o750),
    member("a/big", mode=0o640, content=BIG),
    member("a/empty"),
    member("a/link", tarfile.SYMTYPE, 0o777, target="../b/script"),
    member("b", tarfile.DIRTYPE, 0o755),
    member("b/script", mode=0o755, content=b"#!/bin/sh\n"),
    member("b/ü 漢", mode=0o600, content=b"name"),
    member("c", tarfile.DIRTYPE, 0o700),
]


def archive(members, mode):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as out:
        for info, content in members:
            out.addfile(info, io.BytesIO(content))
    return packed.getvalue()


def unpack(content, zipped):
    """The members of an archive without its trailer, by their names."""
    if zipped:
        stream = zlib.decompressobj(wbits=31)
        content = stream.decompress(bytes(content))
        if not stream.eof:
            raise EOFError("the gzip stream has no end")
    with tarfile.open(fileobj=io.BytesIO(content)) as packed:
        found = {m.name: (m, packed.extractfile(m).read() if m.isreg() else b"") for m in packed}
        if packed.fileobj.getvalue()[packed.offset :].strip(b"\0"):
            raise EOFError("the archive has no end")
    return found


def download(guest, path, zipped=False):
    """The members, and the bytes, of a directory's archive."""

    def complete(content):
        if not content.endswith(TRAILER):
            return False
        try:
            unpack(content[: -len(TRAILER)], zipped)
            return True
        except (tarfile.TarError, EOFError, zlib.error):
            return False  # These three bytes were content.

    content = guest.transfers.get(guest.offer(path).url, complete)
    holds(content.endswith(TRAILER), "the archive has no trailer: it ends with %s" % content[-8:].hex())
    return unpack(content[: -len(TRAILER)], zipped)


def same(found, prefix=""):
    """Compares the members with TREE."""
    names = sorted(prefix + info.name for info, _ in TREE)
    equal(sorted(name for name in found if name not in ("", ".")), names, "members")
    for info, content in TREE:
        seen, bytes_ = found[prefix + info.name]
        equal((seen.type, oct(seen.mode), seen.linkname), (info.type, oct(info.mode), info.linkname), "type, mode, target of " + info.name)
        equal(digest(bytes_), digest(content), "checksum of " + info.name)
        if info.isreg():
            equal(int(seen.mtime), TIME, "time of " + info.name)


def upload(guest, path, content):
    # A host may set the attributes of an upload after its end; then those that the folder has.
    guest.upload(path, content, permissions=0o700)


def unpacked(guest, folder):
    """Compares a folder of the guest with TREE by the guest's own programs."""
    script = "cd %s; find . -mindepth 1 ! -type l -printf '%%P/%%m\\n' | LC_ALL=C sort" % folder
    expected = sorted(("%s/%o" % (info.name, info.mode)).encode() for info, _ in TREE if not info.issym())
    equal(guest.output(script).encode().splitlines(), expected, "names and modes")
    equal(guest.output("readlink %s/a/link" % folder).strip(), "../b/script", "the link's target")
    equal(guest.output("sha256sum <%s/a/big" % folder).split()[0], digest(BIG), "checksum")


@check("a .tar.gz sent to a directory is unpacked there")
def upload_to_directory(guest):
    folder = guest.path("tree")
    guest.make_directory(folder)
    upload(guest, folder, archive(TREE, "w:gz"))
    unpacked(guest, folder)


@check("a plain tar sent to /archive:FOLDER is unpacked, and makes the folder")
def upload_to_scheme(guest):
    folder = guest.path("unpacked/tree")
    upload(guest, "/archive:" + folder, archive(TREE, "w"))
    unpacked(guest, folder)


@check("a directory is downloaded as a tar with modes, times and links")
def download_directory(guest):
    same(download(guest, guest.path("tree/")))


@check("/archive:FOLDER?format=tgz is downloaded as tar in gzip")
def download_gzip(guest):
    same(download(guest, "/archive:%s?format=tgz" % guest.path("tree"), zipped=True), "")


@check("the option prefix goes before each name")
def download_prefix(guest):
    same(download(guest, "%s?prefix=up%%2F" % guest.path("tree")), "up/")


@check("an unknown format is refused")
def unknown_format(guest):
    refused(BAD_OPTION, guest.offer, "/archive:%s?format=zip" % guest.path("tree"))


@check("a round trip through a directory changes nothing")
def round_trip(guest):
    found = download(guest, guest.path("tree"))
    again = guest.path("again")
    guest.make_directory(again)
    upload(guest, again, archive([found[name] for name in sorted(found)], "w"))
    unpacked(guest, again)


def fails(guest, path, content):
    """The upload must fail, at the request or at its end."""
    try:
        upload(guest, path, content)
    except (Failure, vmodl.MethodFault):
        return
    raise Failure("the upload succeeded")


@check("members that lead outside are refused, and the others unpacked")
def outside(guest):
    folder = guest.path("inner")
    guest.make_directory(folder)
    bad = [
        member("good", content=b"good"),
        member("../" + guest.mark + "-outside", content=b"bad"),
        member("out", tarfile.SYMTYPE, target=".."),
        member("out/" + guest.mark + "-through", content=b"bad"),
    ]
    fails(guest, folder, archive(bad, "w"))
    equal(guest.download(folder + "/good"), b"good", "the good member")
    outside_names = [name for name in guest.entries(guest.folder) if name.startswith(guest.mark)]
    holds(not outside_names, "outside: %s" % outside_names)


@check("what is not an archive is refused by a directory")
def no_archive(guest):
    folder = guest.path("strict")
    guest.make_directory(folder)
    fails(guest, folder, b"This is text and not an archive. " * 100)
    equal(sorted(guest.entries(folder)), [], "names")
