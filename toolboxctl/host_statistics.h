// SPDX-License-Identifier: Apache-2.0

// toolboxctl stat: what the host says of this machine's processor time and memory.

#ifndef TOOLBOXD_TOOLBOXCTL_HOST_STATISTICS_H_
#define TOOLBOXD_TOOLBOXCTL_HOST_STATISTICS_H_

#include <string>

#include "toolboxctl/output.h"
#include "toolboxd/v1/transport.pb.h"

namespace toolboxd {

// A line each.
std::string HostStatisticsText(const v1::HostStatistics& statistics, const Terminal& terminal);

// As the flags of show.h say; the exit status.
int StatMain();

}  // namespace toolboxd

#endif  // TOOLBOXD_TOOLBOXCTL_HOST_STATISTICS_H_
