// SPDX-License-Identifier: Apache-2.0

// How many calls one hgfsd serves at a time, and the tasks that its unit must allow for them.

#ifndef TOOLBOXD_HGFSD_LIMITS_H_
#define TOOLBOXD_HGFSD_LIMITS_H_

namespace toolboxd::hgfsd {

// Calls at a time: one for each file that a user may have open, and 32 for short calls. Further
// calls wait in the client.
inline constexpr int kMaxCalls = 96;

// A thread for each call, and a few that wait for the next one.
inline constexpr int kMaxCallThreads = kMaxCalls + 4;

// Tasks of the unit: also a thread for each archive that is unpacked, the one that removes trees,
// the one that releases listed directories, two that ask for names of owners, those of gRPC, whose
// number depends on the processors, and session, which waits for hgfsd.
inline constexpr int kMaxTasks = kMaxCallThreads + kMaxCalls + 2 + 2 + 32 + 1;

}  // namespace toolboxd::hgfsd

#endif  // TOOLBOXD_HGFSD_LIMITS_H_
