// SPDX-License-Identifier: Apache-2.0

// Showing a message of a service: as text or as JSON, once or again and again.

#ifndef TOOLBOXD_TOOLBOXCTL_SHOW_H_
#define TOOLBOXD_TOOLBOXCTL_SHOW_H_

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "toolboxctl/output.h"

namespace toolboxd {

struct ShowOptions {
  bool json = false;
  // Show it again and again until a signal ends the process.
  bool watch = false;
  absl::Duration interval = absl::Seconds(1);
};

// As the flags --json, --watch and --interval say.
ShowOptions ShowOptionsFromFlags();

// The message as grpcurl prints it, with a newline; fields without a value too.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);

// The same in one line, without fields that have no value.
absl::StatusOr<std::string> ToJsonLine(const google::protobuf::Message& message);

// A text in place of the last one on a terminal; lines that are shorter than those before are
// cleared to their end.
std::string Redraw(absl::string_view text);

// What a verb shows. `fetch` asks the service, and `text` describes what it answered.
template <typename Reply>
struct Shown {
  std::function<absl::StatusOr<Reply>()> fetch;
  std::function<std::string(const Reply& reply, const Terminal& terminal)> text;
};

// The text to print, or an error for people.
using Frame = std::function<absl::StatusOr<std::string>(const Terminal& terminal)>;

// Prints it; the exit status. With `watch` an error is shown in its place, and it goes on.
int ShowFrames(const ShowOptions& options, const Frame& frame);

template <typename Reply>
int Show(const ShowOptions& options, const Shown<Reply>& shown) {
  return ShowFrames(options, [&](const Terminal& terminal) -> absl::StatusOr<std::string> {
    const absl::StatusOr<Reply> reply = shown.fetch();
    if (!reply.ok()) return reply.status();
    if (options.json) return ToJson(*reply);
    return shown.text(*reply, terminal);
  });
}

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_SHOW_H_
