// SPDX-License-Identifier: Apache-2.0

// How long a file's content is, also where the kernel does not say (docs/protocol/hgfs.md 5.9).

#ifndef TOOLBOXD_HGFSD_CONTENT_SIZE_H_
#define TOOLBOXD_HGFSD_CONTENT_SIZE_H_

#include <sys/stat.h>

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/unique_fd.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// A file that is open for reading.
struct Content {
  UniqueFd fd;
  struct stat status = {};
  // Bytes; see ContentSize.
  uint64_t size = 0;
};

// Opens a regular file or block device, links followed; anything else has no content that
// ends and is NOT_A_FILE, and is not opened, so that nothing hangs or rewinds.
absl::StatusOr<Content> OpenContent(absl::string_view path);

// The size of the content behind a descriptor, at offset 0 before and after. Files of
// procfs and sysfs say 0 and have content all the same: these are read once, up to 16 MiB,
// to learn it. What is longer than that, or cannot be read yet, is reported as 63,488
// bytes, which the host asks for in any case.
uint64_t ContentSize(int fd, const struct stat& status);

// FileInfo of what OpenContent opens: its attributes, ContentSize, effective permissions.
absl::StatusOr<v1::FileInfo> DescribeContent(absl::string_view path);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_CONTENT_SIZE_H_
