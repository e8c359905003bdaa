// SPDX-License-Identifier: Apache-2.0

#include "freezer/twin.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "freezer/fork_pair.h"

namespace toolboxd::freezer {
namespace {

constexpr int kReadyMs = 2000;

// After a FITHAW that failed, or that came before its FIFREEZE.
constexpr int kRetryMs = 100;

// Once the main process has ended: a minute of retries. Then the list stays for the next start.
constexpr int kLastTries = 600;

constexpr int64_t kNanosInMs = 1'000'000;

// The twin.
struct Watch {
  Kernel& kernel;
  Targets& targets;
  const UniqueFd& main;
  int signals;
  // To its helper.
  UniqueFd helper;
  // The main process has ended.
  bool is_alone = false;
};

bool MustThaw(Watch& watch) {
  const Page& page = *watch.targets.page;
  return watch.is_alone || page.stop.load() != 0 || IsOverdue(page, watch.kernel.Now());
}

int TimeoutMs(Watch& watch) {
  if (MustThaw(watch)) return kRetryMs;
  // By the deadline, not by the states: the main process may be about to try the first one.
  const int64_t deadline = watch.targets.page->deadline.load();
  if (deadline == 0) return -1;
  const int64_t left = std::max<int64_t>(deadline - watch.kernel.Now(), 0);
  return static_cast<int>(left / kNanosInMs) + 1;
}

void Wait(Watch& watch) {
  // Both stay readable: once is enough.
  const int pair = watch.is_alone ? -1 : watch.main.get();
  const int signals = watch.targets.page->stop.load() == 0 ? watch.signals : -1;
  pollfd items[] = {{pair, POLLIN, 0}, {signals, POLLIN, 0}};
  if (poll(items, 2, TimeoutMs(watch)) <= 0) return;
  if (items[0].revents != 0) {
    char bytes[64];
    const ssize_t size = recv(watch.main.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    watch.is_alone = size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR);
  }
  if (items[1].revents != 0) {
    watch.targets.page->stop.store(1);
    (void)!send(watch.main.get(), "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
  }
}

// The helper waits where FITHAW may wait for the main process's FIFREEZE, so that the twin does
// not.
[[noreturn]] void RunHelper(Kernel& kernel, Targets& targets, const UniqueFd& twin) {
  prctl(PR_SET_NAME, "freezer-helper");
  char byte;
  if (kernel.LockMemory() == 0 && SayReady(twin)) {
    while (recv(twin.get(), &byte, 1, 0) == 1) ThawFrozen(kernel, targets);
  }
  _exit(0);
}

bool StartHelper(Watch& watch) {
  UniqueFd end;
  const pid_t process = ForkPair(end);
  if (process < 0) return false;
  if (process == 0) {
    // Otherwise the main process would not see the twin's end.
    close(watch.main.get());
    RunHelper(watch.kernel, watch.targets, end);
  }
  if (AwaitReady(end, -1) != 0) return false;
  watch.helper = std::move(end);
  return true;
}

void Thaw(Watch& watch) {
  if (watch.is_alone) {
    ThawAll(watch.kernel, watch.targets);
    return;
  }
  if (send(watch.helper.get(), "", 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == EPIPE) {
    ThawFrozen(watch.kernel, watch.targets);
  }
  ThawTried(watch.kernel, watch.targets);
}

// Until the main process has ended and nothing is frozen. It does not end before, whatever
// happens: a FIFREEZE that has begun cannot be taken back, only followed by FITHAW.
int RunTwin(Watch& watch) {
  for (int tries = 0; tries < kLastTries; tries += watch.is_alone ? 1 : 0) {
    if (MustThaw(watch) && MayBeFrozen(watch.targets)) Thaw(watch);
    if (watch.is_alone && !MayBeFrozen(watch.targets)) return 0;
    Wait(watch);
  }
  return 1;
}

// The twin's life, from its fork on.
[[noreturn]] void BecomeTwin(Watch& watch, List& list) {
  prctl(PR_SET_NAME, "freezer-twin");
  if (watch.kernel.LockMemory() != 0 || !StartHelper(watch)) _exit(1);
  SayReady(watch.main);
  const int status = RunTwin(watch);
  if (status == 0) list.Clear();
  _exit(status);
}

bool IsReadable(int fd, short events) {
  pollfd item = {fd, events, 0};
  return poll(&item, 1, 0) > 0 && item.revents != 0;
}

}  // namespace

UniqueFd BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGCHLD, SIG_IGN);
  return UniqueFd(signalfd(-1, &set, SFD_CLOEXEC));
}

Twin::Twin(Kernel* kernel, List* list, int connection, int signals, Releaser* releaser)
    : kernel_(kernel),
      list_(list),
      connection_(connection),
      signals_(signals),
      releaser_(releaser) {}

int Twin::Start(const Targets& targets) {
  UniqueFd end;
  const pid_t process = ForkPair(end);
  if (process < 0) return -process;
  if (process == 0) {
    // Otherwise the caller would not see the main process's end.
    close(connection_);
    if (releaser_ != nullptr) releaser_->Leave();
    static Targets own;
    own = targets;
    Watch watch{*kernel_, own, end, signals_, UniqueFd()};
    BecomeTwin(watch, *list_);
  }
  if (const int error = AwaitReady(end, kReadyMs); error != 0) return error;
  pair_ = std::move(end);
  page_ = targets.page;
  if (releaser_ != nullptr) releaser_->Begin();
  return 0;
}

void Twin::Wake() {
  if (pair_.ok()) (void)!send(pair_.get(), "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
}

bool Twin::HasEnded() {
  if (!pair_.ok() || !IsReadable(pair_.get(), POLLRDHUP)) return false;
  pair_.reset();
  return true;
}

int Twin::Interruption() {
  // The caller's end of the connection, and a signal.
  if (IsReadable(connection_, POLLRDHUP) || IsReadable(signals_, POLLIN)) return ECANCELED;
  if (page_ == nullptr) return 0;
  if (page_->stop.load() != 0) return ECANCELED;
  return !pair_.ok() || HasEnded() ? ECHILD : 0;
}

}  // namespace toolboxd::freezer
