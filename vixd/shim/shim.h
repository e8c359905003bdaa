// SPDX-License-Identifier: Apache-2.0

// The life of a shim.

#ifndef TOOLBOXD_VIXD_SHIM_SHIM_H_
#define TOOLBOXD_VIXD_SHIM_SHIM_H_

#include <string>

#include "vixd/shim/job.h"

namespace toolboxd::vixd {

enum class ShimEnd {
  // The report tells why.
  kNothingStarted,
  kProgramEnded,
  // SIGTERM came before the program's end: systemd stops the scope, and waits for all of it.
  kToldToStop,
};

// Starts the program with its record below the directory `records`, reports on
// kShimDescriptor and closes that, stays until the program and its output have ended and the
// record says so; if told to stop, until the program has ended.
ShimEnd RunShim(const std::string& records, const ShimJob& job);

}  // namespace toolboxd::vixd

#endif  // TOOLBOXD_VIXD_SHIM_SHIM_H_
