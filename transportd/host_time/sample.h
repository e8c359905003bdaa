// SPDX-License-Identifier: Apache-2.0

// How far the clock is from the host's (docs/protocol/time.md 10.3, 10.4).

#ifndef TOOLBOXD_TRANSPORTD_HOST_TIME_SAMPLE_H_
#define TOOLBOXD_TRANSPORTD_HOST_TIME_SAMPLE_H_

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "base/wall_clock.h"
#include "transportd/backdoor/port.h"

namespace toolboxd::host_time {

// All times in microseconds.
struct ClockSample {
  // Since 1970: the host's clock, and this machine's at the same moment.
  int64_t host = 0;
  WallClock guest;
  // What the hypervisor is about to make up by itself, because it owes the guest timer interrupts;
  // 0 if the host does not say.
  int64_t interrupt_lag = 0;
  bool lag_known = false;
  // The error that the host tolerates.
  int64_t max_lag = 0;
  // Between the host's readings before and after the guest's.
  int64_t window = 0;

  // What the clock must gain to show the host's time.
  int64_t Behind() const { return host - guest.realtime; }
  // The same without what the hypervisor makes up by itself.
  int64_t Adjustment() const { return Behind() - interrupt_lag; }
  // The time of a clock that is never set.
  int64_t Uptime() const { return guest.realtime - guest.epoch; }
};

// Reads the host's clock, the guest's and the host's again, up to four times, and takes the reading
// whose two host times are closest to each other; two milliseconds are close enough at once. All of
// it is one function, so that no call to another process is in the measured time. `read` is
// ReadWallClock unless in tests.
//
// Unavailable if the host does not answer, or with a time that cannot be, and if the guest was
// never left alone for a second.
absl::StatusOr<ClockSample> TakeSample(backdoor::Port& port,
                                       const std::function<WallClock()>& read = ReadWallClock);

// Has the host forget the timer interrupts that it owes, since the clock was stepped over them.
void StopCatchUp(backdoor::Port& port);

}  // namespace toolboxd::host_time

#endif  // TOOLBOXD_TRANSPORTD_HOST_TIME_SAMPLE_H_
