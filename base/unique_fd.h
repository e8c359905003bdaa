// SPDX-License-Identifier: Apache-2.0

// A file descriptor that is closed with its owner.

#ifndef TOOLBOXD_BASE_UNIQUE_FD_H_
#define TOOLBOXD_BASE_UNIQUE_FD_H_

#include <errno.h>
#include <unistd.h>

#include <utility>

namespace toolboxd {

// Owns one descriptor, or none (-1).
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    reset(other.release());
    return *this;
  }
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

  // Gives the descriptor to the caller.
  int release() { return std::exchange(fd_, -1); }

  // Leaves errno as it was, so that a failure can still be reported afterwards.
  void reset(int fd = -1) {
    const int error = errno;
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
    errno = error;
  }

 private:
  int fd_ = -1;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_UNIQUE_FD_H_
