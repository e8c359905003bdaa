// SPDX-License-Identifier: Apache-2.0

// The families of GetMetrics that come from the status and from the channel's thread.

#ifndef TOOLBOXD_TRANSPORTD_METRICS_H_
#define TOOLBOXD_TRANSPORTD_METRICS_H_

#include "toolboxd/v1/transport.pb.h"
#include "transportd/guest_operations/live_state.h"

namespace toolboxd {

// Both functions append to `metrics`. Labels are constants of the program.
void AddStatusMetrics(const v1::TransportStatus& status, v1::Metrics& metrics);
void AddLiveMetrics(const LiveNumbers& numbers, v1::Metrics& metrics);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_METRICS_H_
