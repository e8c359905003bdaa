// SPDX-License-Identifier: Apache-2.0

// Whether a Unix socket accepts connections. Its file says only that it is bound.

#ifndef TOOLBOXD_BASE_TESTING_LISTENS_H_
#define TOOLBOXD_BASE_TESTING_LISTENS_H_

#include <fstream>
#include <string>

namespace toolboxd {

// Asks the kernel (/proc/net/unix) instead of the socket, for which a connection may be an event.
// Sees the sockets of the caller's own network namespace.
inline bool Listens(const std::string& path) {
  constexpr char kAccepts[] = " 00010000 ";
  std::ifstream sockets("/proc/net/unix");
  for (std::string line; std::getline(sockets, line);) {
    if (line.ends_with(" " + path) && line.find(kAccepts) != std::string::npos) return true;
  }
  return false;
}

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_TESTING_LISTENS_H_
