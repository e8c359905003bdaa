// SPDX-License-Identifier: Apache-2.0

// The command line of toolboxd-freezer.

#ifndef TOOLBOXD_FREEZER_OPTIONS_H_
#define TOOLBOXD_FREEZER_OPTIONS_H_

#include <sys/types.h>

#include <cstddef>

namespace toolboxd::freezer {

inline constexpr size_t kMaxAllowed = 8;

struct Options {
  const char* state = "/run/toolboxd-freezer/frozen";
  // Users that may connect besides root.
  uid_t allowed[kMaxAllowed];
  size_t allowed_count = 0;
  // Thaw what an earlier process left, and end.
  bool thaw = false;
};

enum class ParseResult { kRun, kExitSuccess, kExitUsage };

// Parses argv. Unless the program can run, prints the help, the version or the error. Users are
// looked up in the file `passwd`, and nowhere else: the program is static.
ParseResult ParseOptions(int argc, char** argv, const char* passwd, Options& options);

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_OPTIONS_H_
