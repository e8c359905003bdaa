// SPDX-License-Identifier: Apache-2.0

// What vmxsim knows of and does to a guest's thread that waits in a system call.

#ifndef TOOLBOXD_VMXSIM_GUEST_THREAD_H_
#define TOOLBOXD_VMXSIM_GUEST_THREAD_H_

#include <sys/types.h>

#include <cstdint>

#include "base/unique_fd.h"
#include "vmxsim/tracee.h"

namespace toolboxd::vmxsim {

// Whether its effective set has the capability, whatever its user namespace.
bool HasCapability(pid_t tid, int capability);
// Whether it is in the user namespace of vmxsim, as the kernel's capable() requires.
bool IsInOwnUserNamespace(pid_t tid);
// A duplicate of the thread's descriptor; none: it has no such descriptor, or is gone.
UniqueFd DuplicateDescriptor(pid_t tid, int fd);

// A structure in its memory. False if it cannot be read.
template <typename T>
bool ReadValue(pid_t tid, uint64_t address, T& value) {
  return ReadMemory(tid, address, &value, sizeof(value)) == sizeof(value);
}

// What vmxsim answers to a system call that the kernel asks about (seccomp_unotify(2)).
struct CallAnswer {
  int error = 0;
  int64_t value = 0;
  // The kernel runs the call itself, as if it had not asked.
  bool let_run = false;
  // It has been answered already.
  bool answered = false;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_GUEST_THREAD_H_
