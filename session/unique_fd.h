// A file descriptor with an owner; for the programs that do without daemon/.

#ifndef TOOLBOXD_SESSION_UNIQUE_FD_H_
#define TOOLBOXD_SESSION_UNIQUE_FD_H_

#include <errno.h>
#include <unistd.h>

#include <utility>

namespace toolboxd::session {

// Closes on destruction, leaving errno as it was. Movable.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    Reset(other.Release());
    return *this;
  }
  ~UniqueFd() { Reset(); }

  bool ok() const { return fd_ >= 0; }
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Reset(int fd = -1) {
    const int error = errno;
    if (fd_ >= 0) close(fd_);
    fd_ = fd;
    errno = error;
  }

 private:
  int fd_ = -1;
};

}  // namespace toolboxd::session

#endif  // TOOLBOXD_SESSION_UNIQUE_FD_H_
