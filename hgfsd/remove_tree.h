// SPDX-License-Identifier: Apache-2.0

// Removing a directory tree without following links or crossing into other mounts.

#ifndef TOOLBOXD_HGFSD_REMOVE_TREE_H_
#define TOOLBOXD_HGFSD_REMOVE_TREE_H_

#include <string>

#include "absl/status/status.h"
#include "hgfsd/cancellation.h"

namespace toolboxd::hgfsd {

// Removes the entry `name` of the directory open as `parent`: a file, a link, or a directory
// with all it holds. What somebody adds meanwhile is removed too; an entry that is already
// gone is no error. Every step is relative to an open directory, so a directory that is
// exchanged for a link on the way leads nowhere else.
//
// Depth is not limited (directories deeper than 64 levels are first moved up), and at most
// 66 descriptors are open. Directories of the user's own without permission for their owner
// are given it. Asks `cancelled` at every directory and leaves the rest in place.
// The first error is returned, after everything else that can be removed has been.
absl::Status RemoveTree(int parent, const std::string& name,
                        const CancelCheck& cancelled = nullptr);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_REMOVE_TREE_H_
