// SPDX-License-Identifier: Apache-2.0

// The exchange between guestinfod and toolboxd-statfs: one connection of kind SOCK_SEQPACKET, one
// request a packet, one reply to each request, in order. Both are structures of fixed size in the
// machine's byte order, since both ends are of one installation; a packet of another size or
// version ends the connection.

#ifndef TOOLBOXD_STATFS_PROTOCOL_H_
#define TOOLBOXD_STATFS_PROTOCOL_H_

#include <cstddef>
#include <cstdint>

namespace toolboxd::statfs {

inline constexpr uint32_t kVersion = 1;
// The length of a path, including the final NUL.
inline constexpr size_t kMaxPath = 4096;

struct Request {
  uint32_t version = kVersion;
  // Where a file system is mounted: absolute, without "." and "..", ends with NUL.
  char path[kMaxPath] = {};
};
static_assert(sizeof(Request) == 4 + kMaxPath);

struct Reply {
  uint32_t version = kVersion;
  // 0; ENOENT for every path that no file system of its own is mounted at, whatever is there; or
  // the errno of statfs(2). The rest is 0 with an error.
  int32_t error = 0;
  // Bytes: what an ordinary user may still write, and of the whole file system.
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
  // The device number of the file system, as stat(2) reports it.
  uint32_t major = 0;
  uint32_t minor = 0;
};
static_assert(sizeof(Reply) == 32);

}  // namespace toolboxd::statfs

#endif  // TOOLBOXD_STATFS_PROTOCOL_H_
