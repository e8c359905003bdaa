// SPDX-License-Identifier: Apache-2.0

// Copying a file or a tree with everything that belongs to it, for moves across file systems.

#ifndef TOOLBOXD_HGFSD_TREE_COPY_H_
#define TOOLBOXD_HGFSD_TREE_COPY_H_

#include <string>

#include "absl/status/status.h"
#include "hgfsd/cancellation.h"

namespace toolboxd::hgfsd {

// Copies the entry `from_name` of one open directory to the new entry `to_name` of another:
// content with its holes, links as links, hard links within the tree (HardLinks), devices
// and pipes, permissions, times, extended attributes and ACLs (not those that the target's
// directory gives new files), and owner and capabilities as far as the user may give them
// (without the owner, set-user-ID and set-group-ID bits are dropped, as mv does).
//
// Asks `cancelled` between pieces of content. What was copied stays after a failure: the
// caller removes `to_name`. Never follows links; BUSY for a mount point in the tree.
absl::Status CopyTree(int from, const std::string& from_name, int to, const std::string& to_name,
                      const Cancelled& cancelled = nullptr);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_TREE_COPY_H_
