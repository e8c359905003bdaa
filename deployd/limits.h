// SPDX-License-Identifier: Apache-2.0

// What a package may hold (docs/protocol/customization.md 9.3).

#ifndef TOOLBOXD_DEPLOYD_LIMITS_H_
#define TOOLBOXD_DEPLOYD_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace toolboxd::deployd {

// The size of all files of a package together, unpacked.
inline constexpr uint64_t kMaxUnpackedBytes = uint64_t{64} << 20;
inline constexpr size_t kMaxFiles = 1000;
// The number of folders above a file.
inline constexpr size_t kMaxDepth = 8;
// The length of a file's name with its folders.
inline constexpr size_t kMaxNameBytes = 255;
// The number of network adapters in cust.cfg. A virtual machine has ten.
inline constexpr size_t kMaxAdapters = 64;
// The size of the package itself, which may be stored without compression.
inline constexpr uint64_t kMaxPackageBytes = uint64_t{65} << 20;

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_LIMITS_H_
