// SPDX-License-Identifier: Apache-2.0

// Keeping a resident process small.

#ifndef TOOLBOXD_BASE_MEMORY_H_
#define TOOLBOXD_BASE_MEMORY_H_

namespace toolboxd {

// "NAME=VALUE" for the environment of a process of ours: what glibc keeps for later of the memory
// of its threads. It reads it before main, and has no call for it.
//
// A thread keeps freed blocks of up to 128 bytes for itself, 5 KB in all. By default (glibc's
// tcache) they are of up to 1 KiB and 240 KiB in all, which rises for hours as a thread comes
// across further sizes, and keeps the pages around them from being returned. And the stacks of
// threads that have ended are unmapped, all but one. By default up to 40 MiB of them stay, for the
// threads of the busiest moment so far, each with the 16 to 24 KiB that have been written; glibc
// before 2.34 does that always.
//
// Programs that the process starts must not inherit it. deploy/systemd's units and deploy/run have
// it too.
inline constexpr char kMemoryVariable[] =
    "GLIBC_TUNABLES=glibc.malloc.tcache_max=128:glibc.pthread.stack_cache_size=0";

// One malloc arena for all threads, which keeps up to 1 MiB that is free at its end. Call it before
// the first thread starts.
void ConfigureAllocator();

// Returns to the kernel what start-up used and idling does not: free heap pages, and the clean
// pages of code and constants, which the page cache supplies when they are used again. Pages that a
// debugger has written stay. About 3 MB per gRPC process. Takes well under a millisecond; safe at
// any time, from any thread.
void TrimStartupMemory();

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_MEMORY_H_
