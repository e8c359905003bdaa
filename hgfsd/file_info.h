// SPDX-License-Identifier: Apache-2.0

// Makes a FileInfo of what stat(2) reports.

#ifndef TOOLBOXD_HGFSD_FILE_INFO_H_
#define TOOLBOXD_HGFSD_FILE_INFO_H_

#include <sys/stat.h>

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hgfsd/fs/find.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// Everything that `st` has. Makes no system call, so a link's target and the effective permissions
// are not set.
v1::FileInfo FileInfoFromStat(const struct stat& st, absl::string_view name);

// The entry `entry` of the directory open as `directory`, with the name `name`. A link is not
// followed; its target is included. Effective permissions are not set. One or two system calls.
absl::StatusOr<v1::FileInfo> DescribeEntry(int directory, const std::string& entry,
                                           absl::string_view name);

// The file at `path`, with effective permissions.
absl::StatusOr<v1::FileInfo> DescribePath(absl::string_view path, FinalLink final_link);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_FILE_INFO_H_
