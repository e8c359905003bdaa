// SPDX-License-Identifier: Apache-2.0

#include "transportd/host_time/slew.h"

#include <algorithm>
#include <cstdlib>

#include "absl/numeric/int128.h"

namespace toolboxd::host_time {
namespace {

constexpr int64_t kNominalTick = 10000;
constexpr int64_t kLeastTick = 9000;
constexpr int64_t kMostTick = 11000;
constexpr int64_t kTicksPerSecond = 100;
// 31 years: more than any rate corrects, and little enough to be counted with.
constexpr int64_t kMaxAdjustment = 1000000000000000;
constexpr int64_t kMicrosPerSecond = 1000000;
// The rate is measured from below the first limit on, and not any more above the second: an error
// of 500 ppm makes 30 ms in a minute.
constexpr int64_t kSmallError = 30000;
constexpr int64_t kLargeError = 60000;
constexpr int64_t kCalibrationTime = 15 * 60 * kMicrosPerSecond;
// The kernel's limits of its loop.
constexpr int64_t kMaxOffset = 500000;
constexpr int64_t kMaxPpm = 500;
constexpr int64_t kFrequencyUnit = 65536;

}  // namespace

v1::SlewRequest Slew::Next(int64_t adjustment, int64_t now, const SlewSettings& settings) {
  if (std::abs(adjustment) > kLargeError) state_ = State::kUncalibrated;
  if (state_ == State::kLocked) return Lock(adjustment, now);
  if (state_ == State::kCalibrating) {
    gained_ += Gained(now);
    if (now - calibrating_since_ > kCalibrationTime) {
      // By so much the clock would have fallen back without help.
      const int64_t lost = adjustment - first_adjustment_ + gained_;
      const auto frequency = static_cast<int64_t>(absl::int128(lost) * kMicrosPerSecond *
                                                  kFrequencyUnit / (now - calibrating_since_));
      if (std::abs(frequency) < kMaxPpm * kFrequencyUnit) {
        state_ = State::kLocked;
        v1::SlewRequest request = Lock(adjustment, now);
        request.mutable_phase_lock()->set_frequency(static_cast<int32_t>(frequency));
        return request;
      }
      state_ = State::kUncalibrated;
    }
  }
  v1::SlewRequest request = ByTick(adjustment, now, settings);
  if (state_ == State::kUncalibrated && std::abs(adjustment) < kSmallError) {
    state_ = State::kCalibrating;
    calibrating_since_ = now;
    first_adjustment_ = adjustment;
    gained_ = 0;
  }
  return request;
}

int64_t Slew::Gained(int64_t now) const {
  return (now - tick_since_) / tick_ * (tick_ - kNominalTick);
}

v1::SlewRequest Slew::ByTick(int64_t adjustment, int64_t now, const SlewSettings& settings) {
  const int64_t seconds = std::max<int64_t>(1, settings.period / kMicrosPerSecond);
  const int64_t wanted = settings.period + std::clamp(adjustment, -kMaxAdjustment, kMaxAdjustment) *
                                               settings.percent / 100;
  tick_ = std::clamp(wanted / (seconds * kTicksPerSecond), kLeastTick, kMostTick);
  tick_since_ = now;
  v1::SlewRequest request;
  request.set_tick_us(static_cast<uint32_t>(tick_));
  return request;
}

v1::SlewRequest Slew::Lock(int64_t adjustment, int64_t now) {
  tick_ = kNominalTick;
  tick_since_ = now;
  v1::SlewRequest request;
  request.mutable_phase_lock()->set_offset_us(
      static_cast<int32_t>(std::clamp(adjustment, -kMaxOffset, kMaxOffset)));
  return request;
}

}  // namespace toolboxd::host_time
