// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/grpc/scheduler.h"

#include <cxxabi.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <list>
#include <map>
#include <utility>
#include <vector>

#include "absl/base/config.h"
#include "absl/base/internal/thread_identity.h"
#include "absl/synchronization/internal/create_thread_identity.h"
#include "absl/synchronization/internal/kernel_timeout.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace toolboxd::simulation {
namespace {

constexpr size_t kStack = 256 << 10;
// 2026-11-29.
constexpr int64_t kWallStart = 1796000000 * kSecond;
// What a call of poll(2) costs.
constexpr int64_t kPollCost = 2 * kMicrosecond;
// And what a look at the clock does.
constexpr int64_t kLookCost = 30;

// libstdc++'s record of exceptions that are being handled, one for each thread.
struct Exceptions {
  void* caught;
  unsigned int uncaught;
};

}  // namespace

struct Scheduler::Fiber {
  uint64_t number = 0;
  Side side = Side::kWorld;
  std::function<void()> body;
  ucontext_t context = {};
  void* stack = nullptr;
  absl::base_internal::ThreadIdentity* identity = nullptr;
  int saved_errno = 0;
  Exceptions exceptions = {nullptr, 0};

  bool ended = false;
  bool detached = false;
  bool polls = false;
  // While it waits.
  const std::function<bool()>* ready = nullptr;
  int64_t deadline = 0;
};

struct Scheduler::State {
  std::list<std::unique_ptr<Fiber>> fibers;
  std::vector<void*> stacks;
  std::multimap<int64_t, std::function<void()>> actions;
  Random random{0};
  uint64_t next_number = 1;
  std::function<void()> on_deadlock;
  ucontext_t outside = {};
  bool over = false;
};

