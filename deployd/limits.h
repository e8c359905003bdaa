// SPDX-License-Identifier: Apache-2.0

// What a package may hold (docs/protocol/customization.md 9.3).

#ifndef TOOLBOXD_DEPLOYD_LIMITS_H_
#define TOOLBOXD_DEPLOYD_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace toolboxd::deployd {

// All files of a package together, unpacked.
inline constexpr uint64_t kMaxUnpackedBytes = uint64_t{64} << 20;
inline constexpr size_t kMaxFiles = 1000;
// Folders above a file.
inline constexpr size_t kMaxDepth = 8;
// Of a file's name with its folders.
inline constexpr size_t kMaxNameBytes = 255;
// Network adapters of cust.cfg. A virtual machine has ten.
inline constexpr size_t kMaxAdapters = 64;
// The package itself, which may be stored without compression.
inline constexpr uint64_t kMaxPackageBytes = uint64_t{65} << 20;

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_LIMITS_H_
