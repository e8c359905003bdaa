// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "guestinfod/network_state.h"

// Whatever the kernel sends: lists stay within their bounds, addresses have a known size.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace gi = toolboxd::guestinfod;
  const absl::string_view datagram(reinterpret_cast<const char*>(data), size);
  gi::NetworkState state;
  for (int i = 0; i < 3; ++i) gi::AddDump(datagram, 1, state).IgnoreError();
  gi::IsRelevantNotice(datagram);
  for (const gi::Address& address : state.addresses) {
    if (address.bytes.size() != 4 && address.bytes.size() != 16) __builtin_trap();
  }
  if (state.routes.size() > gi::kMaxRouteEntries) __builtin_trap();
  return 0;
}
