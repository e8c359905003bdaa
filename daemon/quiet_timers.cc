// SPDX-License-Identifier: Apache-2.0

#include "daemon/quiet_timers.h"

#include <cstddef>
#include <cstdint>

#include "daemon/timer_deadlines.h"
#include "grpc/support/time.h"
#include "third_party/grpc/replaced.h"

// Declarations from gRPC 1.51's own headers (src/core/lib/gprpp/time.h and
// src/core/lib/iomgr/timer.h), which are not installed.
struct grpc_timer;
struct grpc_closure;
namespace grpc_core {
class Timestamp {
 public:
  static Timestamp FromTimespecRoundDown(gpr_timespec time);
  int64_t milliseconds;
};
}  // namespace grpc_core
enum grpc_timer_check_result : int;
struct grpc_timer_vtable {
  void (*init)(grpc_timer* timer, grpc_core::Timestamp deadline, grpc_closure* closure);
  void (*cancel)(grpc_timer* timer);
  grpc_timer_check_result (*check)(grpc_core::Timestamp* next);
  void (*list_init)();
  void (*list_shutdown)();
  void (*consume_kick)();
};
extern grpc_timer_vtable grpc_generic_timer_vtable;
void grpc_kick_poller();

namespace toolboxd {
namespace {

#if TOOLBOXD_REPLACES_PARTS_OF_GRPC

// The first value of grpc_timer_check_result.
constexpr auto kNotChecked = static_cast<grpc_timer_check_result>(0);

int64_t NowMs() {
  return grpc_core::Timestamp::FromTimespecRoundDown(gpr_now(GPR_CLOCK_MONOTONIC)).milliseconds;
}

// Never destroyed: gRPC's threads may outlive main().
TimerDeadlines& TheDeadlines() {
  static TimerDeadlines& deadlines = *new TimerDeadlines;
  return deadlines;
}

// gRPC's own.
grpc_timer_vtable generic;

void InitTimer(grpc_timer* timer, grpc_core::Timestamp deadline, grpc_closure* closure) {
  // Known before it can fire, and looked for after gRPC has it.
  const TimerDeadlines::Added added = TheDeadlines().Add(timer, deadline.milliseconds);
  generic.init(timer, deadline, closure);
  TheDeadlines().Settle(timer, added.number);
  if (added.look_again) grpc_kick_poller();
}

void CancelTimer(grpc_timer* timer) {
  TheDeadlines().Remove(timer);
  generic.cancel(timer);
}

grpc_timer_check_result CheckTimers(grpc_core::Timestamp* next) {
  const uint64_t check = TheDeadlines().BeginCheck();
  const int64_t now = NowMs();
  // Otherwise a thread may go by the time that it saw last, and miss an earlier timer whose kick
  // another thread has consumed: gRPC makes up for that within its second.
  generic.consume_kick();
  const grpc_timer_check_result result = generic.check(next);
  // Where another thread is checking, that one finds out.
  if (result != kNotChecked && next != nullptr) {
    next->milliseconds = TheDeadlines().NextCheck(check, now, next->milliseconds);
  }
  return result;
}

#endif

}  // namespace

#if TOOLBOXD_REPLACES_PARTS_OF_GRPC

void InstallQuietTimers() {
  if (generic.init != nullptr) return;
  generic = grpc_generic_timer_vtable;
  grpc_generic_timer_vtable.init = InitTimer;
  grpc_generic_timer_vtable.cancel = CancelTimer;
  grpc_generic_timer_vtable.check = CheckTimers;
}

size_t PendingGrpcTimers() { return TheDeadlines().size(); }

#else

void InstallQuietTimers() {}
size_t PendingGrpcTimers() { return 0; }

#endif

}  // namespace toolboxd
