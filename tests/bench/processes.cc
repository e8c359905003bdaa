// SPDX-License-Identifier: Apache-2.0

#include "tests/bench/processes.h"

#include <time.h>

#include <filesystem>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "base/testing/whole_file.h"

namespace toolboxd::bench {
namespace {

// The sum of the numbers after `key` in "key: number" lines.
uint64_t Sum(const std::string& text, const std::string& key) {
  uint64_t sum = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, key.size(), key) == 0)
      sum += std::strtoull(line.c_str() + key.size(), nullptr, 10);
  }
  return sum;
}

uint64_t PrivateOf(const std::string& rollup) {
  // Not Private_Dirty: while a child that was forked has not executed its program, all that both
  // have is shared, and each has half of it here.
  return Sum(rollup, "Private_Clean:") + Sum(rollup, "Pss_Anon:");
}

// The process's CPU clock: /proc/PID/stat counts in ticks of 10 ms, and schedstat forgets the
// threads that have ended.
absl::Duration CpuOf(pid_t pid) {
  clockid_t clock;
  timespec time;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0)
    return absl::ZeroDuration();
  return absl::DurationFromTimespec(time);
}

Cost MeasureOne(pid_t pid) {
  const std::string directory = absl::StrCat("/proc/", pid);
  Cost cost;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator(directory + "/task", ignored)) {
    const std::string status = ReadWholeFile(task.path() / "status");
    const uint64_t sleeps = Sum(status, "voluntary_ctxt_switches:");
    cost.sleeps += sleeps;
    cost.context_switches += sleeps + Sum(status, "nonvoluntary_ctxt_switches:");
  }
  cost.cpu = CpuOf(pid);
  const std::string memory = ReadWholeFile(directory + "/smaps_rollup");
  cost.pss_kib = Sum(memory, "Pss:");
  cost.private_kib = PrivateOf(memory);
  cost.processes = 1;
  return cost;
}

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  context_switches += other.context_switches;
  sleeps += other.sleeps;
  cpu += other.cpu;
  pss_kib += other.pss_kib;
  private_kib += other.private_kib;
  processes += other.processes;
  return *this;
}

std::vector<pid_t> Named(const std::vector<pid_t>& pids, const std::set<std::string>& names) {
  std::vector<pid_t> named;
  for (const pid_t pid : pids) {
    if (names.contains(NameOf(pid))) named.push_back(pid);
  }
  return named;
}

std::string NameOf(pid_t pid) {
  std::string name = ReadWholeFile(absl::StrCat("/proc/", pid, "/comm"));
  if (!name.empty()) name.pop_back();
  return name;
}

pid_t ParentOf(pid_t pid) {
  return static_cast<pid_t>(Sum(ReadWholeFile(absl::StrCat("/proc/", pid, "/status")), "PPid:"));
}

Cost Measure(const std::vector<pid_t>& pids) {
  Cost total;
  for (const pid_t pid : pids) total += MeasureOne(pid);
  return total;
}

absl::Duration Cpu(const std::vector<pid_t>& pids) {
  absl::Duration total;
  for (const pid_t pid : pids) total += CpuOf(pid);
  return total;
}

uint64_t PrivateKib(pid_t pid) {
  return PrivateOf(ReadWholeFile(absl::StrCat("/proc/", pid, "/smaps_rollup")));
}

}  // namespace toolboxd::bench
