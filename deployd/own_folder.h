// SPDX-License-Identifier: Apache-2.0

// Folders that only this process's user may enter.

#ifndef TOOLBOXD_DEPLOYD_OWN_FOLDER_H_
#define TOOLBOXD_DEPLOYD_OWN_FOLDER_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/unique_fd.h"

namespace toolboxd::deployd {

// Opens the folder, which is made (0700) if it is missing. PERMISSION_DENIED, with what to do, if
// it is a link, belongs to another user or is open to others: nothing may be put into a folder that
// another user has prepared.
absl::StatusOr<UniqueFd> OpenOwnFolder(const std::string& path);

// Removes everything in the folder, but not the folder itself; `first` before the rest, if it is
// there. Returns the first error, after removing the rest all the same.
absl::Status EmptyFolder(const std::string& path, const std::string& first = "");

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_OWN_FOLDER_H_
