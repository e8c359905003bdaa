// SPDX-License-Identifier: Apache-2.0

// Any bytes as a command of the host and as a request to it: text, of a bounded size, in a message
// that can be sent.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"
#include "base/utf8.h"
#include "transportd/trace/trace_event.h"

namespace {

constexpr size_t kMaxEvent = 16 << 10;

void Check(const toolboxd::v1::TraceEvent& event) {
  if (event.ByteSizeLong() > kMaxEvent) std::abort();
  for (const toolboxd::v1::TraceDetail& detail : event.details()) {
    if (!toolboxd::IsUtf8(detail.value())) std::abort();
  }
  if (!toolboxd::IsUtf8(event.command()) || !toolboxd::IsUtf8(event.answer())) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const absl::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::string text(bytes);
  Check(toolboxd::trace::DescribeCommand(bytes, toolboxd::TcloReply::Ok(text)));
  Check(toolboxd::trace::DescribeCommand(bytes, toolboxd::TcloReply::Error(text)));
  Check(toolboxd::trace::DescribeRequest(bytes, toolboxd::RpciReply{true, text}));
  Check(toolboxd::trace::DescribeRequest(bytes, toolboxd::RpciReply{false, text}));
  return 0;
}
