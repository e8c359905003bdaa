// SPDX-License-Identifier: Apache-2.0

// HGFS names: path components separated by NUL, the first one the share "root"
// (docs/protocol/hgfs.md 5.7).

#ifndef TOOLBOXD_TRANSPORTD_HGFS_PATH_H_
#define TOOLBOXD_TRANSPORTD_HGFS_PATH_H_

#include <string>

#include "absl/strings/string_view.h"
#include "transportd/hgfs/protocol.h"

namespace toolboxd::hgfs {

// "root NUL etc NUL hosts" to "/etc/hosts"; "root" alone to "/". kInvalidName for another
// share, and for a component that is empty, ".", "..", or contains '/'; kNameTooLong for
// one over 255 bytes or a path over 4095.
Status DecodePath(absl::string_view cp_name, std::string& path);

// The other direction, for an absolute path; a final '/' is dropped.
std::string EncodePath(absl::string_view path);

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_PATH_H_
