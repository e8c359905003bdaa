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

  // Looks at all devices of the file system. Those of btrfs, whose device number belongs to no
  // disk, are found by the mount's source. The result is unknown where that is a name that sysfs
  // does not have, such as /dev/disk/by-uuid/X, and where a disk is not hardware below PCI: a
  // program of this machine may serve it (nbd, iSCSI, ublk), from its files. An external journal is
  // not found.
  Backing BackingOf(const Mount& mount);

  // The backing files of all loop devices, whatever uses them, as Backing.files. At most 4096
  // devices are looked at.
  std::vector<std::string> DiskFiles();

 private:
  struct Walk;

  // Records what lies below a device, "MAJOR:MINOR".
  void Look(const std::string& number, Walk& walk);
  // Does the same for the device's slaves; whether it has some.
  bool LookAtSlaves(const std::string& device, Walk& walk);
  // Adds all devices of the btrfs that has this one.
  void AddBtrfsOf(const std::string& number, Walk& walk);
  // "MAJOR:MINOR" of a device by its path below /dev; empty if there is none.
  std::string NumberOf(absl::string_view path);
  std::string NumberOfMapped(const std::string& name);

  const std::string sys_;
  // The numbers of device mapper's devices by name, once read.
  std::optional<std::map<std::string, std::string>> mapped_;
};

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_BLOCK_DEVICES_H_
