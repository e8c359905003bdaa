// SPDX-License-Identifier: Apache-2.0

#include "snapshotd/block_devices.h"

#include <errno.h>

#include <filesystem>
#include <set>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/small_file.h"

namespace toolboxd::snapshotd {
namespace {

// The limit for one file system; with more, its devices are unknown.
constexpr size_t kMaxDevices = 256;
constexpr size_t kMaxFiles = 64;
constexpr size_t kMaxEntries = 4096;
// The kernel writes at most a page.
constexpr size_t kMaxAttribute = 4096;

// The names in a sysfs folder, at most kMaxEntries + 1; `error` is 0, or the errno.
std::vector<std::string> NamesIn(const std::string& folder, int& error) {
  std::vector<std::string> names;
  std::error_code code;
  std::filesystem::directory_iterator entry(folder, code);
  while (!code && entry != std::filesystem::directory_iterator() && names.size() <= kMaxEntries) {
    names.push_back(entry->path().filename().string());
    entry.increment(code);
  }
  error = code.value();
  return names;
}

bool IsMissing(int error) { return error == ENOENT || error == ENOTDIR; }

// "MAJOR:MINOR" of the folder of a device; empty if it has gone.
std::string NumberIn(const std::string& device) {
  std::string text = ReadSmallFileOrEmpty(device + "/dev", 64);
  absl::StripAsciiWhitespace(&text);
  return text.find_first_not_of("0123456789:") == std::string::npos ? text : std::string();
}

// As device mapper's "VG-LV", where a hyphen of a name is doubled; empty for other paths.
std::string MappedNameOfVolume(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() != 2) return std::string();
  if (parts[0] == "mapper") return std::string(parts[1]);
  return absl::StrCat(absl::StrReplaceAll(parts[0], {{"-", "--"}}), "-",
                      absl::StrReplaceAll(parts[1], {{"-", "--"}}));
}

// Whether a device without others below it is a disk of hardware: its folder is below a PCI device,
// as /sys/devices/pci0000:00/0000:03:00.0/host0/…, and not of an iSCSI session.
bool IsHardware(const std::string& device) {
  std::error_code code;
  const std::string folder = std::filesystem::read_symlink(device, code).string();
  return !code && absl::StrContains(folder, "/devices/pci") &&
         !absl::StrContains(folder, "/session");
}

}  // namespace

struct BlockDevices::Walk {
  std::set<std::string> seen;
  std::vector<std::string> ahead;
  Backing backing;

  void Add(const std::string& number) {
    if (number.empty() || (seen.size() >= kMaxDevices && seen.count(number) == 0)) {
      backing.unknown = true;
    } else if (seen.insert(number).second) {
      ahead.push_back(number);
    }
  }
  void AddFile(std::string path) {
    if (path.empty() || backing.files.size() >= kMaxFiles) {
      backing.unknown = true;
    } else {
      backing.files.push_back(std::move(path));
    }
  }
};

BlockDevices::BlockDevices(std::string sys) : sys_(std::move(sys)) {}

Backing BlockDevices::BackingOf(const Mount& mount) {
  Walk walk;
  if (mount.major != 0) walk.Add(absl::StrCat(mount.major, ":", mount.minor));
  // "/dev/sda:/dev/sdb".
  if (mount.type == "bcachefs") {
    for (const absl::string_view part : absl::StrSplit(mount.source, ':')) walk.Add(NumberOf(part));
  } else if (mount.major == 0) {
    walk.Add(NumberOf(mount.source));
    if (mount.type == "btrfs") AddBtrfsOf(NumberOf(mount.source), walk);
  }
  while (!walk.ahead.empty()) {
    const std::string number = std::move(walk.ahead.back());
    walk.ahead.pop_back();
    Look(number, walk);
  }
  return std::move(walk.backing);
}

