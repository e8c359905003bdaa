// SPDX-License-Identifier: Apache-2.0

// Bounded reading of the small text files that the system describes itself with.

#ifndef TOOLBOXD_GUESTINFOD_TEXT_H_
#define TOOLBOXD_GUESTINFOD_TEXT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::guestinfod {

// The first `max_size` bytes of a file; for files of /proc too, whose size is not known.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t max_size);

// The same, empty where the file cannot be read; a line at its end that was cut is dropped.
std::string ReadLines(const std::string& path, size_t max_size);

// The fields between blanks and tabs of a line.
std::vector<absl::string_view> Fields(absl::string_view line);

// With a question mark for each byte that is not part of well-formed UTF-8 and for each
// control character: what goes into a proto's string has to be UTF-8.
std::string Printable(absl::string_view text);

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_TEXT_H_
