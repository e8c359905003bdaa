// SPDX-License-Identifier: Apache-2.0

// Where other file systems begin below a directory.

#ifndef TOOLBOXD_HGFSD_FS_MOUNTS_H_
#define TOOLBOXD_HGFSD_FS_MOUNTS_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "hgfsd/fs/entry.h"

namespace toolboxd::hgfsd {

// BUSY if the directory that the entry holds is a mount point or has one below it. What removes
// or moves a tree asks this first: it never touches another file system's content.
absl::Status CheckNoMounts(const Entry& entry);

// The same by the text of /proc/self/mountinfo; `path` is resolved. True also where a line of the
// text cannot be read.
bool HasMountAtOrBelow(absl::string_view mountinfo, absl::string_view path);

// Opens the entry of a directory if it is itself a directory, not a link and no mount
// point, bind mounts included; -1 and errno otherwise (EXDEV: a mount point). `parent` is a
// descriptor, not AT_FDCWD, and `name` has no slash.
int OpenDirectoryBelow(int parent, const char* name);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_MOUNTS_H_
