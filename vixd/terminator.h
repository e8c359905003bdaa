// SPDX-License-Identifier: Apache-2.0

// Terminator: ends processes without waiting for them.

#ifndef TOOLBOXD_VIXD_TERMINATOR_H_
#define TOOLBOXD_VIXD_TERMINATOR_H_

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "vixd/program_table.h"

namespace toolboxd::vixd {

// TerminateProcess (docs/protocol/vix.md 4.6), which blocks for up to 20 s in vmtoolsd.
// Thread-safe.
class Terminator {
 public:
  // `shim` is the path of toolboxd-shim. `programs` must outlive this object.
  Terminator(std::string shim, const ProgramTable* programs)
      : shim_(std::move(shim)), programs_(programs) {}

  // Sends SIGTERM to the process, or to the whole process group of a started program. A shim sends
  // SIGKILL to what is left kKillSeconds later, also if vixd has ended in the meantime.
  // NO_SUCH_PROCESS; PERMISSION_DENIED for another user's process and for toolboxd's own.
  absl::Status Terminate(pid_t pid) const;

 private:
  absl::Status TerminateGroup(const Record& program) const;
  absl::Status TerminateProcess(pid_t pid) const;

  const std::string shim_;
  const ProgramTable* const programs_;
};

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_TERMINATOR_H_
