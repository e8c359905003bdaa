// SPDX-License-Identifier: Apache-2.0

// Discipline: what is done to the clock, and whose it is.

#ifndef TOOLBOXD_CLOCKD_DISCIPLINE_H_
#define TOOLBOXD_CLOCKD_DISCIPLINE_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "clockd/kernel_clock.h"
#include "toolboxd/v1/clock.pb.h"

namespace toolboxd::clockd {

// The rules of proto/toolboxd/v1/clock.proto. The kernel knows of one rate and not of whose it is:
// another service's clock is one that the kernel takes for synchronized, or whose rate is not the
// one that this object has set. Not thread-safe.
class Discipline {
 public:
  // `kernel` must outlive this object. `mark`: a file, in a folder that does not outlive the boot,
  // which exists while the clock has a rate of this object; empty for none.
  Discipline(KernelClock* kernel, std::string mark) : kernel_(*kernel), mark_(std::move(mark)) {}

  // If a process before this one ended with a rate of its own: gives the clock its rate back.
  void Recover();

  // Every step is logged with its size. `now` is SteadyNow().
  absl::Status Step(const v1::StepRequest& request, absl::Time now);

  absl::Status SetRate(const v1::SlewRequest& request);
  // Gives the clock its own rate, unless another service has taken it.
  void Restore();

  absl::StatusOr<v1::ClockStatus> Status();

 private:
  enum class Rate { kNone, kTick, kPhaseLock };

  // All of it but the kernel's own refusal.
  absl::Status CheckStep(const v1::StepRequest& request, absl::Time now);
  // What the kernel has; errors say what failed.
  absl::StatusOr<timex> Read();
  absl::Status Adjust(timex& timex, absl::string_view what);
  bool IsAnothers(const timex& timex) const;
  absl::Status Mark();

  KernelClock& kernel_;
  const std::string mark_;
  Rate rate_ = Rate::kNone;
  int64_t tick_ = 0;
  // The times of the steps within the window.
  std::deque<absl::Time> steps_;
};

}  // namespace toolboxd::clockd

#endif  // TOOLBOXD_CLOCKD_DISCIPLINE_H_
