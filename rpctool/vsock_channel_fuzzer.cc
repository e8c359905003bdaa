// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "rpctool/vsock_channel.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd::rpctool;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  std::string_view payload;
  if (!DecodeData(body, payload)) return 0;
  if (payload.empty() || payload.data() < body.data() ||
      payload.data() + payload.size() > body.data() + body.size()) {
    std::abort();
  }
  return 0;
}
