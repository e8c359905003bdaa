// SPDX-License-Identifier: Apache-2.0

// A bound for the messages that gRPC takes.

#ifndef TOOLBOXD_DAEMON_MESSAGE_LENGTH_H_
#define TOOLBOXD_DAEMON_MESSAGE_LENGTH_H_

namespace toolboxd {

// gRPC 1.51 applies its limit for a message when the message is complete. One that says that it has
// a gigabyte is taken as long as its call lasts, 100 MB a second, whether its sender is a caller or
// a service. In a program that is linked with this library, a message that says that it
// has more than 4 MiB ends its connection. No daemon accepts a larger one. With a version of gRPC
// other than 1.51 it does nothing.
//
// The call itself does nothing.
void UseShortMessages();

}  // namespace toolboxd

#endif  // TOOLBOXD_DAEMON_MESSAGE_LENGTH_H_
