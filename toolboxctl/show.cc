// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/show.h"

#include <unistd.h>

#include <algorithm>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "google/protobuf/util/json_util.h"
#include "toolboxctl/time_flag.h"

ABSL_FLAG(bool, json, false, "Print what the service answered, as grpcurl does.");
ABSL_FLAG(bool, watch, false, "Show it again and again, until Ctrl-C.");
ABSL_FLAG(toolboxd::TimeFlag, interval, absl::Seconds(1), "How long --watch waits in between.");

namespace toolboxd {
namespace {

constexpr absl::Duration kShortestInterval = absl::Milliseconds(100);

absl::StatusOr<std::string> JsonOf(const google::protobuf::Message& message,
                                   const google::protobuf::util::JsonPrintOptions& options) {
  std::string text;
  if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok()) {
    return absl::InternalError("the answer cannot be printed as JSON");
  }
  if (text.empty() || text.back() != '\n') text += '\n';
  return text;
}

}  // namespace

ShowOptions ShowOptionsFromFlags() {
  return {.json = absl::GetFlag(FLAGS_json),
          .watch = absl::GetFlag(FLAGS_watch),
          .interval = absl::GetFlag(FLAGS_interval).time};
}

absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  return JsonOf(message, options);
}

absl::StatusOr<std::string> ToJsonLine(const google::protobuf::Message& message) {
  return JsonOf(message, {});
}

std::string Redraw(absl::string_view text) {
  // To the first line; each line to its end; what is below.
  return absl::StrCat("\x1b[H", absl::StrReplaceAll(text, {{"\n", "\x1b[K\n"}}), "\x1b[J");
}

int ShowFrames(const ShowOptions& options, const Frame& frame) {
  const Terminal terminal = OutputTerminal();
  if (!options.watch) {
    const absl::StatusOr<std::string> text = frame(terminal);
    return text.ok() ? Print(*text) : Fail(text.status().message());
  }
  const bool redraw = isatty(STDOUT_FILENO) && !options.json;
  for (;;) {
    const absl::StatusOr<std::string> text = frame(terminal);
    const std::string shown = text.ok() ? *text : absl::StrCat(text.status().message(), "\n");
    const int printed = Print(redraw ? Redraw(shown) : absl::StrCat(shown, "\n"));
    if (printed != 0) return printed;
    absl::SleepFor(std::max(options.interval, kShortestInterval));
  }
}

}  // namespace toolboxd
