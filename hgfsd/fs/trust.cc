// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/trust.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/fs/through.h"

namespace toolboxd::hgfsd {
namespace {

bool OthersMayWrite(const struct stat& directory) {
  return (directory.st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

// A sticky directory such as /tmp, in which the entry was made by another user.
bool IsOthersInSticky(const Entry& entry) {
  const struct stat& directory = entry.directory_status;
  return (directory.st_mode & S_ISVTX) != 0 && OthersMayWrite(directory) &&
         entry.status.st_uid != geteuid() && entry.status.st_uid != directory.st_uid;
}

bool IsProcfs(const std::string& path) {
  struct statfs volume;
  return statfs(path.c_str(), &volume) == 0 &&
         static_cast<unsigned>(volume.f_type) == PROC_SUPER_MAGIC;
}

// Whether a file belongs to a process: below procfs its first component is a number.
bool IsOfProcess(const UniqueFd& file) {
  if (!IsProcfs(Through(file.get()))) return false;
  const absl::StatusOr<std::string> path = ReadLink(AT_FDCWD, Through(file.get()));
  if (!path.ok()) return true;
  std::string mount;
  for (absl::string_view name : absl::StrSplit(*path, '/', absl::SkipEmpty())) {
    if (IsProcfs(mount)) return isdigit(static_cast<unsigned char>(name[0])) != 0;
    absl::StrAppend(&mount, "/", name);
  }
  return true;  // A procfs that is mounted where this process cannot look.
}

}  // namespace

bool OfAnotherUser(uid_t owner) { return owner != 0 && owner != geteuid(); }

bool IsOwnDirectory(const struct stat& directory) {
  return !OfAnotherUser(directory.st_uid) && !OthersMayWrite(directory);
}

absl::Status CheckLink(const Entry& entry) {
  if (!IsOthersInSticky(entry)) return absl::OkStatus();
  return MakeError(
      v1::ACCESS_DENIED,
      absl::StrCat(entry.path, ": the symbolic link ", entry.name, " of user ", entry.status.st_uid,
                   " stands in a directory that others may "
                   "write, and is not followed"),
      EACCES);
}

absl::Status CheckTarget(const Entry& entry) {
  if (!entry.exists()) return absl::OkStatus();
  if (IsOthersInSticky(entry)) {
    return MakeError(v1::ACCESS_DENIED,
                     absl::StrCat(entry.path, " belongs to user ", entry.status.st_uid,
                                  " and stands in a directory that others may write: delete it, "
                                  "or use another name"),
                     EACCES);
  }
  if (IsOfProcess(entry.file)) {
    return MakeError(v1::ACCESS_DENIED,
                     absl::StrCat(entry.path, " is a file of a process, which is not written"),
                     EACCES);
  }
  return absl::OkStatus();
}

bool MayBePlanted(const Entry& entry) {
  return entry.exists() && !S_ISDIR(entry.status.st_mode) && entry.status.st_nlink > 1 &&
         !IsOwnDirectory(entry.directory_status);
}

}  // namespace toolboxd::hgfsd
