// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/time_flag.h"

#include <cmath>

#include "absl/strings/numbers.h"

namespace toolboxd {

bool AbslParseFlag(absl::string_view text, TimeFlag* flag, std::string* error) {
  double seconds = 0;
  if (absl::SimpleAtod(text, &seconds) && !std::isnan(seconds)) {
    flag->time = absl::Seconds(seconds);
  } else if (!absl::ParseDuration(text, &flag->time)) {
    *error = "give seconds, as 30, or a unit, as 30s, 5m or 500ms";
    return false;
  }
  if (flag->time < absl::ZeroDuration()) *error = "a time cannot be negative";
  return error->empty();
}

std::string AbslUnparseFlag(const TimeFlag& flag) { return absl::FormatDuration(flag.time); }

}  // namespace toolboxd
