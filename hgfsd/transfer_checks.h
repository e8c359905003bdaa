// SPDX-License-Identifier: Apache-2.0

// Checks before a transfer starts (docs/protocol/vix.md 4.6: InitiateFileTransferFromGuest and
// InitiateFileTransferToGuest).

#ifndef TOOLBOXD_HGFSD_TRANSFER_CHECKS_H_
#define TOOLBOXD_HGFSD_TRANSFER_CHECKS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hgfsd/overwrite.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// Describes a file that can be sent to the host, with the length of its content (content_size.h).
// IS_A_SYMLINK, NOT_A_FILE (directories, and files whose content does not end), NOT_FOUND,
// ACCESS_DENIED.
absl::StatusOr<v1::FileInfo> CheckRead(absl::string_view path);

// OK if a file can be written at `path`. IS_A_SYMLINK, NOT_A_FILE, ALREADY_EXISTS
// (Overwrite::kNo), ACCESS_DENIED, and PARENT_NOT_FOUND if the parent does not exist or
// is not a directory.
absl::Status CheckWrite(absl::string_view path, Overwrite overwrite);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_TRANSFER_CHECKS_H_
