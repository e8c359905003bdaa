// SPDX-License-Identifier: Apache-2.0

// Vix_1_SyncDriver_Freeze and _Thaw: how old hosts quiesce a guest
// (docs/protocol/snapshot.md 8.11).

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_SYNC_DRIVER_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_SYNC_DRIVER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "transportd/routes/router.h"
#include "transportd/snapshot/quiescer.h"

namespace toolboxd {

// How long everything may stay frozen, from `"<drives>" "<timeout>"`: the timeout counts in units
// of 10 ms, and the drives do not matter. std::nullopt unless there are exactly two quoted strings,
// the second a decimal number of 32 bits. A final NUL is ignored.
std::optional<absl::Duration> ParseSyncDriverFreeze(absl::string_view arguments);

// The host waits for each reply: Freeze returns with frozen file systems or an error, and they thaw
// by themselves when the time is over. Scripts do not run. Not thread-safe: used on the channel's
// thread. Must outlive the router.
class SyncDriverRoutes {
 public:
  // The longest wait for a freeze or a thaw; `ping` waits too.
  static constexpr absl::Duration kPatience = absl::Seconds(5);
  // The longest time that counts.
  static constexpr absl::Duration kMaxHold = absl::Minutes(15);

  // Runs a task on the channel's thread, not before a time of the clock.
  using RunAt = std::function<void(absl::Time time, std::function<void()> task)>;

  SyncDriverRoutes(snapshot::Quiescer* quiescer, RunAt run_at,
                   std::function<absl::Time()> clock = SteadyNow)
      : quiescer_(*quiescer), run_at_(std::move(run_at)), clock_(std::move(clock)) {}
  void AddTo(Router& router);

  // The host has started again, or its channel broke: everything thaws.
  void OnHostLost();

 private:
  enum class State { kIdle, kFreezing, kFrozen, kThawing, kEnding };

  TcloReply Freeze(absl::string_view arguments);
  TcloReply Thaw();
  void OnUpdate(const v1::QuiesceUpdate& update);
  // Delivers updates until the state changes, at most for kPatience.
  void WaitWhile(State state);

  snapshot::Quiescer& quiescer_;
  const RunAt run_at_;
  const std::function<absl::Time()> clock_;
  State state_ = State::kIdle;
  bool thaw_failed_ = false;
  // Counts the freezes, so that the end of one's time does not thaw another.
  uint64_t freezes_ = 0;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_SYNC_DRIVER_H_
