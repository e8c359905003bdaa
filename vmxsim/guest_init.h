// SPDX-License-Identifier: Apache-2.0

// The first process of a guest: sets up its namespaces, starts the command, reaps orphans.

#ifndef TOOLBOXD_VMXSIM_GUEST_INIT_H_
#define TOOLBOXD_VMXSIM_GUEST_INIT_H_

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "vmxsim/seccomp.h"

namespace toolboxd::vmxsim {

// What the guest's first process exits with when it cannot set up the namespaces.
inline constexpr int kSetupFailedExit = 125;

struct GuestCommand {
  std::vector<std::string> arguments;
  // The signal mask of the command.
  sigset_t signal_mask;
  // Besides what every guest may.
  GuestRights rights;
};

struct GuestInit {
  pid_t pid = 0;
  // Written to when the process may go on: it waits until it is traced.
  int go = -1;
  // The descriptor for CallListener.
  int calls = -1;
};

// Starts the first process, in namespaces of its own. It exits with the command's exit code, or
// 128 and the signal's number; when it ends the kernel kills all other processes of the guest.
// Call before any thread is started.
absl::StatusOr<GuestInit> StartGuestInit(const GuestCommand& command);

// 128 + signal, or the exit code.
int ExitCodeOf(int wait_status);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_INIT_H_
