// SPDX-License-Identifier: Apache-2.0

// What the tools' processes hold while they are used.

#ifndef TOOLBOXD_TESTS_SOAK_SAMPLES_H_
#define TOOLBOXD_TESTS_SOAK_SAMPLES_H_

#include <sys/types.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tests/soak/heap.h"

namespace toolboxd::soak {

struct Sample {
  double minutes = 0;
  // Operations that were answered so far.
  double done = 0;
  // The sums over all processes.
  double private_kib = 0, descriptors = 0, threads = 0, processes = 0;
  // What threads keep of what malloc had handed out (heap.h).
  double cached_kib = 0;
  // The sums of what each process has held all through the last minute, the least of it: private
  // memory, and what malloc has handed out. What a request needs while it lasts, and what free()
  // keeps until the process returns it (base/memory.h), is not in it; what leaks is.
  double held_kib = 0, allocated_kib = 0;
  // Of held_kib, the processes of each name.
  std::map<std::string, double> held_kib_of;
  // Of all processes since each began, those that have ended as far as a sample has it.
  double cpu_seconds = 0;
  // Of that, microseconds for each operation of the last minute (SetCostOfOperations).
  double cpu_us_each = 0;
  // What the runtime directory holds, and of that what has not changed for Sampler::kLeft; 0
  // without one.
  double run_files = 0, left_files = 0;
};

// The least of the last `count` values.
class LeastOfLast {
 public:
  explicit LeastOfLast(size_t count) : count_(count) {}

  void Add(double value);
  // 0 before the first value.
  double Least() const;

 private:
  const size_t count_;
  std::deque<double> last_;
};

class Sampler {
 public:
  // A minute: a process returns free memory every ten seconds, and takes what the next requests
  // need within one.
  static constexpr size_t kSamples = 30, kLooks = 300;
  static constexpr absl::Duration kSampleInterval = absl::Seconds(2),
                                  kLookInterval = absl::Milliseconds(200);

  // Ended programs are remembered for five minutes, each in files.
  static constexpr absl::Duration kLeft = absl::Minutes(6);

  explicit Sampler(std::string runtime_dir) : runtime_dir_(std::move(runtime_dir)) {}

  // A sample of `pids`; what ends meanwhile counts as nothing. Every kSampleInterval.
  Sample Take(const std::vector<pid_t>& pids);
  // A look at the private memory of those of the last sample. Every kLookInterval.
  void Look();

 private:
  struct Process {
    double cpu_seconds = 0;
    // Where it could be read last.
    Allocated allocated;
    LeastOfLast private_kib{kLooks}, allocated_kib{kSamples};
  };

  void Add(pid_t pid, Process& process, Sample& sample) const;

  const std::string runtime_dir_;
  // Those of the last sample, and the seconds of those that have ended before it.
  std::map<pid_t, Process> processes_;
  double ended_cpu_ = 0;
};

using Value = std::function<double(const Sample&)>;
// What the processes of one name hold.
Value HeldKibOf(const std::string& name);
// Those that have processes in any of the samples.
std::set<std::string> Names(const std::vector<Sample>& samples);

// Fills in cpu_us_each of the last sample; 0 within the first minute.
void SetCostOfOperations(std::vector<Sample>& samples);

// Percent of a mean.
struct Rise {
  double an_hour = 0;
  // The standard error of it: in a short run what is flat rises or falls by chance.
  double error = 0;
};

// The line through the medians of each minute from minute `from` on, by least squares, in percent
// of the mean of `whole`. What lasts for seconds, as the 8 MiB that a password's hash takes, is not
// in a median. 0 for less than three minutes.
Rise RiseOf(const std::vector<Sample>& samples, const Value& value, double from,
            const Value& whole);
// In percent of its own mean.
Rise RiseOf(const std::vector<Sample>& samples, const Value& value, double from);

// The header and one line of comma-separated values for each sample.
std::string ToCsv(const std::vector<Sample>& samples);

}  // namespace toolboxd::soak

#endif  // TOOLBOXD_TESTS_SOAK_SAMPLES_H_
