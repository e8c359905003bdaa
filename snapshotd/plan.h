// SPDX-License-Identifier: Apache-2.0

// Which file systems are frozen, by which of their mounts, and in which order
// (docs/protocol/snapshot.md 8.7). Pure: looks at nothing but its arguments, never at a path.

#ifndef TOOLBOXD_SNAPSHOTD_PLAN_H_
#define TOOLBOXD_SNAPSHOTD_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/mountinfo.h"
#include "snapshotd/backing.h"
#include "toolboxd/v1/snapshot.pb.h"

namespace toolboxd::snapshotd {

// Paths are those of the mount table, byte for byte, and need not be UTF-8.
struct Place {
  uint32_t mount_id = 0;
  std::string path;
};

inline constexpr size_t kMaxAlternatives = 8;

struct Target {
  // It may be frozen at the same time as the one before it, as freezer::kWithPrevious.
  bool with_previous = false;
  // The mount by which it is frozen. Its path leads to it without passing a network file system,
  // FUSE or an automounter, and has less than freezer::kMaxPath bytes. It is a directory if it
  // shows the whole file system; a bind mount may be one of a file.
  Place place;
  uint32_t major = 0;
  uint32_t minor = 0;
  std::string type;
  std::string source;
  // Further mounts that could serve, best first, at most kMaxAlternatives: to be tried if the
  // freezer answers ENOTDIR (a file is mounted there), EXDEV or ENOENT (the mount has gone).
  std::vector<Place> alternatives;
  // The paths of all other mounts, in the order of the table.
  std::vector<std::string> also_at;
};

// A file system that was considered but is not frozen. Those of the kernel itself (proc, sysfs and
// the like) are not listed.
struct Skipped {
  std::string mount_point;
  std::string type;
  // A phrase, such as "not a local file system".
  std::string reason;
};

struct Plan {
  // In the order of the freeze; may be more than freezer::kMaxTargets.
  std::vector<Target> freeze;
  // File systems that could be frozen come first, then the others, in the order of the table.
  std::vector<Skipped> skipped;
};

// What the devices of the file system of a mount lie on.
using BackingOf = std::function<Backing(const Mount& mount)>;

// Plans to freeze each local file system of the mount table that can be frozen, once, whatever its
// mounts. Upper ones come before those that hold the backing files of their loop devices; otherwise
// the one that was mounted last comes first; those that do not need each other freeze at the same
// time. What lies on an unknown or deleted file, or on a disk that another machine or program
// serves, comes before everything else, one after the other. `mounts` is the freezer's table.
// `backing_of` is called once for each file system to freeze. `disk_files` are the backing files of
// all loop devices: a file system that holds one is frozen after those that hold none, since an
// external journal may be on it. Takes n log n for n mounts.
Plan MakePlan(std::vector<Mount> mounts, const v1::SnapshotSettings& settings,
              const BackingOf& backing_of, const std::vector<std::string>& disk_files);

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_PLAN_H_
