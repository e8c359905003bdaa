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

namespace toolboxd::soak {
namespace {

double Entries(const std::string& folder) {
  std::error_code ignored;
  const std::filesystem::directory_iterator entries(folder, ignored);
  return static_cast<double>(std::distance(begin(entries), end(entries)));
}

void CountEntriesBelow(const std::string& folder, Sample& sample) {
  if (folder.empty()) return;
  std::error_code error, gone;
  const auto before =
      std::filesystem::file_time_type::clock::now() - absl::ToChronoSeconds(Sampler::kLeft);
  const auto options = std::filesystem::directory_options::skip_permission_denied;
  for (std::filesystem::recursive_directory_iterator entry(folder, options, error), end;
       !error && entry != end; entry.increment(error)) {
    ++sample.run_files;
    const auto changed = entry->last_write_time(gone);
    if (!gone && changed < before) ++sample.left_files;
  }
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

void LeastOfLast::Add(double value) {
  last_.push_back(value);
  if (last_.size() > count_) last_.pop_front();
}

double LeastOfLast::Least() const {
  return last_.empty() ? 0 : *std::min_element(last_.begin(), last_.end());
}

void Sampler::Add(pid_t pid, Process& process, Sample& sample) const {
  const bench::Cost cost = bench::Measure({pid});
  process.cpu_seconds = std::max(absl::ToDoubleSeconds(cost.cpu), process.cpu_seconds);
  sample.cpu_seconds += process.cpu_seconds;
  if (cost.processes == 0) return;
  sample.processes += cost.processes;
  const double private_kib = static_cast<double>(cost.private_kib);
  process.private_kib.Add(private_kib);
  const double held_kib = process.private_kib.Least();
  sample.private_kib += private_kib;
  sample.held_kib += held_kib;
  if (const std::string name = bench::NameOf(pid); !name.empty()) {
    sample.held_kib_of[name] += held_kib;
  }
  if (const auto allocated = AllocatedBytes(pid); allocated) process.allocated = *allocated;
  process.allocated_kib.Add(static_cast<double>(process.allocated.used) / 1024);
  sample.allocated_kib += process.allocated_kib.Least();
  sample.cached_kib += static_cast<double>(process.allocated.cached) / 1024;
  sample.descriptors += Entries(absl::StrCat("/proc/", pid, "/fd"));
  sample.threads += Entries(absl::StrCat("/proc/", pid, "/task"));
}

Sample Sampler::Take(const std::vector<pid_t>& pids) {
  Sample sample;
  std::map<pid_t, Process> processes;
  for (const pid_t pid : pids) {
    processes.insert(processes_.extract(pid));
    Add(pid, processes[pid], sample);
  }
  for (const auto& [pid, process] : processes_) ended_cpu_ += process.cpu_seconds;
  processes_ = std::move(processes);
  sample.cpu_seconds += ended_cpu_;
  CountEntriesBelow(runtime_dir_, sample);
  return sample;
}

void Sampler::Look() {
  for (auto& [pid, process] : processes_) {
    // 0 for one that has ended.
    if (const uint64_t kib = bench::PrivateKib(pid); kib > 0) {
      process.private_kib.Add(static_cast<double>(kib));
    }
  }
}

Value HeldKibOf(const std::string& name) {
  return [name](const Sample& sample) {
    const auto found = sample.held_kib_of.find(name);
    return found == sample.held_kib_of.end() ? 0 : found->second;
  };
}

std::set<std::string> Names(const std::vector<Sample>& samples) {
  std::set<std::string> names;
  for (const Sample& sample : samples) {
    for (const auto& [name, kib] : sample.held_kib_of) names.insert(name);
  }
  return names;
}

void SetCostOfOperations(std::vector<Sample>& samples) {
  if (samples.size() <= Sampler::kSamples) return;
  Sample& last = samples.back();
  const Sample& before = samples[samples.size() - 1 - Sampler::kSamples];
  if (last.done <= before.done) return;
  last.cpu_us_each = 1e6 * (last.cpu_seconds - before.cpu_seconds) / (last.done - before.done);
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
      "minutes,done,private_kib,held_kib,allocated_kib,cached_kib,descriptors,threads,processes,"
      "cpu_seconds,run_files,left_files";
  const std::set<std::string> names = Names(samples);
  for (const std::string& name : names) absl::StrAppend(&text, ",held_kib_", name);
  for (const Sample& s : samples) {
    absl::StrAppendFormat(&text, "\n%.3f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.0f,%.3f,%.0f,%.0f",
                          s.minutes, s.done, s.private_kib, s.held_kib, s.allocated_kib,
                          s.cached_kib, s.descriptors, s.threads, s.processes, s.cpu_seconds,
                          s.run_files, s.left_files);
    for (const std::string& name : names) {
      absl::StrAppendFormat(&text, ",%.0f", HeldKibOf(name)(s));
    }
  }
  text.push_back('\n');
  return text;
}

}  // namespace toolboxd::soak
