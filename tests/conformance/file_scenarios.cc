// SPDX-License-Identifier: Apache-2.0

// DELETE_GUEST_FILE_EX, MOVE_GUEST_FILE_EX, CREATE_TEMPORARY_FILE_EX, SET_GUEST_FILE_ATTRIBUTES.

#include <fcntl.h>
#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/conformance/scenario.h"

namespace toolboxd::conformance {
namespace {

using Attributes = vix::SetAttributesRequest;

Attributes On(const std::string& path, int32_t flags) {
  Attributes request;
  request.path = path;
  request.flags = flags;
  return request;
}

// Access and modification time, to the second.
std::string Times(const std::string& path) {
  struct stat status {};
  stat(path.c_str(), &status);
  return absl::StrCat(status.st_atim.tv_sec, " ", status.st_mtim.tv_sec);
}

std::string SetTimes(Target& t, int32_t flags) {
  const std::string path = t.Path("f");
  Write(path);
  const timespec old[2] = {{1000000, 0}, {2000000, 0}};
  utimensat(AT_FDCWD, path.c_str(), old, 0);
  Attributes request = On(path, flags);
  request.access_time = 1500000000;
  request.modification_time = 1600000000;
  return Steps({t.SetAttributes(request), Times(path)});
}

std::string SetMode(Target& t, int32_t mode) {
  const std::string path = t.Path("f");
  Write(path);
  Attributes request = On(path, Attributes::kPermissions);
  request.permissions = mode;
  return Steps({t.SetAttributes(request), t.Tree()});
}

constexpr Scenario kScenarios[] = {
    {"rm: a file",
     [](Target& t) {
       Write(t.Path("f"));
       return Steps({t.DeleteFile(t.Path("f")), t.Tree()});
     }},
    {"rm: missing", [](Target& t) { return t.DeleteFile(t.Path("f")); }},
    {"rm: a directory",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return Steps({t.DeleteFile(t.Path("d")), t.Tree()});
     }},
    {"rm: a link, not its target",
     [](Target& t) {
       Write(t.Path("f"));
       Link("f", t.Path("l"));
       return Steps({t.DeleteFile(t.Path("l")), t.Tree()});
     }},
    {"rm: a dangling link",
     [](Target& t) {
       Link("nothing", t.Path("l"));
       return Steps({t.DeleteFile(t.Path("l")), t.Tree()});
     }},
    {"rm: a link to a directory",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Link("d", t.Path("l"));
       return Steps({t.DeleteFile(t.Path("l")), t.Tree()});
     }},
    {"rm: not allowed",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Write(t.Path("d/f"));
       ChangeMode(t.Path("d"), 0555);
       return Steps({t.DeleteFile(t.Path("d/f")), t.Tree()});
     }},
    {"rm: empty path", [](Target& t) { return t.DeleteFile(""); }},
    {"rm: through a file",
     [](Target& t) {
       Write(t.Path("f"));
       return t.DeleteFile(t.Path("f/g"));
     }},
    {"rm: odd name",
     [](Target& t) {
       Write(t.Path("a &<>%\"'\n\xc3\xa4"));
       return Steps({t.DeleteFile(t.Path("a &<>%\"'\n\xc3\xa4")), t.Tree()});
     }},
    {"rm: not UTF-8", [](Target& t) { return t.DeleteFile(t.Path("a\xff")); }},
    {"mv: new name",
     [](Target& t) {
       Write(t.Path("f"), "1");
       return Steps({t.MoveFile(t.Path("f"), t.Path("g")), t.Tree()});
     }},
    {"mv: missing", [](Target& t) { return t.MoveFile(t.Path("f"), t.Path("g")); }},
    {"mv: target exists",
     [](Target& t) {
       Write(t.Path("f"), "1");
       Write(t.Path("g"), "2");
       return Steps({t.MoveFile(t.Path("f"), t.Path("g")), t.Tree()});
     }},
    {"mv -f: target exists",
     [](Target& t) {
       Write(t.Path("f"), "1");
       Write(t.Path("g"), "2");
       return Steps({t.MoveFile(t.Path("f"), t.Path("g"), true), t.Tree()});
     }},
    {"mv: onto itself",
     [](Target& t) {
       Write(t.Path("f"), "1");
       return Steps({t.MoveFile(t.Path("f"), t.Path("f")),
                     t.MoveFile(t.Path("f"), t.Path("f"), true), t.Tree()});
     }},
    {"mv: source is a directory",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return t.MoveFile(t.Path("d"), t.Path("e"));
     }},
    {"mv: source is a link to a directory",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Link("d", t.Path("l"));
       return Steps({t.MoveFile(t.Path("l"), t.Path("m")), t.Tree()});
     }},
    {"mv: target is a directory",
     [](Target& t) {
       Write(t.Path("f"));
       MakeFolder(t.Path("d"));
       return Steps(
           {t.MoveFile(t.Path("f"), t.Path("d")), t.MoveFile(t.Path("f"), t.Path("d"), true)});
     }},
    {"mv: target is a dangling link",
     [](Target& t) {
       Write(t.Path("f"));
       Link("nothing", t.Path("l"));
       return Steps({t.MoveFile(t.Path("f"), t.Path("l")), t.Tree()});
     }},
    {"mv: target's parent missing",
     [](Target& t) {
       Write(t.Path("f"));
       return t.MoveFile(t.Path("f"), t.Path("x/g"));
     }},
    {"mv: not allowed",
     [](Target& t) {
       MakeFolder(t.Path("d"), 0555);
       Write(t.Path("f"));
       return Steps({t.MoveFile(t.Path("f"), t.Path("d/f")), t.Tree()});
     }},
    {"mv: empty paths",
     [](Target& t) {
       return Steps({t.MoveFile("", t.Path("g")), t.MoveFile(t.Path("g"), "")});
     }},
    {"mv: across file systems",
     [](Target& t) {
       Write(t.Path("f"), "1");
       const std::string far = absl::StrCat("/dev/shm/conformance-", t.users().name);
       const std::string there = t.MoveFile(t.Path("f"), far, true);
       return Steps({there, t.MoveFile(far, t.Path("g")), t.Tree()});
     },
     "mode and times are kept; vmtoolsd loses them", "0  | 0  | g 100644 @UID 1 bytes 83dcefb7"},
    {"mktemp: prefix and suffix",
     [](Target& t) { return t.MakeTemporary(false, "pre-", "-suf", t.Path("")); }},
    {"mktemp: no prefix", [](Target& t) { return t.MakeTemporary(false, "", "", t.Path("")); }},
    {"mktemp: directory missing",
     [](Target& t) { return t.MakeTemporary(false, "p", "s", t.Path("missing")); }},
    {"mktemp: directory is a file",
     [](Target& t) {
       Write(t.Path("f"));
       return t.MakeTemporary(false, "p", "s", t.Path("f"));
     }},
    {"mktemp: not allowed",
     [](Target& t) {
       MakeFolder(t.Path("d"), 0555);
       return t.MakeTemporary(false, "p", "s", t.Path("d"));
     }},
    {"mktemp: default place", [](Target& t) { return t.MakeTemporary(false, "p", "s", ""); }},
    {"chmod: 0600", [](Target& t) { return SetMode(t, 0600); }},
    {"chmod: 0755", [](Target& t) { return SetMode(t, 0755); }},
    {"chmod: 0", [](Target& t) { return SetMode(t, 0); }},
    {"chmod: set-user-ID", [](Target& t) { return SetMode(t, 04755); }},
    {"chmod: a directory",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Attributes request = On(t.Path("d"), Attributes::kPermissions);
       const std::string path = t.Path("d");
       request.path = path;
       request.permissions = 0700;
       return Steps({t.SetAttributes(request), t.Tree()});
     }},
    {"chmod: missing",
     [](Target& t) {
       const std::string path = t.Path("f");
       return t.SetAttributes(On(path, Attributes::kPermissions));
     }},
    {"chmod: another user's file",
     [](Target& t) { return t.SetAttributes(On("/etc/hostname", Attributes::kPermissions)); }},
    {"touch: both times",
     [](Target& t) {
       return SetTimes(t, Attributes::kAccessTime | Attributes::kModificationTime);
     }},
    {"touch: access time only", [](Target& t) { return SetTimes(t, Attributes::kAccessTime); }},
    {"touch: modification time only",
     [](Target& t) { return SetTimes(t, Attributes::kModificationTime); }},
    {"set attributes: nothing", [](Target& t) { return SetTimes(t, 0); }},
    {"set attributes: hidden",
     [](Target& t) {
       const std::string path = t.Path("f");
       Write(path);
       return t.SetAttributes(On(path, Attributes::kHidden));
     }},
    {"set attributes: read-only",
     [](Target& t) {
       const std::string path = t.Path("f");
       Write(path);
       return t.SetAttributes(On(path, Attributes::kReadOnly));
     }},
    {"chown: to root, not allowed",
     [](Target& t) {
       const std::string path = t.Path("f");
       Write(path);
       return Steps({t.SetAttributes(On(path, Attributes::kOwner)), t.Tree()});
     }},
    {"chown: by root",
     [](Target& t) {
       const std::string path = t.Path("f");
       Write(path);
       Attributes request = On(path, Attributes::kOwner | Attributes::kGroup);
       request.uid = 1;
       request.gid = 2;
       Target root = t.As("root");
       return Steps({root.SetAttributes(request), t.Tree()});
     }},
};
static_assert(DifferencesAreStated(kScenarios));

}  // namespace

absl::Span<const Scenario> FileScenarios() { return kScenarios; }

}  // namespace toolboxd::conformance
