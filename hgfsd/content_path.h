// SPDX-License-Identifier: Apache-2.0

// ContentPath: what a FileHandler path names, a file or a directory as an archive
// (docs/protocol/hgfs.md 6.1, 6.2).

#ifndef TOOLBOXD_HGFSD_CONTENT_PATH_H_
#define TOOLBOXD_HGFSD_CONTENT_PATH_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::hgfsd {

struct ContentPath {
  bool is_archive = false;
  // An absolute path in the file system.
  std::string path;

  // Archives only. `gzip`: format=tgz. The prefix goes before every member's name, verbatim.
  bool gzip = false;
  std::string prefix;
};

// How a part of a URL writes a space besides "%20".
enum class Plus { kIsPlus, kIsSpace };

// Decodes "%XX". INVALID_ARGUMENT for a percent sign without two hexadecimal digits.
absl::StatusOr<std::string> PercentDecode(absl::string_view text, Plus plus);

// Parses "format=tgz&prefix=a%2F"; the result has no path. Other names are ignored, as toolbox
// does. INVALID_ARGUMENT for an unknown format and for a value with a NUL byte.
absl::StatusOr<ContentPath> ParseArchiveQuery(absl::string_view query);

// Parses a path as received from the host. The first of these that applies counts:
//   "/archive:/PATH" or "/archive:/PATH?QUERY"   an archive; PATH is percent-decoded
//   an existing directory                        an archive
//   "DIRECTORY?QUERY", where DIRECTORY exists    an archive; DIRECTORY is taken literally
//   anything else                                a file, literally, "?" and "%" included
absl::StatusOr<ContentPath> ParseContentPath(absl::string_view path);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_CONTENT_PATH_H_
