// SPDX-License-Identifier: Apache-2.0

// TimeFlag: a time on the command line, in seconds or with a unit.

#ifndef TOOLBOXD_TOOLBOXCTL_TIME_FLAG_H_
#define TOOLBOXD_TOOLBOXCTL_TIME_FLAG_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd {

// Type of a flag whose value is "30", which means seconds, or "30s", "1m30s", "500ms".
struct TimeFlag {
  TimeFlag() = default;
  TimeFlag(absl::Duration time) : time(time) {}  // NOLINT: as in a flag's default.

  absl::Duration time;
};

// For absl::ParseFlag: "90s", "2m", and a plain number of seconds.
bool AbslParseFlag(absl::string_view text, TimeFlag* flag, std::string* error);
std::string AbslUnparseFlag(const TimeFlag& flag);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_TIME_FLAG_H_
