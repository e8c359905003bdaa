// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <cstdlib>

#include "absl/strings/string_view.h"
#include "transportd/vsock/data_map.h"

// A packet that is decoded and encoded again means the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace toolboxd;
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto length = vsock::DecodeLength(bytes.substr(0, vsock::kLengthSize));
  if (length.ok() && *length > vsock::kMaxBody) std::abort();
  if (size < vsock::kLengthSize) return 0;
  const auto packet = vsock::DecodePacket(bytes.substr(vsock::kLengthSize));
  if (!packet.ok()) return 0;
  if (packet->payload.size() > size) std::abort();
  if (packet->type == vsock::Packet::Type::kData && packet->payload.empty()) std::abort();
  const std::string encoded = vsock::EncodePacket(*packet);
  const auto again = vsock::DecodePacket(absl::string_view(encoded).substr(vsock::kLengthSize));
  if (!again.ok() || again->type != packet->type || again->payload != packet->payload ||
      again->fast_close != packet->fast_close) {
    std::abort();
  }
  return 0;
}
