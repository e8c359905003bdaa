// SPDX-License-Identifier: Apache-2.0

// Time_Synchronize, TimeInfo_Update (docs/protocol/time.md 10.1).

#ifndef TOOLBOXD_TRANSPORTD_ROUTES_TIME_H_
#define TOOLBOXD_TRANSPORTD_ROUTES_TIME_H_

#include "transportd/host_time/time_sync.h"
#include "transportd/routes/router.h"

namespace toolboxd {

// Time_Synchronize is answered when the clock is set, or did not need it. `sync` must outlive the
// router.
void AddTimeRoutes(Router& router, host_time::TimeSync* sync);

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_ROUTES_TIME_H_
