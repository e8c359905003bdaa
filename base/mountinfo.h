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

// The mounts of the text in its order, at most `max_mounts`. Malformed lines are skipped.
std::vector<Mount> ParseMountInfo(absl::string_view text, size_t max_mounts = SIZE_MAX);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_MOUNTINFO_H_
