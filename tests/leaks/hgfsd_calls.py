# SPDX-License-Identifier: Apache-2.0
"""Every call of hgfsd: files, folders and archives below a folder of this test's."""

import io
import os
import tarfile

SERVICES = ["Files", "FileHandler"]
NANOSECONDS = 10 ** 9


def flags(place):
    return []


def harmless(place):
    """What a call that comes to nothing may do all the same."""
    return {"Files.CreateTemporary": {"directory": place.own.encode()}}


def prepare(place):
    os.makedirs(place.own + "/tree/sub")
    for name in ("a", "b\xe9", "sub/c"):
        with open(place.own + "/tree/" + name, "w") as file:
            file.write("content " * 2000)
    os.symlink("a", place.own + "/tree/link")
    os.mkfifo(place.own + "/tree/pipe")
    os.link(place.own + "/tree/a", place.own + "/tree/hard")
    for path, folders, names in os.walk(place.own):
        for name in folders + names:
            os.chown(os.path.join(path, name), place.user.pw_uid, place.user.pw_gid, follow_symlinks=False)


def calls(caller, place, number):
    tree, work = (place.own + "/tree").encode(), (place.own + "/work%d" % number).encode()
    look(caller, tree)
    change(caller, tree, work)
    transfer(caller, tree, work)
    refusals(caller, tree, work)
    for recursive in (False, True):
        code = caller.ask("Files.DeleteDirectory", path=work, recursive=recursive)[0]
        assert (code == "OK") == recursive, code


def ok(caller, name, **fields):
    code, replies = caller.ask(name, **fields)
    assert code == "OK", (name, fields, code)
    return replies[-1]


def look(caller, tree):
    for fields in ({"limit": 100}, {"limit": 2, "skip": 1}, {"limit": 9, "pattern": "^[ab]"}, {"limit": 0}):
        ok(caller, "Files.List", path=tree, **fields)
    ok(caller, "Files.List", path=tree + b"/a", limit=1)
    ok(caller, "Files.List", path=b"/proc", limit=10000)
    for follow in (False, True):
        ok(caller, "Files.GetInfo", path=tree + b"/link", follow=follow)
    ok(caller, "Files.CheckRead", path=tree + b"/a")
    ok(caller, "Files.CheckWrite", path=tree + b"/new")
    ok(caller, "Files.GetVolume", path=tree)


def change(caller, tree, work):
    ok(caller, "Files.MakeDirectory", path=work + b"/x/y", parents=True, mode=0o755)
    for folder in (False, True):
        made = ok(caller, "Files.CreateTemporary", directory=work, prefix=b"p", suffix=b".s", make_directory=folder)
        ok(caller, "Files.SetAttributes", path=made.path,
           attributes={"permissions": 0o700, "modification_time": 5 * NANOSECONDS, "access_time": 7})
        move = "Files.MoveDirectory" if folder else "Files.MoveFile"
        ok(caller, move, **{"from": made.path, "to": work + b"/moved"})
        ok(caller, "Files.DeleteDirectory" if folder else "Files.DeleteFile", path=work + b"/moved")


def write(caller, path, *chunks, commit=True, attributes=None, mode=4):
    call = caller.open("FileHandler.Write").send(open={"path": path, "mode": mode, "permissions": 0o600}).opened()
    for chunk in chunks:
        call.send(chunk={"append": True, "data": chunk})
    if attributes:
        call.send(attributes=attributes)
    if commit:
        call.send(commit={})
    return call.end().finish()


