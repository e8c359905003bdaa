// SPDX-License-Identifier: Apache-2.0

// Decodes a guest's file systems, independently of the encoder that is under test
// (docs/protocol/guest-info.md 3.5).

#ifndef TOOLBOXD_VMXSIM_DISK_INFO_H_
#define TOOLBOXD_VMXSIM_DISK_INFO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

struct Disk {
  std::string mount_point;
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
  // Empty where the message does not have them.
  std::string file_system;
  std::vector<std::string> devices;
};

// The argument of SetGuestDiskInfo, without its NUL. INVALID_ARGUMENT unless it is JSON with
// version "1", a list of disks, names in base64, and numbers as decimal strings; unknown keys are
// ignored.
absl::StatusOr<std::vector<Disk>> DecodeDiskInfoJson(absl::string_view json);

// Decodes SetGuestInfo type 3. INVALID_ARGUMENT: truncated. Bytes after the counted entries are
// ignored: vmtoolsd sends two.
absl::StatusOr<std::vector<Disk>> DecodeDiskInfoLegacy(absl::string_view bytes);

// For people: one disk a line.
std::string DiskInfoText(const std::vector<Disk>& disks);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_DISK_INFO_H_
