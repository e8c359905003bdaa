// SPDX-License-Identifier: Apache-2.0

// FileError: the status of a failed file operation.

#ifndef TOOLBOXD_HGFSD_FS_FILE_ERROR_H_
#define TOOLBOXD_HGFSD_FS_FILE_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace toolboxd::hgfsd {

// As ErrnoError (base/status.h), except that EPERM is ACCESS_DENIED, as every refusal by a file
// system, and ENODEV is NOT_FOUND (docs/protocol/vix.md 4.9). `what` is the path, or what could
// not be done.
absl::Status FileError(int error, absl::string_view what);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_FILE_ERROR_H_
