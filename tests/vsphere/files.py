# SPDX-License-Identifier: Apache-2.0
"""GuestFileManager without transfers: make, list, move, delete, attributes, temporary files."""

import datetime

from pyVmomi import vim, vmodl

from checks import NotApplicable, check, equal, holds, refused

MISSING = (vim.fault.FileNotFound,)
EXISTS = (vim.fault.FileAlreadyExists,)
# vSphere has no fault of its own for these in every version; all are file faults.
FILE_FAULT = (vim.fault.FileFault,)
FORBIDDEN = (vim.fault.CannotAccessFile, vim.fault.NoPermission, vim.fault.GuestPermissionDenied)
ODD_NAME = "ü 漢字 \"two\" 'one' <x> &amp; %41 $HOME; *"


def mode(info):
    return (info.attributes.permissions or 0) & 0o7777


@check("a directory is made with mode 0700, listed and deleted")
def directory(guest):
    path = guest.path("directory")
    guest.make_directory(path)
    found = guest.entries(guest.folder)["directory"]
    equal((found.type, oct(mode(found))), ("directory", "0o700"), "type and mode")
    guest.delete_directory(path)
    holds("directory" not in guest.entries(guest.folder), "it is still listed")


@check("a directory is made with its parents, or refused without them")
def parents(guest):
    refused(MISSING, guest.make_directory, guest.path("p/a/b"))
    guest.make_directory(guest.path("p/a/b"), parents=True)
    equal(guest.entry(guest.path("p/a/b")).type, "directory", "type")


@check("a directory that exists is refused")
def existing_directory(guest):
    guest.make_directory(guest.path("exists"))
    refused(EXISTS, guest.make_directory, guest.path("exists"))
    refused(EXISTS, guest.make_directory, guest.path("exists"), True)


@check("a file's size, mode, owner and times are listed")
def attributes(guest):
    path = guest.path("listed")
    guest.output("printf 12345 >%s; chmod 604 %s; touch -m -d @1000000000 %s" % (path, path, path))
    found = guest.entry(path)
    equal((found.type, found.size, oct(mode(found))), ("file", 5, "0o604"), "type, size and mode")
    uid, gid = map(int, guest.output("id -u; id -g").split())
    equal((found.attributes.ownerId, found.attributes.groupId), (uid, gid), "owner and group")
    equal(found.attributes.modificationTime.timestamp(), 1000000000, "modification time")


@check("a symbolic link is listed as itself")
def link(guest):
    guest.output("ln -s listed-target %s" % guest.path("link"))
    found = guest.entries(guest.folder)["link"]
    equal((found.type, found.attributes.symlinkTarget), ("symlink", "listed-target"), "type and target")
    equal(oct(mode(found)), "0o777", "mode")


@check("names with quotes, percent signs and other scripts are unchanged")
def odd_names(guest):
    guest.make_directory(guest.path(ODD_NAME))
    holds(ODD_NAME in guest.entries(guest.folder), "listed: %s" % sorted(guest.entries(guest.folder)))
    guest.upload(guest.path(ODD_NAME + "/" + ODD_NAME), b"odd")
    equal(guest.download(guest.path(ODD_NAME + "/" + ODD_NAME)), b"odd", "content")
    guest.delete_directory(guest.path(ODD_NAME), recursive=True)


@check("130 files are listed in pages, each once")
def pages(guest):
    folder = guest.path("many")
    guest.make_directory(folder)
    guest.output("i=0; while [ $i -lt 130 ]; do : >%s/file-$i; i=$((i + 1)); done" % folder)
    names, index = [], 0
    while True:
        page = guest.page(folder, index, 50)
        holds(len(page.files) <= 50, "a page has %d entries" % len(page.files))
        names += [f.path for f in page.files]
        index += len(page.files)
        equal(page.remaining, 132 - index, "remaining")
        if not page.remaining:
            break
    equal(sorted(names), sorted(["."] + [".."] + ["file-%d" % i for i in range(130)]), "names")


@check("a page without a size has 50 entries, and one beyond the end has none")
def page_defaults(guest):
    page = guest.page(guest.path("many"))
    equal((len(page.files), page.remaining), (50, 82), "entries and remaining")
    equal(len(guest.page(guest.path("many"), 1000, 50).files), 0, "entries beyond the end")


@check("a pattern selects names")
def pattern(guest):
    page = guest.page(guest.path("many"), 0, 50, r"^file-1[0-4]$")
    equal(sorted(f.path for f in page.files), ["file-%d" % i for i in range(10, 15)], "names")
    equal(len(guest.page(guest.path("many"), 0, 50, "no such").files), 0, "entries without a match")


