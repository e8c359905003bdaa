// SPDX-License-Identifier: Apache-2.0

#include "clockd/discipline.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/numeric/int128.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/log.h"
#include "base/status.h"
#include "base/unique_fd.h"
#include "clockd/limits.h"

namespace toolboxd::clockd {
namespace {

constexpr int64_t kMicrosPerSecond = 1000000;

absl::string_view ReasonText(v1::StepReason reason) {
  switch (reason) {
    case v1::HOST_REQUEST:
      return "as the host asked";
    case v1::TOOLS_STARTUP:
      return "as the host asks once after a boot";
    case v1::PERIODIC_ENABLED:
      return "since periodic synchronization was switched on";
    case v1::PERIODIC:
      return "by periodic synchronization";
    default:
      return "for a reason that is not known";
  }
}

// "forward by 5.000000 s".
std::string StepText(int64_t delta) {
  const int64_t size = std::abs(delta);
  return absl::StrFormat("%s by %d.%06d s", delta > 0 ? "forward" : "back", size / kMicrosPerSecond,
                         size % kMicrosPerSecond);
}

timex OwnRate() {
  timex timex = {};
  timex.modes = ADJ_TICK | ADJ_FREQUENCY | ADJ_STATUS;
  timex.tick = kNominalTick;
  timex.status = STA_UNSYNC;
  return timex;
}

absl::Status Anothers() {
  return absl::FailedPreconditionError("another service disciplines the clock");
}

}  // namespace

absl::Status Discipline::Adjust(timex& timex, absl::string_view what) {
  const int error = kernel_.Adjust(timex);
  if (error == 0) return absl::OkStatus();
  return ErrnoError(error, absl::StrCat("the kernel refuses to ", what));
}

absl::StatusOr<timex> Discipline::Read() {
  timex timex = {};
  const absl::Status status = Adjust(timex, "show the state of the clock");
  if (!status.ok()) return status;
  return timex;
}

bool Discipline::IsAnothers(const timex& timex) const {
  const bool synchronized = (timex.status & STA_UNSYNC) == 0;
  switch (rate_) {
    case Rate::kNone:
      return synchronized;
    case Rate::kTick:
      return synchronized || timex.tick != tick_;
    case Rate::kPhaseLock:
      // With the loop on the kernel counts the clock as synchronized.
      return timex.tick != tick_;
  }
  return true;
}

absl::Status Discipline::CheckStep(const v1::StepRequest& request, absl::Time now) {
  const int64_t delta = request.delta_us();
  if (delta == 0) return MakeError(v1::INVALID_ARGUMENT, "a step of nothing");
  if (delta < -kMaxStep || delta > kMaxStep) {
    return absl::OutOfRangeError("the host's time is more than ten years from this clock's");
  }
  if (delta < 0 && !request.allow_backward()) {
    return MakeError(v1::INVALID_ARGUMENT, "the clock may not be set back");
  }
  const WallClock clock = kernel_.Read();
  const int64_t target = clock.realtime + delta;
  if (target < kEarliest || target >= kLatest) {
    return absl::OutOfRangeError("the new time would not be between 2020 and 2099");
  }
  // Whatever the caller says, without an overflow.
  const absl::int128 moved = absl::int128(clock.epoch) - request.epoch_us();
  if (moved > kEpochTolerance || moved < -kEpochTolerance) {
    return absl::AbortedError("the clock was set since it was compared");
  }
  const absl::int128 age = absl::int128(clock.realtime - clock.epoch) - request.uptime_us();
  if (age > kMaxAge || age < -kMaxAge) {
    return absl::AbortedError("the clock was compared too long ago");
  }
  while (!steps_.empty() && now - steps_.front() >= kStepWindow) steps_.pop_front();
  if (steps_.size() >= kMaxSteps) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the clock was stepped ", kMaxSteps, " times within a minute"));
  }
  return absl::OkStatus();
}

absl::Status Discipline::Step(const v1::StepRequest& request, absl::Time now) {
  absl::Status status = CheckStep(request, now);
  if (!status.ok()) return status;
  const absl::StatusOr<timex> before = Read();
  if (!before.ok()) return before.status();
  const bool anothers = IsAnothers(*before);
  if (anothers && request.unless_disciplined()) return Anothers();

  const bool own_rate = rate_ != Rate::kNone && !anothers;
  timex step = own_rate ? OwnRate() : timex{};
  step.modes |= ADJ_SETOFFSET;
  int64_t seconds = request.delta_us() / kMicrosPerSecond;
  int64_t micros = request.delta_us() % kMicrosPerSecond;
  if (micros < 0) {
    --seconds;
    micros += kMicrosPerSecond;
  }
  step.time.tv_sec = seconds;
  step.time.tv_usec = micros;
  status = Adjust(step, absl::StrCat("set the clock ", StepText(request.delta_us())));
  if (!status.ok()) return status;
  steps_.push_back(now);
  if (own_rate) tick_ = kNominalTick;
  if (own_rate) rate_ = Rate::kTick;
  LogNotice("the clock was set ", StepText(request.delta_us()), ", ", ReasonText(request.reason()));
  return absl::OkStatus();
}

