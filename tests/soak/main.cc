// SPDX-License-Identifier: Apache-2.0

// Users who work for hours, and what the guest's tools hold meanwhile; tests/soak/run starts it.
//
//   soak --control=SOCKET --users=U,V --password=P --folder=DIR --minutes=N
//        [--names=PROCESS,…] [--everything=false] [--runtime_dir=DIR] [--patience=TIME] [--seed=N]
//        [--csv=FILE]

#include <atomic>
#include <cstdio>
#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/flags/flag.h"
#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/guest.h"
#include "tests/soak/journal.h"
#include "tests/soak/samples.h"
#include "tests/soak/worker.h"

ABSL_FLAG(std::string, control, "", "the guest's control socket");
ABSL_FLAG(std::vector<std::string>, users, {}, "guest users, each with a folder of that name");
ABSL_FLAG(std::string, password, "", "the password of all of them");
ABSL_FLAG(std::string, folder, "", "where the users' folders are");
ABSL_FLAG(double, minutes, 3, "how long");
ABSL_FLAG(std::vector<std::string>, names,
          std::vector<std::string>({"transportd", "guestinfod", "powerd", "snapshotd", "hgfsd",
                                    "vixd", "session"}),
          "the command names of the tools' processes");
ABSL_FLAG(bool, everything, true, "also what vmtoolsd does not have");
ABSL_FLAG(std::string, runtime_dir, "", "whose entries are counted");
ABSL_FLAG(absl::Duration, patience, absl::Seconds(60), "after which an answer counts as lost");
ABSL_FLAG(uint64_t, seed, 1, "decides what the users do");
ABSL_FLAG(std::string, csv, "", "a file for the samples");

