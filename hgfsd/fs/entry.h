// SPDX-License-Identifier: Apache-2.0

// Entry: what a path named when it was looked at, held by descriptors.

#ifndef TOOLBOXD_HGFSD_FS_ENTRY_H_
#define TOOLBOXD_HGFSD_FS_ENTRY_H_

#include <sys/stat.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"

namespace toolboxd::hgfsd {

// A name in a directory, and what stands there. Everything that is done to it goes through the
// descriptors: neither the path nor the name is resolved again.
struct Entry {
  // As the caller wrote it, for errors.
  std::string path;
  // The directory that holds the entry, O_PATH, and the entry's name in it. The name is "." if the
  // path ends in "." or "..", or is "/".
  UniqueFd directory;
  std::string name;
  struct stat directory_status = {};
  // What stands at the name, O_PATH; none if nothing does.
  UniqueFd file;
  struct stat status = {};

  bool exists() const { return file.ok(); }
  bool IsDirectory() const { return exists() && S_ISDIR(status.st_mode); }
  bool IsLink() const { return exists() && S_ISLNK(status.st_mode); }
};

// Whether the two are the same file.
inline bool SameFile(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

// The BUSY error for a name at which something else stands than what was looked at.
absl::Status Replaced(absl::string_view name);

// Opens what the entry holds with `flags` of open(2), without O_CREAT; O_CLOEXEC, O_NOCTTY and
// O_NONBLOCK are added, so that neither a pipe nor a lease of the file's owner has it wait: BUSY.
// IS_A_SYMLINK for a link. Opening a device may act on it: the caller looks at `status` first.
absl::StatusOr<UniqueFd> OpenHeld(const Entry& entry, int flags);

// Opens the directory that the entry holds, O_RDONLY. Mounts what autofs mounts there on demand.
// NOT_A_DIRECTORY, ACCESS_DENIED.
absl::StatusOr<UniqueFd> OpenHeldDirectory(const Entry& entry);

// OK if the process's user has the access `mode` (R_OK, W_OK, X_OK) to what a descriptor holds,
// O_PATH or not. By the effective identity, as open(2) checks it. `path` is for the error.
absl::Status CheckAccess(int held, const std::string& path, int mode);

// Gives the entry another name in its directory: `prefix` and 16 random hexadecimal digits, which
// are returned. What this process has renamed so is known to it by that name. If something else
// than `held` stood at the name, that keeps its name and the error is BUSY.
absl::StatusOr<std::string> Hide(int directory, const std::string& name, const struct stat& held,
                                 const std::string& prefix);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FS_ENTRY_H_
