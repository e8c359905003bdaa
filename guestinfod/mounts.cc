// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/mounts.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "guestinfod/text.h"

namespace toolboxd::guestinfod {
namespace {

constexpr size_t kMaxMounts = 4096;
constexpr size_t kMaxDisks = 255;

constexpr absl::string_view kDiskTypes[] = {
    "bcachefs", "btrfs",  "exfat", "ext2",  "ext3",     "ext4", "f2fs", "hfs", "hfsplus", "jfs",
    "msdos",    "nilfs2", "ntfs",  "ntfs3", "reiserfs", "ufs",  "vfat", "xfs", "zfs",
};

// File systems of the kernel itself, in which looking up a path never waits.
constexpr absl::string_view kHarmlessTypes[] = {
    "binfmt_misc", "bpf",      "cgroup", "cgroup2", "configfs",  "debugfs", "devpts",
    "devtmpfs",    "efivarfs", "erofs",  "fusectl", "hugetlbfs", "iso9660", "mqueue",
    "nsfs",        "overlay",  "proc",   "pstore",  "ramfs",     "rootfs",  "securityfs",
    "selinuxfs",   "squashfs", "sysfs",  "tmpfs",   "tracefs",
};

template <size_t n>
bool Contains(const absl::string_view (&list)[n], absl::string_view value) {
  return std::find(std::begin(list), std::end(list), value) != std::end(list);
}

bool IsOctal(char c) { return c >= '0' && c <= '7'; }

// Blanks, tabs, newlines and backslashes are written as \ooo.
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

// ID PARENT MAJOR:MINOR ROOT MOUNT_POINT OPTIONS [TAG...] - TYPE SOURCE SUPER_OPTIONS
bool ParseLine(absl::string_view line, Mount& mount) {
  const std::vector<absl::string_view> fields = Fields(line);
  const auto dash = std::find(fields.begin(), fields.end(), "-");
  if (dash - fields.begin() < 6 || fields.end() - dash < 3) return false;
  const std::pair<absl::string_view, absl::string_view> device = absl::StrSplit(fields[2], ':');
  if (!absl::SimpleAtoi(device.first, &mount.major) ||
      !absl::SimpleAtoi(device.second, &mount.minor)) {
    return false;
  }
  mount.root = Unescape(fields[3]);
  mount.mount_point = Unescape(fields[4]);
  mount.type = std::string(dash[1]);
  mount.source = Unescape(dash[2]);
  return absl::StartsWith(mount.mount_point, "/");
}

bool IsBelow(absl::string_view path, absl::string_view folder) {
  return folder == "/" ? path != "/" : absl::StartsWith(path, absl::StrCat(folder, "/"));
}

// Which entries are of the same storage. The data sets of a ZFS pool share its space.
std::string StorageOf(const Mount& mount) {
  if (mount.type == "zfs")
    return absl::StrCat("zfs ", mount.source.substr(0, mount.source.find('/')));
  return absl::StrCat(mount.major, ":", mount.minor);
}

// Whether the first one says more about the storage.
bool IsBetter(const Mount& a, const Mount& b) {
  if ((a.root == "/") != (b.root == "/")) return a.root == "/";
  return a.mount_point.size() < b.mount_point.size();
}

}  // namespace

std::vector<Mount> ParseMountInfo(absl::string_view text) {
  std::vector<Mount> mounts;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    Mount mount;
    if (mounts.size() < kMaxMounts && ParseLine(line, mount)) mounts.push_back(std::move(mount));
  }
  return mounts;
}

std::vector<Mount> SelectDisks(const std::vector<Mount>& mounts) {
  std::vector<absl::string_view> slow;
  for (const Mount& mount : mounts) {
    if (!Contains(kDiskTypes, mount.type) && !Contains(kHarmlessTypes, mount.type)) {
      slow.push_back(mount.mount_point);
    }
  }

  std::vector<Mount> disks;
  std::map<std::string, size_t> positions;
  for (const Mount& mount : mounts) {
    if (!Contains(kDiskTypes, mount.type)) continue;
    const bool may_hang = std::any_of(slow.begin(), slow.end(), [&mount](absl::string_view path) {
      return mount.mount_point == path || IsBelow(mount.mount_point, path);
    });
    if (may_hang) continue;
    const auto [position, is_new] = positions.emplace(StorageOf(mount), disks.size());
    if (is_new && disks.size() < kMaxDisks) {
      disks.push_back(mount);
    } else if (!is_new && position->second < disks.size() &&
               IsBetter(mount, disks[position->second])) {
      disks[position->second] = mount;
    }
  }
  return disks;
}

}  // namespace toolboxd::guestinfod
