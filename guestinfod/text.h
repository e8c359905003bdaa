// SPDX-License-Identifier: Apache-2.0

// Lines of the small text files in which the system describes itself.

#ifndef TOOLBOXD_GUESTINFOD_TEXT_H_
#define TOOLBOXD_GUESTINFOD_TEXT_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd::guestinfod {

// Reads at most `max_size` bytes from the start of a file, without a line that this cuts; empty
// where the file cannot be read.
std::string ReadLines(const std::string& path, size_t max_size);

// The fields between spaces and tabs of a line.
std::vector<absl::string_view> Fields(absl::string_view line);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_TEXT_H_
