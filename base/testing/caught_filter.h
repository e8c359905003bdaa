// SPDX-License-Identifier: Apache-2.0

// What a filter of seccomp decides, without a kernel: for processors whose programs an emulator
// runs, which takes no filters, and for calls of other processors. A test program that links this
// has a prctl(2) of its own, which installs no filter and keeps the last one.

#ifndef TOOLBOXD_BASE_TESTING_CAUGHT_FILTER_H_
#define TOOLBOXD_BASE_TESTING_CAUGHT_FILTER_H_

#include <linux/seccomp.h>

#include <cstdint>

namespace toolboxd {

// The verdict of the filter that PR_SET_SECCOMP installed last: SECCOMP_RET_… with its data.
// SECCOMP_RET_KILL_THREAD without one, or where the kernel would refuse it, or if it has
// instructions that our filters do not use.
uint32_t VerdictOfCaughtFilter(const seccomp_data& call);

// A call in this machine's own way; `argument` is that of `place`, the others are 0.
uint32_t VerdictOfCaughtFilter(long number, int place = 0, uint64_t argument = 0);

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_TESTING_CAUGHT_FILTER_H_
