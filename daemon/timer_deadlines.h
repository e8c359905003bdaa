// SPDX-License-Identifier: Apache-2.0

// TimerDeadlines: keeps the deadlines of gRPC's timers beside gRPC's own list, which does not show
// the earliest one.

#ifndef TOOLBOXD_DAEMON_TIMER_DEADLINES_H_
#define TOOLBOXD_DAEMON_TIMER_DEADLINES_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace toolboxd {

// Times are in milliseconds of gRPC's Timestamp. Timers are addresses, which are never followed.
// Thread-safe.
class TimerDeadlines {
 public:
  static constexpr int64_t kNever = std::numeric_limits<int64_t>::max();

  struct Added {
    // Identifies this use of the timer, for Settle().
    uint64_t number;
    // Whether a thread that sleeps has to look again.
    bool look_again;
  };

  // Call it before gRPC gets the timer.
  Added Add(const void* timer, int64_t deadline);
  // Records that gRPC's list has the timer of Add(): a check that begins later fires it in time.
  // Does nothing if it has fired meanwhile.
  void Settle(const void* timer, uint64_t number);
  void Remove(const void* timer);

  // Call it when a check of gRPC's list begins; the result is for the check's NextCheck().
  uint64_t BeginCheck();
  // When to look again after a check that began at `now`. `proposed` is gRPC's own answer: whatever
  // was in its list and has not fired is due then, or a millisecond before at most.
  int64_t NextCheck(uint64_t check, int64_t now, int64_t proposed);

  size_t size();

 private:
  struct Entry {
    int64_t deadline;
    uint64_t number;
    // When it was settled, in steps; 0: not yet.
    uint64_t settled = 0;
  };

  void Forget(const void* timer);

  std::mutex mutex_;  // Guards all below.
  std::unordered_map<const void*, Entry> by_timer_;
  std::set<std::pair<int64_t, const void*>> by_time_;
  // Timers that were added and settled.
  uint64_t steps_ = 0;
  // When a thread looks at the timers at the latest.
  int64_t wakes_at_ = kNever;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_TIMER_DEADLINES_H_
