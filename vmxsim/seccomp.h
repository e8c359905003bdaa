// SPDX-License-Identifier: Apache-2.0

// The system calls that no guest may make.

#ifndef TOOLBOXD_VMXSIM_SECCOMP_H_
#define TOOLBOXD_VMXSIM_SECCOMP_H_

#include "absl/status/statusor.h"

namespace toolboxd::vmxsim {

// What a guest may do besides; its command line has it.
struct GuestRights {
  // reboot(2), which in a process namespace of one's own ends that namespace.
  bool reboot = false;
  // FIFREEZE and FITHAW. File systems have no namespace: a guest's are the machine's.
  bool freeze = false;
  // Set a clock that is not the machine's: the kernel asks vmxsim what the calls return, and never
  // runs one (clock_calls.h).
  bool clock = false;
  // AF_VSOCK: the kernel asks vmxsim about the calls that make, name and connect sockets
  // (vsock_calls.h).
  bool vsock = false;
};

// Installs a filter in the calling process, inherited by all it starts. socketpair(AF_VSOCK) fails
// with EAFNOSUPPORT, and so does socket(AF_VSOCK) without GuestRights::vsock; what would end,
// time-shift or reprogram the machine, and ioperm/iopl (which would let `in` reach a real port),
// with EPERM; every system call of another ABI (i386, x32) with ENOSYS.
//
// With GuestRights::clock or vsock, returns the descriptor on which the kernel asks; else -1. When
// it is closed, the calls that it asks about fail with ENOSYS.
absl::StatusOr<int> InstallSeccompFilter(const GuestRights& rights);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_SECCOMP_H_
