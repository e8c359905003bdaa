// SPDX-License-Identifier: Apache-2.0

#include "tests/soak/samples.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "tests/bench/processes.h"
#include "tests/soak/heap.h"

namespace toolboxd::soak {
namespace {

double Entries(const std::string& folder) {
  std::error_code ignored;
  const std::filesystem::directory_iterator entries(folder, ignored);
  return static_cast<double>(std::distance(begin(entries), end(entries)));
}

double EntriesBelow(const std::string& folder) {
  if (folder.empty()) return 0;
  std::error_code error;
  double count = 0;
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  for (std::filesystem::recursive_directory_iterator entry(folder, options, error), end;
       !error && entry != end; entry.increment(error)) {
    ++count;
  }
  return count;
}

// By the minute that they are of.
std::map<double, double> Medians(const std::vector<Sample>& samples, const Value& value,
                                 double from) {
  std::map<double, std::vector<double>> minutes;
  for (const Sample& sample : samples) {
    if (sample.minutes >= from) minutes[std::floor(sample.minutes)].push_back(value(sample));
  }
  std::map<double, double> medians;
  for (auto& [minute, values] : minutes) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    medians[minute] = *middle;
  }
  return medians;
}

}  // namespace

Sample Sampler::Take(const std::vector<pid_t>& pids) {
  Sample sample;
  std::map<pid_t, double> cpu;
  for (const pid_t pid : pids) {
    const bench::Cost cost = bench::Measure({pid});
    const double private_kib = static_cast<double>(cost.private_kib);
    sample.private_kib += private_kib;
    const std::string name = bench::NameOf(pid);
    if (!name.empty()) sample.private_kib_of[name] += private_kib;
    cpu[pid] = std::max(absl::ToDoubleSeconds(cost.cpu), cpu_[pid]);
    sample.cpu_seconds += cpu[pid];
    sample.processes += cost.processes;
    if (const auto bytes = AllocatedBytes(pid); bytes) {
      allocated_[pid] = static_cast<double>(*bytes) / 1024;
    }
    if (cost.processes > 0) sample.allocated_kib += allocated_[pid];
    sample.descriptors += Entries(absl::StrCat("/proc/", pid, "/fd"));
    sample.threads += Entries(absl::StrCat("/proc/", pid, "/task"));
  }
  for (const auto& [pid, seconds] : cpu_) {
    if (!cpu.contains(pid)) ended_cpu_ += seconds;
  }
  cpu_ = std::move(cpu);
  sample.cpu_seconds += ended_cpu_;
  sample.run_files = EntriesBelow(runtime_dir_);
  return sample;
}

Value PrivateKibOf(const std::string& name) {
  return [name](const Sample& sample) {
    const auto found = sample.private_kib_of.find(name);
    return found == sample.private_kib_of.end() ? 0 : found->second;
  };
}

std::set<std::string> Names(const std::vector<Sample>& samples) {
  std::set<std::string> names;
  for (const Sample& sample : samples) {
    for (const auto& [name, kib] : sample.private_kib_of) names.insert(name);
  }
  return names;
}

Rise RiseOf(const std::vector<Sample>& samples, const Value& value, double from) {
  return RiseOf(samples, value, from, value);
}

Rise RiseOf(const std::vector<Sample>& samples, const Value& value, double from,
            const Value& whole) {
  const std::map<double, double> points = Medians(samples, value, from);
  const double count = static_cast<double>(points.size());
  if (count < 3) return {};
  double mean = 0, mean_x = 0, mean_y = 0, xx = 0, xy = 0, errors = 0;
  for (const auto& [minute, median] : Medians(samples, whole, from)) mean += median / count;
  for (const auto& [x, y] : points) {
    mean_x += x / count;
    mean_y += y / count;
  }
  for (const auto& [x, y] : points) {
    xx += (x - mean_x) * (x - mean_x);
    xy += (x - mean_x) * (y - mean_y);
  }
  if (mean <= 0) return {};
  const double slope = xy / xx;
  for (const auto& [x, y] : points) {
    const double error = y - mean_y - slope * (x - mean_x);
    errors += error * error;
  }
  constexpr double kMinutes = 60;
  return {100 * kMinutes * slope / mean,
          100 * kMinutes * std::sqrt(errors / (count - 2) / xx) / mean};
}

std::string ToCsv(const std::vector<Sample>& samples) {
  std::string text =
      "minutes,done,private_kib,allocated_kib,descriptors,threads,processes,cpu_seconds,run_files";
  const std::set<std::string> names = Names(samples);
  for (const std::string& name : names) absl::StrAppend(&text, ",private_kib_", name);
  for (const Sample& s : samples) {
    absl::StrAppendFormat(&text, "\n%.3f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.3f,%.0f", s.minutes,
                          s.done, s.private_kib, s.allocated_kib, s.descriptors, s.threads,
                          s.processes, s.cpu_seconds, s.run_files);
    for (const std::string& name : names) {
      absl::StrAppendFormat(&text, ",%.0f", PrivateKibOf(name)(s));
    }
  }
  text.push_back('\n');
  return text;
}

}  // namespace toolboxd::soak
