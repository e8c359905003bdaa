// SPDX-License-Identifier: Apache-2.0

// Reads what disk_info.h writes: for the simulated host, and for tests.

#ifndef TOOLBOXD_TRANSPORTD_GUEST_INFO_DISK_INFO_DECODER_H_
#define TOOLBOXD_TRANSPORTD_GUEST_INFO_DISK_INFO_DECODER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "transportd/guest_info/disk_info.h"

namespace toolboxd::guest_info {

// The argument of SetGuestDiskInfo, without its NUL. InvalidArgument unless it is JSON
// with version "1", a list of disks, names in base64, and numbers as decimal strings;
// unknown keys are ignored.
absl::StatusOr<Disks> DecodeDiskInfoJson(absl::string_view json);

// The value of SetGuestInfo type 3. Bytes after the counted entries are ignored: vmtoolsd
// sends a few.
absl::StatusOr<Disks> DecodeDiskInfoLegacy(absl::string_view value);

}  // namespace toolboxd::guest_info

#endif  // TOOLBOXD_TRANSPORTD_GUEST_INFO_DISK_INFO_DECODER_H_
