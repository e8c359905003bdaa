// SPDX-License-Identifier: Apache-2.0

// Where other file systems begin below a directory.

#ifndef TOOLBOXD_HGFSD_MOUNTS_H_
#define TOOLBOXD_HGFSD_MOUNTS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace toolboxd::hgfsd {

// BUSY if `path` (links in it resolved) is a mount point or has one below it. What removes or
// moves a tree asks this first: it never touches another file system's content.
absl::Status CheckNoMounts(const std::string& path);

// The same by the text of /proc/self/mountinfo; `path` is resolved. True also where a line of the
// text cannot be read.
bool HasMountAtOrBelow(absl::string_view mountinfo, absl::string_view path);

// Opens the entry of a directory if it is itself a directory, not a link and no mount
// point, bind mounts included; -1 and errno otherwise (EXDEV: a mount point).
int OpenDirectoryBelow(int parent, const char* name);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_MOUNTS_H_
