// SPDX-License-Identifier: Apache-2.0

// The exchange between vmware-rpctool and transportd: one connection of kind SOCK_SEQPACKET for one
// request, one packet in each direction. A packet is a header in the machine's byte order, since
// both ends are of one installation, and what follows it; its size is the packet's. Anything of
// another version or a smaller or larger size ends the connection without a reply.
//
// transportd sends a request to the host only as long as its caller is connected: a caller that has
// waited long enough may close the connection and use a channel of its own.

#ifndef TOOLBOXD_RPCTOOL_PROTOCOL_H_
#define TOOLBOXD_RPCTOOL_PROTOCOL_H_

#include <cstddef>
#include <cstdint>

namespace toolboxd::rpctool {

inline constexpr char kDefaultSocket[] = "/run/toolboxd/rpc.sock";

inline constexpr uint32_t kProtocolVersion = 1;
// Bytes after the header, in either direction; what GuestMsg can carry (docs/protocol/transport.md
// 1.1). A request has at least one.
inline constexpr size_t kMaxText = 65536;

enum class Outcome : uint32_t {
  // The host's reply began with "1 " or "0 ", which is not part of the text.
  kSuccess = 0,
  kRefused = 1,
  // The host's reply began with neither.
  kMalformed = 2,
  // transportd has no channel: the request may go another way.
  kNoChannel = 3,
  // The host has the request, and its answer was lost: it may have acted on it.
  kNoAnswer = 4,
};

struct Header {
  uint32_t version = kProtocolVersion;
  // A reply's outcome; 0 in a request.
  Outcome outcome = Outcome::kSuccess;
};
static_assert(sizeof(Header) == 8);

inline constexpr size_t kMaxPacket = sizeof(Header) + kMaxText;

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_PROTOCOL_H_
