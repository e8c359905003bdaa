// SPDX-License-Identifier: Apache-2.0

// toolboxctl trace: the requests between the host and this guest, as they come.

#ifndef TOOLBOXD_TOOLBOXCTL_TRACE_H_
#define TOOLBOXD_TOOLBOXCTL_TRACE_H_

#include <string>

#include "absl/time/time.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// One line, and before it one about events that were left out.
std::string TraceText(const v1::TraceEvent& event, absl::TimeZone zone);

// Prints events until a signal, or until transportd ends, which is a failure. With --json each is
// an object in a line of its own. The exit status.
int TraceMain();

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_TRACE_H_
