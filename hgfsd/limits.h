// SPDX-License-Identifier: Apache-2.0

// How much one hgfsd does at a time, and the tasks that its unit must allow for it.

#ifndef TOOLBOXD_HGFSD_LIMITS_H_
#define TOOLBOXD_HGFSD_LIMITS_H_

namespace toolboxd::hgfsd {

// Calls at a time: the files that a user may have open, and room for what is short. Further
// ones wait at the caller's.
inline constexpr int kMaxCalls = 96;

// Each call has a thread as long as it lasts, and a few wait for the next one.
inline constexpr int kMaxCallThreads = kMaxCalls + 4;

// Besides: an archive that arrives is unpacked by a thread of its own, one removes trees,
// gRPC has some that depend on the number of processors, and session waits for hgfsd.
inline constexpr int kMaxTasks = kMaxCallThreads + kMaxCalls + 1 + 32 + 1;

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_LIMITS_H_
