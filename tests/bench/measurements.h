// SPDX-License-Identifier: Apache-2.0

// What is measured; each prints its rows.

#ifndef TOOLBOXD_TESTS_BENCH_MEASUREMENTS_H_
#define TOOLBOXD_TESTS_BENCH_MEASUREMENTS_H_

#include <string>
#include <vector>

#include "tests/bench/guest.h"

namespace toolboxd::bench {

struct Pair {
  Guest& toolboxd;
  Guest& vmtoolsd;
  // See trap_floor.h. Null unless transfers are measured.
  Guest* trap_floor;
  // Folders that the guest user may write, on the disk and in memory.
  std::string folder, memory_folder;
  // Users who have not been used before, with the same password.
  std::vector<std::string> new_users;
  std::string password;
};

void MeasureIdle(Pair& pair);
void MeasureRoundTrips(Pair& pair);
void MeasureOperations(Pair& pair);
void MeasureListings(Pair& pair);
void MeasurePrograms(Pair& pair);
void MeasureTransfers(Pair& pair);
void MeasureArchives(Pair& pair);
void MeasureMemory(Pair& pair);

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_MEASUREMENTS_H_
