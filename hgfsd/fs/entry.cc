// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/entry.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/fs/rename.h"
#include "hgfsd/fs/through.h"

namespace toolboxd::hgfsd {

absl::Status Replaced(absl::string_view name) {
  return MakeError(v1::BUSY, absl::StrCat(name, " was replaced during the operation"), EBUSY);
}

absl::StatusOr<UniqueFd> OpenHeld(const Entry& entry, int flags) {
  if (!entry.exists()) return FileError(ENOENT, entry.path);
  if (entry.IsLink()) {
    return MakeError(v1::IS_A_SYMLINK, absl::StrCat(entry.path, " is a symbolic link"), ELOOP);
  }
  UniqueFd fd(open(Through(entry.file.get()).c_str(), flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!fd.ok()) return FileError(errno, entry.path);
  return fd;
}

absl::StatusOr<UniqueFd> OpenHeldDirectory(const Entry& entry) {
  if (!entry.exists()) return FileError(ENOENT, entry.path);
  if (!S_ISDIR(entry.status.st_mode)) return FileError(ENOTDIR, entry.path);
  struct statfs volume;
  const bool on_demand = fstatfs(entry.file.get(), &volume) == 0 &&
                         static_cast<unsigned>(volume.f_type) == AUTOFS_SUPER_MAGIC;
  // Only a look-up by name makes autofs mount what belongs there.
  const int directory = on_demand ? entry.directory.get() : entry.file.get();
  const char* const name = on_demand ? entry.name.c_str() : ".";
  UniqueFd fd(openat(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.ok()) return FileError(errno, entry.path);
  return fd;
}

absl::Status CheckAccess(int held, const std::string& path, int mode) {
  if (faccessat(AT_FDCWD, Through(held).c_str(), mode, AT_EACCESS) != 0) {
    return FileError(errno, path);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> Hide(int directory, const std::string& name, const struct stat& held,
                                 const std::string& prefix) {
  std::string hidden = RandomName(prefix);
  if (renameat(directory, name.c_str(), directory, hidden.c_str()) != 0) {
    return FileError(errno, name);
  }
  struct stat now;
  if (fstatat(directory, hidden.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 && SameFile(now, held)) {
    return hidden;
  }
  RenameToFreeName(directory, hidden.c_str(), directory, name.c_str());
  return Replaced(name);
}

}  // namespace toolboxd::hgfsd
