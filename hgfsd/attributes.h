// SPDX-License-Identifier: Apache-2.0

// Changing attributes, and nothing but those that are given (docs/protocol/vix.md 4.6:
// SetFileAttributes).

#ifndef TOOLBOXD_HGFSD_ATTRIBUTES_H_
#define TOOLBOXD_HGFSD_ATTRIBUTES_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hgfsd/cancellation.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// Size, times, owner, permissions, in this order. The first failure ends it; what was set
// before stays. Links are followed. INVALID_ARGUMENT for permissions beyond 07777 or a size
// beyond 2^63-1.
absl::Status SetAttributes(absl::string_view path, const v1::FileAttributes& attributes,
                           const CancelCheck& cancelled = nullptr);

// The same for an open file. `size` needs one that is open for writing.
absl::Status SetAttributesOfFile(int fd, const v1::FileAttributes& attributes);

// The file system that holds a path: what the user may still fill, and its size.
absl::StatusOr<v1::Volume> GetVolume(absl::string_view path);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_ATTRIBUTES_H_
