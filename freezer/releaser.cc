// SPDX-License-Identifier: Apache-2.0

#include "freezer/releaser.h"

#include <errno.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "freezer/fork_pair.h"
#include "freezer/message.h"
#include "freezer/targets.h"

namespace toolboxd::freezer {
namespace {

constexpr int64_t kNanosInMs = 1'000'000;
// How often the time of a FIFREEZE is looked at.
constexpr int kMaxTickMs = 250;

struct Work {
  Kernel& kernel;
  Page& page;
  const ReleaseTimes& times;
  // When it may interrupt again.
  int64_t next = 0;
  bool interrupted = false;
  uint32_t aborted = 0;
  uint32_t dumps = 0;
};

void Tick(Work& work) {
  const int64_t since = TryingSince(work.page);
  const int64_t now = work.kernel.Now();
  if (since == 0 || now < since + work.times.interrupt * kNanosInMs || now < work.next) return;
  work.next = now + work.times.again * kNanosInMs;
  work.interrupted = true;
  work.kernel.InterruptAll(work.page.stopped);
  if (now < since + work.times.abort_fuse * kNanosInMs) return;
  work.aborted += work.kernel.AbortFuse();
  work.dumps += work.kernel.EndCoreDumps();
}

// After this time; false at the end of the main process.
bool IsAlive(int pair, int wait_ms) {
  pollfd item = {pair, POLLIN, 0};
  if (poll(&item, 1, wait_ms) <= 0) return true;
  char byte;
  const ssize_t size = recv(pair, &byte, 1, MSG_DONTWAIT);
  return size > 0 || (size < 0 && (errno == EAGAIN || errno == EINTR));
}

void Run(Work& work, int pair) {
  // Until then the page may have no memory.
  char byte;
  if (recv(pair, &byte, 1, 0) != 1) return;
  const int tick = std::min(kMaxTickMs, work.times.interrupt);
  while (IsAlive(pair, tick)) Tick(work);
  if (!work.interrupted) return;
  Report(Level::kWarning,
         "a write that did not end held up the freeze: all processes were interrupted",
         work.aborted > 0 ? ", and FUSE file systems of users aborted" : "");
  if (work.dumps > 0) Report(Level::kWarning, "core dumps that held up the freeze were ended", "");
}

}  // namespace

Releaser::Releaser(Kernel* kernel, List* list, const ReleaseTimes& times)
    : kernel_(kernel), list_(list), times_(times) {}

int Releaser::Start(int connection, int (*restrict_process)()) {
  UniqueFd end;
  const pid_t process = ForkPair(end);
  if (process < 0) return -process;
  if (process == 0) {
    close(connection);
    list_->Leave();
    prctl(PR_SET_NAME, "freezer-release");
    if (kernel_->LockMemory() != 0 || restrict_process() != 0) _exit(1);
    if (!SayReady(end)) _exit(1);
    Work work{*kernel_, *list_->page(), times_};
    Run(work, end.get());
    _exit(0);
  }
  if (const int error = AwaitReady(end, -1); error != 0) return error;
  pair_ = std::move(end);
  return 0;
}

void Releaser::Begin() {
  if (pair_.ok()) (void)!send(pair_.get(), "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace toolboxd::freezer