@check("listing what does not exist is refused")
def missing_listing(guest):
    refused(MISSING, guest.page, guest.path("missing"))


@check("a file is moved, and replaces another one only if asked to")
def move_file(guest):
    one, two = guest.path("one"), guest.path("two")
    guest.upload(one, b"1")
    guest.upload(two, b"2")
    refused(EXISTS, guest.move_file, one, two)
    equal(guest.download(two), b"2", "the target after the refusal")
    guest.move_file(one, two, overwrite=True)
    equal(guest.download(two), b"1", "the target after the move")
    refused(MISSING, guest.move_file, one, guest.path("three"))


@check("a directory is moved with its content, and never onto another one")
def move_directory(guest):
    source, target = guest.path("source"), guest.path("target")
    guest.make_directory(source)
    guest.upload(source + "/file", b"content")
    guest.make_directory(target)
    refused(EXISTS, guest.move_directory, source, target)
    guest.delete_directory(target)
    guest.move_directory(source, target)
    equal(guest.download(target + "/file"), b"content", "content")
    refused(FILE_FAULT, guest.move_directory, source, guest.path("other"))
    refused(FILE_FAULT, guest.move_directory, target + "/file", guest.path("other"))


@check("a file and a directory are not deleted as the other kind")
def delete_kinds(guest):
    guest.make_directory(guest.path("kind"))
    guest.upload(guest.path("kind/file"), b"")
    refused(FILE_FAULT, guest.delete_file, guest.path("kind"))
    refused(FILE_FAULT, guest.delete_directory, guest.path("kind/file"))
    guest.delete_file(guest.path("kind/file"))
    guest.delete_directory(guest.path("kind"))
    refused(MISSING, guest.delete_file, guest.path("kind"))
    refused(MISSING, guest.delete_directory, guest.path("kind"))


@check("a directory with content is deleted only recursively, and links in it are not followed")
def delete_recursively(guest):
    guest.output("mkdir -p {0}/full/a/b {0}/kept; : >{0}/kept/file; ln -s ../kept {0}/full/link".format(guest.folder))
    refused(FILE_FAULT, guest.delete_directory, guest.path("full"))
    guest.delete_directory(guest.path("full"), recursive=True)
    holds("full" not in guest.entries(guest.folder), "it is still listed")
    holds("file" in guest.entries(guest.path("kept")), "a link's target was deleted")


@check("mode and times are changed")
def change(guest):
    path = guest.path("changed")
    guest.upload(path, b"x", permissions=0o600)
    moment = datetime.datetime.fromtimestamp(1234567890, datetime.timezone.utc)
    guest.change(path, permissions=0o2750, modificationTime=moment)
    equal(guest.output("stat -c '%%a %%Y' %s" % path).split(), ["2750", "1234567890"], "mode and time")
    refused(MISSING, guest.change, guest.path("missing"), permissions=0o600)


@check("the owner is changed by root only")
def change_owner(guest):
    path = guest.path("owned")
    guest.upload(path, b"x")
    if guest.user == "root":
        guest.change(path, ownerId=65534, groupId=65534)
        equal(guest.output("stat -c '%%u %%g' %s" % path).split(), ["65534", "65534"], "owner and group")
    else:
        refused(FORBIDDEN, guest.change, path, ownerId=0)


@check("temporary files and directories have their prefix, suffix and mode")
def temporary(guest):
    for make, kind, expected in ((guest.temporary_file, "file", 0o600), (guest.temporary_directory, "directory", 0o700)):
        path = make("pre-", "-post", guest.folder)
        name = path.rsplit("/", 1)[1]
        holds(path.startswith(guest.folder + "/pre-") and name.endswith("-post"), "the path %s" % path)
        found = guest.entries(guest.folder)[name]
        equal((found.type, oct(mode(found))), (kind, oct(expected)), "type and mode")
        holds(make("pre-", "-post", guest.folder) != path, "two have the same name")


@check("a temporary file without a directory is the user's, and one in a missing directory is refused")
def temporary_places(guest):
    path = guest.temporary_file(guest.mark, "", None)
    try:
        equal(oct(mode(guest.entry(path))), "0o600", "mode")
    finally:
        guest.delete_file(path)
    refused(MISSING, guest.temporary_file, "a", "b", guest.path("missing"))


@check("what only root may do is refused to others")
def forbidden(guest):
    if guest.user == "root":
        raise NotApplicable("the user is root")
    refused(FORBIDDEN, guest.make_directory, "/" + guest.mark)
    refused(FORBIDDEN, guest.page, "/root")


@check("a name that is too long is refused")
def long_name(guest):
    refused((vim.fault.FileFault, vmodl.fault.InvalidArgument), guest.make_directory, guest.path("n" * 256))
