// SPDX-License-Identifier: Apache-2.0

// The mount table of a process. Pure and thread-safe.

#ifndef TOOLBOXD_BASE_MOUNTINFO_H_
#define TOOLBOXD_BASE_MOUNTINFO_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd {

// A line of /proc/PID/mountinfo (proc(5)), with octal escapes undone.
struct Mount {
  // Unique while the mount exists.
  uint32_t id = 0;
  // Of the mount that it is mounted on; that one is not in the table if it is outside of the
  // process's root directory, as for the mount of "/".
  uint32_t parent_id = 0;
  uint32_t major = 0;
  uint32_t minor = 0;
  // The directory of the file system that is mounted; "/" unless it is a bind mount.
  std::string root;
  std::string mount_point;
  // Such as "ext4".
  std::string type;
  // Such as "/dev/sda1".
  std::string source;
  // Whether this mount is read-only, and whether the whole file system is, by whichever mount.
  bool read_only = false;
  bool super_read_only = false;
};

// The mounts of the text in its order, at most `max_mounts`. Malformed lines are skipped.
std::vector<Mount> ParseMountInfo(absl::string_view text, size_t max_mounts = SIZE_MAX);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_MOUNTINFO_H_
