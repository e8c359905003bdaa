// SPDX-License-Identifier: Apache-2.0

// Private memory while a large file passes.

#include <sys/types.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/content.h"
#include "tests/bench/measurements.h"
#include "tests/bench/rows.h"

namespace toolboxd::bench {
namespace {

// A file without blocks costs no disk and reads like any other.
constexpr uint64_t kSize = 1 << 30, kSmallSize = 4 << 20;
constexpr absl::Duration kInterval = absl::Milliseconds(20);

// MiB. The growth is from the mean of the first tenth of the time to that of the last.
struct Memory {
  double peak = 0, growth = 0;
};

Memory Summary(const std::vector<double>& series) {
  const auto mean = [](auto begin, auto end) {
    return std::accumulate(begin, end, 0.0) / static_cast<double>(end - begin);
  };
  const auto tenth = static_cast<std::ptrdiff_t>(std::max<size_t>(series.size() / 10, 1));
  return {*std::max_element(series.begin(), series.end()),
          mean(series.end() - tenth, series.end()) - mean(series.begin(), series.begin() + tenth)};
}

// While `work` is done; the largest of the processes with each name, in the order of the names.
std::vector<Memory> Watch(Guest& guest, const std::vector<std::string>& names,
                          const std::function<void()>& work) {
  struct Process {
    size_t name;
    pid_t pid;
    std::vector<double> series;
  };
  std::vector<Process> processes;
  for (size_t i = 0; i < names.size(); ++i) {
    for (const pid_t pid : guest.Pids({names[i]})) processes.push_back({i, pid, {}});
  }
  std::atomic<bool> done = false;
  std::thread sampler([&] {
    do {
      for (Process& process : processes)
        process.series.push_back(static_cast<double>(PrivateKib(process.pid)) / 1024);
      absl::SleepFor(kInterval);
    } while (!done);
  });
  work();
  done = true;
  sampler.join();
  std::vector<Memory> largest(names.size());
  for (const Process& process : processes) {
    const Memory memory = Summary(process.series);
    if (memory.peak > largest[process.name].peak) largest[process.name] = memory;
  }
  return largest;
}

// `way` is download or upload.
void Print(const std::string& way, const std::vector<Memory>& ours,
           const std::vector<Memory>& theirs) {
  PrintHeading("memory, 1 GiB " + way + " (vmtoolsd 4 MiB)");
  const auto print = [&way](const std::string& process, const Memory& memory,
                            const std::optional<Memory>& their_memory) {
    const std::string key = absl::StrCat("memory.", way, ".", process);
    std::optional<double> their_peak, their_growth;
    if (their_memory.has_value()) {
      their_peak = their_memory->peak;
      their_growth = their_memory->growth;
    }
    PrintRow({key + ".peak", process + ": peak", "MiB", Better::kLower,
              absl::StrCat("The most private memory that ", process,
                           " has during the transfer, of a sample every 20 ms."),
              "<= 16"},
             {memory.peak, their_peak});
    PrintRow({key + ".growth", process + ": growth", "MiB", Better::kLower,
              absl::StrCat("Mean private memory of ", process,
                           " in the last tenth of the "
                           "transfer, less that in the first tenth."),
              "flat"},
             {memory.growth, their_growth});
  };
  print("transportd", ours[0], theirs[0]);
  print("hgfsd", ours[1], std::nullopt);
}

}  // namespace

void MeasureMemory(Pair& pair) {
  const std::string big = pair.folder + "/gigabyte", small = pair.folder + "/part";
  const std::string big_up = big + "-up", small_up = small + "-up";
  for (const auto& [path, size] : {std::pair(big, kSize), std::pair(small, kSmallSize)}) {
    std::ofstream(path).close();
    std::filesystem::resize_file(path, size);
  }
  // Starts hgfsd, which is then watched.
  TimedDownload(pair.toolboxd, small, kSmallSize);
  const std::vector<std::string> ours = {"transportd", "hgfsd"}, theirs = {"vmtoolsd"};
  Print("download", Watch(pair.toolboxd, ours, [&] { TimedDownload(pair.toolboxd, big, kSize); }),
        Watch(pair.vmtoolsd, theirs, [&] { TimedDownload(pair.vmtoolsd, small, kSmallSize); }));
  Print("upload", Watch(pair.toolboxd, ours, [&] { TimedUpload(pair.toolboxd, big_up, kSize); }),
        Watch(pair.vmtoolsd, theirs, [&] { TimedUpload(pair.vmtoolsd, small_up, kSmallSize); }));
  for (const std::string& path : {big, big_up}) std::filesystem::remove(path);
}

}  // namespace toolboxd::bench
