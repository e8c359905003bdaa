// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/journal.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/log.h"

namespace toolboxd::simulation {
namespace {

constexpr char kMark[] = "the journal's line ";

// The one that stands for standard error.
Journal* current = nullptr;

}  // namespace

Journal::Journal(World* world, Kind kind, bool verbose)
    : world_(*world), kind_(kind), verbose_(verbose) {
  current = this;
}

Journal::~Journal() {
  if (current == this) current = nullptr;
}

void Journal::Mark() { LogNotice(kMark, ++marked_); }

void Journal::Check() {
  // What waits in memory goes before it.
  Mark();
  if (seen_ == marked_ || dropped_) return;
  world_.Violation(absl::StrCat("of ", marked_, " lines of the log ", seen_, " have come"));
}

void Journal::OnWrite(bool waits) {
  if (world_.frozen) {
    world_.Violation("the log was written to while file systems were frozen");
  }
  if (waits) world_.Violation("a thread waits for the journal, which takes nothing");
}

ssize_t Journal::Send(absl::string_view line, int flags) {
  if (kind_ == Kind::kPipe) return -ENOTSOCK;
  OnWrite(full_ && (flags & MSG_DONTWAIT) == 0);
  if (full_) return -EAGAIN;
  Take(line);
  return static_cast<ssize_t>(line.size());
}

ssize_t Journal::Write(absl::string_view line) {
  OnWrite(full_);
  Take(line);
  return static_cast<ssize_t>(line.size());
}

short Journal::Ready() const { return full_ ? 0 : POLLOUT; }

void Journal::Take(absl::string_view line) {
  if (verbose_) syscall(SYS_write, STDERR_FILENO, line.data(), line.size());
  if (absl::StrContains(line, " lines of the log were dropped")) dropped_ = true;
  const size_t at = line.find(kMark);
  int number = 0;
  if (at == absl::string_view::npos ||
      !absl::SimpleAtoi(line.substr(at + sizeof kMark - 1), &number)) {
    return;
  }
  if (number != seen_ + 1 && !dropped_) {
    world_.Violation(absl::StrCat("line ", number, " of the log follows line ", seen_));
  }
  seen_ = number;
}

namespace {

ssize_t Result(ssize_t result) {
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

}  // namespace
}  // namespace toolboxd::simulation

using toolboxd::simulation::current;
using toolboxd::simulation::Result;

extern "C" {

ssize_t write(int fd, const void* bytes, size_t size) {
  if (fd != STDERR_FILENO || current == nullptr) return syscall(SYS_write, fd, bytes, size);
  return Result(current->Write({static_cast<const char*>(bytes), size}));
}

ssize_t send(int fd, const void* bytes, size_t size, int flags) {
  if (fd != STDERR_FILENO || current == nullptr) {
    return syscall(SYS_sendto, fd, bytes, size, flags, nullptr, 0);
  }
  return Result(current->Send({static_cast<const char*>(bytes), size}, flags));
}

}  // extern "C"