namespace toolboxd::soak {
namespace {

constexpr double kWarmUpMinutes = 2;
// Ended programs are remembered for five minutes, each in a file, and with some bytes of memory.
constexpr double kMemoryOfProgramsMinutes = 7;

std::vector<Sample> Watch(bench::Guest& guest, const std::set<std::string>& names,
                          const Journal& journal, absl::Time end) {
  const absl::Time begin = absl::Now();
  Sampler sampler(absl::GetFlag(FLAGS_runtime_dir));
  std::vector<Sample> samples;
  while (absl::Now() < end) {
    Sample sample = sampler.Take(guest.Pids(names));
    sample.minutes = absl::ToDoubleMinutes(absl::Now() - begin);
    sample.done = static_cast<double>(journal.Sum().done);
    samples.push_back(sample);
    SetCostOfOperations(samples);
    const absl::Time next = absl::Now() + Sampler::kSampleInterval;
    while (absl::Now() < next) {
      absl::SleepFor(Sampler::kLookInterval);
      sampler.Look();
    }
  }
  return samples;
}

void PrintRow(const std::string& name, const std::vector<Sample>& samples, const Value& value,
              const Rise& rise) {
  std::printf("%-24s %10.0f at the end %+9.2f %% an hour, by chance %9.2f\n", name.c_str(),
              value(samples.back()), rise.an_hour, 2 * rise.error);
}

void PrintRow(const std::string& name, const std::vector<Sample>& samples, const Value& value,
              double from = kWarmUpMinutes) {
  PrintRow(name, samples, value, RiseOf(samples, value, from));
}

// What is of one name rises in percent of all, so that a leak has the same size in both rows.
void PrintSamples(const std::vector<Sample>& samples) {
  PrintRow("private memory, KiB", samples, &Sample::private_kib);
  PrintRow("held memory, KiB", samples, &Sample::held_kib);
  for (const std::string& name : Names(samples)) {
    const Value of_name = HeldKibOf(name);
    PrintRow(absl::StrCat("  of ", name), samples, of_name,
             RiseOf(samples, of_name, kWarmUpMinutes, &Sample::held_kib));
  }
  PrintRow("allocated memory, KiB", samples, &Sample::allocated_kib, kMemoryOfProgramsMinutes);
  PrintRow("kept by threads, KiB", samples, &Sample::cached_kib, kMemoryOfProgramsMinutes);
  PrintRow("descriptors", samples, &Sample::descriptors);
  PrintRow("threads", samples, &Sample::threads);
  PrintRow("processes", samples, &Sample::processes);
  PrintRow("files", samples, &Sample::run_files, kMemoryOfProgramsMinutes);
  PrintRow("files that are left", samples, &Sample::left_files, kMemoryOfProgramsMinutes);
  PrintRow("CPU of an operation, us", samples, &Sample::cpu_us_each);
}

void PrintCounts(const Journal& journal) {
  const auto print = [](const std::string& kind, const Journal::Counts& counts) {
    std::printf("%-24s %10llu done %8llu refused %8llu lost %8llu wrong\n", kind.c_str(),
                static_cast<unsigned long long>(counts.done),
                static_cast<unsigned long long>(counts.refused),
                static_cast<unsigned long long>(counts.lost),
                static_cast<unsigned long long>(counts.wrong));
  };
  for (const auto& [kind, counts] : journal.ByKind()) print(kind, counts);
  print("operations", journal.Sum());
  for (const auto& [text, count] : journal.Refusals()) {
    std::printf("refused %llu times: %s\n", static_cast<unsigned long long>(count), text.c_str());
  }
}

// Prints "WHAT: yes", or what is not so.
bool Check(const char* what, const std::vector<std::unique_ptr<Worker>>& workers,
           absl::Status (Worker::*check)() const) {
  bool all_ok = true;
  for (const auto& worker : workers) {
    const absl::Status status = ((*worker).*check)();
    if (status.ok()) continue;
    all_ok = false;
    std::printf("%s\n", status.ToString().c_str());
  }
  std::printf("%s: %s\n", what, all_ok ? "yes" : "no");
  return all_ok;
}

int Main() {
  const std::vector<std::string> users = absl::GetFlag(FLAGS_users);
  const std::string password = absl::GetFlag(FLAGS_password);
  const std::vector<std::string> names = absl::GetFlag(FLAGS_names);
  if (users.empty()) bench::Require(absl::InvalidArgumentError("needed"), "--users");
  bench::Guest guest(absl::GetFlag(FLAGS_control), {names.begin(), names.end()}, users[0],
                     password);
  Journal journal;
  std::vector<std::unique_ptr<Worker>> workers;
  workers.reserve(users.size());
  for (const std::string& user : users) {
    workers.push_back(std::make_unique<Worker>(
        guest.ConnectHost(), user, password, absl::StrCat(absl::GetFlag(FLAGS_folder), "/", user),
        Manner{absl::GetFlag(FLAGS_seed) * 1000 + workers.size(), absl::GetFlag(FLAGS_patience),
               absl::GetFlag(FLAGS_everything)},
        &journal));
  }
  const absl::Time end = absl::Now() + absl::Minutes(absl::GetFlag(FLAGS_minutes));
  std::vector<std::thread> threads;
  threads.reserve(workers.size());
  for (const auto& worker : workers) {
    threads.emplace_back([&worker, end] {
      while (absl::Now() < end) worker->Step();
    });
  }
  const std::vector<Sample> samples = Watch(guest, {names.begin(), names.end()}, journal, end);
  for (std::thread& thread : threads) thread.join();
  if (const std::string csv = absl::GetFlag(FLAGS_csv); !csv.empty()) {
    std::ofstream(csv) << ToCsv(samples);
  }
  PrintCounts(journal);
  PrintSamples(samples);
  const bool once = Check("programs ran once", workers, &Worker::CheckNumbers);
  const bool whole = Check("no half file is left", workers, &Worker::CheckFolder);
  return once && whole ? 0 : 1;
}

}  // namespace
}  // namespace toolboxd::soak

int main(int argc, char** argv) {
  absl::SetProgramUsageMessage("guest users who work for hours; see tests/soak/run");
  absl::ParseCommandLine(argc, argv);
  return toolboxd::soak::Main();
}
