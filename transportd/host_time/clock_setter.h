// SPDX-License-Identifier: Apache-2.0

// ClockSetter: sets the machine's clock.

#ifndef TOOLBOXD_TRANSPORTD_HOST_TIME_CLOCK_SETTER_H_
#define TOOLBOXD_TRANSPORTD_HOST_TIME_CLOCK_SETTER_H_

#include <functional>

#include "absl/status/status.h"
#include "toolboxd/v1/clock.pb.h"

namespace toolboxd::host_time {

// The calls of proto/toolboxd/v1/clock.proto. Not thread-safe: used on the channel's thread.
class ClockSetter {
 public:
  // Called once, on the channel's thread, when the rate ends without EndSlew().
  using OnSlewEnd = std::function<void(const absl::Status& why)>;

  virtual ~ClockSetter() = default;

  // Waits for the step, two seconds at most. After a wait in vain the next steps fail at once for a
  // while.
  virtual absl::Status Step(const v1::StepRequest& request) = 0;

  // Sets a rate and returns at once. It holds until the next one, EndSlew(), or `on_end`.
  virtual void Slew(const v1::SlewRequest& rate, OnSlewEnd on_end) = 0;

  // The clock gets its own rate back. Without effect if it has it.
  virtual void EndSlew() = 0;
};

}  // namespace toolboxd::host_time

#endif  // TOOLBOXD_TRANSPORTD_HOST_TIME_CLOCK_SETTER_H_
