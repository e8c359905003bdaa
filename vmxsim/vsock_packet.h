// SPDX-License-Identifier: Apache-2.0

// The packets of guest RPC over vsock (docs/protocol/transport.md 1.6), as the host reads and
// writes them. Shares no code with the guest's side.

#ifndef TOOLBOXD_VMXSIM_VSOCK_PACKET_H_
#define TOOLBOXD_VMXSIM_VSOCK_PACKET_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

// The size of the length word, which counts what follows it: the longest message and what is around
// it.
inline constexpr size_t kVsockLengthSize = 4;
inline constexpr size_t kMaxVsockMessage = 65536;
inline constexpr size_t kMaxVsockBody = kMaxVsockMessage + 256;

enum class VsockPacketType { kData = 1, kPing = 2 };

struct VsockPacket {
  VsockPacketType type = VsockPacketType::kData;
  std::string payload;
  // The guest expects no more than the reply to this packet.
  bool fast_close = false;
  // Fields that the protocol does not have; they are skipped.
  int unknown_fields = 0;
};

// The length word of at least four bytes. INVALID_ARGUMENT: above kMaxVsockBody.
absl::StatusOr<size_t> VsockBodySize(absl::string_view bytes);
// What follows the length word, all of it. INVALID_ARGUMENT: why it is malformed.
absl::StatusOr<VsockPacket> DecodeVsockBody(absl::string_view body);
// With the length word. A payload that is empty is left out: the format has no empty strings.
std::string EncodeVsockPacket(const VsockPacket& packet);

// What a broken host may send in place of a packet with this payload. INVALID_ARGUMENT: no such
// kind. One of: oversize, half, type, duplicate, unknown, empty, garbage, twice.
absl::StatusOr<std::string> MalformedVsockPacket(absl::string_view kind, absl::string_view payload);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_VSOCK_PACKET_H_
