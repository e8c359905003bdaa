// SPDX-License-Identifier: Apache-2.0

#include "transportd/functions/stream_path.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace toolboxd {

bool ParseStreamPath(absl::string_view path, int64_t& pid, StandardStream& stream) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() != 4 || !parts[0].empty() || parts[1] != "proc") return false;
  // SimpleAtoi() accepts signs and spaces, which a process id does not have.
  if (parts[2].empty() || parts[2].find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(parts[2], &pid)) {
    return false;
  }
  if (parts[3] == "stdin") {
    stream = StandardStream::kStdin;
  } else if (parts[3] == "stdout") {
    stream = StandardStream::kStdout;
  } else if (parts[3] == "stderr") {
    stream = StandardStream::kStderr;
  } else {
    return false;
  }
  return true;
}

}  // namespace toolboxd
