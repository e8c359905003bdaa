// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/make.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "hgfsd/fs/directory_stream.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/trust.h"

namespace toolboxd::hgfsd {
namespace {

// Only who may write the directory can have replaced what was made. What they made is theirs.
// (Where a server maps root to another user, what root makes is not root's.)
bool IsOurs(int directory, const struct stat& made) {
  struct stat st;
  return made.st_uid == geteuid() || (fstat(directory, &st) == 0 && IsOwnDirectory(st));
}

// Holds what was made. There is no call that makes a link or a pipe and returns a descriptor of it,
// so another file may have been linked to the name in between: that has two names.
absl::StatusOr<UniqueFd> HoldNew(int directory, const std::string& name, mode_t type) {
  UniqueFd fd(openat(directory, name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  struct stat st;
  if (!fd.ok() || fstat(fd.get(), &st) != 0) return FileError(errno, name);
  if ((st.st_mode & S_IFMT) != type || st.st_nlink != 1 || !IsOurs(directory, st)) {
    return Replaced(name);
  }
  return fd;
}

// A directory cannot be linked; one that was renamed to the name may have content.
absl::Status CheckIsNew(int parent, int directory, const std::string& name) {
  UniqueFd copy(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat st;
  if (!copy.ok() || fstat(directory, &st) != 0) return FileError(errno, name);
  if (!IsOurs(parent, st)) return Replaced(name);
  DirectoryStream stream(std::move(copy));
  const absl::StatusOr<DirectoryStream::Entry> entry = stream.Next();
  if (!entry.ok()) return entry.status();
  return entry->name.empty() ? absl::OkStatus() : Replaced(name);
}

}  // namespace

absl::StatusOr<UniqueFd> MakeFile(int directory, const std::string& name, mode_t mode) {
  UniqueFd fd(
      openat(directory, name.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!fd.ok()) return FileError(errno, name);
  return fd;
}

absl::StatusOr<UniqueFd> MakeDirectoryHeld(int directory, const std::string& name, mode_t mode) {
  if (mkdirat(directory, name.c_str(), mode) != 0) return FileError(errno, name);
  UniqueFd fd(openat(directory, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.ok()) return errno == ENOTDIR || errno == ELOOP ? Replaced(name) : FileError(errno, name);
  if (absl::Status status = CheckIsNew(directory, fd.get(), name); !status.ok()) return status;
  return fd;
}

absl::StatusOr<UniqueFd> MakeLink(int directory, const std::string& name,
                                  const std::string& target) {
  if (symlinkat(target.c_str(), directory, name.c_str()) != 0) return FileError(errno, name);
  return HoldNew(directory, name, S_IFLNK);
}

absl::StatusOr<UniqueFd> MakeNode(int directory, const std::string& name, mode_t mode,
                                  dev_t device) {
  if (mknodat(directory, name.c_str(), mode, device) != 0) return FileError(errno, name);
  return HoldNew(directory, name, mode & S_IFMT);
}

}  // namespace toolboxd::hgfsd
