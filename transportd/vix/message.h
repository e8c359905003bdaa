// SPDX-License-Identifier: Apache-2.0

// The envelope of a guest operation: TCLO framing and the VIX request header
// (docs/protocol/vix.md 4.1, 4.2), and the reply's prefix.

#ifndef TOOLBOXD_TRANSPORTD_VIX_MESSAGE_H_
#define TOOLBOXD_TRANSPORTD_VIX_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "transportd/vix/error.h"

namespace toolboxd::vix {

constexpr uint32_t kMagic = 0xD00D0001;
constexpr uint16_t kMessageVersion = 5;
// Bytes of the header that every VIX message has, and of a request's whole header.
constexpr uint32_t kCommonHeaderSize = 23;
constexpr uint32_t kRequestHeaderSize = 51;
constexpr uint32_t kMaxMessageSize = 16 << 20;
// What may follow a message that says so in its request flags: a nonce, a sequence
// number and a hash. Accepted and ignored.
constexpr uint32_t kAuthDataSize = 44;
// A whole TCLO reply, its prefix included.
constexpr size_t kMaxReplySize = 64 << 10;

// Flags of the common header (docs/protocol/vix.md 4.2).
enum CommonFlags : uint8_t {
  kFlagRequest = 0x01,
  kFlagForwardToGuest = 0x04,
  kFlagReturnsString = 0x08,
  kFlagReturnsBinary = 0x80,
};

// Flags of a request's own header (docs/protocol/vix.md 4.2).
enum RequestFlags : uint32_t {
  kFlagHasAuthData = 0x10,
  kFlagEscapeXmlData = 0x40,
};

// One request. The views point into the message that was parsed.
struct Request {
  // The host's token for the request; opaque.
  absl::string_view name;
  uint8_t common_flags = kFlagRequest | kFlagForwardToGuest | kFlagReturnsString;
  uint32_t opcode = 0;
  uint32_t request_flags = 0;
  // Seconds that the host waits; 0xFFFFFFFF without limit.
  uint32_t timeout = 0xFFFFFFFF;
  uint64_t cookie = 0;
  uint32_t client_handle = 0;
  uint32_t credential_type = 0;
  absl::string_view body;
  absl::string_view credential;
};

// Parses what follows "Vix_1_Relayed_Command ". kInvalidMessageHeader (10000) for a bad
// quoted name, magic, version or length, kInvalidMessageBody (10001) for lengths that do
// not add up. Bytes after the message are ignored.
Error ParseRelayedCommand(absl::string_view arguments, Request& request);

// What follows "OK " in the answer: `<error> 0 <result>`, NUL-terminated text, or with
// `binary` '#' and the bytes. A result that would not fit is replaced by kOutOfMemory.
std::string EncodeReply(Error error, absl::string_view result, bool binary);

}  // namespace toolboxd::vix

#endif  // TOOLBOXD_TRANSPORTD_VIX_MESSAGE_H_
