// SPDX-License-Identifier: Apache-2.0

// The mount table of a process. Thread-safe. Only functions that take a descriptor do more than
// read their arguments.

#ifndef TOOLBOXD_BASE_MOUNTINFO_H_
#define TOOLBOXD_BASE_MOUNTINFO_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd {

// A line of /proc/PID/mountinfo (proc(5)), with octal escapes undone.
struct Mount {
  // Unique while the mount exists.
  uint32_t id = 0;
  // The id of the mount that it is mounted on. That one is not in the table if it is outside of the
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

// Receives each line as a mount, or null for a malformed line; `line` is its text. Returns whether
// to go on.
using MountVisitor = absl::FunctionRef<bool(const Mount* mount, absl::string_view line)>;
void VisitMounts(absl::string_view text, MountVisitor visit);
// The same for an open mountinfo, from its position to its end, whatever its size: only one line at
// a time is in memory. A line longer than kMaxMountLine is malformed; the visitor gets its
// beginning. Returns the errno of read(2).
inline constexpr size_t kMaxMountLine = 128 * 1024;
absl::Status VisitMounts(int fd, MountVisitor visit);

// What a table may take in memory. Paths have up to 4096 bytes, and users may mount FUSE.
struct MountLimits {
  size_t mounts = 65536;
  // The size of all strings together, and of the Mounts that hold them.
  size_t bytes = size_t{12} << 20;
};

// What one reading of a mountinfo gave.
struct MountTable {
  std::vector<Mount> mounts;
  // Number of malformed lines, and the beginning of the first one: at most 100 bytes, escaped as in
  // C.
  size_t malformed = 0;
  std::string first_malformed;
  // False if a limit cut the table short.
  bool complete = true;
};

// Reads from the descriptor's position to the end, within the limits. Returns the errno of read(2).
absl::StatusOr<MountTable> ReadMountTable(int fd, const MountLimits& limits = {});

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_MOUNTINFO_H_
