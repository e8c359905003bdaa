// SPDX-License-Identifier: Apache-2.0

// Makes and deletes directories, files and temporary files
// (docs/protocol/vix.md 4.6).

#ifndef TOOLBOXD_HGFSD_CREATE_DELETE_H_
#define TOOLBOXD_HGFSD_CREATE_DELETE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hgfsd/deferred_delete.h"
#include "hgfsd/fs/cancellation.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// What to do if parents of a new directory do not exist.
enum class Parents { kMustExist, kMake };

// Makes a directory with the permission bits `mode`, 0 for 0700, reduced by the umask; parents
// that it makes have the same. If the directory cannot be made, it removes them again.
// ALREADY_EXISTS also with Parents::kMake; NOT_FOUND for a parent that must exist.
absl::Status MakeDirectory(absl::string_view path, Parents parents, mode_t mode,
                           const CancelCheck& cancelled = nullptr);

// Removes a file or a symbolic link, dangling or not. NOT_A_FILE for a directory.
absl::Status DeleteFile(absl::string_view path, const CancelCheck& cancelled = nullptr);

// Removes an empty directory. NOT_A_DIRECTORY for anything else, links to directories included;
// DIRECTORY_NOT_EMPTY.
absl::Status DeleteDirectory(absl::string_view path, const CancelCheck& cancelled = nullptr);

// Removes a directory with its content, by DeferredDeleter. NOT_A_DIRECTORY as above.
absl::Status DeleteTree(absl::string_view path, DeferredDeleter& deleter,
                        const CancelCheck& cancelled = nullptr);

// Creates a file (0600) or directory (0700) named PREFIX "vmware" NUMBER SUFFIX, as vmtoolsd
// does (docs/protocol/vix.md 4.6), and returns its path. An empty `directory` means a directory
// of the user's own (0700) under $TMPDIR or /tmp.
// NOT_FOUND, NOT_A_DIRECTORY, ACCESS_DENIED; INVALID_ARGUMENT for a slash in prefix or suffix.
absl::StatusOr<std::string> CreateTemporary(const v1::CreateTemporaryRequest& request,
                                            const CancelCheck& cancelled = nullptr);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_CREATE_DELETE_H_
