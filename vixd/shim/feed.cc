// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace toolboxd::vixd {
namespace {

// Bytes that one Move moves at most.
constexpr off_t kTurn = 1 << 20;
// Space is released in these steps while there is more to move, and once there is not.
constexpr off_t kStep = 1 << 20;
constexpr off_t kPage = 4 << 10;

}  // namespace

void Feed::Move() {
  char bytes[16 * 1024];
  waiting_ = false;
  for (off_t moved = 0; pipe_ >= 0;) {
    const ssize_t got = pread(file_, bytes, sizeof bytes, position_);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    const ssize_t written = moved < kTurn ? write(pipe_, bytes, got) : 0;
    waiting_ = written == 0 || (written < 0 && errno == EAGAIN);
    if (waiting_) break;
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Abandon();
    position_ += written;
    moved += written;
  }
  ReleaseSpace(waiting_ ? kStep : kPage);
  if (committed_ && !waiting_) Close();
}

void Feed::ReleaseSpace(off_t step) {
  const off_t size = (position_ - released_) / step * step;
  if (size <= 0 || file_ < 0) return;
  // On a file system without hole punching the file keeps its size.
  fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, released_, size);
  released_ += size;
}

void Feed::Commit() {
  committed_ = true;
  Move();
}

void Feed::Abandon() {
  if (file_ >= 0) {
    fchmod(file_, 0);
    (void)!ftruncate(file_, 0);
  }
  Close();
}

void Feed::Close() {
  if (file_ >= 0) close(file_);
  if (pipe_ >= 0) close(pipe_);
  file_ = pipe_ = -1;
  waiting_ = false;
}

}  // namespace toolboxd::vixd
