// SPDX-License-Identifier: Apache-2.0

// How much memory this process has allocated, for tests that repeat something until a leak would
// show.

#ifndef TOOLBOXD_BASE_TESTING_ALLOCATED_BYTES_H_
#define TOOLBOXD_BASE_TESTING_ALLOCATED_BYTES_H_

#include <malloc.h>

#include <cstddef>

namespace toolboxd {

// Whether AllocatedBytes() counts. What a sanitizer allocates is not counted.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kAllocationsAreCounted = false;
#else
constexpr bool kAllocationsAreCounted = true;
#endif

// What this process has now, of all its threads (mallinfo2(3)).
inline size_t AllocatedBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

}  // namespace toolboxd

#endif  // TOOLBOXD_BASE_TESTING_ALLOCATED_BYTES_H_
