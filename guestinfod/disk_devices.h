// SPDX-License-Identifier: Apache-2.0

// VMware's names for the virtual disks below a file system.

#ifndef TOOLBOXD_GUESTINFOD_DISK_DEVICES_H_
#define TOOLBOXD_GUESTINFOD_DISK_DEVICES_H_

#include <string>
#include <vector>

#include "guestinfod/mounts.h"

namespace toolboxd::guestinfod {

// Such as "scsi0:1", "sata0:0", "nvme0:0", "ide1:0": controller and unit as in the VM's settings.
// Found by walking sysfs (sys/ below `root`; "" is the system's own) from the block device, or all
// devices of a btrfs or bcachefs, through partitions, device mapper (LVM, LUKS, multipath) and RAID
// to the PCI device, whose label the VM's firmware gave (docs/protocol/guest-info.md 3.5). Empty
// unless all that holds the file system are VMware's disks, at most 16; each name once.
std::vector<std::string> DiskDevices(const std::string& root, const Mount& mount);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_DISK_DEVICES_H_
