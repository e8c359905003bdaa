// SPDX-License-Identifier: Apache-2.0

// The mounts that paths lead to. Pure and thread-safe.

#ifndef TOOLBOXD_SNAPSHOTD_MOUNT_TREE_H_
#define TOOLBOXD_SNAPSHOTD_MOUNT_TREE_H_

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/strings/string_view.h"
#include "base/mountinfo.h"

namespace toolboxd::snapshotd {

struct Reach {
  // Whether its path leads to this mount; false if another one covers it.
  bool visible = false;
  // The nearest mount on the way in which looking up the path may hang: a network file system,
  // FUSE, an automounter (unless the mount is right on it, as systemd's are). Never the root
  // directory, without which nothing runs.
  std::optional<size_t> through;
};

// Each mount's reach, by its parents in the table. A mount whose parent is not there is taken for
// one on the root directory; one whose parents form a circle is not visible. n log n.
std::vector<Reach> ReachOf(const std::vector<Mount>& mounts);

// Whether a path is that of the folder or below it. Both are absolute and end without "/", except
// the root directory.
bool IsAtOrBelow(absl::string_view path, absl::string_view folder);

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_MOUNT_TREE_H_
