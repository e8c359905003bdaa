// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/disks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/mountinfo.h"
#include "base/unique_fd.h"
#include "base/utf8.h"
#include "guestinfod/disk_devices.h"
#include "guestinfod/mounts.h"

namespace toolboxd::guestinfod {
namespace {

// The disks among what exceeds it are not reported.
constexpr MountLimits kMountLimits = {.mounts = 4096, .bytes = 2 * 1024 * 1024};

std::vector<Mount> ReadMounts(const std::string& root) {
  const UniqueFd file(open((root + "/proc/self/mountinfo").c_str(), O_RDONLY | O_CLOEXEC));
  absl::StatusOr<MountTable> table = ReadMountTable(file.get(), kMountLimits);
  return table.ok() ? std::move(table->mounts) : std::vector<Mount>();
}

// Whether the path still leads to the file system of the mount.
bool IsOnTop(int fd, const Mount& mount) {
  struct stat status;
  if (fstat(fd, &status) != 0) return false;
  // btrfs and ZFS give each subvolume another number.
  if (mount.type == "btrfs" || mount.type == "zfs" || mount.type == "bcachefs") return true;
  return major(status.st_dev) == mount.major && minor(status.st_dev) == mount.minor;
}

bool ReadSpace(const std::string& root, const Mount& mount, v1::Disk& disk) {
  const UniqueFd fd(open((root + mount.mount_point).c_str(), O_PATH | O_CLOEXEC));
  struct statvfs space;
  if (!fd.ok() || !IsOnTop(fd.get(), mount) || fstatvfs(fd.get(), &space) != 0) return false;
  disk.set_free_bytes(uint64_t{space.f_bavail} * space.f_frsize);
  disk.set_total_bytes(uint64_t{space.f_blocks} * space.f_frsize);
  return true;
}

}  // namespace

google::protobuf::RepeatedPtrField<v1::Disk> ReadDisks(const std::string& root) {
  google::protobuf::RepeatedPtrField<v1::Disk> disks;
  for (const Mount& mount : SelectDisks(ReadMounts(root))) {
    v1::Disk disk;
    if (!ReadSpace(root, mount, disk)) continue;
    disk.set_mount_point(PrintableUtf8(mount.mount_point));
    disk.set_file_system(PrintableUtf8(mount.type));
    for (std::string& name : DiskDevices(root, mount)) disk.add_devices(std::move(name));
    *disks.Add() = std::move(disk);
  }
  return disks;
}

}  // namespace toolboxd::guestinfod
