// SPDX-License-Identifier: Apache-2.0

#include <cstddef>
#include <cstdint>

#include "vmxsim/vsock_packet.h"

// What decodes without unknown fields means the same when it is encoded again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd::vmxsim;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (size >= kVsockLengthSize) {
    const auto length = VsockBodySize(bytes);
    if (length.ok() && *length > kMaxVsockBody) __builtin_trap();
  }
  const auto packet = DecodeVsockBody(bytes);
  if (!packet.ok()) return 0;
  if (packet->payload.size() > size) __builtin_trap();
  const std::string again = EncodeVsockPacket(*packet);
  const auto same = DecodeVsockBody(absl::string_view(again).substr(kVsockLengthSize));
  if (!same.ok() || same->payload != packet->payload || same->type != packet->type ||
      same->fast_close != packet->fast_close) {
    __builtin_trap();
  }
  return 0;
}
