// SPDX-License-Identifier: Apache-2.0

// The input of a program with I/O, moved from its file to its pipe.

#ifndef TOOLBOXD_VIXD_SHIM_FEED_H_
#define TOOLBOXD_VIXD_SHIM_FEED_H_

#include <sys/types.h>

namespace toolboxd::vixd {

// Whoever has input for the program appends it to the file and need not wait until the program
// reads it. What the pipe has got is given back to the file system. The file's mode tells writers
// whether anybody will read what they append: none at all once the program no longer reads.
// Not thread-safe. SIGPIPE is to be ignored.
class Feed {
 public:
  // Takes both descriptors; the file's is to be readable and writable, the pipe's non-blocking.
  Feed(int file, int pipe) : file_(file), pipe_(pipe) {}
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;
  ~Feed() { Close(); }

  // Moves what is there, as far as the pipe takes it and at most about a mebibyte.
  void Move();
  // What is in the file is all; the pipe is closed once it has got it.
  void Commit();
  // The program no longer reads: poll tells POLLERR of the pipe.
  void Abandon();

  // For poll; -1 once closed.
  int pipe() const { return pipe_; }
  // Whether there is more as soon as the pipe has room.
  bool waiting() const { return waiting_; }

 private:
  void GiveBack(off_t step);
  void Close();

  int file_;
  int pipe_;
  off_t position_ = 0;
  off_t given_back_ = 0;
  bool waiting_ = false;
  bool committed_ = false;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_FEED_H_
