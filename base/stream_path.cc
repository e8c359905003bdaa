// SPDX-License-Identifier: Apache-2.0

#include "base/stream_path.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace toolboxd {
namespace {

std::optional<StandardStream> StreamOf(absl::string_view name) {
  if (name == "stdin") return StandardStream::kStdin;
  if (name == "stdout") return StandardStream::kStdout;
  if (name == "stderr") return StandardStream::kStderr;
  return std::nullopt;
}

}  // namespace

std::optional<StreamPath> ParseStreamPath(absl::string_view path) {
  const std::vector<absl::string_view> parts = absl::StrSplit(path, '/');
  if (parts.size() != 4 || !parts[0].empty() || parts[1] != "proc") return std::nullopt;
  pid_t pid = 0;
  // SimpleAtoi() accepts signs, blanks and leading zeros, which a process id does not have.
  if (!absl::SimpleAtoi(parts[2], &pid) || pid <= 0 || absl::StrCat(pid) != parts[2]) {
    return std::nullopt;
  }
  const std::optional<StandardStream> stream = StreamOf(parts[3]);
  if (!stream.has_value()) return std::nullopt;
  return StreamPath{pid, *stream};
}

}  // namespace toolboxd
