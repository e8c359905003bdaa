// SPDX-License-Identifier: Apache-2.0

// The host's clock and the guest's, neither of which is this machine's (docs/protocol/time.md).

#ifndef TOOLBOXD_VMXSIM_GUEST_CLOCK_H_
#define TOOLBOXD_VMXSIM_GUEST_CLOCK_H_

#include <sys/timex.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "vmxsim/registers.h"

namespace toolboxd::vmxsim {

// A guest reads this machine's clock, which no process sets. What it sets counts as set: by so much
// the host's clock, as the guest sees it, comes nearer. So all that is kept is the difference
// between both clocks, and the rates at which it changes.
//
// All times in microseconds; `now` is this machine's clock, since 1970. Not thread-safe.
class GuestClock {
 public:
  // The host's clock less the guest's.
  int64_t Difference(int64_t now);
  // What the guest sees when it asks the host.
  int64_t HostTime(int64_t now) { return now + Difference(now); }

  // --- the guest's system calls. The errno; 0 for success. ---
  // settimeofday, clock_settime.
  int SetTime(int64_t now, int64_t time);
  // adjtimex, clock_adjtime: as Linux fills it in.
  int Adjust(int64_t now, timex& timex);

  // --- the host ---
  // Answers commands 23, 46 and 55.
  void Answer(int64_t now, uint16_t command, Registers& registers);
  void StopCatchUp() { ++stop_catch_ups_; }

  // "difference" (the host's clock less the guest's), "max_lag", "interrupt_lag": microseconds;
  // "rate": of the host's clock less the guest's own, in parts per million; "newest": the newest
  // command that the host answers, or 0; "status": the guest's, as another service would set it.
  absl::Status Set(int64_t now, absl::string_view name, absl::string_view value);

  // Lines "NAME VALUE": all of the above, the guest's tick and frequency, its steps.
  std::string Text(int64_t now);
  const std::vector<int64_t>& steps() const { return steps_; }
  uint64_t stop_catch_ups() const { return stop_catch_ups_; }

 private:
  // Brings difference_ up to `now`.
  void Settle(int64_t now);
  void Step(int64_t delta);

  double difference_ = 0;
  int64_t settled_ = 0;
  double rate_ppm_ = 0;
  int64_t max_lag_ = 1000000;
  int64_t interrupt_lag_ = 0;
  uint16_t newest_ = kCommandGetTimeFullWithLag;

  // The guest's kernel: what the loop has not removed, and struct timex.
  double offset_ = 0;
  int64_t tick_ = 10000;
  int64_t frequency_ = 0;
  int64_t constant_ = 2;
  int status_ = STA_UNSYNC;
  int64_t max_error_ = 16000000;
  int64_t est_error_ = 16000000;

  std::vector<int64_t> steps_;
  uint64_t stop_catch_ups_ = 0;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_CLOCK_H_
