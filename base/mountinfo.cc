// SPDX-License-Identifier: Apache-2.0

#include "base/mountinfo.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

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

// Of a comma list; the kernel writes "ro" or "rw" first, but that is nowhere promised.
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

}  // namespace

std::vector<Mount> ParseMountInfo(absl::string_view text, size_t max_mounts) {
  std::vector<Mount> mounts;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (mounts.size() >= max_mounts) break;
    Mount mount;
    if (ParseLine(line, mount)) mounts.push_back(std::move(mount));
  }
  return mounts;
}

}  // namespace toolboxd
