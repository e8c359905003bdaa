// SPDX-License-Identifier: Apache-2.0

// Paths of standard streams (docs/protocol/hgfs.md 5.9), read alike by transportd, which serves
// those of functions, and by vixd, which serves those of programs. Pure and thread-safe.

#ifndef TOOLBOXD_BASE_STREAM_PATH_H_
#define TOOLBOXD_BASE_STREAM_PATH_H_

#include <sys/types.h>

#include <optional>

#include "absl/strings/string_view.h"

namespace toolboxd {

enum class StandardStream { kStdin, kStdout, kStderr };

// A standard stream of a guest program (docs/protocol/hgfs.md 5.9).
struct StreamPath {
  pid_t pid = 0;
  StandardStream stream = StandardStream::kStdin;
};

// Accepts "/proc/<pid>/stdin", "stdout" and "stderr", nothing else. <pid> is decimal, from 1 to
// 2^31-1, written as the kernel writes it: no sign, no blanks, no leading zeros.
std::optional<StreamPath> ParseStreamPath(absl::string_view path);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_STREAM_PATH_H_
