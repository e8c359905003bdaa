// SPDX-License-Identifier: Apache-2.0

// Copies a file or a tree with its metadata, for moves across file systems.

#ifndef TOOLBOXD_HGFSD_COPY_TREE_H_
#define TOOLBOXD_HGFSD_COPY_TREE_H_

#include <string>

#include "absl/status/status.h"
#include "hgfsd/cancellation.h"

namespace toolboxd::hgfsd {

// An entry of a directory: a descriptor of the directory (O_PATH, or AT_FDCWD), which is not
// owned, and the entry's name in it.
struct Place {
  int directory = -1;
  std::string name;
};

// Copies the entry `from` to the new entry `to`: content with its holes, links as links, hard
// links within the tree (HardLinks), devices and pipes, permissions, times, extended attributes
// and ACLs. An ACL that the target's directory gives new files is removed. Owner and capabilities
// are kept if the user may set them; a copy with another owner loses its set-user-ID and
// set-group-ID bits, as with mv.
//
// Links are never followed. BUSY for a mount point in the tree. Asks `cancelled` at every entry
// and every 8 MiB of content. After a failure the caller removes what was copied to `to`.
absl::Status CopyTree(const Place& from, const Place& to, const CancelCheck& cancelled = nullptr);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_COPY_TREE_H_
