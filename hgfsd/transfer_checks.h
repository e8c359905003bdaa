// SPDX-License-Identifier: Apache-2.0

// What a transfer is checked for before it starts (docs/protocol/vix.md 4.6:
// InitiateFileTransferFromGuest and ToGuest).

#ifndef TOOLBOXD_HGFSD_TRANSFER_CHECKS_H_
#define TOOLBOXD_HGFSD_TRANSFER_CHECKS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "hgfsd/overwrite.h"
#include "toolboxd/v1/files.pb.h"

namespace toolboxd::hgfsd {

// Whether the file can be sent to the host; what it is, with the length of its content
// (content_size.h). IS_A_SYMLINK, NOT_A_FILE (directories, and what cannot be read like a
// file), NOT_FOUND, ACCESS_DENIED.
absl::StatusOr<v1::FileInfo> CheckRead(absl::string_view path);

// Whether a file can be written at `path`. IS_A_SYMLINK, NOT_A_FILE, ALREADY_EXISTS
// (Overwrite::kNo), ACCESS_DENIED, and PARENT_NOT_FOUND where the parent is missing or
// no directory.
absl::Status CheckWrite(absl::string_view path, Overwrite overwrite);

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_TRANSFER_CHECKS_H_
