// SPDX-License-Identifier: Apache-2.0

// Directories as archives. vmtoolsd has none: it answers NOT_A_FILE. Off the disk, whose time to
// make thousands of files differs tenfold from minute to minute.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/bench/measurements.h"
#include "tests/bench/rows.h"
#include "vmxsim/guest/hgfs_transfer.h"

namespace toolboxd::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kRuns = 3;

struct Tree {
  int files;
  size_t file_size;
};

void Make(const std::string& path, const Tree& tree) {
  constexpr int kFilesPerFolder = 100;
  const std::string content(tree.file_size, 'a');
  for (int i = 0; i < tree.files; ++i) {
    const std::string folder = absl::StrCat(path, "/folder", i / kFilesPerFolder);
    if (i % kFilesPerFolder == 0) fs::create_directories(folder);
    std::ofstream(absl::StrCat(folder, "/file", i), std::ios::binary) << content;
  }
}

// What was unpacked is complete, or there is nothing to measure.
void Check(const std::string& path, const Tree& tree) {
  int files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file() && entry.file_size() == tree.file_size) ++files;
  }
  if (files != tree.files)
    Require(absl::UnknownError(absl::StrCat(files, " files unpacked")), "archive");
}

absl::Duration Pack(Guest& guest, const std::string& path, std::string& archive) {
  const absl::Time start = absl::Now();
  const auto append = [&archive](absl::string_view data) {
    archive.append(data.data(), data.size());
    return absl::OkStatus();
  };
  Require(vmxsim::Download(guest.operations(), path, append).status(), "archive");
  return absl::Now() - start;
}

absl::Duration Unpack(Guest& guest, const std::string& archive, const std::string& path) {
  absl::string_view left = archive;
  const auto next = [&left](size_t chunk) {
    const absl::string_view part = left.substr(0, chunk);
    left.remove_prefix(part.size());
    return absl::StatusOr<std::string>(std::string(part));
  };
  const absl::Time start = absl::Now();
  Require(vmxsim::Upload(guest.operations(), absl::StrCat("/archive:", path), next).status(),
          "archive");
  return absl::Now() - start;
}

// Prints medians of `amount` a second, for each way. `key` and `name` are the tree's.
void MeasureTree(Pair& pair, const std::string& key, const std::string& name, const Tree& tree,
                 double amount, const std::string& unit) {
  const std::string from = absl::StrCat(pair.memory_folder, "/tree", tree.files), to = from + "-up";
  Make(from, tree);
  std::vector<double> down, up;
  std::string archive;
  for (int i = 0; i < kRuns; ++i) {
    archive.clear();
    down.push_back(amount / absl::ToDoubleSeconds(Pack(pair.toolboxd, from, archive)));
    up.push_back(amount / absl::ToDoubleSeconds(Unpack(pair.toolboxd, archive, to)));
    Check(to, tree);
    fs::remove_all(to);
  }
  fs::remove_all(from);
  std::sort(down.begin(), down.end());
  std::sort(up.begin(), up.end());
  const auto print = [&](const std::string& way, const std::vector<double>& rates,
                         const std::string& what) {
    PrintRow({absl::StrCat("transfers.archive.", way, ".", key), absl::StrCat(way, ", ", name),
              unit, Better::kHigher,
              absl::StrCat("A directory in memory ", what, "; the median of ", kRuns, " runs.")},
             {rates[kRuns / 2], std::nullopt});
  };
  print("download", down, "is downloaded as a tar archive");
  print("upload", up, "is made from an uploaded archive");
}

}  // namespace

void MeasureArchives(Pair& pair) {
  PrintHeading("archives (vmtoolsd has none)");
  constexpr Tree kLarge = {2000, 32 << 10}, kSmall = {20000, 100};
  // The rate counts content, without what the headers add.
  MeasureTree(pair, "large", "2000 files, 64 MiB", kLarge, kLarge.files * kLarge.file_size / 1e6,
              "MB/s");
  MeasureTree(pair, "small", "20000 small files", kSmall, kSmall.files, "files/s");
}

}  // namespace toolboxd::bench
