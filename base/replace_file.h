// SPDX-License-Identifier: Apache-2.0

// Replacing a small file as a whole.

#ifndef TOOLBOXD_BASE_REPLACE_FILE_H_
#define TOOLBOXD_BASE_REPLACE_FILE_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace toolboxd {

// Writes `content` to PATH.new and renames that: a reader finds the old file or the new one, and an
// error leaves the old one. For files in a folder that only the caller may change. Not synced to
// the disk. Thread-safe for different paths.
absl::Status ReplaceFile(const std::string& path, absl::string_view content, mode_t mode);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_REPLACE_FILE_H_
