// SPDX-License-Identifier: Apache-2.0

// Statistics from an unfriendly host.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "transportd/guest_info/host_statistics.h"

// No more statistics than there are ids, and none without a name.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto statistics = toolboxd::guest_info::DecodeHostStatistics(input);
  if (!statistics.ok()) return 0;
  for (const auto& statistic : statistics->statistics()) {
    if (statistic.name().empty()) std::abort();
  }
  return 0;
}
