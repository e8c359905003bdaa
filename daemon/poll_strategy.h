// SPDX-License-Identifier: Apache-2.0

// Which thread polls a gRPC connection.

#ifndef TOOLBOXD_DAEMON_POLL_STRATEGY_H_
#define TOOLBOXD_DAEMON_POLL_STRATEGY_H_

namespace toolboxd {

// Makes the thread of a call poll(2) the connection of that call. By default gRPC has one epoll set
// for the process. The thread that holds it, as a rule an idle one of the server, reads what
// arrives for all calls and wakes the thread of each. In a process of two connections that is a
// switch between threads, on both sides, for each message of a file.
//
// The price: while a client's connection has no call, no thread polls it; gRPC's own check of all
// connections every five seconds is turned off, since it wakes an idle process. If the connection
// has ended meanwhile, the next call finds out when it is made. What the other end still writes for
// a cancelled call may fill the socket and wait for that next call, so a server in the same process
// must not be shut down before its clients' channels are gone.
//
// Sets GRPC_POLL_STRATEGY and GRPC_CLIENT_CHANNEL_BACKUP_POLL_INTERVAL_MS unless they have values.
// Call it before any other gRPC call of the process, and after the environment of child processes
// has been copied.
void UsePollStrategy();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_POLL_STRATEGY_H_
