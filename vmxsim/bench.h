// SPDX-License-Identifier: Apache-2.0

// Measures a guest's round trips on TCLO: `vmxsim bench`.

#ifndef TOOLBOXD_VMXSIM_BENCH_H_
#define TOOLBOXD_VMXSIM_BENCH_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "vmxsim/model.h"

namespace toolboxd::vmxsim {

// Sends `request` `count` times and returns the times, one "name value" a line, as stats.h does.
//   idle     after a pause that lets the guest fall back to its slowest polling, at a random moment
//   serial   each as soon as the one before is answered
//   queued   four at once, as soon as the four before are answered
// INVALID_ARGUMENT for another kind; a request that is not answered "OK" ends it with its error.
absl::StatusOr<std::string> RunBench(Vmx& vmx, absl::string_view kind, absl::string_view request,
                                     int count);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_BENCH_H_