void BlockDevices::Look(const std::string& number, Walk& walk) {
  const std::string device = absl::StrCat(sys_, "/dev/block/", number);
  std::string text;
  if (ReadSmallFile(device + "/dev", kMaxAttribute, text) != 0) {
    walk.backing.unknown = true;
    return;
  }
  if (ReadSmallFile(device + "/partition", kMaxAttribute, text) == 0) {
    // The folder is a link into the one of the whole disk.
    walk.Add(NumberIn(device + "/.."));
    return;
  }
  const int error = ReadSmallFile(device + "/loop/backing_file", kMaxAttribute, text);
  if (error == 0) {
    // A name may end with a line break of its own.
    std::string path(absl::StripSuffix(text, "\n"));
    const std::string lower = NumberOf(path);
    lower.empty() ? walk.AddFile(std::move(path)) : walk.Add(lower);
  } else if (!IsMissing(error)) {
    walk.backing.unknown = true;
  }
  const bool has_slaves = LookAtSlaves(device, walk);
  if (error != 0 && !has_slaves && !IsHardware(device)) walk.backing.unknown = true;
}

bool BlockDevices::LookAtSlaves(const std::string& device, Walk& walk) {
  int error = 0;
  const std::vector<std::string> names = NamesIn(device + "/slaves", error);
  for (const std::string& name : names) {
    walk.Add(NumberIn(absl::StrCat(device, "/slaves/", name)));
  }
  if (error != 0 && !IsMissing(error)) walk.backing.unknown = true;
  return !names.empty();
}

std::vector<std::string> BlockDevices::DiskFiles() {
  std::vector<std::string> files;
  int error = 0;
  for (const std::string& name : NamesIn(sys_ + "/class/block", error)) {
    if (!absl::StartsWith(name, "loop")) continue;
    std::string text;
    const std::string file = absl::StrCat(sys_, "/class/block/", name, "/loop/backing_file");
    if (ReadSmallFile(file, kMaxAttribute, text) != 0) continue;
    files.emplace_back(absl::StripSuffix(text, "\n"));
  }
  return files;
}

void BlockDevices::AddBtrfsOf(const std::string& number, Walk& walk) {
  bool is_found = false;
  int error = 0;
  for (const std::string& name : NamesIn(sys_ + "/fs/btrfs", error)) {
    const std::string folder = absl::StrCat(sys_, "/fs/btrfs/", name, "/devices");
    std::set<std::string> members;
    for (const std::string& device : NamesIn(folder, error)) {
      members.insert(NumberIn(absl::StrCat(folder, "/", device)));
    }
    if (members.count(number) == 0) continue;
    is_found = true;
    for (const std::string& member : members) walk.Add(member);
  }
  if (!is_found) walk.backing.unknown = true;
}

std::string BlockDevices::NumberOf(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "/dev/") || path.empty() || path[0] == '.') return std::string();
  // sysfs has no "/" in names: "cciss!c0d0".
  const std::string name = absl::StrReplaceAll(path, {{"/", "!"}});
  const std::string number = NumberIn(absl::StrCat(sys_, "/class/block/", name));
  return number.empty() ? NumberOfMapped(MappedNameOfVolume(path)) : number;
}

std::string BlockDevices::NumberOfMapped(const std::string& name) {
  if (name.empty()) return std::string();
  if (!mapped_) {
    mapped_.emplace();
    int error = 0;
    for (const std::string& device : NamesIn(sys_ + "/class/block", error)) {
      if (!absl::StartsWith(device, "dm-")) continue;
      const std::string folder = absl::StrCat(sys_, "/class/block/", device);
      const std::string text = ReadSmallFileOrEmpty(folder + "/dm/name", kMaxAttribute);
      mapped_->emplace(absl::StripSuffix(text, "\n"), NumberIn(folder));
    }
  }
  const auto found = mapped_->find(name);
  return found == mapped_->end() ? std::string() : found->second;
}

}  // namespace toolboxd::snapshotd
