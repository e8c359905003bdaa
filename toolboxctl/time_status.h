// SPDX-License-Identifier: Apache-2.0

// toolboxctl time: how far the clock is from the host's, and what is done about it.

#ifndef TOOLBOXD_TOOLBOXCTL_TIME_STATUS_H_
#define TOOLBOXD_TOOLBOXCTL_TIME_STATUS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// The services that discipline clocks of which a process runs, such as "chronyd": each once, in the
// order of names. `proc` is "/proc" unless in tests. The kernel does not know which of them it was.
std::vector<std::string> RunningTimeServices(const std::string& proc);

// Lines for people. `services`: as above. Pure.
std::string TimeText(const v1::TimeStatus& status, const std::vector<std::string>& services,
                     absl::TimeZone zone);

// `ask` returns transportd's answer. `command` is "status". The exit status: 1 if transportd did
// not answer, 2 for a wrong command.
int TimeMain(const std::string& command,
             const std::function<absl::StatusOr<v1::TimeStatus>()>& ask);

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_TIME_STATUS_H_
