// SPDX-License-Identifier: Apache-2.0

// The errors of file operations.

#ifndef TOOLBOXD_HGFSD_FILE_ERROR_H_
#define TOOLBOXD_HGFSD_FILE_ERROR_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace toolboxd::hgfsd {

// ErrnoError of base/status.h, except that EPERM is ACCESS_DENIED, as for any other
// refusal by a file system, and ENODEV NOT_FOUND (docs/protocol/vix.md 4.9).
absl::Status FileError(int error, absl::string_view what);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FILE_ERROR_H_
