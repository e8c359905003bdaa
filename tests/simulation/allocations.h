// SPDX-License-Identifier: Apache-2.0

// How much of the C++ heap is in use: a program that links this counts it.

#ifndef TOOLBOXD_TESTS_SIMULATION_ALLOCATIONS_H_
#define TOOLBOXD_TESTS_SIMULATION_ALLOCATIONS_H_

#include <cstdint>

namespace toolboxd::simulation {

// What operator new has given and operator delete has not taken back: the number of blocks, and
// their bytes as malloc(3) counts them.
struct Allocations {
  int64_t blocks = 0;
  int64_t bytes = 0;
};
Allocations LiveAllocations();

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_ALLOCATIONS_H_
