// SPDX-License-Identifier: Apache-2.0

#include "base/small_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

#include "base/unique_fd.h"

namespace toolboxd {

int ReadSmallFile(const std::string& path, size_t max_size, std::string& text) {
  text.clear();
  const UniqueFd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!file.ok()) return errno;
  char buffer[16 * 1024];
  while (text.size() < max_size) {
    const ssize_t got = read(file.get(), buffer, std::min(sizeof buffer, max_size - text.size()));
    if (got == 0) break;
    if (got > 0) {
      text.append(buffer, static_cast<size_t>(got));
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

std::string ReadSmallFileOrEmpty(const std::string& path, size_t max_size) {
  std::string text;
  if (ReadSmallFile(path, max_size, text) != 0) text.clear();
  return text;
}

}  // namespace toolboxd