uint64_t Random::Next() {
  uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

Scheduler::Scheduler() : state_(std::make_unique<State>()) {}

Scheduler& Scheduler::Get() {
  static Scheduler& scheduler = *new Scheduler;
  return scheduler;
}

void Scheduler::set_on_deadlock(std::function<void()> on_deadlock) {
  state_->on_deadlock = std::move(on_deadlock);
}

size_t Scheduler::product_fibers() const {
  return std::count_if(state_->fibers.begin(), state_->fibers.end(), [](const auto& fiber) {
    return fiber->side == Side::kProduct && !fiber->ended;
  });
}

bool Scheduler::polls(uint64_t number) const {
  return std::any_of(state_->fibers.begin(), state_->fibers.end(), [number](const auto& fiber) {
    return fiber->number == number && fiber->polls;
  });
}

void Scheduler::Run(uint64_t seed, std::function<void()> main) {
  *state_ = State();
  state_->random = Random(seed);
  now_ = kStart;
  wall_offset_ = kWallStart;
  switches_ = 0;
  Spawn(Side::kWorld, [this, &main] {
    main();
    state_->over = true;
  });
  Fiber* first = state_->fibers.front().get();
  current_ = first;
  swapcontext(&state_->outside, &first->context);
  current_ = nullptr;
}

void Scheduler::Clear() {
  descriptor_ready_ = nullptr;
  no_threads_ = false;
  // The next process would have to copy what is known of their pages.
  for (const auto& fiber : state_->fibers) munmap(fiber->stack, kStack);
  for (void* const stack : state_->stacks) munmap(stack, kStack);
  *state_ = State();
}

uint64_t Scheduler::Spawn(Side side, std::function<void()> body) {
  auto fiber = std::make_unique<Fiber>();
  fiber->number = state_->next_number++;
  fiber->side = side;
  fiber->detached = side == Side::kWorld;
  fiber->body = std::move(body);
  if (state_->stacks.empty()) {
    fiber->stack = mmap(nullptr, kStack, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    // Its end must not be overrun without notice.
    mprotect(fiber->stack, 4096, PROT_NONE);
  } else {
    fiber->stack = state_->stacks.back();
    state_->stacks.pop_back();
  }
  getcontext(&fiber->context);
  fiber->context.uc_stack.ss_sp = fiber->stack;
  fiber->context.uc_stack.ss_size = kStack;
  fiber->context.uc_link = nullptr;
  makecontext(&fiber->context, &Scheduler::Enter, 0);
  const uint64_t number = fiber->number;
  state_->fibers.push_back(std::move(fiber));
  return number;
}

void Scheduler::Enter() {
  Scheduler& scheduler = Get();
  Fiber* self = scheduler.current_;
  self->body();
  self->body = nullptr;
  self->ended = true;
  if (scheduler.state_->over) {
    setcontext(&scheduler.state_->outside);
  }
  scheduler.SwitchTo(scheduler.Pick());
  abort();
}

void Scheduler::At(int64_t time, std::function<void()> action) {
  state_->actions.emplace(std::max(time, now_), std::move(action));
}

void Scheduler::RunActions() {
  while (!state_->actions.empty() && state_->actions.begin()->first <= now_) {
    auto action = std::move(state_->actions.begin()->second);
    state_->actions.erase(state_->actions.begin());
    action();
  }
}

Scheduler::Fiber* Scheduler::Pick() {
  for (;;) {
    RunActions();
    Fiber* ready[64];
    size_t count = 0;
    int64_t next = state_->actions.empty() ? kNever : state_->actions.begin()->first;
    for (auto entry = state_->fibers.begin(); entry != state_->fibers.end();) {
      Fiber* fiber = entry->get();
      if (fiber->ended) {
        // Its stack may be the one in use.
        if (fiber != current_ && fiber->detached) {
          state_->stacks.push_back(fiber->stack);
          entry = state_->fibers.erase(entry);
          continue;
        }
      } else if (fiber->deadline <= now_ || (fiber->ready != nullptr && (*fiber->ready)())) {
        if (count < 64) ready[count++] = fiber;
      } else {
        next = std::min(next, fiber->deadline);
      }
      ++entry;
    }
    if (count > 0) return ready[count == 1 ? 0 : state_->random.Below(count)];
    if (next == kNever) {
      if (state_->on_deadlock) state_->on_deadlock();
      fprintf(stderr, "simulation: every fiber waits forever\n");
      abort();
    }
    now_ = next;
  }
}

void Scheduler::SwitchTo(Fiber* fiber) {
  Fiber* self = current_;
  if (fiber == self) return;
  ++switches_;
  self->saved_errno = errno;
  auto* exceptions = reinterpret_cast<Exceptions*>(abi::__cxa_get_globals());
  self->exceptions = *exceptions;
  *exceptions = fiber->exceptions;
  current_ = fiber;
  swapcontext(&self->context, &fiber->context);
  errno = self->saved_errno;
}

// Whether nothing else can happen before `time`: then no other fiber needs to be asked.
bool Scheduler::NoOtherBefore(int64_t time) const {
  if (!state_->actions.empty() && state_->actions.begin()->first <= time) return false;
  for (const auto& fiber : state_->fibers) {
    if (fiber.get() == current_ || fiber->ended) continue;
    if (fiber->deadline <= time || (fiber->ready != nullptr && (*fiber->ready)())) return false;
  }
  return true;
}

bool Scheduler::Wait(const std::function<bool()>& ready, int64_t deadline) {
  Fiber* self = current_;
  if (ready()) return true;
  if (deadline != kNever && NoOtherBefore(deadline)) {
    now_ = std::max(now_, deadline);
    return ready();
  }
  self->ready = &ready;
  self->deadline = deadline;
  SwitchTo(Pick());
  self->ready = nullptr;
  self->deadline = 0;
  return ready();
}

void Scheduler::SleepUntil(int64_t time) {
  Wait([] { return false; }, time);
}

// --- What the product calls.

struct Interposed {
  static Scheduler::Fiber* Find(pthread_t thread) {
    for (const auto& fiber : Scheduler::Get().state_->fibers) {
      if (fiber->number == thread) return fiber.get();
    }
    return nullptr;
  }

  static void Detach(pthread_t thread) {
    if (Scheduler::Fiber* fiber = Find(thread)) fiber->detached = true;
  }

  static bool NoThreads() { return Scheduler::Get().no_threads_; }

  static void Join(pthread_t thread) {
    Scheduler::Fiber* fiber = Find(thread);
    if (fiber == nullptr) return;
    Scheduler::Get().Wait([fiber] { return fiber->ended; });
    fiber->detached = true;
  }

  static absl::base_internal::ThreadIdentity*& Identity() {
    static absl::base_internal::ThreadIdentity* outside = nullptr;
    Scheduler::Fiber* fiber = Scheduler::Get().current_;
    return fiber != nullptr ? fiber->identity : outside;
  }

  // The semaphore of a thread: how many wake-ups it has not taken.
  static int32_t& Count(absl::base_internal::ThreadIdentity* identity) {
    return *reinterpret_cast<int32_t*>(identity->waiter_state.data);
  }

  static bool SemWait(absl::synchronization_internal::KernelTimeout timeout) {
    Scheduler& scheduler = Scheduler::Get();
    int32_t& count = Count(absl::synchronization_internal::GetOrCreateCurrentThreadIdentity());
    int64_t deadline = kNever;
    if (timeout.has_timeout()) {
      const timespec until = timeout.MakeAbsTimespec();
      const int64_t wall =
          std::min<int64_t>(until.tv_sec, kNever / kSecond - 1) * kSecond + until.tv_nsec;
      // As base/steady_waits.cc.
      deadline = scheduler.now() + std::max<int64_t>(wall - scheduler.wall(), 0);
    }
    const bool woken = scheduler.Wait([&count] { return count > 0; }, deadline);
    if (woken) --count;
    return woken;
  }

  // Standard error is one of them during a run: who reads the log may take nothing.
  static bool IsSimulated(int fd) {
    return fd >= Scheduler::kFirstDescriptor ||
           (fd == STDERR_FILENO && Scheduler::Get().descriptor_ready_ != nullptr);
  }

  // The events of descriptors of both kinds, without waiting.
  static int Look(pollfd* items, nfds_t count) {
    static const timespec kNow = {0, 0};
    const Scheduler& scheduler = Scheduler::Get();
    constexpr nfds_t kMost = 16;
    pollfd real[kMost];
    int found = 0;
    if (count > kMost) abort();
    for (nfds_t i = 0; i < count; ++i) {
      real[i] = items[i];
      if (IsSimulated(items[i].fd)) real[i].fd = -1;
    }
    syscall(SYS_ppoll, real, count, &kNow, nullptr, static_cast<size_t>(8));
    for (nfds_t i = 0; i < count; ++i) {
      items[i].revents = IsSimulated(items[i].fd)
                             ? static_cast<short>(scheduler.descriptor_ready_(items[i].fd) &
                                                  (items[i].events | POLLHUP))
                             : real[i].revents;
      found += items[i].revents != 0 ? 1 : 0;
    }
    return found;
  }

  static int Poll(pollfd* items, nfds_t count, int64_t timeout) {
    const auto look = [items, count] { return Look(items, count); };
    Scheduler& scheduler = Scheduler::Get();
    if (!scheduler.running() || timeout == 0) return look();
    scheduler.Work(kPollCost);
    const int64_t deadline = timeout < 0 ? kNever : scheduler.now() + timeout;
    int result = 0;
    scheduler.current_->polls = true;
    scheduler.Wait([&] { return (result = look()) != 0; }, deadline);
    scheduler.current_->polls = false;
    return result;
  }
};

}  // namespace toolboxd::simulation

using toolboxd::simulation::Interposed;
using toolboxd::simulation::Scheduler;

extern "C" {

int pthread_create(pthread_t* thread, const pthread_attr_t* /*attributes*/, void* (*start)(void*),
                   void* argument) {
  if (Interposed::NoThreads()) return EAGAIN;
  *thread = Scheduler::Get().Spawn(toolboxd::simulation::Side::kProduct,
                                   [start, argument] { start(argument); });
  return 0;
}

int pthread_join(pthread_t thread, void** /*result*/) {
  Interposed::Join(thread);
  return 0;
}

int pthread_detach(pthread_t thread) {
  Interposed::Detach(thread);
  return 0;
}

int clock_gettime(clockid_t clock, timespec* time) {
  Scheduler& scheduler = Scheduler::Get();
  if (!scheduler.running()) return static_cast<int>(syscall(SYS_clock_gettime, clock, time));
  // Who waits by looking at the clock comes to an end.
  scheduler.Work(toolboxd::simulation::kLookCost);
  const int64_t now = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE ? scheduler.wall()
                                                                                : scheduler.now();
  time->tv_sec = now / toolboxd::simulation::kSecond;
  time->tv_nsec = now % toolboxd::simulation::kSecond;
  return 0;
}

// Abseil's, for the deadlines of timeouts.
int gettimeofday(timeval* time, void* /*zone*/) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / toolboxd::simulation::kMicrosecond;
  return 0;
}

int poll(pollfd* items, nfds_t count, int timeout) {
  return Interposed::Poll(items, count,
                          timeout < 0 ? -1 : timeout * toolboxd::simulation::kMillisecond);
}

int ppoll(pollfd* items, nfds_t count, const timespec* timeout, const sigset_t* /*mask*/) {
  return Interposed::Poll(
      items, count,
      timeout == nullptr ? -1
                         : std::max<int64_t>(1, timeout->tv_sec * toolboxd::simulation::kSecond +
                                                    timeout->tv_nsec));
}

// The same, as checked copies.
int __poll_chk(pollfd* items, nfds_t count, int timeout, size_t) {
  return poll(items, count, timeout);
}
int __ppoll_chk(pollfd* items, nfds_t count, const timespec* timeout, const sigset_t* mask,
                size_t) {
  return ppoll(items, count, timeout, mask);
}

// The pages of this process stay: it ends soon.
int madvise(void* /*address*/, size_t /*size*/, int /*advice*/) { return 0; }
int malloc_trim(size_t /*pad*/) { return 0; }

// Abseil's extension points.
void ABSL_INTERNAL_C_SYMBOL(AbslInternalPerThreadSemPost)(
    absl::base_internal::ThreadIdentity* identity) {
  ++Interposed::Count(identity);
}

bool ABSL_INTERNAL_C_SYMBOL(AbslInternalPerThreadSemWait)(
    absl::synchronization_internal::KernelTimeout timeout) {
  return Interposed::SemWait(timeout);
}

void ABSL_INTERNAL_C_SYMBOL(AbslInternalSleepFor)(absl::Duration duration) {
  Scheduler::Get().Sleep(std::max<int64_t>(1, absl::ToInt64Nanoseconds(duration)));
}

void ABSL_INTERNAL_C_SYMBOL(AbslInternalMutexYield)() {
  Scheduler::Get().Sleep(toolboxd::simulation::kMicrosecond);
}

}  // extern "C"

// In place of Abseil's own: the wall clock, which it would read by the processor's counter, and an
// identity for each fiber.
namespace absl {
ABSL_NAMESPACE_BEGIN

int64_t GetCurrentTimeNanos() {
  timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  return time.tv_sec * toolboxd::simulation::kSecond + time.tv_nsec;
}

Time Now() { return FromUnixNanos(GetCurrentTimeNanos()); }

namespace base_internal {

ThreadIdentity* CurrentThreadIdentityIfPresent() { return Interposed::Identity(); }

void SetCurrentThreadIdentity(ThreadIdentity* identity,
                              ThreadIdentityReclaimerFunction /*reclaimer*/) {
  Interposed::Identity() = identity;
}

void ClearCurrentThreadIdentity() { Interposed::Identity() = nullptr; }

}  // namespace base_internal
ABSL_NAMESPACE_END
}  // namespace absl
