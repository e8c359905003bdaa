// SPDX-License-Identifier: Apache-2.0

// RemoveTree: removes a directory tree without following links or crossing into other mounts.

#ifndef TOOLBOXD_HGFSD_FS_REMOVE_TREE_H_
#define TOOLBOXD_HGFSD_FS_REMOVE_TREE_H_

#include <sys/stat.h>

#include <string>

#include "absl/status/status.h"
#include "hgfsd/fs/cancellation.h"

namespace toolboxd::hgfsd {

// Removes the entry `name` of the directory open as `parent`: a file, a link, or a directory with
// its content. `held` is what the caller looked at: if something else stands at the name now,
// that stays and the error is BUSY. Entries that are added in the meantime are removed too; an
// entry that does not exist is not an error. Every step is relative to an open directory, so
// replacing a directory by a link during the removal does not lead out of the tree.
//
// The depth is not limited: directories below 64 levels are moved up first. At most 66 descriptors
// are open. The user's own directories without permissions for their owner get them. Asks
// `cancelled` at every directory and thousand entries; the rest then stays in place. Removes
// everything that can be removed, then returns the first error.
absl::Status RemoveTree(int parent, const std::string& name, const struct stat& held,
                        const CancelCheck& cancelled = nullptr);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_REMOVE_TREE_H_
