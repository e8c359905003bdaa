// SPDX-License-Identifier: Apache-2.0

// KernelClock: the system calls of clockd, and all of them.

#ifndef TOOLBOXD_CLOCKD_KERNEL_CLOCK_H_
#define TOOLBOXD_CLOCKD_KERNEL_CLOCK_H_

#include <sys/timex.h>

#include "base/wall_clock.h"

namespace toolboxd::clockd {

// The kernel's wall clock and its rate, or a test's.
class KernelClock {
 public:
  virtual ~KernelClock() = default;

  // clock_adjtime(2) of CLOCK_REALTIME, which steps (ADJ_SETOFFSET), sets the rate, and reads.
  // Fills in `timex`. Returns 0, or the errno.
  virtual int Adjust(timex& timex) = 0;

  virtual WallClock Read() = 0;
};

// This machine's: no test may use its Adjust with any mode. Stateless.
class SystemClock final : public KernelClock {
 public:
  int Adjust(timex& timex) override;
  WallClock Read() override;
};

}  // namespace toolboxd::clockd

#endif  // TOOLBOXD_CLOCKD_KERNEL_CLOCK_H_
