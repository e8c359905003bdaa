// SPDX-License-Identifier: Apache-2.0

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "session/handshake.h"

namespace session = toolboxd::session;

// What decodes encodes to the same bytes, in both directions.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  if (const auto request = session::DecodeRequest(body)) {
    const std::string frame = session::EncodeRequest(*request);
    if (std::string_view(frame).substr(session::kPrefixSize) != body) abort();
  }
  if (const auto reply = session::DecodeReply(body)) {
    const std::string frame = session::EncodeReply(*reply);
    if (std::string_view(frame).substr(session::kPrefixSize) != body) abort();
  }
  return 0;
}
