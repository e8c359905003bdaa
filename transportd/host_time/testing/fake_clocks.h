// SPDX-License-Identifier: Apache-2.0

// FakeClocks: a host's clock behind a Port, and the guest's, for tests. No clock of this machine is
// read or set.

#ifndef TOOLBOXD_TRANSPORTD_HOST_TIME_TESTING_FAKE_CLOCKS_H_
#define TOOLBOXD_TRANSPORTD_HOST_TIME_TESTING_FAKE_CLOCKS_H_

#include <cstdint>

#include "base/wall_clock.h"
#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/port.h"

namespace toolboxd::host_time {

// All times in microseconds. Not thread-safe.
class FakeClocks final : public backdoor::Port {
 public:
  // --- How they behave.
  int64_t host = int64_t{1800000000} * 1000000;
  // The guest's clock less the host's, and since when it counts as booted.
  int64_t guest_error = 0;
  int64_t epoch = host - int64_t{3600} * 1000000;
  // Registers as a host fills them: a lag may be anything.
  uint32_t max_lag = 1000000;
  uint32_t interrupt_lag = 0;
  // The newest command that the host knows: 55, 46 or 23; 0 if it knows none.
  uint16_t newest = backdoor::kCommandGetTimeFullWithLag;
  // Passes with every reading of the host's clock.
  int64_t pause = 10;

  // --- What they saw.
  int readings = 0;
  int stops = 0;

  void Pass(int64_t micros) { host += micros; }

  WallClock Guest() const { return {host + guest_error, epoch + guest_error}; }

  void In(backdoor::Registers& registers) override {
    const auto command = static_cast<uint16_t>(registers.cx);
    if (command == backdoor::kCommandStopCatchUp) {
      ++stops;
      return;
    }
    if (newest == 0 || command > newest) {
      registers.ax = 0xFFFFFFFF;
      return;
    }
    ++readings;
    host += pause;
    const uint64_t seconds = host / 1000000;
    registers.bx = host % 1000000;
    registers.cx = max_lag;
    registers.ax = backdoor::kMagic;
    if (command == backdoor::kCommandGetTime) {
      registers.ax = static_cast<uint32_t>(seconds);
      return;
    }
    registers.si = seconds >> 32;
    registers.dx = static_cast<uint32_t>(seconds);
    if (command == backdoor::kCommandGetTimeFullWithLag) registers.di = interrupt_lag;
  }
  void HighBandwidthOut(backdoor::Registers&) override {}
  void HighBandwidthIn(backdoor::Registers&) override {}
};

}  // namespace toolboxd::host_time

#endif  // TOOLBOXD_TRANSPORTD_HOST_TIME_TESTING_FAKE_CLOCKS_H_
