// SPDX-License-Identifier: Apache-2.0

// What the tools' processes hold while they are used.

#ifndef TOOLBOXD_TESTS_SOAK_SAMPLES_H_
#define TOOLBOXD_TESTS_SOAK_SAMPLES_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace toolboxd::soak {

struct Sample {
  double minutes = 0;
  // Operations that were answered so far.
  double done = 0;
  // The sums over all processes.
  double private_kib = 0, descriptors = 0, threads = 0, processes = 0;
  // What malloc has handed out (heap.h).
  double allocated_kib = 0;
  // Of it, the processes of each name.
  std::map<std::string, double> private_kib_of;
  // Of all processes since each began, those that have ended as far as a sample has it.
  double cpu_seconds = 0;
  // What the runtime directory holds; 0 without one.
  double run_files = 0;
};

class Sampler {
 public:
  explicit Sampler(std::string runtime_dir) : runtime_dir_(std::move(runtime_dir)) {}

  // A sample of `pids`; what ends meanwhile counts as nothing.
  Sample Take(const std::vector<pid_t>& pids);

 private:
  const std::string runtime_dir_;
  // KiB of each process where they could be read last.
  std::map<pid_t, double> allocated_;
  // Seconds of the processes of the last sample, and of those that have ended before it.
  std::map<pid_t, double> cpu_;
  double ended_cpu_ = 0;
};

using Value = std::function<double(const Sample&)>;
// The private memory of the processes of one name.
Value PrivateKibOf(const std::string& name);
// Those that have processes in any of the samples.
std::set<std::string> Names(const std::vector<Sample>& samples);

// Percent of a mean.
struct Rise {
  double an_hour = 0;
  // The standard error of it: in a short run what is flat rises or falls by chance.
  double error = 0;
};

// The line through the medians of each minute from minute `from` on, by least squares, in percent
// of the mean of `whole`. What lasts for seconds, as the 8 MiB that a password's hash takes, is not
// in a median; what leaks is. 0 for less than three minutes.
Rise RiseOf(const std::vector<Sample>& samples, const Value& value, double from,
            const Value& whole);
// In percent of its own mean.
Rise RiseOf(const std::vector<Sample>& samples, const Value& value, double from);

// The header and one line of comma-separated values for each sample.
std::string ToCsv(const std::vector<Sample>& samples);

}  // namespace toolboxd::soak

#endif  // TOOLBOXD_TESTS_SOAK_SAMPLES_H_
