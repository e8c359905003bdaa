// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/disks.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/mountinfo.h"
#include "base/unique_fd.h"
#include "base/utf8.h"
#include "guestinfod/disk_devices.h"
#include "guestinfod/mounts.h"
#include "guestinfod/statfs_client.h"
#include "statfs/protocol.h"

namespace toolboxd::guestinfod {
namespace {

// The disks among what exceeds it are not reported.
constexpr MountLimits kMountLimits = {.mounts = 4096, .bytes = 2 * 1024 * 1024};

std::vector<Mount> ReadMounts(const std::string& root) {
  const UniqueFd file(open((root + "/proc/self/mountinfo").c_str(), O_RDONLY | O_CLOEXEC));
  absl::StatusOr<MountTable> table = ReadMountTable(file.get(), kMountLimits);
  return table.ok() ? std::move(table->mounts) : std::vector<Mount>();
}

bool HasOwnNumber(const Mount& mount) {
  // btrfs and ZFS give each subvolume another number.
  return mount.type == "btrfs" || mount.type == "zfs" || mount.type == "bcachefs";
}

// What the path leads to: its size and device number. Nothing if it cannot be looked up.
std::optional<statfs::Reply> Measure(const std::string& path, StatfsClient& client) {
  const UniqueFd fd(open(path.c_str(), O_PATH | O_CLOEXEC));
  // A folder on the way is closed to this user.
  if (!fd.ok()) return errno == EACCES ? client.Ask(path) : std::nullopt;
  struct stat status;
  struct statvfs space;
  if (fstat(fd.get(), &status) != 0 || fstatvfs(fd.get(), &space) != 0) return std::nullopt;
  statfs::Reply measured;
  measured.free_bytes = uint64_t{space.f_bavail} * space.f_frsize;
  measured.total_bytes = uint64_t{space.f_blocks} * space.f_frsize;
  measured.major = major(status.st_dev);
  measured.minor = minor(status.st_dev);
  return measured;
}

bool ReadSpace(const std::string& path, const Mount& mount, StatfsClient& client, v1::Disk& disk) {
  const std::optional<statfs::Reply> measured = Measure(path, client);
  if (!measured) return false;
  // Whether the path still leads to the file system of the mount.
  const bool is_on_top = measured->major == mount.major && measured->minor == mount.minor;
  if (!is_on_top && !HasOwnNumber(mount)) return false;
  disk.set_free_bytes(measured->free_bytes);
  disk.set_total_bytes(measured->total_bytes);
  return true;
}

}  // namespace

google::protobuf::RepeatedPtrField<v1::Disk> ReadDisks(const std::string& root,
                                                       StatfsClient& client) {
  google::protobuf::RepeatedPtrField<v1::Disk> disks;
  client.BeginRound();
  for (const Mount& mount : SelectDisks(ReadMounts(root))) {
    v1::Disk disk;
    if (!ReadSpace(root + mount.mount_point, mount, client, disk)) continue;
    disk.set_mount_point(PrintableUtf8(mount.mount_point));
    disk.set_file_system(PrintableUtf8(mount.type));
    for (std::string& name : DiskDevices(root, mount)) disk.add_devices(std::move(name));
    *disks.Add() = std::move(disk);
  }
  client.EndRound();
  return disks;
}

}  // namespace toolboxd::guestinfod
