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

// Of a heap's memory, as glibc lays it out on 64-bit machines: chunks one after the other, each
// with its size in its second word, whose last bit says whether the chunk before is in use. Chunks
// that a thread keeps for its next request count as in use: some KiB of each thread. Nothing if the
// memory is not such a heap, or was changed while it was read.
std::optional<uint64_t> AllocatedBytes(absl::string_view heap);

// Of the process's first heap, which is the only one of a daemon (base/memory.h), without blocks of
// 1 MiB and more, which are outside of it. Nothing if it cannot be read; 0 without a heap.
std::optional<uint64_t> AllocatedBytes(pid_t pid);

}  // namespace toolboxd::soak

#endif  // TOOLBOXD_TESTS_SOAK_HEAP_H_
