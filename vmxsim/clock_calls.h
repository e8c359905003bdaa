// SPDX-License-Identifier: Apache-2.0

// What a guest's calls that set or adjust the clock return.

#ifndef TOOLBOXD_VMXSIM_CLOCK_CALLS_H_
#define TOOLBOXD_VMXSIM_CLOCK_CALLS_H_

#include <linux/seccomp.h>

#include "vmxsim/guest_thread.h"
#include "vmxsim/model.h"

namespace toolboxd::vmxsim {

// Plays settimeofday, clock_settime, adjtimex or clock_adjtime on the guest clock of `vmx`, for
// callers that have CAP_SYS_TIME. The answer never has the kernel run the call.
CallAnswer PlayClockCall(Vmx& vmx, const seccomp_notif& question);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CLOCK_CALLS_H_
