// SPDX-License-Identifier: Apache-2.0

// What toolboxctl prints, and its exit statuses.

#ifndef TOOLBOXD_TOOLBOXCTL_OUTPUT_H_
#define TOOLBOXD_TOOLBOXCTL_OUTPUT_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace toolboxd {

// The exit codes of every verb, besides 0 for success.
inline constexpr int kExitFailed = 1;   // toolboxd did not answer, or it or the host refused
inline constexpr int kExitUsage = 2;    // a wrong command line
inline constexpr int kExitTimeout = 3;  // what 'wait' waits for has not come in time
inline constexpr int kExitRefused = 4;  // the policy refuses what 'policy check' asks

// One line on standard error. Returns kExitFailed.
int Fail(absl::string_view message);

// The same with a hint at --help. Returns kExitUsage.
int Usage(absl::string_view message);

// On standard output. Returns 0, or Fail() if it cannot be written.
int Print(absl::string_view text);

// How wide text is and whether it has colours.
struct Terminal {
  // Columns at which a line is continued in the next one; 0: never.
  size_t width = 0;
  bool colours = false;
};

// Describes standard output: a terminal has 80 columns and colours, unless NO_COLOR is set or TERM
// says that it is dumb. What goes elsewhere has whole lines, for scripts.
Terminal OutputTerminal();

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_OUTPUT_H_
