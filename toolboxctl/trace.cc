// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/trace.h"

#include "absl/flags/flag.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/output.h"
#include "toolboxctl/show.h"
#include "toolboxctl/transport_client.h"

namespace toolboxd {
namespace {

// In quotes where a reader could not see its end.
std::string Value(const std::string& value) {
  if (!value.empty() && value.find_first_of(" \"\\") == std::string::npos) return value;
  // "(12 bytes)" of what is not shown.
  if (value.size() > 1 && value.front() == '(' && value.back() == ')') return value;
  return absl::StrCat("\"", absl::Utf8SafeCEscape(value), "\"");
}

// Prints until it cannot.
bool PrintEvent(const v1::TraceEvent& event) {
  if (!ShowOptionsFromFlags().json) return Print(TraceText(event, absl::LocalTimeZone())) == 0;
  const absl::StatusOr<std::string> line = ToJsonLine(event);
  return line.ok() && Print(*line) == 0;
}

}  // namespace

std::string TraceText(const v1::TraceEvent& event, absl::TimeZone zone) {
  std::string text;
  if (event.missed() > 0) {
    absl::StrAppend(&text, "(", event.missed(), " requests are left out: they came too fast)\n");
  }
  absl::StrAppend(&text,
                  absl::FormatTime("%H:%M:%E6S", absl::FromUnixMicros(event.time_us()), zone),
                  event.direction() == v1::TraceEvent::FROM_HOST ? " from host  " : " to host    ",
                  event.command());
  for (const v1::TraceDetail& detail : event.details()) {
    absl::StrAppend(&text, " ", detail.name(), "=", Value(detail.value()));
  }
  absl::StrAppendFormat(&text, " -> %s (%d and %d bytes, %.1f ms)\n", event.answer(),
                        event.request_bytes(), event.answer_bytes(),
                        static_cast<double>(event.duration_us()) / 1000);
  return text;
}

int TraceMain() {
  const absl::Status end = TransportClient(absl::GetFlag(FLAGS_control)).Trace(PrintEvent);
  return Fail(end.message());
}

}  // namespace toolboxd
