// SPDX-License-Identifier: Apache-2.0

// StartProgram: executes the program of a job.

#ifndef TOOLBOXD_VIXD_SHIM_PROGRAM_H_
#define TOOLBOXD_VIXD_SHIM_PROGRAM_H_

#include <sys/types.h>

#include <string>

#include "vixd/shim/job.h"

namespace toolboxd::vixd {

// The shim's ends of a program's standard streams; -1 for a program without I/O. The caller closes
// them. All three are non-blocking.
struct ProgramIo {
  // The program's input ends when this is closed.
  int input = -1;
  int output = -1;
  int errors = -1;
};

// Executes the job's program as the leader of a session and process group of its own, with an
// empty signal mask: `direct` if the job has it and it can be executed, the shell otherwise.
// With `io` the program's streams are three pipes; without it they are this process's. Returns the
// process id, or -1 and errno, also if the shell cannot be executed.
pid_t StartProgram(const ShimJob& job, ProgramIo* io);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_PROGRAM_H_
