#include "tests/bench/processes.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"

namespace toolboxd::bench {
namespace {

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The sum of the numbers behind `key` in "key: number" lines.
uint64_t Sum(const std::string& text, const std::string& key) {
  uint64_t sum = 0;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, key.size(), key) == 0)
      sum += std::strtoull(line.c_str() + key.size(), nullptr, 10);
  }
  return sum;
}

uint64_t CpuMilliseconds(const std::string& stat) {
  // The command name may hold anything, so count fields from its closing parenthesis.
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  uint64_t user = 0, system = 0;
  fields >> user >> system;
  return (user + system) * 1000 / static_cast<uint64_t>(sysconf(_SC_CLK_TCK));
}

Cost MeasureOne(const std::string& directory) {
  Cost cost;
  std::error_code ignored;
  for (const auto& task : std::filesystem::directory_iterator(directory + "/task", ignored)) {
    cost.context_switches += Sum(ReadFile(task.path() / "status"), "voluntary_ctxt_switches:");
    cost.context_switches += Sum(ReadFile(task.path() / "status"), "nonvoluntary_ctxt_switches:");
  }
  cost.cpu_milliseconds = CpuMilliseconds(ReadFile(directory + "/stat"));
  const std::string memory = ReadFile(directory + "/smaps_rollup");
  cost.pss_kib = Sum(memory, "Pss:");
  cost.private_kib = Sum(memory, "Private_Clean:") + Sum(memory, "Private_Dirty:");
  cost.processes = 1;
  return cost;
}

}  // namespace

Cost& Cost::operator+=(const Cost& other) {
  context_switches += other.context_switches;
  cpu_milliseconds += other.cpu_milliseconds;
  pss_kib += other.pss_kib;
  private_kib += other.private_kib;
  processes += other.processes;
  return *this;
}

Cost Measure(const std::vector<pid_t>& pids, const std::set<std::string>& names) {
  Cost total;
  for (const pid_t pid : pids) {
    const std::string directory = absl::StrCat("/proc/", pid);
    std::string name = ReadFile(directory + "/comm");
    if (!name.empty()) name.pop_back();
    if (names.contains(name)) total += MeasureOne(directory);
  }
  return total;
}

}  // namespace toolboxd::bench
