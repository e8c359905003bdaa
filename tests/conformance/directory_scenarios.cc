// SPDX-License-Identifier: Apache-2.0

// CREATE_DIRECTORY_EX, DELETE_GUEST_DIRECTORY_EX, MOVE_GUEST_DIRECTORY, CREATE_TEMPORARY_DIRECTORY.

#include "tests/conformance/scenario.h"

namespace toolboxd::conformance {
namespace {

constexpr Scenario kScenarios[] = {
    {"mkdir: new",
     [](Target& t) {
       return Steps({t.MakeDirectory(t.Path("d")), t.Tree()});
     }},
    {"mkdir: exists",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return t.MakeDirectory(t.Path("d"));
     }},
    {"mkdir -p: exists",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return t.MakeDirectory(t.Path("d"), true);
     }},
    {"mkdir: a file is there",
     [](Target& t) {
       Write(t.Path("f"));
       return t.MakeDirectory(t.Path("f"));
     }},
    {"mkdir: parent missing", [](Target& t) { return t.MakeDirectory(t.Path("a/b")); }},
    {"mkdir -p: three levels",
     [](Target& t) {
       return Steps({t.MakeDirectory(t.Path("a/b/c"), true), t.Tree()});
     }},
    {"mkdir: parent is a file",
     [](Target& t) {
       Write(t.Path("f"));
       return t.MakeDirectory(t.Path("f/d"));
     }},
    {"mkdir -p: parent is a file",
     [](Target& t) {
       Write(t.Path("f"));
       return t.MakeDirectory(t.Path("f/d/e"), true);
     }},
    {"mkdir: not allowed",
     [](Target& t) {
       MakeFolder(t.Path("d"), 0555);
       return t.MakeDirectory(t.Path("d/e"));
     }},
    {"mkdir: trailing slash",
     [](Target& t) {
       return Steps({t.MakeDirectory(t.Path("d/")), t.Tree()});
     }},
    {"mkdir: empty path", [](Target& t) { return t.MakeDirectory(""); }},
    {"mkdir: name too long",
     [](Target& t) { return t.MakeDirectory(t.Path(std::string(256, 'n'))); }},
    {"mkdir: odd name",
     [](Target& t) {
       return Steps({t.MakeDirectory(t.Path("a &<>%\"'b\n\xc3\xa4")), t.Tree()});
     }},
    {"mkdir: not UTF-8", [](Target& t) { return t.MakeDirectory(t.Path("a\xff")); }},
    {"rmdir: empty",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return Steps({t.DeleteDirectory(t.Path("d")), t.Tree()});
     }},
    {"rmdir: missing", [](Target& t) { return t.DeleteDirectory(t.Path("d")); }},
    {"rmdir: not empty",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Write(t.Path("d/f"));
       return Steps({t.DeleteDirectory(t.Path("d")), t.Tree()});
     }},
    {"rmdir -r: a tree",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       MakeFolder(t.Path("d/e"));
       Write(t.Path("d/e/f"));
       Link("f", t.Path("d/e/l"));
       return Steps({t.DeleteDirectory(t.Path("d"), true), t.MakeDirectory(t.Path("d"))});
     }},
    {"rmdir -r: links are not followed",
     [](Target& t) {
       MakeFolder(t.Path("keep"));
       Write(t.Path("keep/f"));
       MakeFolder(t.Path("d"));
       Link(t.Path("keep"), t.Path("d/l"));
       const std::string outcome = t.DeleteDirectory(t.Path("d"), true);
       return Steps({outcome, t.List(t.Path("keep"), "f")});
     }},
    {"rmdir -r: empty",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return t.DeleteDirectory(t.Path("d"), true);
     }},
    {"rmdir: a file",
     [](Target& t) {
       Write(t.Path("f"));
       return Steps({t.DeleteDirectory(t.Path("f")), t.DeleteDirectory(t.Path("f"), true)});
     }},
    {"rmdir: a link to a directory",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Link("d", t.Path("l"));
       return Steps(
           {t.DeleteDirectory(t.Path("l")), t.DeleteDirectory(t.Path("l"), true), t.Tree()});
     }},
    {"rmdir: not allowed",
     [](Target& t) {
       MakeFolder(t.Path("p"));
       MakeFolder(t.Path("p/d"));
       ChangeMode(t.Path("p"), 0555);
       return Steps({t.DeleteDirectory(t.Path("p/d")), t.Tree()});
     }},
    {"rmdir: another user's", [](Target& t) { return t.DeleteDirectory("/usr/local"); }},
    {"mvdir: new name",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Write(t.Path("d/f"));
       return Steps({t.MoveDirectory(t.Path("d"), t.Path("e")), t.Tree()});
     }},
    {"mvdir: missing", [](Target& t) { return t.MoveDirectory(t.Path("d"), t.Path("e")); }},
    {"mvdir: source is a file",
     [](Target& t) {
       Write(t.Path("f"));
       return t.MoveDirectory(t.Path("f"), t.Path("e"));
     }},
    {"mvdir: source is a link",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Link("d", t.Path("l"));
       return t.MoveDirectory(t.Path("l"), t.Path("e"));
     }},
    {"mvdir: target is a directory",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       MakeFolder(t.Path("e"));
       return Steps({t.MoveDirectory(t.Path("d"), t.Path("e")), t.Tree()});
     }},
    {"mvdir: target is a file",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Write(t.Path("f"));
       return t.MoveDirectory(t.Path("d"), t.Path("f"));
     }},
    {"mvdir: onto itself",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return t.MoveDirectory(t.Path("d"), t.Path("d"));
     }},
    {"mvdir: into itself",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return Steps({t.MoveDirectory(t.Path("d"), t.Path("d/e")), t.Tree()});
     },
     "an invalid argument; vmtoolsd says that it is not a file", "3 | d 40755 @UID"},
    {"mvdir: target's parent missing",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return t.MoveDirectory(t.Path("d"), t.Path("x/e"));
     }},
    {"mvdir: empty paths",
     [](Target& t) {
       return Steps({t.MoveDirectory("", t.Path("e")), t.MoveDirectory(t.Path("e"), "")});
     }},
    {"mktemp -d: prefix and suffix",
     [](Target& t) { return t.MakeTemporary(true, "pre-", "-suf", t.Path("")); }},
    {"mktemp -d: directory missing",
     [](Target& t) { return t.MakeTemporary(true, "p", "s", t.Path("missing")); }},
    {"mktemp -d: directory is a file",
     [](Target& t) {
       Write(t.Path("f"));
       return t.MakeTemporary(true, "p", "s", t.Path("f"));
     }},
    {"mktemp -d: not allowed",
     [](Target& t) {
       MakeFolder(t.Path("d"), 0555);
       return t.MakeTemporary(true, "p", "s", t.Path("d"));
     }},
    {"mktemp -d: default place", [](Target& t) { return t.MakeTemporary(true, "p", "s", ""); }},
};
static_assert(DifferencesAreStated(kScenarios));

}  // namespace

absl::Span<const Scenario> DirectoryScenarios() { return kScenarios; }

}  // namespace toolboxd::conformance
