// SPDX-License-Identifier: Apache-2.0

// How much of the heap is in use: a program that links this counts it.

#ifndef TOOLBOXD_TESTS_SIMULATION_ALLOCATIONS_H_
#define TOOLBOXD_TESTS_SIMULATION_ALLOCATIONS_H_

#include <cstdint>

namespace toolboxd::simulation {

// What malloc(3) and its like, and so operator new, have given and free(3) has not taken back: the
// number of blocks, and their bytes as they were asked for.
struct Allocations {
  int64_t blocks = 0;
  int64_t bytes = 0;
  bool operator==(const Allocations&) const = default;
};
Allocations LiveAllocations();

// From now on it is remembered which calls led to each block. That is slow.
void RememberOrigins();
// Ends that, and prints a line for each block that was allocated since and is left: its size, and
// the calls as offsets for addr2line(1).
void PrintOrigins();

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_ALLOCATIONS_H_
