// SPDX-License-Identifier: Apache-2.0

// VMware's names for the virtual disks below a file system.

#ifndef TOOLBOXD_GUESTINFOD_DISK_DEVICES_H_
#define TOOLBOXD_GUESTINFOD_DISK_DEVICES_H_

#include <string>
#include <vector>

#include "guestinfod/mounts.h"

namespace toolboxd::guestinfod {

// Such as "scsi0:1", "sata0:0", "nvme0:0": controller and unit as in the VM's settings. Found
// by walking sysfs (sys/ below `root`; "" is the system's own) from the block device through
// partitions, device mapper and RAID to the PCI device, whose label the VM's firmware gave.
// Empty where that leads to no VMware disk; each name once, at most 16.
std::vector<std::string> DiskDevices(const std::string& root, const Mount& mount);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_DISK_DEVICES_H_
