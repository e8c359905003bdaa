// SPDX-License-Identifier: Apache-2.0

// The header of an HGFS packet (docs/protocol/hgfs.md 5.3).

#ifndef TOOLBOXD_TRANSPORTD_HGFS_PACKET_H_
#define TOOLBOXD_TRANSPORTD_HGFS_PACKET_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "transportd/hgfs/protocol.h"

namespace toolboxd::hgfs {

constexpr uint32_t kPacketHeaderSize = 52;
constexpr uint32_t kFlagRequest = 1;
constexpr uint32_t kFlagReply = 2;

// One packet; the payload points into what was parsed. `op` is kept as a number, as it
// may be unknown.
struct Packet {
  uint32_t request_id = 0x80000000;
  uint32_t op = 0;
  Status status = Status::kSuccess;
  uint32_t flags = kFlagRequest;
  uint32_t information = 0;
  uint64_t session_id = 0;
  absl::string_view payload;
};

// False where the header is cut, is not of version 1, or has sizes that contradict each
// other or exceed `bytes`; then as much of `packet` is filled as a reply needs. Bytes
// after the packet are ignored.
bool DecodePacket(absl::string_view bytes, Packet& packet);

// Header and payload (docs/protocol/hgfs.md 5.3).
std::string EncodePacket(const Packet& packet);

// The answer to `request`. Without payload where the status is not kSuccess.
std::string EncodeReply(const Packet& request, Status status, absl::string_view payload);

}  // namespace toolboxd::hgfs

#endif  // TOOLBOXD_TRANSPORTD_HGFS_PACKET_H_
