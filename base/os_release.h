// SPDX-License-Identifier: Apache-2.0

// os-release(5): what a distribution calls itself. Thread-safe.

#ifndef TOOLBOXD_BASE_OS_RELEASE_H_
#define TOOLBOXD_BASE_OS_RELEASE_H_

#include <map>
#include <string>

#include "absl/strings/string_view.h"

namespace toolboxd {

// The assignments of an os-release file, such as ID and PRETTY_NAME, with quotes and escapes
// undone. A value is printable UTF-8 (base/utf8.h) and cut after 256 bytes. Other lines are
// skipped.
std::map<std::string, std::string> ParseOsRelease(absl::string_view text);

// The text of etc/os-release, else of usr/lib/os-release, below `root` ("" for this system), at
// most 64 KiB; empty if there is none.
std::string ReadOsRelease(const std::string& root);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_OS_RELEASE_H_
