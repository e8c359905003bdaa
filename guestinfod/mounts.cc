// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/mounts.h"

#include <algorithm>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace toolboxd::guestinfod {
namespace {

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
