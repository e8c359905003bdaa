// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/remove_tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

#include "base/unique_fd.h"
#include "hgfsd/fs/directory_stream.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/held.h"
#include "hgfsd/fs/mounts.h"
#include "hgfsd/fs/paths.h"

namespace toolboxd::hgfsd {
namespace {

// Levels of directories that are open at the same time.
constexpr int kMaxDepth = 64;

// One removal: its first error, and the directory that deep directories are moved to.
class Removal {
 public:
  Removal(const struct stat& held, const CancelCheck& cancelled)
      : held_(held), cancelled_(cancelled) {}

  // Removes one entry. False if it stays.
  bool RemoveEntry(int parent, const std::string& name, int depth);

  absl::Status status() const { return status_; }

 private:
  bool RemoveDirectory(int parent, const std::string& name, int depth);
  // Makes one pass over a directory; false if something in it stays.
  bool RemoveContent(int directory, int depth);
  int OpenDirectory(int parent, const std::string& name);
  bool Fail(int error, const std::string& name) { return Fail(FileError(error, name)); }
  bool Fail(absl::Status status) {
    status_.Update(std::move(status));
    return false;
  }

  bool IsReplaced(int directory) const;

  // The tree's own directory, as the caller looked at it.
  const struct stat& held_;
  const CancelCheck& cancelled_;
  absl::Status status_;
  // The tree's own directory; -1 before it is open.
  int top_ = -1;
  // Directories were moved into `top_`, so that it must be read again.
  bool moved_up_ = false;
};

bool Removal::RemoveEntry(int parent, const std::string& name, int depth) {
  if (unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) return true;
  // Linux returns EISDIR for a directory; some file systems, and POSIX, EPERM.
  if (errno != EISDIR && errno != EPERM) return Fail(errno, name);
  const int error = errno;
  struct stat st;
  if (fstatat(parent, name.c_str(), &st, AT_SYMLINK_NOFOLLOW) != 0) return errno == ENOENT;
  if (!S_ISDIR(st.st_mode)) return Fail(error, name);
  return RemoveDirectory(parent, name, depth);
}

bool Removal::RemoveDirectory(int parent, const std::string& name, int depth) {
  if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return Fail(status);
  if (depth > kMaxDepth) {
    if (renameat(parent, name.c_str(), top_, RandomName(".toolboxd-deep-").c_str()) != 0) {
      return errno == ENOENT || Fail(errno, name);
    }
    moved_up_ = true;
    return true;
  }
  UniqueFd directory(OpenDirectory(parent, name));
  if (!directory.ok()) return errno == ENOENT || Fail(errno, name);
  if (top_ < 0) {
    if (IsReplaced(directory.get())) return Fail(Replaced(name));
    top_ = directory.get();
  }
  // Repeat as long as a pass removes everything it finds: other processes may add entries, and some
  // file systems skip entries while others are removed.
  while (true) {
    moved_up_ = false;
    const bool emptied = RemoveContent(directory.get(), depth);
    if (unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) return true;
    const bool again = errno == ENOTEMPTY || errno == EEXIST;
    if (!again) return Fail(errno, name);
    if (!emptied && !(moved_up_ && directory.get() == top_)) return false;
    if (!status_.ok() && absl::IsCancelled(status_)) return false;
  }
}

bool Removal::RemoveContent(int directory, int depth) {
  UniqueFd copy(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!copy.ok()) return Fail(errno, "cannot read a directory");
  DirectoryStream stream(std::move(copy));
  bool all = true;
  for (int reads = 0;;) {
    absl::StatusOr<DirectoryStream::Entry> entry = stream.Next();
    if (!entry.ok()) return Fail(entry.status());
    // A pass need not end while others add entries.
    if (stream.reads() != std::exchange(reads, stream.reads())) {
      if (absl::Status status = CheckCancelled(cancelled_); !status.ok()) return Fail(status);
    }
    if (entry->name.empty()) return all;
    const std::string name(entry->name);
    if (!RemoveEntry(directory, name, depth + 1)) all = false;
    if (absl::IsCancelled(status_)) return false;
  }
}

int Removal::OpenDirectory(int parent, const std::string& name) {
  const int fd = OpenDirectoryBelow(parent, name.c_str());
  if (fd >= 0 && faccessat(fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0) return fd;
  if (fd < 0 && errno != EACCES) return fd;
  // The owner could set the permissions with chmod, so set them here. fchmodat would follow a link
  // that has replaced the directory: use a descriptor of the directory.
  UniqueFd found(openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat st;
  if (found.ok() && fstat(found.get(), &st) == 0 && st.st_uid == geteuid()) {
    ChangeMode(found.get(), (st.st_mode & 07777) | S_IRWXU);
  }
  return fd >= 0 ? fd : OpenDirectoryBelow(parent, name.c_str());
}

bool Removal::IsReplaced(int directory) const {
  struct stat st;
  return fstat(directory, &st) != 0 || !SameFile(st, held_);
}

}  // namespace

absl::Status RemoveTree(int parent, const std::string& name, const struct stat& held,
                        const CancelCheck& cancelled) {
  struct stat now;
  if (fstatat(parent, name.c_str(), &now, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? absl::OkStatus() : FileError(errno, name);
  }
  if (!SameFile(now, held)) return Replaced(name);
  Removal removal(held, cancelled);
  removal.RemoveEntry(parent, name, 0);
  return removal.status();
}

}  // namespace toolboxd::hgfsd
