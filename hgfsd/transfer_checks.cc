// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/transfer_checks.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "hgfsd/content_size.h"
#include "hgfsd/file_error.h"
#include "hgfsd/file_info.h"
#include "hgfsd/paths.h"

namespace toolboxd::hgfsd {

absl::StatusOr<v1::FileInfo> CheckRead(absl::string_view path) {
  absl::StatusOr<v1::FileInfo> info = DescribePath(path, FinalLink::kDescribe);
  if (!info.ok()) return info;
  if (info->type() == v1::SYMLINK) {
    return MakeError(v1::IS_A_SYMLINK, absl::StrCat(path, " is a symbolic link"));
  }
  if (info->type() == v1::DIRECTORY) return FileError(EISDIR, path);
  if ((info->effective_permissions() & R_OK) == 0) return FileError(EACCES, path);
  return DescribeContent(path);
}

absl::Status CheckWrite(absl::string_view path, Overwrite overwrite) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  const std::string name(path);
  struct stat st;
  if (lstat(name.c_str(), &st) == 0) {
    if (S_ISLNK(st.st_mode))
      return MakeError(v1::IS_A_SYMLINK, absl::StrCat(path, " is a symbolic link"));
    if (S_ISDIR(st.st_mode)) return FileError(EISDIR, path);
    if (overwrite == Overwrite::kNo) return FileError(EEXIST, path);
    return CheckAccess(name, W_OK);
  }
  if (errno != ENOENT && errno != ENOTDIR) return FileError(errno, path);
  const std::string parent = SplitPath(path).parent;
  const bool found = stat(parent.c_str(), &st) == 0;
  if (!found && errno != ENOENT && errno != ENOTDIR) return FileError(errno, parent);
  if (!found || !S_ISDIR(st.st_mode)) {
    return MakeError(v1::PARENT_NOT_FOUND, absl::StrCat("there is no directory ", parent), ENOENT);
  }
  return CheckAccess(parent, W_OK | X_OK);
}

}  // namespace toolboxd::hgfsd
