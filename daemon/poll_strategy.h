// SPDX-License-Identifier: Apache-2.0

// Who looks at a connection.

#ifndef TOOLBOXD_DAEMON_POLL_STRATEGY_H_
#define TOOLBOXD_DAEMON_POLL_STRATEGY_H_

namespace toolboxd {

// Makes gRPC wait with poll(2), for the connection of the call that waits. By default it has one
// epoll set for the process: whichever thread holds it, the server's idle one as a rule, reads
// what comes for all, and wakes the thread that it is for. In a process of two connections that
// is a switch between threads, on both sides, for each message of a file.
//
// The price: nobody looks at a client's connection while it has no call, but gRPC itself every few
// seconds at those that it made. It may have ended in the meantime, which the next call finds out
// when it is made.
//
// Call before any other gRPC call in the process, and after what its children shall inherit was
// taken from the environment: gRPC is told by GRPC_POLL_STRATEGY, whose value stays if it has one.
void PollForEachCall();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_POLL_STRATEGY_H_
