// SPDX-License-Identifier: Apache-2.0

// Stands in for shutdown, reboot, systemctl … inside a guest: reports to the simulated VMX what
// would have been done, and does nothing.

#ifndef TOOLBOXD_VMXSIM_RECORDER_H_
#define TOOLBOXD_VMXSIM_RECORDER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

// Whether a program called by this name (argv[0]) is to act as the recorder.
bool IsRecordedName(absl::string_view argv0);

// Reports `words` (the name and its arguments). Returns the exit code. Dies of SIGSEGV where no
// vmxsim traps the instruction.
int Record(const std::vector<std::string>& words);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_RECORDER_H_
