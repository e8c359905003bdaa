// SPDX-License-Identifier: Apache-2.0

#include "vixd/shim/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace toolboxd::vixd {
namespace {

// Bytes that one Move moves: more than a pipe holds, so that one empties an ended program's pipe.
constexpr off_t kTurn = 1 << 20;
// Bytes that the budget is asked for at a time (StreamBudget::MayGrow).
constexpr off_t kPiece = 64 << 10;

}  // namespace

Spool::~Spool() {
  if (pipe_ >= 0) close(pipe_);
  if (file_ >= 0) close(file_);
}

bool Spool::Move() {
  for (off_t moved = 0; pipe_ >= 0 && moved < kTurn;) {
    const bool keep = file_ >= 0 && size_ < limit_ && budget_.MayGrow(size_);
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
    // The file system is full. The program continues.
    Cut();
    errno = EINTR;
  }
  return got;
}

ssize_t Spool::DropSome() {
  char bytes[16 * 1024];
  const ssize_t got = read(pipe_, bytes, sizeof bytes);
  // For the rest of the stream: what is kept has no gaps.
  if (got > 0 && file_ >= 0) Cut();
  return got;
}

}  // namespace toolboxd::vixd
