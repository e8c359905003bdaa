// SPDX-License-Identifier: Apache-2.0

// The system calls of these programs, without a C library: none of them sets errno, and all return
// a negative error number for a failure, as the kernel does.

#ifndef TOOLBOXD_RPCTOOL_SYSTEM_CALLS_H_
#define TOOLBOXD_RPCTOOL_SYSTEM_CALLS_H_

#include <errno.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include <string_view>

namespace toolboxd::rpctool {

inline long SystemCall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
  register long fourth asm("r10") = d;
  register long fifth asm("r8") = e;
  // For calls with six arguments, of which the last one is always 0 here.
  register long sixth asm("r9") = 0;
  long result;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth), "r"(sixth)
               : "rcx", "r11", "memory");
  return result;
}

inline long Address(const void* pointer) { return reinterpret_cast<long>(pointer); }

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
