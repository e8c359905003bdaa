// SPDX-License-Identifier: Apache-2.0

// FIFREEZE waits for the writes that have begun, without an end and deaf to signals, and every
// other write waits behind it. A process can begin one that does not end: splice(2) from a pipe
// that stays empty, a write from memory that a FUSE server does not deliver, the core of a process
// with huge memory. These end such writes. A system call that was interrupted begins again, and
// then waits for the thaw; what is lost are calls to FUSE and a part of a core.
//
// Not thread-safe. Nothing here allocates memory.

#ifndef TOOLBOXD_FREEZER_RELEASE_H_
#define TOOLBOXD_FREEZER_RELEASE_H_

#include <sys/types.h>

#include <atomic>
#include <cstdint>

namespace toolboxd::freezer {

inline constexpr char kProc[] = "/proc";
inline constexpr char kFuseConnections[] = "/sys/fs/fuse/connections";

// Interrupts what each thread of each process below `proc` waits for, by SIGSTOP and, before it
// takes effect, SIGCONT: the process notices no more than a SIGCONT, or an EINTR of the calls that
// signal(7) names, and its parent nothing, unless this process is not given the processor between
// the two: it should have a high priority. Left alone are processes that have been stopped,
// kernel threads, process 1, this process and its parent. While a process has got SIGSTOP and not
// yet SIGCONT, `stopped` is its number, else 0: whoever finds another value sends SIGCONT. Returns
// how many processes.
uint32_t InterruptAll(const char* proc, std::atomic<int32_t>& stopped);

// Aborts the FUSE file systems of users other than root, whose calls fail from then on: with
// `only`, no other connection than that. Returns how many. Needs CAP_DAC_OVERRIDE.
uint32_t AbortFuse(const char* connections, uint32_t only = 0);

// Kills the processes below `proc` whose core is being written, which is a write of its own, and
// may take as long as the memory is large: they end in any case, and only SIGKILL ends the dump.
// The core is then a part of one. Returns how many. Needs CAP_KILL.
uint32_t EndCoreDumps(const char* proc);

}  // namespace toolboxd::freezer

#endif  // TOOLBOXD_FREEZER_RELEASE_H_
