// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/disk_devices.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/small_file.h"

namespace toolboxd::guestinfod {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxDevices = 16;
// Partition on logical volume on encrypted RAID, and some more.
constexpr int kMaxDepth = 6;
// VMware's first SCSI controller sits on the root bus and has no label.
constexpr absl::string_view kUnlabelledScsi = "0000:00:10.0";

bool IsPciAddress(absl::string_view name) {
  // "0000:03:00.0"
  return name.size() == 12 && name[4] == ':' && name[7] == ':' && name[10] == '.';
}

// The controller of the VM's settings, such as "scsi0"; empty if it is none of VMware's.
std::string Controller(const fs::path& pci) {
  std::string label = absl::AsciiStrToLower(
      absl::StripAsciiWhitespace(ReadSmallFileOrEmpty((pci / "label").string(), 64)));
  if (label.empty() && pci.filename() == std::string(kUnlabelledScsi)) return "scsi0";
  for (const absl::string_view kind : {"scsi", "sata", "nvme"}) {
    uint32_t number = 0;
    if (absl::StartsWith(label, kind) &&
        absl::SimpleAtoi(absl::string_view(label).substr(kind.size()), &number)) {
      return absl::StrCat(kind, number);
    }
  }
  return std::string();
}

// The unit on the controller, from the path below it.
std::string Unit(const fs::path& disk, const fs::path& below_controller, absl::string_view kind) {
  if (kind == "nvme") {
    // Namespaces count from 1.
    uint32_t number = 0;
    const std::string text = ReadSmallFileOrEmpty((disk / "nsid").string(), 16);
    if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(text), &number) || number == 0) return "";
    return absl::StrCat(number - 1);
  }
  for (const fs::path& part : below_controller) {
    const std::string name = part.string();
    uint32_t number = 0;
    // SATA: each port is a host of its own, "ata3". Its position among them is the unit.
    if (kind == "sata" && absl::StartsWith(name, "ata") &&
        absl::SimpleAtoi(name.substr(3), &number)) {
      return absl::StrCat(number);
    }
    // SCSI: "target2:0:1" is host, channel, target.
    if (kind == "scsi" && absl::StartsWith(name, "target")) {
      const std::vector<std::string> numbers = absl::StrSplit(name.substr(6), ':');
      if (numbers.size() == 3 && absl::SimpleAtoi(numbers[2], &number)) return numbers[2];
    }
  }
  return std::string();
}

// The lowest "ataN" of a controller, from which its ports are counted.
uint32_t FirstPort(const fs::path& pci) {
  uint32_t first = UINT32_MAX;
  std::error_code error;
  for (fs::directory_iterator entry(pci, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    uint32_t number = 0;
    if (absl::StartsWith(name, "ata") && absl::SimpleAtoi(name.substr(3), &number)) {
      first = std::min(first, number);
    }
  }
  return first;
}

// The name of a disk by its folder in sys/devices; empty if it has none.
std::string NameOf(const fs::path& disk) {
  fs::path pci;
  fs::path below;
  fs::path path;
  for (const fs::path& part : disk) {
    path /= part;
    below /= part;
    if (!IsPciAddress(part.string())) continue;
    pci = path;
    below.clear();
  }
  if (pci.empty()) return std::string();
  const std::string controller = Controller(pci);
  if (controller.empty()) return std::string();
  std::string unit = Unit(disk, below, absl::string_view(controller).substr(0, 4));
  uint32_t port = 0;
  if (absl::StartsWith(controller, "sata") && absl::SimpleAtoi(unit, &port)) {
    const uint32_t first = FirstPort(pci);
    unit = port >= first ? absl::StrCat(port - first) : "";
  }
  return unit.empty() ? std::string() : absl::StrCat(controller, ":", unit);
}

// `device` is a folder of sys/devices with a block device's attributes.
void Collect(const fs::path& device, int depth, std::vector<std::string>& names) {
  std::error_code error;
  if (depth > kMaxDepth || names.size() >= kMaxDevices) return;
  // A partition is a folder in its disk's.
  const fs::path disk = fs::exists(device / "partition", error) ? device.parent_path() : device;
  bool has_slaves = false;
  for (fs::directory_iterator entry(disk / "slaves", error), end; !error && entry != end;
       entry.increment(error)) {
    has_slaves = true;
    const fs::path slave = fs::canonical(entry->path(), error);
    if (!error) Collect(slave, depth + 1, names);
  }
  if (has_slaves) return;
  const std::string name = NameOf(disk);
  if (!name.empty() && names.size() < kMaxDevices &&
      std::find(names.begin(), names.end(), name) == names.end()) {
    names.push_back(name);
  }
}

}  // namespace

std::vector<std::string> DiskDevices(const std::string& root, const Mount& mount) {
  // File systems of several disks (btrfs) have a device number of their own, but name a disk.
  const fs::path link =
      mount.major != 0
          ? fs::path(absl::StrCat(root, "/sys/dev/block/", mount.major, ":", mount.minor))
          : fs::path(root + "/sys/class/block") / fs::path(mount.source).filename();
  std::vector<std::string> names;
  std::error_code error;
  const fs::path device = fs::canonical(link, error);
  if (!error) Collect(device, 0, names);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace toolboxd::guestinfod
