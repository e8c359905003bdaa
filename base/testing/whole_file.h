// SPDX-License-Identifier: Apache-2.0

// A file's content in tests. Without Abseil.

#ifndef TOOLBOXD_BASE_TESTING_WHOLE_FILE_H_
#define TOOLBOXD_BASE_TESTING_WHOLE_FILE_H_

#include <string>

#include "base/small_file.h"

namespace toolboxd {

// All of a file of up to 1 GiB; empty where it cannot be read.
inline std::string ReadWholeFile(const std::string& path) {
  return ReadSmallFileOrEmpty(path, 1 << 30);
}

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_TESTING_WHOLE_FILE_H_
