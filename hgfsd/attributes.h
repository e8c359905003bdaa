// SPDX-License-Identifier: Apache-2.0

// Changes attributes of files, only those that are given (docs/protocol/vix.md 4.6:
// SetFileAttributes), and describes volumes.

#ifndef TOOLBOXD_HGFSD_ATTRIBUTES_H_
#define TOOLBOXD_HGFSD_ATTRIBUTES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hgfsd/fs/cancellation.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// Sets size, times (nanoseconds since 1970), owner and permissions, in this order. After the first
// failure the rest is left as it is; what was set before stays. Follows links. INVALID_ARGUMENT
// for permissions beyond 07777, FILE_TOO_BIG for a size beyond 2^63-1. ACCESS_DENIED for what
// another user may have prepared (fs/trust.h: CheckTarget, MayBePlanted).
absl::Status SetAttributes(absl::string_view path, const v1::FileAttributes& attributes,
                           const CancelCheck& cancelled = nullptr);

// The same for an open file, which must be open for writing to set its size.
absl::Status SetAttributesOfFile(int fd, const v1::FileAttributes& attributes);

// The file system of a path: bytes that the user may still use, and its size in bytes.
absl::StatusOr<v1::Volume> GetVolume(absl::string_view path);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_ATTRIBUTES_H_