def transfer(caller, tree, work):
    assert write(caller, work + b"/file", b"x" * 70000, b"y", attributes={"permissions": 0o640}) == "OK"
    for mode in range(5):
        write(caller, work + b"/file", b"z" * 100, mode=mode)
    assert write(caller, work + b"/gone", b"x", commit=False) != "OK"
    ok(caller, "FileHandler.Stat", path=work + b"/file")
    for fields in ({}, {"offset": 50, "chunk_size": 7}, {"offset": 1 << 40}, {"chunk_size": 1 << 31}):
        ok(caller, "FileHandler.Read", path=work + b"/file", **fields)
    for query in (b"", b"?prefix=p%2F", b"?format=tgz"):
        replies = caller.ask("FileHandler.Read", path=b"/archive:" + tree + query)[1]
        assert len(replies) > 1, query
    caller.glimpse("FileHandler.Read", path=b"/archive:" + tree, chunk_size=20, replies=3)
    caller.glimpse("FileHandler.Read", path=tree + b"/a", chunk_size=1, replies=3)
    archive = archived(10)
    assert write(caller, work + b"/x", archive[:1000], archive[1000:]) == "OK"
    write(caller, work + b"/x", archive[:5000])
    write(caller, work + b"/x", b"not an archive" * 100)
    call = caller.open("FileHandler.Write").send(open={"path": work + b"/x"}).send(chunk={"data": archive[:3000]})
    call.opened().cancel()
    caller.open("FileHandler.Write").send(open={"path": work + b"/never"}).opened().cancel()


def archived(files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz", format=tarfile.PAX_FORMAT) as archive:
        for number in range(files):
            member = tarfile.TarInfo("folder/%s-%d" % ("long" * 40, number))
            member.size = 600
            archive.addfile(member, io.BytesIO(os.urandom(600)))
        link = tarfile.TarInfo("folder/link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../outside"
        archive.addfile(link)
    return data.getvalue()


def refusals(caller, tree, work):
    paths = (b"", b"relative", work + b"/none", b"/root/none", tree + b"/a/b", b"/" + b"n" * 5000, b"/nul\0byte",
             tree + b"/link", tree + b"/pipe", b"/archive:/none", b"/archive:%zz", tree + b"?format=zip")
    for path in paths:
        for name in ("List", "GetInfo", "CheckRead", "DeleteDirectory", "GetVolume"):
            caller.ask("Files." + name, path=path)
        caller.ask("FileHandler.Stat", path=path)
        if path != tree + b"/pipe":
            caller.ask("FileHandler.Read", path=path)
    for path in (b"", b"relative", b"/root/none", tree + b"/a", tree + b"/a/b", b"/" + b"n" * 5000):
        for name in ("MakeDirectory", "CheckWrite"):
            caller.ask("Files." + name, path=path)
        caller.ask("Files.DeleteFile", path=path + b"/")
        caller.ask("Files.CreateTemporary", directory=path or b"relative")
        caller.ask("Files.SetAttributes", path=path, attributes={"uid": 0})
        for name in ("MoveFile", "MoveDirectory"):
            caller.ask("Files." + name, **{"from": path, "to": work + b"/x"})
            caller.ask("Files." + name, **{"from": work + b"/x", "to": path})
        write(caller, path, b"x", mode=3)
    caller.ask("Files.List", path=tree, pattern="(", limit=5)
    caller.ask("Files.List", path=tree, pattern="(a+)+$" * 50, limit=5)
    caller.open("FileHandler.Write").send(commit={}).end().finish()
    caller.open("FileHandler.Write").send(open={"path": work + b"/o"}).send(open={"path": work}).end().finish()


def left_open(caller, place):
    path = place.own.encode() + b"/"
    upload = caller.open("FileHandler.Write").send(open={"path": path + b"upload", "mode": 4})
    unpack = caller.open("FileHandler.Write").send(open={"path": path + b"tree", "mode": 4})
    for call in (upload, unpack):
        call.send(chunk={"append": True, "data": archived(50)[:9000]}).opened()
    # What it sends is not read.
    with open(place.own + "/large", "wb") as file:
        file.truncate(256 << 20)
    os.chmod(place.own + "/large", 0o644)
    read = caller.open("FileHandler.Read", caller.make("FileHandler.Read", path=path + b"large"))
    read.read()
    return [upload, unpack, read]
