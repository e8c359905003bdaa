// Copying a file or a tree with everything that belongs to it, for moves across file systems.

#ifndef TOOLBOXD_HGFSD_TREE_COPY_H_
#define TOOLBOXD_HGFSD_TREE_COPY_H_

#include <string>

#include "absl/status/status.h"
#include "hgfsd/cancellation.h"

namespace toolboxd::hgfsd {

// Copies the entry `from_name` of one open directory to the new entry `to_name` of another:
// content with its holes, links as links, hard links within the tree, devices and pipes,
// permissions, times, extended attributes and ACLs, and the owner as far as the user may
// give it (without that, set-user-ID and set-group-ID bits are dropped, as mv does).
//
// Asks `cancelled` between pieces of content. What was copied stays after a failure: the
// caller removes `to_name`. Never follows links; BUSY for a mount point in the tree.
absl::Status CopyTree(int from, const std::string& from_name, int to, const std::string& to_name,
                      const Cancelled& cancelled = nullptr);

// Copies extended attributes (ACLs are among them) of one open file to another, except those
// that describe content (security.ima, security.evm, security.capability). Attributes that
// the target file system does not know are left out with `lenient`, an error otherwise.
absl::Status CopyExtendedAttributes(int from, int to, bool lenient);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_TREE_COPY_H_
