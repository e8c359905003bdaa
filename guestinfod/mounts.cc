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

// How the mounts lie on one another.
class MountTree {
 public:
  explicit MountTree(const std::vector<Mount>& mounts) : mounts_(mounts) {
    for (const Mount& mount : mounts) {
      by_id_.emplace(mount.id, &mount);
      last_at_[mount.mount_point] = &mount;
    }
    for (const auto& [path, mount] : last_at_) {
      if (!Contains(kDiskTypes, mount->type) && !Contains(kHarmlessTypes, mount->type)) {
        slow_.push_back(path);
      }
    }
  }

  // Whether looking up the mount point may wait for a server or an automounter. An automounter
  // waits no more once its file system is mounted over it.
  bool MayHang(const Mount& mount) const {
    return std::any_of(slow_.begin(), slow_.end(), [&mount](absl::string_view path) {
      return mount.mount_point == path || IsBelow(mount.mount_point, path);
    });
  }

  // Whether the path of the mount leads to another one that was mounted over it, or over a folder
  // above it.
  bool IsCovered(const Mount& mount) const {
    const std::vector<uint32_t> way = Way(mount);
    return std::any_of(mounts_.begin(), mounts_.end(), [&](const Mount& other) {
      return other.id != mount.id &&
             (other.mount_point == mount.mount_point ||
              IsBelow(mount.mount_point, other.mount_point)) &&
             Has(way, other.parent_id) && !Has(way, other.id);
    });
  }

 private:
  static bool Has(const std::vector<uint32_t>& ids, uint32_t id) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  }

  // The mount and those that it is mounted on, in that order.
  std::vector<uint32_t> Way(const Mount& mount) const {
    std::vector<uint32_t> ids;
    const Mount* step = &mount;
    while (!Has(ids, step->id)) {
      ids.push_back(step->id);
      const auto parent = by_id_.find(step->parent_id);
      if (parent == by_id_.end()) break;
      step = parent->second;
    }
    return ids;
  }

  const std::vector<Mount>& mounts_;
  std::map<uint32_t, const Mount*> by_id_;
  std::map<absl::string_view, const Mount*> last_at_;
  std::vector<absl::string_view> slow_;
};

}  // namespace

std::vector<Mount> SelectDisks(const std::vector<Mount>& mounts) {
  const MountTree tree(mounts);
  std::vector<Mount> disks;
  std::map<std::string, size_t> positions;
  for (const Mount& mount : mounts) {
    if (!Contains(kDiskTypes, mount.type) || tree.MayHang(mount)) continue;
    const auto known = positions.find(StorageOf(mount));
    const bool better = known != positions.end() && mount.mount_point == "/";
    if ((known != positions.end() && !better) || tree.IsCovered(mount)) continue;
    if (better) {
      disks[known->second] = mount;
    } else if (disks.size() < kMaxDisks) {
      positions.emplace(StorageOf(mount), disks.size());
      disks.push_back(mount);
    }
  }
  return disks;
}

}  // namespace toolboxd::guestinfod
