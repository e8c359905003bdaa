// SPDX-License-Identifier: Apache-2.0

// Switches gRPC's timer thread off.

#ifndef TOOLBOXD_GUESTINFOD_GRPC_TIMERS_H_
#define TOOLBOXD_GUESTINFOD_GRPC_TIMERS_H_

namespace toolboxd::guestinfod {

// gRPC 1.51 keeps a thread that wakes a few times a second even if no timer is set. A process that
// sets no deadline does not need it. Without it, a call is not cancelled here when its client's
// deadline passes (the client cancels it), and a connection that stays silent is not closed. A gRPC
// client must not use this: its deadlines would not fire.
//
// Initialises gRPC for the rest of the process. After Server::Create, since gRPC's threads
// must inherit its signal mask.
void StopGrpcTimers();

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_GRPC_TIMERS_H_
