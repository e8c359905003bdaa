// SPDX-License-Identifier: Apache-2.0

// Descriptors that the other side of a Unix socket sends with its bytes, uninvited.

#ifndef TOOLBOXD_DAEMON_SENT_DESCRIPTORS_H_
#define TOOLBOXD_DAEMON_SENT_DESCRIPTORS_H_

#include <sys/types.h>

#include <cstddef>

namespace toolboxd {

// The kernel closes such a descriptor in the thread that receives the bytes, or that closes the
// connection before it has received them, and that may be its last close: a TCP connection with
// SO_LINGER and a side that takes nothing then waits for as long as its sender has set, up to
// months. So every thread that has to do with a connection of another user's could be stopped.
//
// From now on, in this process, recvmsg(2), and close(2) of a Unix socket, end such a wait after
// kLongestWait by a signal, SIGURG, which nothing else in toolboxd uses. And a connection that
// sends descriptors where none are asked for is over: recvmsg(2) says ECONNRESET. A Unix socket
// that socket(2) makes refuses them (RefuseSentDescriptors). All of this holds for gRPC, too: they
// are called in place of libc's (the linker's option --wrap=, in BUILD.bazel). Once or more often;
// thread-safe.
//
// No signal ends the wait for a file with unsaved changes on a FUSE file system whose server does
// not answer: only the refusal helps, and so Linux 6.16.
void LimitSentDescriptors();

// Has the kernel refuse them: whoever sends one to this socket, or to one that it accepts later,
// gets an error. Before Linux 6.16 it does nothing.
void RefuseSentDescriptors(int socket);

// As recv(2) with MSG_DONTWAIT, after LimitSentDescriptors.
ssize_t ReceiveBytes(int socket, void* bytes, size_t size);

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_SENT_DESCRIPTORS_H_
