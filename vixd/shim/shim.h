// SPDX-License-Identifier: Apache-2.0

// RunShim: starts one program and stays with it until its end.

#ifndef TOOLBOXD_VIXD_SHIM_SHIM_H_
#define TOOLBOXD_VIXD_SHIM_SHIM_H_

#include <string>

#include "vixd/shim/job.h"

namespace toolboxd::vixd {

enum class ShimEnd {
  // The StartReport has the reason.
  kNothingStarted,
  kProgramEnded,
  // SIGTERM came before the program's end: systemd stops the scope, and waits for every process
  // in it.
  kStopRequested,
};

// Starts the job's program, writes its record (record.h) to the directory `records`, sends a
// StartReport to kShimDescriptor and closes that. Returns when the program and its output have
// ended and the record contains the end; after SIGTERM, as soon as the program has ended.
ShimEnd RunShim(const std::string& records, const ShimJob& job);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_SHIM_H_
