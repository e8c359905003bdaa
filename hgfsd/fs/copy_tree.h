// SPDX-License-Identifier: Apache-2.0

// Copies a file or a tree with its metadata, for moves across file systems.

#ifndef TOOLBOXD_HGFSD_FS_COPY_TREE_H_
#define TOOLBOXD_HGFSD_FS_COPY_TREE_H_

#include <sys/stat.h>

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "hgfsd/fs/cancellation.h"

namespace toolboxd::hgfsd {

// An entry of a directory: a descriptor of the directory (O_PATH, or AT_FDCWD), which is not
// owned, and the entry's name in it.
struct Place {
  int directory = -1;
  std::string name;
};

// What became of a copy.
struct TreeCopy {
  absl::Status status;
  // The new entry, also if the copy failed after it was made.
  std::optional<struct stat> made;
};

// Copies the entry `from` to the new entry `to`: content with its holes, links as links, hard
// links within the tree (HardLinks), devices and pipes, permissions, times, extended attributes
// and ACLs. An ACL that the target's directory gives new files is removed. Owner and capabilities
// are kept if the user may set them; a copy with another owner loses its set-user-ID and
// set-group-ID bits, as with mv. So does one from a file system mounted nosuid, and its
// capabilities; a device on one mounted nodev is ACCESS_DENIED.
//
// Links are never followed, and attributes are those of the file whose content is copied. The
// copy's top directory is closed to others until all of it is copied. BUSY for a mount point in the
// tree, and if `from` is not `held`, which the caller looked at, any more. A file that is the whole
// of it has no name until it is complete (new_file.h). Asks `cancelled` at
// every entry and every 8 MiB of content. After a failure the caller removes what was made.
TreeCopy CopyTree(const Place& from, const struct stat& held, const Place& to,
                  const CancelCheck& cancelled = nullptr);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_COPY_TREE_H_
