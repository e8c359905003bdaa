// SPDX-License-Identifier: Apache-2.0

// Spool: moves one output stream of a program with I/O from its pipe to a file.

#ifndef TOOLBOXD_VIXD_SHIM_SPOOL_H_
#define TOOLBOXD_VIXD_SHIM_SPOOL_H_

#include <sys/types.h>

#include "vixd/shim/disk_budget.h"

namespace toolboxd::vixd {

// Moves what the pipe holds into the file, up to a limit and as far as the budget allows, and
// discards the rest: the program never waits for a reader. Bytes go by splice(2), not through
// this process. Not thread-safe.
class Spool {
 public:
  // Owns both descriptors. The pipe must be non-blocking.
  Spool(int pipe, int file, off_t limit, const StreamBudget& budget)
      : pipe_(pipe), file_(file), limit_(limit), budget_(budget) {}
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  // Moves up to about 1 MiB. False when the pipe has ended.
  bool Move();

  // Discards everything from now on.
  void StopKeeping();

  // For poll; -1 when the pipe has ended.
  int pipe() const { return pipe_; }
  // Whether bytes were lost to the limit or the budget.
  bool cut() const { return cut_; }

 private:
  ssize_t MoveSome();
  ssize_t DropSome();
  void Cut();

  int pipe_;
  int file_;
  off_t limit_;
  StreamBudget budget_;
  off_t size_ = 0;
  bool cut_ = false;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_SPOOL_H_
