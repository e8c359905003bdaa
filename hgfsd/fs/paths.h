// SPDX-License-Identifier: Apache-2.0

// Paths as received from the host: bytes of any length, which should be absolute.

#ifndef TOOLBOXD_HGFSD_FS_PATHS_H_
#define TOOLBOXD_HGFSD_FS_PATHS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::hgfsd {

// OK for a path that is absolute and without NUL bytes (INVALID_ARGUMENT otherwise) and shorter
// than PATH_MAX (NAME_TOO_LONG otherwise).
absl::Status CheckPath(absl::string_view path);

// The path without trailing slashes; "/" stays "/".
std::string WithoutTrailingSlashes(absl::string_view path);

// The directory that holds an entry, and the entry's name in it.
struct PathParts {
  std::string parent;
  // Empty for "/".
  std::string name;
};

// Splits at the last slash. Ignores trailing slashes. `path` is absolute.
PathParts SplitPath(absl::string_view path);

// "dir/name", with one slash between them.
std::string JoinPath(absl::string_view directory, absl::string_view name);

// A name for a temporary file: `prefix` and 16 random hexadecimal digits.
std::string RandomName(absl::string_view prefix);

// The target of a symbolic link. `path` is relative to the directory open as `directory`, or
// absolute; empty for the link that `directory` itself holds (O_PATH).
absl::StatusOr<std::string> ReadLink(int directory, const std::string& path);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_PATHS_H_
