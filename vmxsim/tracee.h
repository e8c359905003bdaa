// SPDX-License-Identifier: Apache-2.0

// Access to a stopped, traced thread: registers, memory, system calls made in its name.

#ifndef TOOLBOXD_VMXSIM_TRACEE_H_
#define TOOLBOXD_VMXSIM_TRACEE_H_

#include <sys/types.h>
#include <sys/user.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

// All of these fail (false, or fewer bytes) when the thread has been killed meanwhile.

// The general-purpose registers of a stopped thread.
bool GetRegisters(pid_t tid, user_regs_struct* registers);
bool SetRegisters(pid_t tid, const user_regs_struct& registers);

// Reads up to `size` bytes into `buffer`; returns how many could be read.
size_t ReadMemory(pid_t tid, uint64_t address, void* buffer, size_t size);
// Writes data memory that the thread itself may write. False: not all was written.
bool WriteMemory(pid_t tid, uint64_t address, absl::string_view bytes);
// Writes memory that the thread may not write, such as its program text.
bool WriteText(pid_t tid, uint64_t address, absl::string_view bytes);

// The CPU on which the thread ran when it stopped, as rseq(2) keeps it in the thread's memory; -1
// where its C library does not use that (glibc does since 2.35).
int CpuOf(pid_t tid);

// An entry of the auxiliary vector (AT_ENTRY, …); 0 where there is none.
uint64_t AuxiliaryValue(pid_t tid, uint64_t type);

// Runs one system call in a thread that stands at PTRACE_EVENT_EXEC, and puts everything back.
// Returns its result, negative errno on failure.
int64_t SystemCallAfterExec(pid_t tid, uint64_t number, uint64_t argument1, uint64_t argument2);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_TRACEE_H_
