// What the kernel says a guest's processes cost.

#ifndef TOOLBOXD_TESTS_BENCH_PROCESSES_H_
#define TOOLBOXD_TESTS_BENCH_PROCESSES_H_

#include <sys/types.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace toolboxd::bench {

struct Cost {
  // Of all threads, since each process began.
  uint64_t context_switches = 0;
  // User and system time, milliseconds (the kernel counts in ticks of 10).
  uint64_t cpu_milliseconds = 0;
  // Proportional and private memory, KiB.
  uint64_t pss_kib = 0;
  uint64_t private_kib = 0;
  int processes = 0;

  Cost& operator+=(const Cost& other);
};

// The processes among `pids` whose command name (/proc/PID/comm) is one of `names`, added up.
// Processes that end meanwhile count as nothing.
Cost Measure(const std::vector<pid_t>& pids, const std::set<std::string>& names);

}  // namespace toolboxd::bench

#endif  // TOOLBOXD_TESTS_BENCH_PROCESSES_H_
