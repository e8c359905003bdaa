// SPDX-License-Identifier: Apache-2.0

// What another program prints.

#ifndef TOOLBOXD_TOOLBOXCTL_PROGRAM_OUTPUT_H_
#define TOOLBOXD_TOOLBOXCTL_PROGRAM_OUTPUT_H_

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace toolboxd {

// Runs a program of PATH with nothing on its standard input and our standard error, and passes each
// line of its standard output, without its newline, to `line`; of a longer line than 64 KiB only
// its beginning. Waits for its end. NOT_FOUND if there is no such program; INTERNAL if it ended
// with another status than 0.
absl::Status ReadLines(const std::vector<std::string>& argv,
                       const std::function<void(absl::string_view line)>& line);

// The first `max_bytes` of what it prints on standard output and standard error, whatever its exit
// status. A program that has not ended after `timeout` is ended, and what it has printed until then
// counts. NOT_FOUND if there is no such program.
absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& argv, size_t max_bytes,
                                     absl::Duration timeout = absl::InfiniteDuration());

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_PROGRAM_OUTPUT_H_
