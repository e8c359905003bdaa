// SPDX-License-Identifier: Apache-2.0

// The mount table, and which of its entries are disks of the guest.

#ifndef TOOLBOXD_GUESTINFOD_MOUNTS_H_
#define TOOLBOXD_GUESTINFOD_MOUNTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd::guestinfod {

struct Mount {
  uint32_t major = 0;
  uint32_t minor = 0;
  // The directory of the file system that is mounted; "/" unless it is a bind mount.
  std::string root;
  std::string mount_point;
  // Such as "ext4".
  std::string type;
  // Such as "/dev/sda1".
  std::string source;
};

// /proc/PID/mountinfo (proc(5)), in its order, with octal escapes undone. Malformed lines
// are skipped; at most 4096 mounts.
std::vector<Mount> ParseMountInfo(absl::string_view text);

// One mount of each local file system on block devices, at most 255: a mount of its root
// rather than of a part, else the shortest path. A mount below a network file system, FUSE
// or an automounter is left out, since already looking it up may hang.
std::vector<Mount> SelectDisks(const std::vector<Mount>& mounts);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_MOUNTS_H_
