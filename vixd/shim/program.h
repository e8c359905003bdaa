// SPDX-License-Identifier: Apache-2.0

// Starting the one program of a shim.

#ifndef TOOLBOXD_VIXD_SHIM_PROGRAM_H_
#define TOOLBOXD_VIXD_SHIM_PROGRAM_H_

#include <sys/types.h>

#include <string>

#include "vixd/shim/job.h"

namespace toolboxd::vixd {

// This process's ends of a program's standard streams; -1 for one without I/O.
struct ProgramIo {
  // Keeps the input from ending until it is closed. All three are non-blocking.
  int input = -1;
  int output = -1;
  int errors = -1;
};

// Runs the job's program as the leader of a session and process group of its own, with an
// empty signal mask: `direct` where there is one and it can be executed, the shell otherwise.
// With `io` its streams are three pipes; without, they are this process's. Returns the process id,
// or -1 and errno, also where the shell cannot be executed.
pid_t StartProgram(const ShimJob& job, ProgramIo* io);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_PROGRAM_H_
