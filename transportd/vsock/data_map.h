// SPDX-License-Identifier: Apache-2.0

// The packets of guest RPC over vsock: serialized DataMaps (docs/protocol/transport.md 1.6).

#ifndef TOOLBOXD_TRANSPORTD_VSOCK_DATA_MAP_H_
#define TOOLBOXD_TRANSPORTD_VSOCK_DATA_MAP_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::vsock {

// The longest message, in bytes, in either direction; the same as over the backdoor.
inline constexpr size_t kMaxPayload = 65536;
// A packet is this word, its body's length, and the body.
inline constexpr size_t kLengthSize = 4;
// The longest body: the payload and the fields that guest RPC has.
inline constexpr size_t kMaxBody = kMaxPayload + 44;

struct Packet {
  enum class Type : uint64_t { kData = 1, kPing = 2 };
  Type type = Type::kData;
  // The payload of DATA, never empty. It refers to the bytes that were decoded.
  absl::string_view payload;
  // The host may close the connection after its reply.
  bool fast_close = false;
};

// The length of the body that follows these kLengthSize bytes. DataLoss if it is over kMaxBody.
absl::StatusOr<size_t> DecodeLength(absl::string_view word);

// A whole body, without the length before it. Fields that are not known are skipped if they are
// integers or strings. DataLoss, with the reason, for anything else that is not exactly one packet:
// a field cut short, a known field twice or of another type, a list, an empty string, no type, DATA
// without a payload.
absl::StatusOr<Packet> DecodePacket(absl::string_view body);

// The bytes of a packet, its length included, without the payload itself and what may follow it:
// what is sent before a payload of this size.
std::string EncodeDataHead(size_t payload_size);
// All bytes of a packet. The payload of DATA must not be empty.
std::string EncodePacket(const Packet& packet);

}  // namespace toolboxd::vsock

#endif  // TOOLBOXD_TRANSPORTD_VSOCK_DATA_MAP_H_
