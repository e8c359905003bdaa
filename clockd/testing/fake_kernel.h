// SPDX-License-Identifier: Apache-2.0

// FakeKernel: a clock that is not this machine's.

#ifndef TOOLBOXD_CLOCKD_TESTING_FAKE_KERNEL_H_
#define TOOLBOXD_CLOCKD_TESTING_FAKE_KERNEL_H_

#include <sys/timex.h>

#include <cstdint>
#include <vector>

#include "clockd/kernel_clock.h"

namespace toolboxd::clockd {

// Does what Linux does about the parts that clockd uses. Not thread-safe: look at it between calls.
class FakeKernel final : public KernelClock {
 public:
  // --- How it is.
  WallClock clock = {int64_t{1800000000} * 1000000, int64_t{1799000000} * 1000000};
  int status = STA_UNSYNC;
  int64_t tick = 10000;
  int64_t freq = 0;
  // The errno of every call with a mode; 0 for none.
  int refuses = 0;

  // --- What it was asked, without the calls that only read.
  std::vector<timex> calls;

  int Adjust(timex& timex) override {
    if (timex.modes != 0) {
      calls.push_back(timex);
      if (refuses != 0) return refuses;
      Change(timex);
    }
    timex.status = status;
    timex.tick = tick;
    timex.freq = freq;
    timex.maxerror = 16000000;
    return 0;
  }
  WallClock Read() override { return clock; }

 private:
  void Change(const timex& timex) {
    if (timex.modes & ADJ_SETOFFSET) {
      const int64_t delta = int64_t{timex.time.tv_sec} * 1000000 + timex.time.tv_usec;
      clock.realtime += delta;
      clock.epoch += delta;
      status |= STA_UNSYNC;
    }
    if (timex.modes & ADJ_STATUS) status = timex.status;
    if (timex.modes & ADJ_TICK) tick = timex.tick;
    if (timex.modes & ADJ_FREQUENCY) freq = timex.freq;
  }
};

}  // namespace toolboxd::clockd

#endif  // TOOLBOXD_CLOCKD_TESTING_FAKE_KERNEL_H_
