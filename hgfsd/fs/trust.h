// SPDX-License-Identifier: Apache-2.0

// What another user may have prepared, and is not trusted for it.

#ifndef TOOLBOXD_HGFSD_FS_TRUST_H_
#define TOOLBOXD_HGFSD_FS_TRUST_H_

#include <sys/stat.h>
#include <sys/types.h>

#include "absl/status/status.h"
#include "hgfsd/fs/entry.h"

namespace toolboxd::hgfsd {

// Whether `owner` is neither the process's user nor root.
bool OfAnotherUser(uid_t owner);

// Whether only the process's user and root can make entries in the directory.
bool IsOwnDirectory(const struct stat& directory);

// OK if a link may be followed where it stands (find.h). ACCESS_DENIED.
absl::Status CheckLink(const Entry& entry);

// OK if the entry's content and attributes may be changed or taken over. ACCESS_DENIED:
//
// - In a sticky directory that its group or others may write, something that belongs neither to
//   the process's user nor to the directory's owner (as with fs.protected_regular=2 and
//   fs.protected_fifos=2).
// - A file of a process below /proc (memory, descriptors): hgfsd's own are among them.
absl::Status CheckTarget(const Entry& entry);

// Whether another user may have made the entry by linking a file from elsewhere. To change it
// would change that file.
bool MayBePlanted(const Entry& entry);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_TRUST_H_
