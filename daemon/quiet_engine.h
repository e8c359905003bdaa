// SPDX-License-Identifier: Apache-2.0

// Lets an idle gRPC process sleep.

#ifndef TOOLBOXD_DAEMON_QUIET_ENGINE_H_
#define TOOLBOXD_DAEMON_QUIET_ENGINE_H_

#include <memory>

#include "grpc/event_engine/event_engine.h"

namespace toolboxd {

// Makes gRPC use the engine below. gRPC 1.51's own wakes once a second per thread to look at
// an empty list of timers. Call before any other gRPC call in the process.
void InstallQuietEngine();

// An EventEngine whose one thread, started with the first task, sleeps until the next task is
// due, or forever if there is none. It runs tasks and timers only: gRPC 1.51 uses nothing else of
// an engine (its sockets go through its own poller).
std::unique_ptr<grpc_event_engine::experimental::EventEngine> NewQuietEngine();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_QUIET_ENGINE_H_
