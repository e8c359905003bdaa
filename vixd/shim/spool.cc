// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace toolboxd::vixd {
namespace {

// More than a pipe holds, so that one turn empties what an ended program left.
constexpr off_t kTurn = 1 << 20;
// Of what room_ is asked for at a time.
constexpr off_t kPiece = 64 << 10;

}  // namespace

Spool::~Spool() {
  if (pipe_ >= 0) close(pipe_);
  if (file_ >= 0) close(file_);
}

bool Spool::Move() {
  for (off_t moved = 0; pipe_ >= 0 && moved < kTurn;) {
    const bool keep = file_ >= 0 && size_ < limit_ && room_.MayGrow(size_);
    const ssize_t got = keep ? MoveSome() : DropSome();
    if (got > 0) {
      moved += got;
    } else if (got < 0 && errno == EAGAIN) {
      return true;
    } else if (got == 0 || errno != EINTR) {
      close(pipe_);
      pipe_ = -1;
    }
  }
  return pipe_ >= 0;
}

void Spool::StopKeeping() {
  if (file_ >= 0) close(file_);
  file_ = -1;
}

void Spool::Cut() {
  cut_ = true;
  StopKeeping();
}

ssize_t Spool::MoveSome() {
  const off_t piece = std::min(limit_ - size_, kPiece);
  const ssize_t got =
      splice(pipe_, nullptr, file_, &size_, static_cast<size_t>(piece), SPLICE_F_NONBLOCK);
  if (got < 0 && errno != EAGAIN && errno != EINTR) {
    // A full file system; the program goes on.
    Cut();
    errno = EINTR;
  }
  return got;
}

ssize_t Spool::DropSome() {
  char bytes[16 * 1024];
  const ssize_t got = read(pipe_, bytes, sizeof bytes);
  // For good: there is to be no gap in what is kept.
  if (got > 0 && file_ >= 0) Cut();
  return got;
}

}  // namespace toolboxd::vixd
