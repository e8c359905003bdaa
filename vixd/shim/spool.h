// SPDX-License-Identifier: Apache-2.0

// One output stream of a program with I/O, moved from its pipe to a file.

#ifndef TOOLBOXD_VIXD_SHIM_SPOOL_H_
#define TOOLBOXD_VIXD_SHIM_SPOOL_H_

#include <sys/types.h>

#include "vixd/shim/disk_budget.h"

namespace toolboxd::vixd {

// Takes what the pipe holds into the file, up to a limit and as far as there is room, and throws
// away what is beyond: a program never waits for its reader. Bytes go by splice(2), not through
// this process. Not thread-safe.
class Spool {
 public:
  // Takes both descriptors; the pipe's is to be non-blocking.
  Spool(int pipe, int file, off_t limit, const StreamRoom& room)
      : pipe_(pipe), file_(file), limit_(limit), room_(room) {}
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  // Moves at most about a mebibyte. False when the pipe has ended.
  bool Move();

  // From now on everything is thrown away.
  void StopKeeping();

  // For poll; -1 when the pipe has ended.
  int pipe() const { return pipe_; }
  // Whether the limit, or want of room, lost bytes.
  bool cut() const { return cut_; }

 private:
  ssize_t MoveSome();
  ssize_t DropSome();
  void Cut();

  int pipe_;
  int file_;
  off_t limit_;
  StreamRoom room_;
  off_t size_ = 0;
  bool cut_ = false;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_SPOOL_H_
