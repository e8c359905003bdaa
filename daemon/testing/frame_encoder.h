// SPDX-License-Identifier: Apache-2.0

// What a client of HTTP/2 sends, byte by byte (RFC 9113, RFC 7541), for tests of what no client of
// gRPC's would send.

#ifndef TOOLBOXD_DAEMON_TESTING_FRAME_ENCODER_H_
#define TOOLBOXD_DAEMON_TESTING_FRAME_ENCODER_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace toolboxd {

// What a client sends before its first frame.
constexpr absl::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// The type of a frame, beside those of Frame::Type, and its only flag: the other side's have come.
constexpr uint8_t kSettings = 4;
constexpr uint8_t kAcknowledge = 1;
// A flag of Frame::kHeaders: this frame is the last one with headers.
constexpr uint8_t kEndHeaders = 4;

// The content of Frame::kHeaders with one header, ":method: POST".
constexpr absl::string_view kPost = "\x83";
// The content of Frame::kReset of a client that has no use for the reply any more.
constexpr absl::string_view kCancel("\0\0\0\x08", 4);

// A frame. Its content is shorter than 16 MiB.
std::string EncodeFrame(uint8_t type, uint8_t flags, uint32_t stream,
                        absl::string_view content = "");

// How a client begins: with the preface and its settings, each of two bytes of identifier and four
// of value.
std::string Opening(absl::string_view settings = "");

// The content of Frame::kHeaders with all headers of a call of grpc.health.v1's Check.
std::string HealthCheckHeaders();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_TESTING_FRAME_ENCODER_H_
