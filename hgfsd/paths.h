// SPDX-License-Identifier: Apache-2.0

// Paths as the host gives them: absolute, bytes, any length.

#ifndef TOOLBOXD_HGFSD_PATHS_H_
#define TOOLBOXD_HGFSD_PATHS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::hgfsd {

// What every path must be: not empty, absolute, without NUL (INVALID_ARGUMENT), and
// shorter than PATH_MAX (NAME_TOO_LONG).
absl::Status CheckPath(absl::string_view path);

// Without trailing slashes; "/" stays.
std::string WithoutTrailingSlashes(absl::string_view path);

// The directory that holds an entry, and the entry's name in it.
struct PathParts {
  std::string parent;
  // Empty for "/".
  std::string name;
};

// Splits at the last slash; trailing slashes are ignored. `path` is absolute.
PathParts SplitPath(absl::string_view path);

// "dir/name", with one slash between them.
std::string JoinPath(absl::string_view directory, absl::string_view name);

// A name for an intermediate file: `prefix` and 16 random hexadecimal digits.
std::string RandomName(absl::string_view prefix);

// Follows `path` while its last component is a symbolic link, at most 40 times (ELOOP).
// The result may not exist; links in its parents are left to the kernel.
absl::StatusOr<std::string> ResolveLastLink(absl::string_view path);

// What a symbolic link says. `path` is relative to the directory `directory`, or absolute.
absl::StatusOr<std::string> ReadLink(int directory, const std::string& path);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_PATHS_H_
