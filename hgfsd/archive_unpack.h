// SPDX-License-Identifier: Apache-2.0

// Unpacking a tar stream into a directory, and never outside of it (docs/protocol/hgfs.md 6).

#ifndef TOOLBOXD_HGFSD_ARCHIVE_UNPACK_H_
#define TOOLBOXD_HGFSD_ARCHIVE_UNPACK_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::hgfsd {

// The next bytes of the archive, valid until the next call; empty at its end. An error ends
// the unpacking and is its result.
using ArchiveSource = std::function<absl::StatusOr<absl::string_view>()>;

// A member's name without "./" at its start and slashes at its end; empty for the root.
// INVALID_ARGUMENT for absolute names and those with a component "..".
absl::StatusOr<std::string> CheckMemberName(absl::string_view name);

// Unpacks tar (ustar, pax, GNU), plain or gzip, into the directory `target`, which is
// absolute and has no links in it. Modes, times, link targets, hard links, extended
// attributes, ACLs and holes are kept, owners and capabilities too where the process is
// root; what the user or the file system cannot have is left out. Existing files are replaced.
//
// Refused: members that are absolute, have "..", or would be written, or hard-linked, through
// a symbolic link; devices and sockets. These, and members that the file system refuses,
// are passed over; the others are unpacked, and the result is the first such error with the
// member's name. A full disk, a broken archive and data that is no archive end it at once.
// libarchive sets the umask to 0 for a moment and changes directory: the calling thread's
// umask and directory are its own from then on, and no other's.
//
// Bytes after the archive's end are not read. Memory does not depend on the archive but for
// a few bytes for each directory.
absl::Status UnpackArchive(const std::string& target, const ArchiveSource& source);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_ARCHIVE_UNPACK_H_
