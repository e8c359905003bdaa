// SPDX-License-Identifier: Apache-2.0

// What is done about the clock, and when (docs/protocol/time.md 10.2, 10.4, 10.5).

#ifndef TOOLBOXD_TRANSPORTD_HOST_TIME_TIME_SYNC_H_
#define TOOLBOXD_TRANSPORTD_HOST_TIME_TIME_SYNC_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "toolboxd/v1/clock.pb.h"
#include "toolboxd/v1/transport.pb.h"
#include "transportd/host_time/clock_setter.h"
#include "transportd/host_time/once_per_boot.h"
#include "transportd/host_time/sample.h"
#include "transportd/host_time/slew.h"

namespace toolboxd::host_time {

enum class Direction { kForward, kEither };

// What a one-time correction adds to the clock, in microseconds; nothing if none is due.
std::optional<int64_t> OneTimeStep(const ClockSample& sample, Direction direction);

// What TimeSync works with; all of it must outlive it.
struct TimeSyncParts {
  std::function<absl::StatusOr<ClockSample>()> sample;
  std::function<void()> stop_catch_up;
  ClockSetter* setter = nullptr;
  OncePerBoot* startup = nullptr;
  // A clock that is never set, and a function that runs a task on the channel's thread at such a
  // time.
  std::function<absl::Time()> now;
  std::function<void(absl::Time time, std::function<void()> task)> at;
  // Whether file systems may be frozen: then nothing is done that could start a process.
  std::function<bool()> standstill;
};

// Not thread-safe: used on the channel's thread. Nothing wakes it unless the host asked for
// periodic synchronization, or the correction at the start failed. Each failure is also logged,
// limited.
class TimeSync {
 public:
  using Mode = v1::TimeStatus::Mode;

  // A clock that another service disciplines is not asked about again within this time.
  static constexpr absl::Duration kLeftAlone = absl::Minutes(15);
  // The host asks for the correction at the tools' start once. If that fails, as it may early in a
  // boot, it is tried again after this time, so often.
  static constexpr absl::Duration kStartupRetry = absl::Seconds(70);
  static constexpr int kStartupRetries = 5;
  // Tasks that wait, however often a host switches; each of them at most for a minute.
  static constexpr size_t kMaxTasks = 8;

  TimeSync(Mode mode, TimeSyncParts parts);

  // A one-time correction. OK if none was due, too, and if it is made later, after a standstill.
  absl::Status Synchronize(Direction direction, v1::StepReason reason);

  // An option of Set_Option. Others, and values that it cannot have, are without effect.
  void SetOption(absl::string_view name, absl::string_view value);

  // Makes up for what was put off.
  void EndStandstill();

  // All but the parts of `clock`, which clockd knows.
  v1::TimeStatus Status();

 private:
  void SetSynchronize(bool on);
  void SetPeriod(absl::string_view value);
  void ToolsStartup();

  void StartLoop();
  void StopLoop();
  void RunPeriod();
  void ScheduleNext();
  // Makes sure that a task is there in time, or within a minute.
  void Arm();
  void OnTime(absl::Time at);
  void StepPeriodically(const ClockSample& sample);
  void SlewBy(const ClockSample& sample);
  void OnSlewEnd(const absl::Status& why);
  void EndSlew();

  absl::Status Step(const ClockSample& sample, int64_t delta, v1::StepRequest request);
  // Keeps the failure for the status, and logs it.
  void Fail(absl::string_view what, const absl::Status& status);
  void LeaveAlone(const ClockSample& sample);

  const Mode mode_;
  const TimeSyncParts parts_;

  // --- what the host has set
  // Nothing before the first.
  std::optional<bool> synchronize_;
  uint32_t period_ = 60;
  bool slew_wanted_ = false;
  int percent_ = 50;
  bool step_first_ = false;
  Direction startup_direction_ = Direction::kForward;

  // --- periodic synchronization
  bool running_ = false;
  absl::Time next_period_;
  // When the waiting tasks are due.
  std::multiset<absl::Time> tasks_;
  Slew slew_;
  bool slewing_ = false;
  // In microseconds of ClockSample::Uptime().
  int64_t left_alone_until_ = 0;
  bool left_alone_ = false;
  bool told_ = false;

  // What a standstill put off.
  std::optional<Direction> put_off_;
  bool startup_put_off_ = false;

  int startup_retries_ = kStartupRetries;
  bool startup_waits_ = false;

  uint64_t steps_ = 0;
  v1::TimeStep last_step_;
  std::string last_failure_;
};

}  // namespace toolboxd::host_time

#endif  // TOOLBOXD_TRANSPORTD_HOST_TIME_TIME_SYNC_H_
