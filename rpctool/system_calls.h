// SPDX-License-Identifier: Apache-2.0

// What these programs make of system calls, without a C library (base/system_call.h).

#ifndef TOOLBOXD_RPCTOOL_SYSTEM_CALLS_H_
#define TOOLBOXD_RPCTOOL_SYSTEM_CALLS_H_

#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <string_view>

#include "base/system_call.h"

namespace toolboxd::rpctool {

// A descriptor that is closed with its owner; a negative number is an error and none.
class Descriptor {
 public:
  explicit Descriptor(long fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) SystemCall(SYS_close, fd_);
  }
  bool ok() const { return fd_ >= 0; }
  long get() const { return fd_; }

 private:
  const long fd_;
};

// Writes both texts to the end. False after an error.
inline bool WriteAll(int fd, std::string_view first, std::string_view second) {
  while (!first.empty() || !second.empty()) {
    const iovec parts[] = {{const_cast<char*>(first.data()), first.size()},
                           {const_cast<char*>(second.data()), second.size()}};
    const long written = SystemCall(SYS_writev, fd, Address(parts), 2);
    if (written == -EINTR) continue;
    if (written < 0) return false;
    const auto size = static_cast<size_t>(written);
    const size_t of_first = size < first.size() ? size : first.size();
    first.remove_prefix(of_first);
    second.remove_prefix(size - of_first);
  }
  return true;
}

[[noreturn]] inline void Exit(int status) {
  for (;;) SystemCall(SYS_exit_group, status);
}

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_SYSTEM_CALLS_H_
