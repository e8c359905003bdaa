// SPDX-License-Identifier: Apache-2.0

#include "base/mountinfo.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace toolboxd {
namespace {

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// The kernel writes space, tab, newline and backslash as \ooo.
std::string Unescape(absl::string_view field) {
  std::string text;
  for (size_t i = 0; i < field.size(); ++i) {
    if (field[i] == '\\' && i + 3 < field.size() && IsOctal(field[i + 1]) &&
        IsOctal(field[i + 2]) && IsOctal(field[i + 3])) {
      text.push_back(static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                                       (field[i + 3] - '0')));
      i += 3;
    } else {
      text.push_back(field[i]);
    }
  }
  return text;
}

// Whether a comma-separated list has the name. The kernel writes "ro" or "rw" first, but nothing
// promises that.
bool HasOption(absl::string_view options, absl::string_view name) {
  for (const absl::string_view option : absl::StrSplit(options, ',')) {
    if (option == name) return true;
  }
  return false;
}

// ID PARENT MAJOR:MINOR ROOT MOUNT_POINT OPTIONS [TAG...] - TYPE SOURCE SUPER_OPTIONS
bool ParseLine(absl::string_view line, Mount& mount) {
  // A source can be empty.
  const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
  constexpr size_t kFirstTag = 6;
  if (fields.size() < kFirstTag) return false;
  const auto dash = std::find(fields.begin() + kFirstTag, fields.end(), "-");
  if (fields.end() - dash < 3) return false;
  const std::pair<absl::string_view, absl::string_view> device = absl::StrSplit(fields[2], ':');
  if (!absl::SimpleAtoi(fields[0], &mount.id) || !absl::SimpleAtoi(fields[1], &mount.parent_id) ||
      !absl::SimpleAtoi(device.first, &mount.major) ||
      !absl::SimpleAtoi(device.second, &mount.minor)) {
    return false;
  }
  mount.root = Unescape(fields[3]);
  mount.mount_point = Unescape(fields[4]);
  mount.type = Unescape(dash[1]);
  mount.source = Unescape(dash[2]);
  mount.read_only = HasOption(fields[5], "ro");
  mount.super_read_only = fields.end() - dash > 3 && HasOption(dash[3], "ro");
  return absl::StartsWith(mount.mount_point, "/");
}

bool VisitLine(absl::string_view line, MountVisitor visit) {
  if (line.empty()) return true;
  Mount mount;
  return visit(ParseLine(line, mount) ? &mount : nullptr, line);
}

size_t BytesOf(const Mount& mount) {
  return sizeof(mount) + mount.root.size() + mount.mount_point.size() + mount.type.size() +
         mount.source.size();
}

constexpr size_t kShownOfALine = 100;

}  // namespace

std::vector<Mount> ParseMountInfo(absl::string_view text, size_t max_mounts) {
  std::vector<Mount> mounts;
  VisitMounts(text, [&](const Mount* mount, absl::string_view) {
    if (mount != nullptr && mounts.size() < max_mounts) mounts.push_back(*mount);
    return mounts.size() < max_mounts;
  });
  return mounts;
}

void VisitMounts(absl::string_view text, MountVisitor visit) {
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!VisitLine(line, visit)) return;
  }
}

absl::Status VisitMounts(int fd, MountVisitor visit) {
  // Holds the lines that are not visited yet; a long one fills it.
  std::string text(kMaxMountLine, '\0');
  size_t size = 0;
  bool is_rest_of_long_line = false;
  for (;;) {
    const ssize_t got = read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return ErrnoError(errno, "reading the mount table");
    size += static_cast<size_t>(got);
    size_t begin = 0;
    for (;;) {
      const absl::string_view rest(text.data() + begin, size - begin);
      const size_t end = rest.find('\n');
      if (end == absl::string_view::npos) break;
      const bool skip = std::exchange(is_rest_of_long_line, false);
      if (!skip && !VisitLine(rest.substr(0, end), visit)) return absl::OkStatus();
      begin += end + 1;
    }
    size -= begin;
    memmove(text.data(), text.data() + begin, size);
    if (got == 0) {
      if (!is_rest_of_long_line) VisitLine(absl::string_view(text.data(), size), visit);
      return absl::OkStatus();
    }
    if (size == text.size()) {
      if (!std::exchange(is_rest_of_long_line, true) && !visit(nullptr, text)) {
        return absl::OkStatus();
      }
      size = 0;
    }
  }
}

absl::StatusOr<MountTable> ReadMountTable(int fd, const MountLimits& limits) {
  MountTable table;
  size_t bytes = 0;
  const absl::Status status = VisitMounts(fd, [&](const Mount* mount, absl::string_view line) {
    if (mount == nullptr) {
      if (table.malformed++ == 0) {
        table.first_malformed = absl::CHexEscape(line.substr(0, kShownOfALine / 4));
      }
      return true;
    }
    bytes += BytesOf(*mount);
    table.complete = bytes <= limits.bytes && table.mounts.size() < limits.mounts;
    if (table.complete) table.mounts.push_back(*mount);
    return table.complete;
  });
  if (!status.ok()) return status;
  return table;
}

}  // namespace toolboxd
