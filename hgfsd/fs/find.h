// SPDX-License-Identifier: Apache-2.0

// Find: from a path that the host names to an Entry.

#ifndef TOOLBOXD_HGFSD_FS_FIND_H_
#define TOOLBOXD_HGFSD_FS_FIND_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hgfsd/fs/entry.h"

namespace toolboxd::hgfsd {

// What a path means if its last component is a symbolic link. With a trailing slash it is followed
// in either case.
enum class FinalLink { kFollow, kKeep };

// Resolves a path component by component. Among other users this process may be root, so the
// links on the way are trusted as follows, whatever the machine's settings are:
//
// - In a sticky directory that its group or others may write, a link counts only if it belongs to
//   the process's user or to the directory's owner (as with fs.protected_symlinks=1).
// - A link of another user, who is not root, leads only to what belongs to that same user, and not
//   through a link of procfs, such as /proc/PID/root: that user may have mounted anything there.
//   What comes after the link in the path is not limited by it.
//
// A component of the path that does not exist names what ReadShownName() (base/shown_name.h) says,
// if that exists: so files whose names are not UTF-8 are found by the text that listings show.
// `path` of the entry stays as it was given, `name` is the file's.
//
// ACCESS_DENIED for other links, with a message that names the link and its owner. An entry that
// does not exist is not an error, a directory on the way to it that does not exist is NOT_FOUND.
// INVALID_ARGUMENT, NAME_TOO_LONG (CheckPath); ELOOP after 40 links.
absl::StatusOr<Entry> Find(absl::string_view path, FinalLink final_link);

// The same; NOT_FOUND for an entry that does not exist.
absl::StatusOr<Entry> FindExisting(absl::string_view path, FinalLink final_link);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_FIND_H_
