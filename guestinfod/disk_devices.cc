// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/disk_devices.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/small_file.h"

namespace toolboxd::guestinfod {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxDevices = 16;
// Partition on logical volume on encrypted RAID, and some more.
constexpr int kMaxDepth = 6;
constexpr int kMaxLookedAt = 256;
// VMware's first SCSI controller sits on the root bus and has no label.
constexpr absl::string_view kUnlabelledScsi = "0000:00:10.0";
// The class of a PCI device that is an IDE controller, without the programming interface.
constexpr uint32_t kIdeClass = 0x0101;

std::string ReadWord(const fs::path& file) {
  const std::string text = ReadSmallFileOrEmpty(file.string(), 256);
  return std::string(absl::StripAsciiWhitespace(text));
}

// The names of a folder's entries; none if it cannot be read.
std::vector<std::string> List(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  return names;
}

// The number after the prefix, as in "ata3"; nothing if the name is not of that form.
std::optional<uint32_t> NumberAfter(absl::string_view prefix, absl::string_view name) {
  uint32_t number = 0;
  if (!absl::ConsumePrefix(&name, prefix) || !absl::SimpleAtoi(name, &number)) return std::nullopt;
  return number;
}

bool IsPciAddress(absl::string_view name) {
  // "0000:03:00.0"
  return name.size() == 12 && name[4] == ':' && name[7] == ':' && name[10] == '.';
}

// A disk's folder in sys/devices, cut where its controller ends.
struct DiskPath {
  fs::path controller;
  // "host2/port-2:0/end_device-2:0/target2:0:0/2:0:0:0/block/sda"
  std::vector<std::string> below;
};

DiskPath Cut(const fs::path& disk) {
  DiskPath cut;
  fs::path path;
  for (const fs::path& part : disk) {
    path /= part;
    cut.below.push_back(part.string());
    if (!IsPciAddress(part.string())) continue;
    cut.controller = path;
    cut.below.clear();
  }
  return cut;
}

// "target2:0:1" is host, channel, target.
std::optional<uint32_t> Target(const DiskPath& disk) {
  for (const std::string& part : disk.below) {
    const std::vector<absl::string_view> numbers = absl::StrSplit(part, ':');
    uint32_t target = 0;
    if (absl::StartsWith(part, "target") && numbers.size() == 3 &&
        absl::SimpleAtoi(numbers[2], &target)) {
      return target;
    }
  }
  return std::nullopt;
}

// SAS gives targets numbers as they are found; the unit is the phy, "phy-2:3", of the disk's port.
std::optional<uint32_t> ScsiUnit(const DiskPath& disk) {
  fs::path folder = disk.controller;
  for (const std::string& part : disk.below) {
    folder /= part;
    if (!absl::StartsWith(part, "port-")) continue;
    for (const std::string& name : List(folder)) {
      const std::vector<absl::string_view> numbers = absl::StrSplit(name, ':');
      uint32_t phy = 0;
      if (absl::StartsWith(name, "phy-") && numbers.size() == 2 &&
          absl::SimpleAtoi(numbers[1], &phy)) {
        return phy;
      }
    }
    return std::nullopt;
  }
  return Target(disk);
}

// SATA and IDE: each port is a host of its own, "ata3" or, in old kernels, "host3". Its position
// among those of its controller.
std::optional<uint32_t> Port(const DiskPath& disk) {
  if (disk.below.empty()) return std::nullopt;
  for (const absl::string_view kind : {"ata", "host"}) {
    const std::optional<uint32_t> own = NumberAfter(kind, disk.below.front());
    if (!own) continue;
    uint32_t position = 0;
    for (const std::string& name : List(disk.controller)) {
      const std::optional<uint32_t> other = NumberAfter(kind, name);
      if (other && *other < *own) ++position;
    }
    return position;
  }
  return std::nullopt;
}

// Namespaces count from 1. Old kernels say it in the name only, "nvme0n1".
std::optional<uint32_t> NvmeUnit(const fs::path& disk) {
  const std::string name = disk.filename().string();
  std::string text = ReadWord(disk / "nsid");
  if (text.empty()) text = name.substr(std::min(name.rfind('n') + 1, name.size()));
  uint32_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || number == 0) return std::nullopt;
  return number - 1;
}

std::string Join(absl::string_view controller, std::optional<uint32_t> unit) {
  return unit ? absl::StrCat(controller, ":", *unit) : std::string();
}

