// SPDX-License-Identifier: Apache-2.0

// Lets gRPC's timer threads sleep until a timer is due.

#ifndef TOOLBOXD_DAEMON_QUIET_TIMERS_H_
#define TOOLBOXD_DAEMON_QUIET_TIMERS_H_

#include <cstddef>

namespace toolboxd {

// gRPC 1.51 wakes a thread once a second to check whether timers that are far away have come
// closer, even where there is none. From now on it sleeps until the next timer is due, and forever
// if there is none; timers fire as before. With another version of gRPC this does nothing.
//
// Call once, before any other gRPC call in the process.
void InstallQuietTimers();

// Timers that are set and have neither fired nor been cancelled. Thread-safe.
size_t PendingGrpcTimers();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_QUIET_TIMERS_H_