absl::Status Discipline::SetRate(const v1::SlewRequest& request) {
  timex timex = {};
  Rate rate = Rate::kTick;
  int64_t tick = kNominalTick;
  if (request.has_phase_lock()) {
    const v1::SlewRequest::PhaseLock& lock = request.phase_lock();
    if (std::abs(int64_t{lock.offset_us()}) > kMaxOffset ||
        std::abs(int64_t{lock.frequency()}) >= kMaxFrequency) {
      return MakeError(v1::INVALID_ARGUMENT, "a loop that the kernel does not have");
    }
    rate = Rate::kPhaseLock;
    // In microseconds whatever another service has left; the largest and the estimated error are 0.
    timex.modes = ADJ_MICRO | ADJ_OFFSET | ADJ_MAXERROR | ADJ_ESTERROR | ADJ_TIMECONST;
    timex.offset = lock.offset_us();
    if (lock.has_frequency()) timex.modes |= ADJ_FREQUENCY;
    timex.freq = lock.frequency();
    timex.status = STA_PLL;
  } else if (request.rate_case() == v1::SlewRequest::kTickUs) {
    tick = request.tick_us();
    timex.status = STA_UNSYNC;
  } else if (request.has_nominal()) {
    timex.status = STA_UNSYNC;
  } else {
    return MakeError(v1::INVALID_ARGUMENT, "a rate of no kind");
  }
  if (tick < kLeastTick || tick > kMostTick) {
    return MakeError(v1::INVALID_ARGUMENT, "a tick that the kernel does not have");
  }
  const absl::StatusOr<struct timex> before = Read();
  if (!before.ok()) return before.status();
  if (IsAnothers(*before)) return Anothers();
  // What a service that is gone has left.
  if (rate_ == Rate::kNone) timex.modes |= ADJ_FREQUENCY;
  timex.modes |= ADJ_TICK | ADJ_STATUS;
  timex.tick = tick;
  absl::Status status = Mark();
  if (status.ok()) status = Adjust(timex, "change the rate of the clock");
  if (!status.ok()) return status;
  rate_ = rate;
  tick_ = tick;
  return absl::OkStatus();
}

void Discipline::Restore() {
  if (rate_ == Rate::kNone) return;
  const absl::StatusOr<timex> before = Read();
  absl::Status status = before.status();
  if (status.ok() && !IsAnothers(*before)) {
    timex own = OwnRate();
    status = Adjust(own, "give the clock its own rate");
  }
  if (!status.ok()) {
    LogError("the clock keeps a corrected rate: ", status.message());
    return;
  }
  rate_ = Rate::kNone;
  if (!mark_.empty()) unlink(mark_.c_str());
}

absl::Status Discipline::Mark() {
  if (mark_.empty() || rate_ != Rate::kNone) return absl::OkStatus();
  const UniqueFd fd(open(mark_.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (fd.ok()) return absl::OkStatus();
  return ErrnoError(errno, absl::StrCat("cannot create ", mark_));
}

void Discipline::Recover() {
  struct stat info;
  if (mark_.empty() || lstat(mark_.c_str(), &info) != 0) return;
  const absl::StatusOr<timex> now = Read();
  if (!now.ok()) return;
  // Whatever rate there is may be the one that was left; another service soon sets its own again.
  rate_ = Rate::kPhaseLock;
  tick_ = now->tick;
  Restore();
  LogWarning("the clock has its own rate again, which a clockd before this one has not restored");
}

absl::StatusOr<v1::ClockStatus> Discipline::Status() {
  const absl::StatusOr<timex> now = Read();
  if (!now.ok()) return now.status();
  v1::ClockStatus status;
  if (IsAnothers(*now)) {
    status.set_discipline(v1::ClockStatus::BY_ANOTHER_SERVICE);
  } else {
    status.set_discipline(rate_ == Rate::kNone ? v1::ClockStatus::NOT_DISCIPLINED
                                               : v1::ClockStatus::BY_TOOLBOXD);
  }
  status.set_tick_us(static_cast<uint32_t>(now->tick));
  status.set_frequency(static_cast<int32_t>(now->freq));
  status.set_max_error_us(now->maxerror);
  return status;
}

}  // namespace toolboxd::clockd
