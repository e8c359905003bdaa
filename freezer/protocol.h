// SPDX-License-Identifier: Apache-2.0

// The exchange between snapshotd and the freezer: one connection of kind SOCK_SEQPACKET, one
// request a packet, one reply to each request, in order. Both are structures of fixed size in the
// machine's byte order, since both ends are of one installation; anything of another size or
// version is answered with EPROTO, and the connection is closed.
//
// kMountTable, then kAdd for each file system in the order of the freeze, kSync, kFreeze, kHold as
// often as wanted, kThaw. A connection freezes once: after kFreeze, kAdd and kFreeze are answered
// with EALREADY, and kMountTable with EPERM. When the caller ends the connection, or its half of it
// by shutdown(SHUT_WR), when `hold_ms` passes without kHold, and on SIGTERM, everything is thawed.
// A kSync or kFreeze that is going on ends after the call that it is in. Then the freezer closes
// the connection: by then everything is thawed, unless its main process was killed, which the twin
// follows at once.

#ifndef TOOLBOXD_FREEZER_PROTOCOL_H_
#define TOOLBOXD_FREEZER_PROTOCOL_H_

#include <cstddef>
#include <cstdint>

namespace toolboxd::freezer {

inline constexpr uint32_t kVersion = 2;
// File systems of one connection; kAdd of more is answered with ENOSPC.
inline constexpr size_t kMaxTargets = 256;
// The length of a path, including the final NUL.
inline constexpr size_t kMaxPath = 4096;
// The longest hold_ms and freeze_ms that count; longer ones are shortened to it.
inline constexpr uint32_t kMaxLimitMs = 15 * 60 * 1000;

enum class Operation : uint32_t {
  // The reply carries a descriptor of /proc/self/mountinfo as the freezer sees it (SCM_RIGHTS).
  kMountTable = 1,
  // Opens a mount point and keeps it. EXDEV if the mount at `path` is not the one of `mount_id`,
  // ENOTSUP if the type of its file system is not one that can be frozen, EBUSY if another
  // connection has file systems, EINVAL for a path that is not absolute; else open's errno.
  kAdd = 2,
  // syncfs of each, several at once. The first error; the others are synced nevertheless. ECANCELED
  // on SIGTERM or at the caller's end.
  kSync = 3,
  // FIFREEZE of each, in order; of those with kWithPrevious several at once. On an error, and if
  // freeze_ms pass (ETIMEDOUT), all are thawed
  // before the reply. EBUSY (another program has frozen it) is not an error with kIgnoreFrozen;
  // what was frozen before stays so after kThaw. EINVAL if there are no file systems, or a limit
  // is 0; ECANCELED on SIGTERM or at the caller's end; ECHILD if the twin has ended. From the reply
  // on, hold_ms counts.
  kFreeze = 4,
  // Nothing but a sign of life. ETIMEDOUT if everything has been thawed, because of hold_ms.
  kHold = 5,
  // FITHAW of each that kFreeze froze, in reverse order. ETIMEDOUT if one had been thawed before,
  // because of hold_ms or by another program: what was copied meanwhile is not of one moment.
  // Nothing frozen is not an error.
  kThaw = 6,
};

// Bits of Request.flags. With kFreeze:
inline constexpr uint32_t kIgnoreFrozen = 1;
// With kAdd: it may be frozen at the same time as the one that was added before, and, if that one
// has the bit too, as those before. Without it all that were added before are frozen first.
inline constexpr uint32_t kWithPrevious = 2;

struct Request {
  uint32_t version = kVersion;
  Operation operation = Operation::kHold;
  uint32_t flags = 0;
  // kFreeze: limit from the first FIFREEZE to the last.
  uint32_t freeze_ms = 0;
  // kFreeze and kHold: how long everything may stay frozen without another request.
  uint32_t hold_ms = 0;
  // kAdd: of the mount, from mountinfo.
  uint32_t mount_id = 0;
  uint32_t major = 0;
  uint32_t minor = 0;
  // kAdd: ends with NUL.
  char path[kMaxPath] = {};
};
static_assert(sizeof(Request) == 32 + kMaxPath);

struct Reply {
  uint32_t version = kVersion;
  // 0, or an errno.
  int32_t error = 0;
  // With an error of kSync, kFreeze or kThaw: which file system the error is about.
  uint32_t failed = 0;
  // File systems in `micros`: those that were added.
  uint32_t count = 0;
  // kFreeze: from the first FIFREEZE to the end of the last one; kThaw: from the first FIFREEZE to
  // the last FITHAW; in microseconds.
  uint64_t frozen_us = 0;
  // kFreeze: when the last FIFREEZE ended, of CLOCK_MONOTONIC, in microseconds.
  uint64_t frozen_at_us = 0;
  // kSync, kFreeze, kThaw: what each took in the kernel, in microseconds, in the order of kAdd. At
  // most 2^32-1.
  uint32_t micros[kMaxTargets] = {};
};
static_assert(sizeof(Reply) == 32 + 4 * kMaxTargets);

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_PROTOCOL_H_
