// SPDX-License-Identifier: Apache-2.0

// Files below an open directory that only this process may change.

#ifndef TOOLBOXD_DEPLOYD_BENEATH_H_
#define TOOLBOXD_DEPLOYD_BENEATH_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace toolboxd::deployd {

// `name` is relative and safe, as SafeName() returns it (deployd/cabinet.h). No function follows a
// link. Errors name the file.

// Makes a new file, 0600, for writing; folders above it are made, 0700. ALREADY_EXISTS.
absl::StatusOr<UniqueFd> CreateBeneath(int directory, const std::string& name);

// Opens a regular file for reading. NOT_FOUND.
absl::StatusOr<UniqueFd> OpenBeneath(int directory, const std::string& name);

// Reads the whole content, at most `max` bytes; FILE_TOO_BIG for more.
absl::StatusOr<std::string> ReadBeneath(int directory, const std::string& name, size_t max);

// Copies a file through a temporary name, so that `to` appears as a whole or not at all.
absl::Status CopyBeneath(int from_directory, const std::string& from, int to_directory,
                         const std::string& to);

// Writes all of the data; `name` is for the error.
absl::Status WriteAll(int fd, absl::string_view data, absl::string_view name);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_BENEATH_H_
