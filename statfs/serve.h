// SPDX-License-Identifier: Apache-2.0

// One connection of toolboxd-statfs.

#ifndef TOOLBOXD_STATFS_SERVE_H_
#define TOOLBOXD_STATFS_SERVE_H_

namespace toolboxd::statfs {

// Answers requests until the caller ends the connection. False if it sent a packet of another size
// or version, or the connection failed. `connection` is a socket of packets, and is not closed.
bool Serve(int connection);

}  // namespace toolboxd::statfs

#endif  // TOOLBOXD_STATFS_SERVE_H_
