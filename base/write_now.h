// SPDX-License-Identifier: Apache-2.0

// WriteNow: a line of the log that waits for no reader.

#ifndef TOOLBOXD_BASE_WRITE_NOW_H_
#define TOOLBOXD_BASE_WRITE_NOW_H_

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

namespace toolboxd {

// Writes all of `line` to `fd`. False, and nothing is written, if that would have to wait: the
// journal stands still, and its socket is full. A line that can never be written, as to a reader
// who has gone, is dropped; there is no place to report that. On a pipe a line of more than 4 KiB,
// or one beside another writer's, may wait all the same. Thread-safe.
inline bool WriteNow(int fd, std::string_view line) {
  ssize_t written;
  do {
    written = send(fd, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  } while (written < 0 && errno == EINTR);
  if (written >= 0 || errno != ENOTSOCK) return written >= 0 || errno != EAGAIN;
  pollfd descriptor = {fd, POLLOUT, 0};
  if (poll(&descriptor, 1, 0) == 0) return false;
  while (write(fd, line.data(), line.size()) < 0 && errno == EINTR) {
  }
  return true;
}

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_WRITE_NOW_H_
