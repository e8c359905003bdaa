// SPDX-License-Identifier: Apache-2.0

// Names of a program's standard streams (docs/protocol/hgfs.md 5.9).

#ifndef TOOLBOXD_TRANSPORTD_FUNCTIONS_STREAM_PATH_H_
#define TOOLBOXD_TRANSPORTD_FUNCTIONS_STREAM_PATH_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace toolboxd {

enum class StandardStream { kStdin, kStdout, kStderr };

// Parses "/proc/<pid>/std{in,out,err}"; false for anything else.
bool ParseStreamPath(absl::string_view path, int64_t& pid, StandardStream& stream);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_FUNCTIONS_STREAM_PATH_H_
