// SPDX-License-Identifier: Apache-2.0

#include "daemon/message_length.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/types/variant.h"
#include "third_party/grpc/replaced.h"

// Of gRPC 1.51's own headers (frame_data.h in src/core/ext/transport/chttp2/transport, poll.h in
// src/core/lib/promise), which are not installed.
struct grpc_chttp2_stream;
struct grpc_chttp2_transport;
struct grpc_slice;
namespace grpc_core {
class SliceBuffer;
}  // namespace grpc_core

struct MessageIsIncomplete {};
using MessageResult = absl::variant<MessageIsIncomplete, absl::Status>;

// gRPC's functions that take a part of a frame of data, and a message out of what has come, and
// what gRPC calls in their place: the linker's option --wrap=, which the library has in
// BUILD.bazel. `missing`: bytes, if the message is not complete.
#define TOOLBOXD_PARSE_DATA                                                                   \
  "_Z29grpc_chttp2_data_parser_parsePvP21grpc_chttp2_transportP18grpc_chttp2_streamRK10grpc_" \
  "slicei"
absl::Status ParseData(void* parser, grpc_chttp2_transport* transport, grpc_chttp2_stream* stream,
                       const grpc_slice& slice, int is_last) __asm__("__real_" TOOLBOXD_PARSE_DATA)
    __attribute__((weak));
absl::Status ParseShortData(void* parser, grpc_chttp2_transport* transport,
                            grpc_chttp2_stream* stream, const grpc_slice& slice,
                            int is_last) __asm__("__wrap_" TOOLBOXD_PARSE_DATA);
#define TOOLBOXD_TAKE_MESSAGE                                                                  \
  "_Z40grpc_deframe_unprocessed_incoming_framesP18grpc_chttp2_streamPlPN9grpc_core11SliceBuff" \
  "erEPj"
MessageResult TakeMessage(grpc_chttp2_stream* stream, int64_t* missing,
                          grpc_core::SliceBuffer* message,
                          uint32_t* flags) __asm__("__real_" TOOLBOXD_TAKE_MESSAGE)
    __attribute__((weak));
MessageResult TakeShortMessage(grpc_chttp2_stream* stream, int64_t* missing,
                               grpc_core::SliceBuffer* message,
                               uint32_t* flags) __asm__("__wrap_" TOOLBOXD_TAKE_MESSAGE);

namespace {

#if TOOLBOXD_REPLACES_PARTS_OF_GRPC
// The largest message that any server or channel of this project accepts, and its header.
constexpr int64_t kMaxMessageBytes = (4 << 20) + 5;
#else
constexpr int64_t kMaxMessageBytes = INT64_MAX;
#endif

// Of the data that this thread parses.
thread_local bool is_too_long = false;

absl::Status TooLong() { return absl::ResourceExhaustedError("a message of more than 4 MiB"); }

}  // namespace

absl::Status ParseShortData(void* parser, grpc_chttp2_transport* transport,
                            grpc_chttp2_stream* stream, const grpc_slice& slice, int is_last) {
  is_too_long = false;
  absl::Status status = ParseData(parser, transport, stream, slice, is_last);
  return status.ok() && is_too_long ? TooLong() : status;
}

MessageResult TakeShortMessage(grpc_chttp2_stream* stream, int64_t* missing,
                               grpc_core::SliceBuffer* message, uint32_t* flags) {
  MessageResult result = TakeMessage(stream, missing, message, flags);
  if (missing == nullptr || *missing <= kMaxMessageBytes) return result;
  if (!absl::holds_alternative<MessageIsIncomplete>(result)) return result;
  is_too_long = true;
  // Nothing more is asked for, also where no data is parsed now: the call's reader has just come.
  *missing = 0;
  return result;
}

namespace toolboxd {

void UseShortMessages() {}

}  // namespace toolboxd
