// SPDX-License-Identifier: Apache-2.0

#include "clockd/kernel_clock.h"

#include <errno.h>
#include <time.h>

namespace toolboxd::clockd {

int SystemClock::Adjust(timex& timex) {
  return clock_adjtime(CLOCK_REALTIME, &timex) < 0 ? errno : 0;
}

WallClock SystemClock::Read() { return ReadWallClock(); }

}  // namespace toolboxd::clockd
