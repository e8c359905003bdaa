// SPDX-License-Identifier: Apache-2.0

// What is measured; each prints its rows.

#ifndef TOOLBOXD_TESTS_BENCH_MEASUREMENTS_H_
#define TOOLBOXD_TESTS_BENCH_MEASUREMENTS_H_

#include <string>
#include <vector>

#include "tests/bench/guest.h"
#include "tests/bench/login_parts.h"

namespace toolboxd::bench {

struct Pair {
  Guest& toolboxd;
  Guest& vmtoolsd;
  // See trap_floor.h. Null unless transfers or vsock are measured.
  Guest* trap_floor;
  // Folders that the guest user may write, on the disk and in memory.
  std::string folder, memory_folder;
  // Users who have not been used before, with the same password: at least two.
  std::vector<std::string> new_users;
  // The same, whose passwords have a hash that is quick to check.
  std::vector<std::string> quick_users;
  std::string password;
  // What parts of the quick users' logins take, in toolboxd's guest and outside of it.
  LoginParts login_parts, outside;
  // Both are spoken to over vsock, not over the backdoor.
  bool vsock = false;
};

void MeasureIdle(Pair& pair);
void MeasureRoundTrips(Pair& pair);
// The first operation of a user, and the first transfer.
void MeasureLogins(Pair& pair);
// Logins, and many operations of one user.
void MeasureSmallOperations(Pair& pair);
void MeasureOperations(Pair& pair);
void MeasureListings(Pair& pair);
void MeasurePrograms(Pair& pair);
void MeasureRates(Pair& pair);
// Where the time of a packet goes.
void MeasurePackets(Pair& pair);
void MeasureTransfers(Pair& pair);
void MeasureArchives(Pair& pair);
void MeasureMemory(Pair& pair);
// What differs over vsock; the rows' keys begin with "vsock.".
void MeasureVsock(Pair& pair);

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_MEASUREMENTS_H_
