// SPDX-License-Identifier: Apache-2.0

// FileInfo from stat(2).

#ifndef TOOLBOXD_HGFSD_FILE_INFO_H_
#define TOOLBOXD_HGFSD_FILE_INFO_H_

#include <sys/stat.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// All that `st` says. The name is as given; no system call is made, so a link's target
// and the effective permissions are left empty.
v1::FileInfo FileInfoFromStat(const struct stat& st, absl::string_view name);

// The entry `entry` of the directory open as `directory`, shown as `name`; a link's target
// included, the link not followed, effective permissions left 0. One or two system calls.
absl::StatusOr<v1::FileInfo> DescribeEntry(int directory, const std::string& entry,
                                           absl::string_view name);

// Which file a path means whose last component is a symbolic link.
enum class FinalLink { kFollow, kDescribe };

// The file at `path`, which is checked here (CheckPath), with effective permissions.
absl::StatusOr<v1::FileInfo> DescribePath(absl::string_view path, FinalLink final_link);

// Whether the process's user may do `mode` (R_OK, W_OK, X_OK) with `path`.
absl::Status CheckAccess(const std::string& path, int mode);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FILE_INFO_H_
