// SPDX-License-Identifier: Apache-2.0

#include "transportd/host_time/time_sync.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/log.h"

namespace toolboxd::host_time {
namespace {

constexpr uint32_t kUsualPeriod = 60;
constexpr int kUsualPercent = 50;
constexpr absl::Duration kLongestWait = absl::Minutes(1);
// In seconds: a rate lasts for two periods and this reserve, unless the next comes.
constexpr uint64_t kRateReserve = 10;

std::optional<bool> ParseFlag(absl::string_view value) {
  if (value == "1") return true;
  if (value == "0") return false;
  return std::nullopt;
}

v1::StepRequest Request(v1::StepReason reason, Direction direction) {
  v1::StepRequest request;
  request.set_reason(reason);
  request.set_allow_backward(direction == Direction::kEither);
  return request;
}

}  // namespace

std::optional<int64_t> OneTimeStep(const ClockSample& sample, Direction direction) {
  const bool far_behind = sample.Adjustment() > sample.max_lag;
  const bool ahead = sample.Behind() < 0 && direction == Direction::kEither;
  if (!far_behind && !ahead) return std::nullopt;
  return sample.Behind();
}

TimeSync::TimeSync(Mode mode, TimeSyncParts parts) : mode_(mode), parts_(std::move(parts)) {}

absl::Status TimeSync::Synchronize(Direction direction, v1::StepReason reason) {
  if (mode_ == v1::TimeStatus::OFF) return absl::OkStatus();
  if (parts_.standstill()) {
    if (put_off_ != Direction::kEither) put_off_ = direction;
    return absl::OkStatus();
  }
  const absl::StatusOr<ClockSample> sample = parts_.sample();
  absl::Status status = sample.status();
  if (status.ok()) {
    const std::optional<int64_t> delta = OneTimeStep(*sample, direction);
    if (!delta.has_value()) return absl::OkStatus();
    status = Step(*sample, *delta, Request(reason, direction));
  }
  if (!status.ok()) Fail("the clock was not set to the host's time", status);
  return status;
}

absl::Status TimeSync::Step(const ClockSample& sample, int64_t delta, v1::StepRequest request) {
  request.set_delta_us(delta);
  request.set_epoch_us(sample.guest.epoch);
  request.set_uptime_us(sample.Uptime());
  const absl::Status status = parts_.setter->Step(request);
  if (!status.ok()) return status;
  parts_.stop_catch_up();
  // clockd has given the clock its own rate.
  slew_.Reset();
  ++steps_;
  last_step_.set_time_us(sample.host);
  last_step_.set_delta_us(delta);
  last_step_.set_reason(request.reason());
  return status;
}

void TimeSync::SetOption(absl::string_view name, absl::string_view value) {
  const std::optional<bool> flag = ParseFlag(value);
  if (name == "synctime") {
    if (flag.has_value()) SetSynchronize(*flag);
    return;
  }
  if (name == "synctime.period") return SetPeriod(value);
  if (!absl::ConsumePrefix(&name, "time.synchronize.tools.")) return;
  if (name == "slewCorrection") {
    slew_wanted_ = value != "0";
  } else if (name == "percentCorrection") {
    int percent = 0;
    if (!absl::SimpleAtoi(value, &percent)) return;
    percent_ = percent >= 1 && percent <= 100 ? percent : kUsualPercent;
  } else if (!flag.has_value()) {
    return;
  } else if (name == "enable") {
    step_first_ = *flag;
  } else if (name == "startup.backward") {
    startup_direction_ = *flag ? Direction::kEither : Direction::kForward;
  } else if (name == "startup" && *flag) {
    ToolsStartup();
  }
}

void TimeSync::SetSynchronize(bool on) {
  const std::optional<bool> before = std::exchange(synchronize_, on);
  if (before == on) return;
  if (!on) return StopLoop();
  if (mode_ == v1::TimeStatus::OFF) return;
  // At the start of the tools the host sends 1 first: then tools.startup decides.
  if (before.has_value() && step_first_) {
    Synchronize(Direction::kEither, v1::PERIODIC_ENABLED).IgnoreError();
  }
  if (mode_ == v1::TimeStatus::ONCE) {
    LogTextLimited(LogLevel::kNotice, "time synchronization",
                   "the host asks for periodic time synchronization, which --time_sync=once "
                   "does not permit");
    return;
  }
  StartLoop();
}

void TimeSync::SetPeriod(absl::string_view value) {
  uint32_t period = 0;
  if (!absl::SimpleAtoi(value, &period)) return;
  if (period == 0) period = kUsualPeriod;
  if (std::exchange(period_, period) == period || !running_) return;
  StopLoop();
  StartLoop();
}

void TimeSync::ToolsStartup() {
  if (mode_ == v1::TimeStatus::OFF || parts_.startup->done()) return;
  if (parts_.standstill()) {
    startup_put_off_ = true;
    return;
  }
  if (Synchronize(startup_direction_, v1::TOOLS_STARTUP).ok()) return parts_.startup->SetDone();
  if (startup_waits_ || startup_retries_ == 0) return;
  --startup_retries_;
  startup_waits_ = true;
  parts_.at(parts_.now() + kStartupRetry, [this] {
    startup_waits_ = false;
    ToolsStartup();
  });
}

void TimeSync::EndStandstill() {
  if (std::exchange(startup_put_off_, false)) ToolsStartup();
  if (!put_off_.has_value()) return;
  const Direction direction = *std::exchange(put_off_, std::nullopt);
  Synchronize(direction, v1::HOST_REQUEST).IgnoreError();
}

void TimeSync::StartLoop() {
  running_ = true;
  told_ = false;
  left_alone_ = false;
  left_alone_until_ = 0;
  RunPeriod();
  ScheduleNext();
}

void TimeSync::StopLoop() {
  running_ = false;
  left_alone_ = false;
  EndSlew();
}

void TimeSync::ScheduleNext() {
  next_period_ = parts_.now() + absl::Seconds(period_);
  Arm();
}

void TimeSync::Arm() {
  const absl::Time at = std::min(next_period_, parts_.now() + kLongestWait);
  if (tasks_.size() >= kMaxTasks || (!tasks_.empty() && *tasks_.begin() <= at)) return;
  tasks_.insert(at);
  parts_.at(at, [this, at] { OnTime(at); });
}

void TimeSync::OnTime(absl::Time at) {
  tasks_.erase(tasks_.find(at));
  if (!running_) return;
  if (parts_.now() < next_period_) return Arm();
  RunPeriod();
  ScheduleNext();
}

void TimeSync::RunPeriod() {
  // A rate that is in force goes on: nothing is started for that.
  if (parts_.standstill() && !slewing_) return;
  const absl::StatusOr<ClockSample> sample = parts_.sample();
  if (!sample.ok()) return Fail("the clock was not compared with the host's", sample.status());
  const bool slew = slew_wanted_ && sample->lag_known;
  if (!slew) EndSlew();
  if (sample->Uptime() < left_alone_until_) return;
  left_alone_ = false;
  if (sample->Adjustment() > sample->max_lag) {
    StepPeriodically(*sample);
  } else if (slew) {
    SlewBy(*sample);
  }
}

void TimeSync::StepPeriodically(const ClockSample& sample) {
  if (parts_.standstill()) return;
  v1::StepRequest request = Request(v1::PERIODIC, Direction::kForward);
  request.set_unless_disciplined(true);
  const absl::Status status = Step(sample, sample.Behind(), std::move(request));
  if (absl::IsFailedPrecondition(status)) return LeaveAlone(sample);
  if (!status.ok()) Fail("the clock was not set to the host's time", status);
}

void TimeSync::SlewBy(const ClockSample& sample) {
  const SlewSettings settings = {.period = int64_t{period_} * 1000000, .percent = percent_};
  v1::SlewRequest rate = slew_.Next(sample.Adjustment(), sample.Uptime(), settings);
  rate.set_lasts_seconds(static_cast<uint32_t>(std::min<uint64_t>(
      uint64_t{period_} * 2 + kRateReserve, std::numeric_limits<uint32_t>::max())));
  slewing_ = true;
  parts_.setter->Slew(rate, [this](const absl::Status& why) { OnSlewEnd(why); });
}

void TimeSync::OnSlewEnd(const absl::Status& why) {
  slew_.Reset();
  slewing_ = false;
  if (!running_) return;
  const absl::StatusOr<ClockSample> sample = parts_.sample();
  if (absl::IsFailedPrecondition(why) && sample.ok()) return LeaveAlone(*sample);
  Fail("the clock's rate was not corrected", why);
}

void TimeSync::EndSlew() {
  slew_.Reset();
  if (std::exchange(slewing_, false)) parts_.setter->EndSlew();
}

void TimeSync::LeaveAlone(const ClockSample& sample) {
  EndSlew();
  left_alone_ = true;
  left_alone_until_ = sample.Uptime() + absl::ToInt64Microseconds(kLeftAlone);
  if (std::exchange(told_, true)) return;
  LogTextLimited(LogLevel::kNotice, "time synchronization left alone",
                 "the host asks for periodic time synchronization, but another service disciplines "
                 "the clock and keeps it");
}

void TimeSync::Fail(absl::string_view what, const absl::Status& status) {
  last_failure_ = absl::StrCat(what, ": ", status.message());
  LogLimited("time synchronization", last_failure_);
}

v1::TimeStatus TimeSync::Status() {
  v1::TimeStatus status;
  status.set_mode(mode_);
  if (const absl::StatusOr<ClockSample> sample = parts_.sample(); sample.ok()) {
    v1::TimeComparison& now = *status.mutable_now();
    now.set_offset_us(-sample->Behind());
    now.set_interrupt_lag_us(sample->interrupt_lag);
    now.set_max_lag_us(sample->max_lag);
    now.set_window_us(sample->window);
  } else {
    status.set_fault(std::string(sample.status().message()));
  }
  v1::HostTimeOptions& options = *status.mutable_options();
  options.set_synchronize(synchronize_.value_or(false));
  options.set_period_seconds(period_);
  options.set_slew(slew_wanted_);
  options.set_percent(percent_);
  options.set_step_first(step_first_);
  status.set_periodic(running_);
  status.set_left_alone(left_alone_);
  status.set_steps(steps_);
  if (steps_ > 0) *status.mutable_last_step() = last_step_;
  status.set_last_failure(last_failure_);
  return status;
}

}  // namespace toolboxd::host_time