// The name of the disk, which the path leads to its controller; empty if it has none.
std::string NameOf(const fs::path& path, const fs::path& disk) {
  const DiskPath cut = Cut(path);
  if (cut.controller.empty()) return std::string();
  uint32_t pci_class = 0;
  if (absl::SimpleHexAtoi(ReadWord(cut.controller / "class"), &pci_class) &&
      pci_class >> 8 == kIdeClass) {
    const std::optional<uint32_t> channel = Port(cut);
    return channel ? Join(absl::StrCat("ide", *channel), Target(cut)) : std::string();
  }
  std::string label = absl::AsciiStrToLower(ReadWord(cut.controller / "label"));
  if (label.empty() && cut.controller.filename() == std::string(kUnlabelledScsi)) label = "scsi0";
  if (NumberAfter("scsi", label)) return Join(label, ScsiUnit(cut));
  if (NumberAfter("sata", label)) return Join(label, Port(cut));
  if (NumberAfter("nvme", label)) return Join(label, NvmeUnit(disk));
  return std::string();
}

// A namespace that several controllers may have is below none: its folder's parent links to them.
std::string NameByController(const fs::path& disk) {
  for (const std::string& name : List(disk.parent_path())) {
    if (!NumberAfter("nvme", name)) continue;
    std::error_code error;
    const fs::path controller = fs::canonical(disk.parent_path() / name, error);
    const std::string found = error ? std::string() : NameOf(controller, disk);
    if (!found.empty()) return found;
  }
  return std::string();
}

struct Found {
  std::vector<std::string> names;
  int looked_at = 0;
};

// Adds the names of the disks that hold the device, a folder of sys/devices. Whether each of them
// has one.
bool Collect(const fs::path& device, int depth, Found& found) {
  std::error_code error;
  if (depth > kMaxDepth || ++found.looked_at > kMaxLookedAt) return false;
  // A partition is a folder in its disk's.
  const fs::path disk = fs::exists(device / "partition", error) ? device.parent_path() : device;
  const std::vector<std::string> slaves = List(disk / "slaves");
  for (const std::string& name : slaves) {
    const fs::path slave = fs::canonical(disk / "slaves" / name, error);
    if (error || !Collect(slave, depth + 1, found)) return false;
  }
  if (!slaves.empty()) return true;
  const bool is_shared = absl::StrContains(disk.string(), "/nvme-subsystem/");
  std::string name = is_shared ? NameByController(disk) : NameOf(disk, disk);
  if (name.empty()) return false;
  std::vector<std::string>& names = found.names;
  if (std::find(names.begin(), names.end(), name) != names.end()) return true;
  names.push_back(std::move(name));
  return names.size() <= kMaxDevices;
}

// The kernel's name of a device of /dev: "dm-0" of "/dev/mapper/data", whose link is not there in a
// sandbox.
std::string BlockName(const std::string& root, absl::string_view source) {
  if (absl::ConsumePrefix(&source, "/dev/mapper/")) {
    const fs::path block = root + "/sys/class/block";
    for (const std::string& name : List(block)) {
      if (absl::StartsWith(name, "dm-") && ReadWord(block / name / "dm/name") == source) {
        return name;
      }
    }
    return std::string();
  }
  return fs::path(std::string(source)).filename().string();
}

// The devices of a file system that has a number of its own and names one of its devices (btrfs) or
// all (bcachefs), as names in sys/class/block.
std::vector<std::string> MembersOf(const std::string& root, const Mount& mount) {
  std::vector<std::string> members;
  for (const absl::string_view source : absl::StrSplit(mount.source, ':')) {
    members.push_back(BlockName(root, source));
  }
  if (mount.type != "btrfs") return members;
  const fs::path all = root + "/sys/fs/btrfs";
  for (const std::string& uuid : List(all)) {
    std::vector<std::string> devices = List(all / uuid / "devices");
    if (std::find(devices.begin(), devices.end(), members.front()) != devices.end()) return devices;
  }
  return members;
}

}  // namespace

std::vector<std::string> DiskDevices(const std::string& root, const Mount& mount) {
  std::vector<fs::path> links;
  if (mount.major != 0) {
    links.emplace_back(absl::StrCat(root, "/sys/dev/block/", mount.major, ":", mount.minor));
  } else {
    for (const std::string& name : MembersOf(root, mount)) {
      // An empty name would be the folder of all of them.
      if (name.empty() || name == "." || name == "..") return {};
      links.emplace_back(fs::path(root + "/sys/class/block") / name);
    }
  }
  Found found;
  for (const fs::path& link : links) {
    std::error_code error;
    const fs::path device = fs::canonical(link, error);
    if (error || !Collect(device, 0, found)) return {};
  }
  std::sort(found.names.begin(), found.names.end());
  return std::move(found.names);
}

}  // namespace toolboxd::guestinfod
