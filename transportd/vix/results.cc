// SPDX-License-Identifier: Apache-2.0

#include "transportd/vix/results.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/shown_name.h"
#include "transportd/vix/strings.h"

namespace toolboxd::vix {
namespace {

enum FileFlags { kFlagDirectory = 1, kFlagSymlink = 2 };

int FlagsOf(const v1::FileInfo& file) {
  switch (file.type()) {
    case v1::DIRECTORY:
      return kFlagDirectory;
    case v1::SYMLINK:
      return kFlagSymlink;
    default:
      return 0;
  }
}

// Towards the past, so that a time before 1970 is not rounded up.
int64_t Seconds(int64_t nanoseconds) {
  constexpr int64_t kSecond = 1000000000;
  return nanoseconds / kSecond - (nanoseconds % kSecond < 0);
}

}  // namespace

std::string FormatFile(const v1::FileInfo& file) {
  return absl::StrCat("<fxi><Name>", Escape(ShowName(file.name())), "</Name><ft>", FlagsOf(file),
                      "</ft><fs>", file.size(), "</fs><mt>", Seconds(file.modification_time()),
                      "</mt><at>", Seconds(file.access_time()), "</at><uid>", file.uid(),
                      "</uid><gid>", file.gid(), "</gid><perm>", file.mode(), "</perm><slt>",
                      Escape(ShowName(file.symlink_target())), "</slt></fxi>");
}

std::string FormatFileList(const FileList& list) {
  // Space for the flag and the count.
  constexpr size_t kHead = 48;
  std::string records;
  size_t sent = 0;
  for (; sent < list.entries.size(); ++sent) {
    const std::string record = FormatFile(list.entries[sent]);
    if (records.size() + record.size() > kMaxResult - kHead) break;
    records += record;
  }
  const uint64_t left = list.entries.size() - sent;
  const bool truncated = left > 0 || std::min(list.wanted, list.remaining) > 0;
  return absl::StrCat(truncated ? "1 " : "0 ", "<rem>", list.remaining + left, "</rem>", records);
}

std::string FormatLegacyFile(const v1::FileInfo& file) {
  return absl::StrCat("<FileInfo><Name>", Escape(ShowName(file.name())), "</Name><FileFlags>",
                      FlagsOf(file), "</FileFlags><FileSize>", file.size(), "</FileSize><ModTime>",
                      Seconds(file.modification_time()), "</ModTime></FileInfo>");
}

std::string FormatProcess(const v1::Process& process) {
  return absl::StrCat("<proc><cmd>", Escape(process.name()), "</cmd><name>",
                      Escape(process.command_line()), "</name><pid>", process.pid(), "</pid><user>",
                      Escape(process.owner()), "</user><start>", process.start_time(),
                      "</start><eCode>", process.exit_code(), "</eCode><eTime>", process.end_time(),
                      "</eTime></proc>");
}

std::string FormatLegacyProcess(const v1::Process& process) {
  return absl::StrCat("<proc><name>", Escape(process.name()), "</name><pid>", process.pid(),
                      "</pid><user>", Escape(process.owner()), "</user><start>",
                      process.start_time(), "</start></proc>");
}

std::string FormatVariable(absl::string_view variable) {
  return absl::StrCat("<ev>", Escape(variable), "</ev>");
}

}  // namespace toolboxd::vix
