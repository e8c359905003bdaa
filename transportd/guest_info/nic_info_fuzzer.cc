// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "transportd/guest_info/nic_info.h"
#include "transportd/guest_info/nic_info_decoder.h"

// What was decoded can be encoded again, and then decodes to the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace gi = toolboxd::guest_info;
  const auto first = gi::DecodeNicInfo({reinterpret_cast<const char*>(data), size});
  if (!first.ok()) return 0;
  const std::string encoded = gi::EncodeNicInfoV3(first->info, gi::kMaxAddresses);
  const auto second = gi::DecodeNicInfo(encoded);
  if (!second.ok()) __builtin_trap();
  if (gi::EncodeNicInfoV3(second->info, gi::kMaxAddresses) != encoded) __builtin_trap();
  gi::EncodeNicInfoV2(first->info, gi::kMaxAddresses);
  gi::EncodeNicInfoV1(first->info);
  return 0;
}
