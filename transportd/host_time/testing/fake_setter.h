// SPDX-License-Identifier: Apache-2.0

// FakeSetter: keeps what it is asked for, and sets no clock but FakeClocks' guest.

#ifndef TOOLBOXD_TRANSPORTD_HOST_TIME_TESTING_FAKE_SETTER_H_
#define TOOLBOXD_TRANSPORTD_HOST_TIME_TESTING_FAKE_SETTER_H_

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "transportd/host_time/clock_setter.h"
#include "transportd/host_time/testing/fake_clocks.h"

namespace toolboxd::host_time {

class FakeSetter final : public ClockSetter {
 public:
  // `clocks` must outlive it.
  explicit FakeSetter(FakeClocks* clocks) : clocks_(*clocks) {}

  // What the next steps return.
  absl::Status step_status;

  std::vector<v1::StepRequest> steps;
  std::vector<v1::SlewRequest> rates;
  int slew_ends = 0;

  absl::Status Step(const v1::StepRequest& request) override {
    steps.push_back(request);
    if (step_status.ok()) clocks_.guest_error += request.delta_us();
    return step_status;
  }
  void Slew(const v1::SlewRequest& rate, OnSlewEnd on_end) override {
    rates.push_back(rate);
    on_end_ = std::move(on_end);
  }
  void EndSlew() override {
    ++slew_ends;
    on_end_ = nullptr;
  }

  // Ends the rate that was set, as clockd does.
  void EndBy(const absl::Status& why) { std::exchange(on_end_, nullptr)(why); }

 private:
  FakeClocks& clocks_;
  OnSlewEnd on_end_;
};

}  // namespace toolboxd::host_time

#endif  // TOOLBOXD_TRANSPORTD_HOST_TIME_TESTING_FAKE_SETTER_H_
