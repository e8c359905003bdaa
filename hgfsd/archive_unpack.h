// SPDX-License-Identifier: Apache-2.0

// UnpackArchive: a tar stream, unpacked into a directory and never outside of it
// (docs/protocol/hgfs.md 6).

#ifndef TOOLBOXD_HGFSD_ARCHIVE_UNPACK_H_
#define TOOLBOXD_HGFSD_ARCHIVE_UNPACK_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::hgfsd {

// Returns the next bytes of the archive, valid until the next call; none at its end. An error ends
// the unpacking and is its result.
using ArchiveSource = std::function<absl::StatusOr<absl::string_view>()>;

// A member's name without a leading "./" and trailing slashes; empty for the root.
// INVALID_ARGUMENT for absolute names and those with a component "..".
absl::StatusOr<std::string> CheckMemberName(absl::string_view name);

// Unpacks tar (ustar, pax, GNU), plain or with gzip, into the directory open as `target`. Modes,
// times, link targets, hard links, extended attributes, ACLs and holes are kept; owners and
// capabilities as well if the process is root. What the user may not set or the file system does
// not support is left out. Existing files are replaced. A directory that was there before gets the
// member's attributes, unless another user may have put it there (docs/protocol/hgfs.md 6).
//
// Refuses members that are absolute, contain "..", or would be written or hard-linked through a
// symbolic link; devices and sockets. These, and members that the file system refuses, are
// skipped; the others are unpacked, and the result is the first such error with the member's
// name. A full disk, a broken archive and data that is not an archive end the unpacking.
//
// Bytes after the archive's end are not read. Memory does not depend on the archive, except for its
// directories: the name of each, and about 200 bytes.
absl::Status UnpackArchive(int target, const ArchiveSource& source);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_ARCHIVE_UNPACK_H_
