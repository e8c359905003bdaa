// SPDX-License-Identifier: Apache-2.0

// What the kernel says a guest's processes cost.

#ifndef TOOLBOXD_TESTS_BENCH_PROCESSES_H_
#define TOOLBOXD_TESTS_BENCH_PROCESSES_H_

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/time/time.h"

namespace toolboxd::bench {

struct Cost {
  // The sums over all threads, since each process began.
  uint64_t context_switches = 0;
  // Those in which a thread went to sleep.
  uint64_t sleeps = 0;
  // User and system time of all threads, those that have ended included, in nanoseconds.
  absl::Duration cpu;
  // Proportional and private memory, KiB.
  uint64_t pss_kib = 0;
  uint64_t private_kib = 0;
  int processes = 0;

  Cost& operator+=(const Cost& other);
};

// Those among `pids` whose command name (/proc/PID/comm) is one of `names`.
std::vector<pid_t> Named(const std::vector<pid_t>& pids, const std::set<std::string>& names);

// Empty for a process that has ended.
std::string NameOf(pid_t pid);
// 0 for a process that has ended.
pid_t ParentOf(pid_t pid);

// Added up. Processes that end meanwhile count as nothing.
Cost Measure(const std::vector<pid_t>& pids);
absl::Duration Cpu(const std::vector<pid_t>& pids);
// Private memory of one process, KiB; page cache does not count.
uint64_t PrivateKib(pid_t pid);

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_PROCESSES_H_
