// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/move.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "base/unique_fd.h"
#include "hgfsd/copy_tree.h"
#include "hgfsd/file_error.h"
#include "hgfsd/file_info.h"
#include "hgfsd/mounts.h"
#include "hgfsd/paths.h"
#include "hgfsd/remove_tree.h"

namespace toolboxd::hgfsd {
namespace {

// A move that has passed the checks.
struct Move {
  std::string from;
  std::string to;
  Overwrite overwrite = Overwrite::kNo;
};

bool SameFile(const std::string& a, const std::string& b) {
  struct stat first, second;
  return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

int Rename(int from_directory, const std::string& from, int to_directory, const std::string& to,
           Overwrite overwrite) {
  const char* const a = from.c_str();
  const char* const b = to.c_str();
  if (overwrite == Overwrite::kYes) return renameat(from_directory, a, to_directory, b);
  const int result = renameat2(from_directory, a, to_directory, b, RENAME_NOREPLACE);
  if (result == 0 || (errno != EINVAL && errno != ENOSYS)) return result;
  // The file system does not know the flag; or a directory is moved into itself, which fails again.
  struct stat st;
  if (fstatat(to_directory, b, &st, AT_SYMLINK_NOFOLLOW) == 0) {
    errno = EEXIST;
    return -1;
  }
  return renameat(from_directory, a, to_directory, b);
}

// Copies to a hidden name and gives the copy the target's name.
absl::Status CopyAcross(const Move& move, const CancelCheck& cancelled) {
  const PathParts from = SplitPath(move.from);
  const PathParts to = SplitPath(move.to);
  // First, so that the removal of the source at the end does not fail.
  if (absl::Status status = CheckAccess(from.parent, W_OK | X_OK); !status.ok()) return status;
  UniqueFd source(open(from.parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!source.ok()) return FileError(errno, from.parent);
  UniqueFd target(open(to.parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!target.ok()) return FileError(errno, to.parent);
  const std::string hidden = RandomName(".toolboxd-move-");
  absl::Status status = CopyTree({source.get(), from.name}, {target.get(), hidden}, cancelled);
  status.Update(CheckCancelled(cancelled));
  if (status.ok() && Rename(target.get(), hidden, target.get(), to.name, move.overwrite) != 0) {
    status = FileError(errno, move.to);
  }
  if (!status.ok()) RemoveTree(target.get(), hidden).IgnoreError();
  return status;
}

}  // namespace

absl::Status MoveFile(absl::string_view from, absl::string_view to, Overwrite overwrite,
                      const CancelCheck& cancelled) {
  for (absl::string_view path : {from, to}) {
    if (absl::Status status = CheckPath(path); !status.ok()) return status;
  }
  Move move = {std::string(from), std::string(to), overwrite};
  struct stat source, target;
  if (lstat(move.from.c_str(), &source) != 0) return FileError(errno, from);
  if (S_ISDIR(source.st_mode)) return FileError(EISDIR, from);
  if (SameFile(move.from, move.to)) return absl::OkStatus();
  // vmtoolsd follows links: to it a link that leads nowhere does not exist.
  const bool dangling = lstat(move.to.c_str(), &target) == 0 && S_ISLNK(target.st_mode) &&
                        access(move.to.c_str(), F_OK) != 0 && errno == ENOENT;
  if (dangling) move.overwrite = Overwrite::kYes;
  if (lstat(move.to.c_str(), &target) == 0 &&
      (move.overwrite == Overwrite::kNo || S_ISDIR(target.st_mode))) {
    return FileError(EEXIST, to);
  }
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  if (Rename(AT_FDCWD, move.from, AT_FDCWD, move.to, move.overwrite) == 0) return absl::OkStatus();
  if (errno != EXDEV) return FileError(errno, to);
  if (absl::Status status = CopyAcross(move, cancelled); !status.ok()) return status;
  if (unlink(move.from.c_str()) != 0) return FileError(errno, from);
  return absl::OkStatus();
}

absl::Status MoveDirectory(absl::string_view from, absl::string_view to, DeferredDeleter& deleter,
                           const CancelCheck& cancelled) {
  for (absl::string_view path : {from, to}) {
    if (absl::Status status = CheckPath(path); !status.ok()) return status;
  }
  const Move move = {WithoutTrailingSlashes(from), WithoutTrailingSlashes(to)};
  struct stat source, target;
  if (lstat(move.from.c_str(), &source) != 0) return FileError(errno, from);
  if (!S_ISDIR(source.st_mode)) return FileError(ENOTDIR, from);
  if (SameFile(move.from, move.to)) return absl::OkStatus();
  if (lstat(move.to.c_str(), &target) == 0) return FileError(EEXIST, to);
  if (absl::Status status = CheckCancelled(cancelled); !status.ok()) return status;
  if (Rename(AT_FDCWD, move.from, AT_FDCWD, move.to, Overwrite::kNo) == 0) return absl::OkStatus();
  if (errno != EXDEV) return FileError(errno, to);
  if (absl::Status status = CheckNoMounts(move.from); !status.ok()) return status;
  if (absl::Status status = CopyAcross(move, cancelled); !status.ok()) return status;
  // The move is committed, so it cannot be cancelled any more.
  return deleter.Delete(move.from, nullptr);
}

}  // namespace toolboxd::hgfsd
