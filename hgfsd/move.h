// SPDX-License-Identifier: Apache-2.0

// Moving files and directories (docs/protocol/vix.md 4.6), also across file systems.

#ifndef TOOLBOXD_HGFSD_MOVE_H_
#define TOOLBOXD_HGFSD_MOVE_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "hgfsd/cancellation.h"
#include "hgfsd/deferred_delete.h"
#include "hgfsd/overwrite.h"

namespace toolboxd::hgfsd {

// Both: NOT_FOUND, ACCESS_DENIED, CANCELLED; the same file under both names is OK and stays.
//
// Where the kernel cannot rename, the source is copied to a hidden name beside the target
// (".toolboxd-move-" and a number) with all its attributes, takes the target's name, and is
// then removed. Until the copy takes the name the move can be cancelled, or fail, without a
// trace. If the source cannot be removed after that, its error is returned and both exist.

// A file or a link, to a directory as well. NOT_A_FILE for a directory; ALREADY_EXISTS where
// the target is a directory, or anything with Overwrite::kNo.
absl::Status MoveFile(absl::string_view from, absl::string_view to, Overwrite overwrite,
                      const CancelCheck& cancelled = nullptr);

// A directory. NOT_A_DIRECTORY for anything else, links included; ALREADY_EXISTS for any
// target that exists; INVALID_ARGUMENT into itself; BUSY for a mount point or, across file
// systems, a tree with one in it.
absl::Status MoveDirectory(absl::string_view from, absl::string_view to, DeferredDeleter& deleter,
                           const CancelCheck& cancelled = nullptr);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_MOVE_H_
