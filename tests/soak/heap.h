// SPDX-License-Identifier: Apache-2.0

// What malloc has handed out in a process, seen from outside: exact where its private memory is
// not, since pages of which a part is in use stay.

#ifndef TOOLBOXD_TESTS_SOAK_HEAP_H_
#define TOOLBOXD_TESTS_SOAK_HEAP_H_

#include <sys/types.h>

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace toolboxd::soak {

// Bytes, each chunk with its header.
struct Allocated {
  uint64_t used = 0;
  // Blocks that were freed, and that a thread keeps for its own next request: seven of each of 64
  // sizes at most, 240 KiB. A thread that has come across all sizes has them all.
  uint64_t cached = 0;
};

// Of a heap's memory at `address`, as glibc from 2.32 on lays it out on 64-bit machines: chunks one
// after the other, each with its size in its second word, whose last bit says whether the chunk
// before is in use. Nothing if the memory is not such a heap, or was changed while it was read. A
// thread's cache that was changed meanwhile counts as used.
std::optional<Allocated> AllocatedBytes(absl::string_view heap, uint64_t address);

// Of the process's first heap, which is the only one of a daemon (base/memory.h), without blocks of
// 1 MiB and more, which are outside of it. Nothing if it cannot be read; 0 without a heap.
std::optional<Allocated> AllocatedBytes(pid_t pid);

}  // namespace toolboxd::soak

#endif  // TOOLBOXD_TESTS_SOAK_HEAP_H_
