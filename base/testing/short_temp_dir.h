// SPDX-License-Identifier: Apache-2.0

// A folder for sockets in tests.

#ifndef TOOLBOXD_BASE_TESTING_SHORT_TEMP_DIR_H_
#define TOOLBOXD_BASE_TESTING_SHORT_TEMP_DIR_H_

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace toolboxd {

// A new folder in /tmp, removed with its content. Bazel's own test folders have names that
// are too long for the address of a Unix socket (107 bytes).
class ShortTempDir {
 public:
  ShortTempDir() {
    char name[] = "/tmp/toolboxd-XXXXXX";
    if (mkdtemp(name) == nullptr) abort();
    path_ = name;
  }
  ShortTempDir(const ShortTempDir&) = delete;
  ShortTempDir& operator=(const ShortTempDir&) = delete;
  ~ShortTempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string File(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_TESTING_SHORT_TEMP_DIR_H_
