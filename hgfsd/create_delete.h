// SPDX-License-Identifier: Apache-2.0

// Making and deleting single entries: directories, files, temporary names
// (docs/protocol/vix.md 4.6).

#ifndef TOOLBOXD_HGFSD_CREATE_DELETE_H_
#define TOOLBOXD_HGFSD_CREATE_DELETE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hgfsd/cancellation.h"
#include "hgfsd/deferred_delete.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// ALREADY_EXISTS also with `parents`; NOT_FOUND for a missing parent without. `mode` are
// permission bits, 0 for 0700, reduced by the umask, and are those of made parents too.
// Where the directory cannot be made, the parents that were are removed again.
absl::Status MakeDirectory(absl::string_view path, bool parents, mode_t mode,
                           const Cancelled& cancelled = nullptr);

// Removes a file or a symbolic link, dangling or not. NOT_A_FILE for a directory.
absl::Status DeleteFile(absl::string_view path, const Cancelled& cancelled = nullptr);

// NOT_A_DIRECTORY for anything else, links to directories included; DIRECTORY_NOT_EMPTY
// without `recursive`. With it: TreeRemover.
absl::Status DeleteDirectory(absl::string_view path, bool recursive, TreeRemover& remover,
                             const Cancelled& cancelled = nullptr);

// Creates a file (0600) or directory (0700) named PREFIX "vmware" NUMBER SUFFIX and returns
// its path. An empty `directory` means one of the user's own (0700) under $TMPDIR or /tmp.
// NOT_FOUND, NOT_A_DIRECTORY, ACCESS_DENIED, INVALID_ARGUMENT for a slash in the affixes.
absl::StatusOr<std::string> CreateTemporary(const v1::CreateTemporaryRequest& request,
                                            const Cancelled& cancelled = nullptr);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_CREATE_DELETE_H_
