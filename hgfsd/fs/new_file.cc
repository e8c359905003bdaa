// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/fs/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <utility>

#include "absl/strings/string_view.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/held.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/fs/rename.h"

namespace toolboxd::hgfsd {
namespace {

constexpr absl::string_view kTemporary = ".toolboxd-upload-";

}  // namespace

absl::StatusOr<std::unique_ptr<NewFile>> NewFile::Make(int directory, mode_t permissions,
                                                       absl::string_view what) {
  std::unique_ptr<NewFile> made(new NewFile(directory));
  made->file_.reset(openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, permissions));
  if (made->file_.ok()) return made;
  // O_TMPFILE is missing on some file systems (EOPNOTSUPP) and in old kernels (EISDIR).
  if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return FileError(errno, what);
  std::string name = RandomName(kTemporary);
  made->file_.reset(openat(directory, name.c_str(),
                           O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, permissions));
  if (!made->file_.ok()) return FileError(errno, what);
  made->temporary_ = std::move(name);
  return made;
}

NewFile::~NewFile() {
  if (!temporary_.empty()) unlinkat(directory_, temporary_.c_str(), 0);
}

int NewFile::TakeName(const std::string& name, Existing existing) {
  if (temporary_.empty()) {
    if (LinkTo(fd(), directory_, name) == 0) return 0;
    if (errno != EEXIST || existing == Existing::kKeep) return -1;
    // link() does not replace a file. rename() does, but needs a name to start from.
    std::string temporary = RandomName(kTemporary);
    if (LinkTo(fd(), directory_, temporary) != 0) return -1;
    temporary_ = std::move(temporary);
  }
  const int renamed =
      existing == Existing::kKeep
          ? RenameToFreeName(directory_, temporary_.c_str(), directory_, name.c_str())
          : renameat(directory_, temporary_.c_str(), directory_, name.c_str());
  if (renamed != 0) return -1;
  temporary_.clear();
  return 0;
}

}  // namespace toolboxd::hgfsd
