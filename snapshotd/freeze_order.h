// SPDX-License-Identifier: Apache-2.0

// The order in which file systems are frozen. Pure and thread-safe.

#ifndef TOOLBOXD_SNAPSHOTD_FREEZE_ORDER_H_
#define TOOLBOXD_SNAPSHOTD_FREEZE_ORDER_H_

#include <cstddef>
#include <vector>

namespace toolboxd::snapshotd {

struct Layer {
  // The layers that hold its backing files: they are frozen after it, because freezing it writes to
  // them.
  std::vector<size_t> lower;
  // It may lie on any of the others.
  bool lies_anywhere = false;
  // One of its files is a disk, either of a file system in `layers` or of something else that a
  // file system may need, such as a journal.
  bool holds_disks = false;
};

// Returns positions in `layers`, which has the one that was mounted last at its end, in groups:
// those of one group may be frozen at the same time, since none needs another one. Each comes in a
// group before those that it lies on, directly or not. Those that may lie anywhere, with what lies
// on them, come before all others, each in a group of its own; those that hold disks come after
// those that hold none. Otherwise, and within a group, the last one comes first. A circle, which is
// not possible, is cut at its last one. n log n.
std::vector<std::vector<size_t>> FreezeOrder(const std::vector<Layer>& layers);

}  // namespace toolboxd::snapshotd

#endif  // TOOLBOXD_SNAPSHOTD_FREEZE_ORDER_H_
