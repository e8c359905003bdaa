// SPDX-License-Identifier: Apache-2.0

#include "daemon/header_frames.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "third_party/grpc/replaced.h"

// Declarations from gRPC 1.51's own headers (hpack_parser.h in
// src/core/ext/transport/chttp2/transport), which are not installed.
struct grpc_chttp2_transport;
struct grpc_chttp2_stream;
struct grpc_metadata_batch;
struct grpc_slice;

// gRPC's functions that take a part of a frame of headers, and begin one, and what gRPC calls in
// their place: the linker's option --wrap=, which the library has in BUILD.bazel.
#define TOOLBOXD_PARSE_HEADERS                                                                  \
  "_Z31grpc_chttp2_header_parser_parsePvP21grpc_chttp2_transportP18grpc_chttp2_streamRK10grpc_" \
  "slicei"
absl::Status ParseHeaders(void* parser, grpc_chttp2_transport* transport,
                          grpc_chttp2_stream* stream, const grpc_slice& slice,
                          int is_last) __asm__("__real_" TOOLBOXD_PARSE_HEADERS)
    __attribute__((weak));
absl::Status ParseHeadersOfOneFrame(void* parser, grpc_chttp2_transport* transport,
                                    grpc_chttp2_stream* stream, const grpc_slice& slice,
                                    int is_last) __asm__("__wrap_" TOOLBOXD_PARSE_HEADERS);

// What a log would say of a frame.
struct FrameName {
  uint32_t stream;
  uint8_t kind;
  bool is_client;
};

#define TOOLBOXD_BEGIN_FRAME                                                                      \
  "_ZN9grpc_core11HPackParser10BeginFrameEP19grpc_metadata_batchjNS0_8BoundaryENS0_8PriorityENS0" \
  "_7LogInfoE"
void BeginFrame(void* parser, grpc_metadata_batch* metadata, uint32_t max_bytes, uint8_t boundary,
                uint8_t priority, FrameName name) __asm__("__real_" TOOLBOXD_BEGIN_FRAME)
    __attribute__((weak));
void BeginShortFrame(void* parser, grpc_metadata_batch* metadata, uint32_t max_bytes,
                     uint8_t boundary, uint8_t priority,
                     FrameName name) __asm__("__wrap_" TOOLBOXD_BEGIN_FRAME);

namespace {

// How a parser begins.
struct Parser {
  // Where headers go; null for those of a call that is over, which go nowhere.
  void* metadata;
  // A name or value that is not complete.
  std::vector<uint8_t> unparsed;
  // 0 in a frame that does not end its headers. Not correct for those that go nowhere.
  uint8_t boundary;
};

#if TOOLBOXD_REPLACES_PARTS_OF_GRPC

// More of one frame than this is too much.
constexpr size_t kMaxUnparsed = 64 << 10;

// What both sides announce: gRPC's own limit for the headers of a call, as they are when references
// are resolved. Until the other side has confirmed it, gRPC takes 16 MiB.
constexpr uint32_t kMaxHeaderBytes = 8 << 10;

bool ContinuesInAnotherFrame(const void* parser) {
  const auto& state = *static_cast<const Parser*>(parser);
  return state.metadata != nullptr && state.boundary == 0;
}

bool KeepsTooMuch(const void* parser) {
  return static_cast<const Parser*>(parser)->unparsed.size() > kMaxUnparsed;
}

#else

constexpr uint32_t kMaxHeaderBytes = UINT32_MAX;
bool ContinuesInAnotherFrame(const void* /*parser*/) { return false; }
bool KeepsTooMuch(const void* /*parser*/) { return false; }

#endif

absl::Status TooLong() { return absl::ResourceExhaustedError("headers of more than one frame"); }

}  // namespace

absl::Status ParseHeadersOfOneFrame(void* parser, grpc_chttp2_transport* transport,
                                    grpc_chttp2_stream* stream, const grpc_slice& slice,
                                    int is_last) {
  if (ContinuesInAnotherFrame(parser)) return TooLong();
  absl::Status status = ParseHeaders(parser, transport, stream, slice, is_last);
  if (status.ok() && KeepsTooMuch(parser)) return TooLong();
  return status;
}

void BeginShortFrame(void* parser, grpc_metadata_batch* metadata, uint32_t max_bytes,
                     uint8_t boundary, uint8_t priority, FrameName name) {
  BeginFrame(parser, metadata, std::min(max_bytes, kMaxHeaderBytes), boundary, priority, name);
}

namespace toolboxd {

void UseShortHeaders() {}

}  // namespace toolboxd
