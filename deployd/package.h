// SPDX-License-Identifier: Apache-2.0

// A customization package: 512 bytes of header, then a cabinet
// (docs/protocol/customization.md 9.3).

#ifndef TOOLBOXD_DEPLOYD_PACKAGE_H_
#define TOOLBOXD_DEPLOYD_PACKAGE_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::deployd {

inline constexpr size_t kPackageHeaderBytes = 512;

// The header's command is not read: it is never executed.
struct PackageHeader {
  // The package wants its command, not cloud-init.
  bool ignore_cloud_init = false;
  uint64_t payload_offset = 0;
  uint64_t payload_bytes = 0;
};

// INVALID_ARGUMENT for another signature, version or payload than a cabinet, and for sizes that the
// package does not have. Pure.
absl::StatusOr<PackageHeader> ParsePackageHeader(absl::string_view package);

struct UnpackedPackage {
  PackageHeader header;
  size_t files = 0;
  uint64_t bytes = 0;
};

// Unpacks the cabinet into the empty directory open as `directory`, which only this process may
// change: files 0600, folders 0700, no link followed and no file replaced. Names, sizes and counts
// are those of ReadCabinet(); a name that occurs twice is an error. INVALID_ARGUMENT for a broken
// package; otherwise a system call failed, as on a full disk. After an error the directory has a
// part of the files.
absl::StatusOr<UnpackedPackage> UnpackPackage(absl::string_view package, int directory);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_PACKAGE_H_
