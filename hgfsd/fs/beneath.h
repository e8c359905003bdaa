// SPDX-License-Identifier: Apache-2.0

// OpenBeneath: a directory below another one, by a way without links.

#ifndef TOOLBOXD_HGFSD_FS_BENEATH_H_
#define TOOLBOXD_HGFSD_FS_BENEATH_H_

#include <string>

#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace toolboxd::hgfsd {

// What to do about directories that do not exist.
enum class Missing { kFail, kMake };

// Opens (O_PATH) the directory `path` below the directory open as `top`; empty for `top` itself.
// `path` is relative, without "." and "..". New directories have the permissions 0777, reduced by
// the umask. Never leaves `top`, whatever others rename meanwhile. NOT_FOUND; NOT_A_DIRECTORY;
// INVALID_ARGUMENT if a symbolic link is on the way.
absl::StatusOr<UniqueFd> OpenBeneath(int top, const std::string& path, Missing missing);

// The same without openat2(2), as on kernels before 5.6.
absl::StatusOr<UniqueFd> WalkBeneath(int top, const std::string& path, Missing missing);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_BENEATH_H_
