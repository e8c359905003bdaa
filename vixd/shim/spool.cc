#include "vixd/shim/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace toolboxd::vix {
namespace {

// More than a pipe holds, so that one turn empties what an ended program left.
constexpr off_t kTurn = 1 << 20;

}  // namespace

Spool::~Spool() {
  if (pipe_ >= 0) close(pipe_);
  if (file_ >= 0) close(file_);
}

bool Spool::Move() {
  for (off_t moved = 0; pipe_ >= 0 && moved < kTurn;) {
    const ssize_t got = file_ >= 0 && size_ < limit_ ? MoveSome() : DropSome();
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

ssize_t Spool::MoveSome() {
  const off_t room = std::min(limit_ - size_, kTurn);
  const ssize_t got =
      splice(pipe_, nullptr, file_, &size_, static_cast<size_t>(room), SPLICE_F_NONBLOCK);
  if (got < 0 && errno != EAGAIN && errno != EINTR) {
    // A full file system; the program goes on.
    cut_ = true;
    StopKeeping();
    errno = EINTR;
  }
  return got;
}

ssize_t Spool::DropSome() {
  char bytes[16 * 1024];
  const ssize_t got = read(pipe_, bytes, sizeof bytes);
  if (got > 0 && file_ >= 0) cut_ = true;
  return got;
}

}  // namespace toolboxd::vix
