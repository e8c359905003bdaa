// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/grpc_timers.h"

#include "grpc/grpc.h"

// Of gRPC 1.51's own headers (src/core/lib/iomgr/timer_manager.h), which are not installed.
void grpc_timer_manager_set_threading(bool enabled);

namespace toolboxd::guestinfod {

void StopGrpcTimers() {
  // Never undone: after grpc_shutdown the next initialisation would start the thread again.
  grpc_init();
  grpc_timer_manager_set_threading(false);
}

}  // namespace toolboxd::guestinfod
