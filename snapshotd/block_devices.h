// SPDX-License-Identifier: Apache-2.0

// The block devices below a file system, from sysfs: partitions, device mapper, RAID, and the
// backing files of loop devices.

#ifndef TOOLBOXD_SNAPSHOTD_BLOCK_DEVICES_H_
#define TOOLBOXD_SNAPSHOTD_BLOCK_DEVICES_H_

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/mountinfo.h"
#include "snapshotd/backing.h"

namespace toolboxd::snapshotd {

// Reads sysfs only, no file below /dev, since a private /dev has no disks. Bounded, whatever it
// finds there; entries that vanish meanwhile make the result unknown. Not thread-safe; one for each
// plan, because it keeps the names of devices.
class BlockDevices {
 public:
  // `sys` is where sysfs is mounted.
  explicit BlockDevices(std::string sys = "/sys");

  // Of all devices of the file system. Those of btrfs, whose device number is none of a disk, are
  // found by the mount's source; unknown where that is a name that sysfs does not have, such as
  // /dev/disk/by-uuid/X. An external journal is not found.
  Backing BackingOf(const Mount& mount);

 private:
  class Walk;

  // "MAJOR:MINOR" of a device by its path below /dev; empty if there is none.
  std::string NumberOf(absl::string_view path);
  std::string NumberOfMapped(absl::string_view name);
  // The devices of the btrfs that has this one, which is one of them.
  std::vector<std::string> BtrfsMembers(const std::string& number);

  const std::string sys_;
  // Name to number of device mapper's.
  std::optional<std::map<std::string, std::string, std::less<>>> mapped_;
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_BLOCK_DEVICES_H_
