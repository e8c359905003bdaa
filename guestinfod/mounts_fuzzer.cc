// SPDX-License-Identifier: Apache-2.0

// Covers: guestinfod/mounts.cc base/mountinfo.cc

#include <cstddef>
#include <cstdint>

#include "guestinfod/mounts.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using toolboxd::ParseMountInfo;
  using toolboxd::guestinfod::SelectDisks;
  const auto mounts = ParseMountInfo({reinterpret_cast<const char*>(data), size});
  if (SelectDisks(mounts).size() > mounts.size()) __builtin_trap();
  return 0;
}
