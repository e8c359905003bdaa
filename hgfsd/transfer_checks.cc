// SPDX-License-Identifier: Apache-2.0

#include "hgfsd/transfer_checks.h"

#include <errno.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/status.h"
#include "hgfsd/content_size.h"
#include "hgfsd/file_info.h"
#include "hgfsd/fs/entry.h"
#include "hgfsd/fs/file_error.h"
#include "hgfsd/fs/find.h"
#include "hgfsd/fs/paths.h"
#include "hgfsd/fs/trust.h"

namespace toolboxd::hgfsd {

absl::StatusOr<v1::FileInfo> CheckRead(absl::string_view path) {
  absl::StatusOr<v1::FileInfo> info = DescribePath(path, FinalLink::kKeep);
  if (!info.ok()) return info;
  if (info->type() == v1::SYMLINK) {
    return MakeError(v1::IS_A_SYMLINK, absl::StrCat(path, " is a symbolic link"));
  }
  if (info->type() == v1::DIRECTORY) return FileError(EISDIR, path);
  if ((info->effective_permissions() & R_OK) == 0) return FileError(EACCES, path);
  return DescribeContent(path);
}

absl::Status CheckWrite(absl::string_view path, Overwrite overwrite) {
  const absl::StatusOr<Entry> entry = Find(path, FinalLink::kKeep);
  if (!entry.ok()) {
    const v1::Reason reason = ReasonOf(entry.status());
    if (reason != v1::NOT_FOUND && reason != v1::NOT_A_DIRECTORY) return entry.status();
    return MakeError(v1::PARENT_NOT_FOUND,
                     absl::StrCat("there is no directory ", SplitPath(path).parent), ENOENT);
  }
  if (!entry->exists()) {
    return CheckAccess(entry->directory.get(), SplitPath(path).parent, W_OK | X_OK);
  }
  if (entry->IsLink()) {
    return MakeError(v1::IS_A_SYMLINK, absl::StrCat(path, " is a symbolic link"));
  }
  if (entry->IsDirectory()) return FileError(EISDIR, path);
  if (overwrite == Overwrite::kNo) return FileError(EEXIST, path);
  if (absl::Status status = CheckTarget(*entry); !status.ok()) return status;
  return CheckAccess(entry->file.get(), entry->path, W_OK);
}

}  // namespace toolboxd::hgfsd
