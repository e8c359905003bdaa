// A file descriptor that is closed with its owner.

#ifndef TOOLBOXD_DAEMON_UNIQUE_FD_H_
#define TOOLBOXD_DAEMON_UNIQUE_FD_H_

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

  void reset(int fd = -1) {
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
  }

 private:
  int fd_ = -1;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_UNIQUE_FD_H_
