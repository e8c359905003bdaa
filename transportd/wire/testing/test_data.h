// SPDX-License-Identifier: Apache-2.0

// Test vectors that are kept as files.

#ifndef TOOLBOXD_TRANSPORTD_WIRE_TESTING_TEST_DATA_H_
#define TOOLBOXD_TRANSPORTD_WIRE_TESTING_TEST_DATA_H_

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

namespace toolboxd::wire {

// The bytes of a file of the repository, named from its root. Ends the test where the
// file is missing: an absent vector must not pass.
inline std::string ReadTestData(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::cerr << "no test data " << path << "\n";
    std::abort();
  }
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

}  // namespace toolboxd::wire

#endif  // TOOLBOXD_TRANSPORTD_WIRE_TESTING_TEST_DATA_H_
