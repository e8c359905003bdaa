// SPDX-License-Identifier: Apache-2.0

// Feed: moves the input of a program with I/O from its file to its pipe.

#ifndef TOOLBOXD_VIXD_SHIM_FEED_H_
#define TOOLBOXD_VIXD_SHIM_FEED_H_

#include <sys/types.h>

namespace toolboxd::vixd {

// A writer appends input to the file and does not wait for the program. What the pipe has taken
// is released to the file system. While the program reads, the file has permissions for its owner;
// a file without any means that the program no longer reads and the input is discarded.
//
// Not thread-safe. SIGPIPE must be ignored.
class Feed {
 public:
  // Owns both descriptors. The file must be open for reading and writing, the pipe for writing
  // and non-blocking.
  Feed(int file, int pipe) : file_(file), pipe_(pipe) {}
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  ~Feed() { Close(); }

  // Moves what the file holds, as far as the pipe takes it, up to about 1 MiB.
  void Move();
  // The file holds all the input there will be: the pipe is closed once it has taken it.
  void Commit();
  // The program no longer reads (poll returns POLLERR for the pipe): discards the input.
  void Abandon();

  // For poll; -1 once closed.
  int pipe() const { return pipe_; }
  // Whether there is more to move as soon as the pipe takes it.
  bool waiting() const { return waiting_; }

 private:
  // Releases the blocks of what was moved, in multiples of `step` bytes.
  void ReleaseSpace(off_t step);
  void Close();

  int file_;
  int pipe_;
  off_t position_ = 0;
  off_t released_ = 0;
  bool waiting_ = false;
  bool committed_ = false;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_FEED_H_
