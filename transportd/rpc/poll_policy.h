// SPDX-License-Identifier: Apache-2.0

// PollPolicy: how long to wait before the host is asked for its next command.

#ifndef TOOLBOXD_TRANSPORTD_RPC_POLL_POLICY_H_
#define TOOLBOXD_TRANSPORTD_RPC_POLL_POLICY_H_

#include "absl/time/time.h"

namespace toolboxd {

// What a command says about the ones to come.
enum class Pace {
  // Comes by itself every few seconds (`ping`): nothing follows, but look once more.
  kHeartbeat,
  // Registration, options, power: others may follow soon.
  kOrdinary,
  // A step of a guest operation: the host's caller is waiting to send the next one.
  kGuestOperation,
};

// The host cannot push: a command waits until the guest polls. After every command the next
// poll follows at once, since it carries the reply. What follows an empty poll:
//
//   guest operation   none for 0.2 ms, 0.1 ms for 1 ms, 1 ms for 50 ms, then as an ordinary command
//   ordinary          10, 20, 40, 80 ms, then idle
//   heartbeat         10 ms, then idle
//   idle              104 ms: with a heartbeat every 5 s at most 10 polls a second in all
//
// Not thread-safe.
class PollPolicy {
 public:
  // The delay before the next poll, after one that brought a command.
  absl::Duration AfterCommand(Pace pace, absl::Time now);
  // The delay before the next poll, after one that brought nothing.
  absl::Duration AfterEmptyPoll(absl::Time now);

 private:
  // The next packet of a transfer comes at once: a thread that slept would be late for it.
  absl::Time spin_until_ = absl::InfinitePast();
  // A host that works through a chain sends its next request within this time.
  absl::Time eager_until_ = absl::InfinitePast();
  // The chain of guest operations is taken to be over at this time.
  absl::Time busy_until_ = absl::InfinitePast();
  // The next delay; doubled each time up to the idle delay.
  absl::Duration delay_ = absl::Milliseconds(10);
  bool double_ = true;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_POLL_POLICY_H_
