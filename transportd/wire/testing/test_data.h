// SPDX-License-Identifier: Apache-2.0

// Test vectors that are kept as files.

#ifndef TOOLBOXD_TRANSPORTD_WIRE_TESTING_TEST_DATA_H_
#define TOOLBOXD_TRANSPORTD_WIRE_TESTING_TEST_DATA_H_

#include <cstdlib>
#include <iostream>
#include <string>

#include "base/testing/whole_file.h"

namespace toolboxd::wire {

// The bytes of a file of the repository, named from its root. Ends the test where the file is
// missing or empty: an absent vector must not pass.
inline std::string ReadTestData(const std::string& path) {
  std::string data = ReadWholeFile(path);
  if (data.empty()) {
    std::cerr << "no test data " << path << "\n";
    std::abort();
  }
  return data;
}

}  // namespace toolboxd::wire

#endif  // TOOLBOXD_TRANSPORTD_WIRE_TESTING_TEST_DATA_H_
