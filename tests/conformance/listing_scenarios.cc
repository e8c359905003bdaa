// SPDX-License-Identifier: Apache-2.0

// LIST_FILES and the two checks before a transfer.

#include <sys/stat.h>

#include "absl/strings/str_cat.h"
#include "tests/conformance/scenario.h"

namespace toolboxd::conformance {
namespace {

void Fill(const Target& t, int count) {
  for (int i = 0; i < count; ++i) Write(t.Path(absl::StrCat("file", i)), "");
}

constexpr Scenario kScenarios[] = {
    {"ls: empty directory", [](Target& t) { return t.List(t.Path("")); }},
    {"ls: files, directory, link",
     [](Target& t) {
       Write(t.Path("f"), "12345");
       MakeFolder(t.Path("d"));
       Link("f", t.Path("l"));
       Link("nothing", t.Path("dangling"));
       return t.List(t.Path(""));
     },
     "a link that leads nowhere is listed as it is; vmtoolsd shows zeros",
     "0 0 rem=0 [Name=. ft=1 gid=@GID perm=16877 slt= uid=@UID]"
     "[Name=.. ft=1 gid=0 perm=16877 slt= uid=0]"
     "[Name=d ft=1 gid=@GID perm=16877 slt= uid=@UID]"
     "[Name=dangling fs=7 ft=2 gid=@GID perm=41471 slt=nothing uid=@UID]"
     "[Name=f fs=5 ft=0 gid=@GID perm=33188 slt= uid=@UID]"
     "[Name=l fs=1 ft=2 gid=@GID perm=41471 slt=f uid=@UID]"},
    {"ls: hidden files",
     [](Target& t) {
       Write(t.Path(".hidden"));
       return t.List(t.Path(""));
     }},
    {"ls: missing", [](Target& t) { return t.List(t.Path("missing")); }},
    {"ls: a file",
     [](Target& t) {
       Write(t.Path("f"), "123");
       return t.List(t.Path("f"));
     }},
    {"ls: a link to a directory",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Write(t.Path("d/f"));
       Link("d", t.Path("l"));
       return t.List(t.Path("l"));
     },
     "the attributes of the link, as in a listing; vmtoolsd mixes them with its target's",
     "0 0 rem=0 [Name=@/l fs=1 ft=2 gid=@GID perm=41471 slt=d uid=@UID]"},
    {"ls: not allowed",
     [](Target& t) {
       MakeFolder(t.Path("d"), 0000);
       return t.List(t.Path("d"));
     }},
    {"ls: empty path", [](Target& t) { return t.List(""); }},
    {"ls: pattern",
     [](Target& t) {
       Write(t.Path("aa"));
       Write(t.Path("ab"));
       Write(t.Path("bb"));
       return Steps({t.List(t.Path(""), "^a"), t.List(t.Path(""), "b$"), t.List(t.Path(""), "a|bb"),
                     t.List(t.Path(""), "[.]"), t.List(t.Path(""), "^zz$")});
     }},
    {"ls: broken pattern", [](Target& t) { return t.List(t.Path(""), "(["); }},
    {"ls: index and maximum",
     [](Target& t) {
       Fill(t, 5);
       // Which entries come first is the file system's business: only the counts agree.
       std::string counts;
       for (int index = 0; index < 9; ++index) {
         const std::string list = t.List(t.Path(""), "", index, 3);
         absl::StrAppend(&counts, list.substr(0, list.find('[')), ";");
       }
       return counts;
     }},
    {"ls: maximum 0",
     [](Target& t) {
       Fill(t, 3);
       return t.List(t.Path(""), "", 0, 0);
     }},
    {"ls: index beyond the end", [](Target& t) { return t.List(t.Path(""), "", 100, 10); }},
    {"ls: offset beyond the maximum", [](Target& t) { return t.List(t.Path(""), "", 0, 5, 5); }},
    {"ls: negative index", [](Target& t) { return t.List(t.Path(""), "", -1, 5); },
     "refused; vmtoolsd 12.2 reads outside its list and ends", "3", true},
    {"ls: negative maximum", [](Target& t) { return t.List(t.Path(""), "", 0, -1); }},
    {"ls: odd names",
     [](Target& t) {
       for (const char* name : {"a b", "a&b", "<a>", "100%", "\"q\"", "'s'", "line\nbreak",
                                "\xc3\xa4", "\xe6\xbc\xa2\xe5\xad\x97", "%41"}) {
         Write(t.Path(name));
       }
       return t.List(t.Path(""));
     }},
    {"ls: a name that is not UTF-8",
     [](Target& t) {
       Write(t.Path("a\xff\xfe"));
       return t.List(t.Path(""), "^a");
     },
     "bytes that are not UTF-8 are shown as text; vmtoolsd 12.2 aborts",
     "0 0 rem=0 [Name=a%FF%FE fs=8 ft=0 gid=@GID perm=33188 slt= uid=@UID]", true},
    {"ls: a name that is not UTF-8 is deleted as it is shown",
     [](Target& t) {
       Write(t.Path("a\xff\xfe"));
       return Steps({t.DeleteFile(t.Path("a%FF%FE")), t.DeleteFile(t.Path("a%FF%FE"))});
     },
     "the text that a listing shows is a path; vmtoolsd 12.2 shows no such name", "0  | 4"},
    {"ls: modes and special files",
     [](Target& t) {
       Write(t.Path("f"));
       ChangeMode(t.Path("f"), 04711);
       mkfifo(t.Path("pipe").c_str(), 0600);
       return t.List(t.Path(""), "^(f|pipe)$");
     }},
    {"ls: 2,000 entries in pages",
     [](Target& t) {
       Fill(t, 2000);
       return Steps({t.CountAll(t.Path(""), 5000), t.CountAll(t.Path(""), 100)});
     }},
    {"transfer from: a file",
     [](Target& t) {
       Write(t.Path("f"), "12345");
       return t.TransferFrom(t.Path("f"));
     }},
    {"transfer from: missing", [](Target& t) { return t.TransferFrom(t.Path("f")); }},
    {"transfer from: a link",
     [](Target& t) {
       Write(t.Path("f"));
       Link("f", t.Path("l"));
       return t.TransferFrom(t.Path("l"));
     }},
    {"transfer from: a directory",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return t.TransferFrom(t.Path("d"));
     },
     "directories are sent as tar archives",
     "0 [Name=@/d fs=9223372036854775807 ft=0 gid=@GID perm=33152 slt= uid=@UID]"},
    {"transfer from: not readable",
     [](Target& t) {
       Write(t.Path("f"));
       ChangeMode(t.Path("f"), 0000);
       return t.TransferFrom(t.Path("f"));
     }},
    {"transfer from: not searchable",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       Write(t.Path("d/f"));
       ChangeMode(t.Path("d"), 0000);
       return t.TransferFrom(t.Path("d/f"));
     }},
    {"transfer from: empty path", [](Target& t) { return t.TransferFrom(""); }},
    {"transfer to: new",
     [](Target& t) {
       return Steps({t.TransferTo(t.Path("f"), false), t.Tree()});
     }},
    {"transfer to: exists",
     [](Target& t) {
       Write(t.Path("f"));
       return Steps({t.TransferTo(t.Path("f"), false), t.TransferTo(t.Path("f"), true)});
     }},
    {"transfer to: a link",
     [](Target& t) {
       Write(t.Path("f"));
       Link("f", t.Path("l"));
       return t.TransferTo(t.Path("l"), true);
     }},
    {"transfer to: a directory",
     [](Target& t) {
       MakeFolder(t.Path("d"));
       return t.TransferTo(t.Path("d"), true);
     },
     "archives are unpacked into directories", "0 "},
    {"transfer to: not writable",
     [](Target& t) {
       Write(t.Path("f"));
       ChangeMode(t.Path("f"), 0444);
       return t.TransferTo(t.Path("f"), true);
     }},
    {"transfer to: parent missing", [](Target& t) { return t.TransferTo(t.Path("x/f"), true); }},
    {"transfer to: parent not writable",
     [](Target& t) {
       MakeFolder(t.Path("d"), 0555);
       return t.TransferTo(t.Path("d/f"), true);
     }},
    {"transfer to: empty path", [](Target& t) { return t.TransferTo("", true); }},
};
static_assert(DifferencesAreStated(kScenarios));

}  // namespace

absl::Span<const Scenario> ListingScenarios() { return kScenarios; }

}  // namespace toolboxd::conformance
