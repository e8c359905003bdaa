// SPDX-License-Identifier: Apache-2.0

// PollPolicy: how long to wait before the host is asked for its next command.

#ifndef TOOLBOXD_TRANSPORTD_RPC_POLL_POLICY_H_
#define TOOLBOXD_TRANSPORTD_RPC_POLL_POLICY_H_

#include "absl/time/time.h"

namespace toolboxd {

// What a command says about the commands that follow it.
enum class Pace {
  // Comes by itself every few seconds (`ping`): nothing follows, but one early poll is worth it.
  kHeartbeat,
  // Registration, options, power: others may follow soon.
  kOrdinary,
  // A step of a guest operation: the host's caller is waiting to send the next one.
  kGuestOperation,
};

// The host cannot push: a command waits until the guest polls. After every command the next
// poll follows at once, because it carries the reply. What follows an empty poll:
//
//   guest operation   none for 0.2 ms, 0.1 ms for 1 ms, 1 ms for 50 ms, then as an ordinary command
//   ordinary          10, 20, 40, 80 ms, then idle
//   heartbeat         10 ms, then idle
//   idle              104 ms: with a heartbeat every 5 s at most 10 polls a second in all
//
// Not thread-safe.
class PollPolicy {
 public:
  // After a guest operation: how long polling is continuous, how long it is close, and how long
  // the chain of operations may still continue.
  static constexpr absl::Duration kSpinTime = absl::Microseconds(200);
  static constexpr absl::Duration kEagerDelay = absl::Microseconds(100);
  static constexpr absl::Duration kEagerTime = absl::Milliseconds(1);
  static constexpr absl::Duration kBusyDelay = absl::Milliseconds(1);
  static constexpr absl::Duration kBusyTime = absl::Milliseconds(50);
  // The delays of the back-off, and the one that it ends with.
  static constexpr absl::Duration kFirstDelay = absl::Milliseconds(10);
  static constexpr absl::Duration kLastDelay = absl::Milliseconds(80);
  static constexpr absl::Duration kIdleDelay = absl::Milliseconds(104);

  // A poll at `now` brought a command of this pace.
  void OnCommand(Pace pace, absl::Time now);
  // The delay before the next poll, after one at `now` that brought nothing.
  absl::Duration AfterEmptyPoll(absl::Time now);

 private:
  // The next packet of a transfer comes at once: a thread that slept would be late for it.
  absl::Time spin_until_ = absl::InfinitePast();
  // A host that works through a chain sends its next request within this time.
  absl::Time eager_until_ = absl::InfinitePast();
  // The chain of guest operations is taken to be over at this time.
  absl::Time busy_until_ = absl::InfinitePast();
  // The next delay; doubled each time up to the idle delay.
  absl::Duration delay_ = kFirstDelay;
  bool double_ = true;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_POLL_POLICY_H_
