// SPDX-License-Identifier: Apache-2.0

// Moves files and directories (docs/protocol/vix.md 4.6), also across file systems.

#ifndef TOOLBOXD_HGFSD_MOVE_H_
#define TOOLBOXD_HGFSD_MOVE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "hgfsd/deferred_delete.h"
#include "hgfsd/fs/cancellation.h"
#include "hgfsd/overwrite.h"

namespace toolboxd::hgfsd {

// Both functions return NOT_FOUND, ACCESS_DENIED or CANCELLED. If both names are the same file they
// do nothing and return OK.
//
// If the kernel cannot rename, the source is copied with all its attributes to a hidden name in the
// target's directory (".toolboxd-move-" and 16 hexadecimal digits). The copy then takes the
// target's name, and the source is removed. A move that is cancelled or fails before the copy takes
// the name leaves nothing. If the source cannot be removed after that, the error is returned and
// both exist.

// Moves a file or a link, including one to a directory. NOT_A_FILE for a directory; ALREADY_EXISTS
// if the target is a directory, or exists at all with Overwrite::kNo.
absl::Status MoveFile(absl::string_view from, absl::string_view to, Overwrite overwrite,
                      const CancelCheck& cancelled = nullptr);

// Moves a directory. NOT_A_DIRECTORY for anything else, links included; ALREADY_EXISTS for any
// target that exists; INVALID_ARGUMENT for a target inside the directory; BUSY for a mount point
// or, across file systems, a tree with one in it.
absl::Status MoveDirectory(absl::string_view from, absl::string_view to, DeferredDeleter& deleter,
                           const CancelCheck& cancelled = nullptr);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_MOVE_H_
