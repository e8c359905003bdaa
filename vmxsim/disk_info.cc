// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/disk_info.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "transportd/wire/reader.h"
#include "vmxsim/printable.h"

namespace toolboxd::vmxsim {
namespace {

using ::google::protobuf::Struct;
using ::google::protobuf::Value;

constexpr size_t kMountPointSize = 100;

// The string at `key`; empty if there is none or it is something else.
const std::string& Text(const Struct& object, const std::string& key) {
  static const std::string& empty = *new std::string;
  const auto found = object.fields().find(key);
  if (found == object.fields().end() || !found->second.has_string_value()) return empty;
  return found->second.string_value();
}

bool DecodeDisk(const Value& value, Disk& disk) {
  if (!value.has_struct_value()) return false;
  const Struct& object = value.struct_value();
  if (!absl::Base64Unescape(Text(object, "name"), &disk.mount_point) ||
      !absl::SimpleAtoi(Text(object, "free"), &disk.free_bytes) ||
      !absl::SimpleAtoi(Text(object, "size"), &disk.total_bytes)) {
    return false;
  }
  disk.file_system = Text(object, "fstype");
  const auto devices = object.fields().find("devices");
  if (devices == object.fields().end()) return true;
  for (const Value& device : devices->second.list_value().values()) {
    disk.devices.push_back(device.string_value());
  }
  return true;
}

std::string Gibibytes(uint64_t bytes) {
  return absl::StrFormat("%.1f GiB", static_cast<double>(bytes) / (1 << 30));
}

}  // namespace

absl::StatusOr<std::vector<Disk>> DecodeDiskInfoJson(absl::string_view json) {
  Struct object;
  const google::protobuf::StringPiece text(json.data(), json.size());
  if (!google::protobuf::util::JsonStringToMessage(text, &object).ok()) {
    return absl::InvalidArgumentError("disk information is not JSON");
  }
  if (Text(object, "version") != "1") {
    return absl::InvalidArgumentError("disk information is not of version 1");
  }
  const auto list = object.fields().find("disks");
  if (list == object.fields().end() || !list->second.has_list_value()) {
    return absl::InvalidArgumentError("disk information has no list of disks");
  }
  std::vector<Disk> disks;
  for (const Value& value : list->second.list_value().values()) {
    if (!DecodeDisk(value, disks.emplace_back())) {
      return absl::InvalidArgumentError("disk information has a malformed disk");
    }
  }
  return disks;
}

absl::StatusOr<std::vector<Disk>> DecodeDiskInfoLegacy(absl::string_view bytes) {
  wire::Reader reader(bytes);
  std::vector<Disk> disks;
  for (int count = reader.U8(); count > 0 && reader.ok(); --count) {
    Disk& disk = disks.emplace_back();
    disk.free_bytes = reader.U64();
    disk.total_bytes = reader.U64();
    const absl::string_view name = reader.Bytes(kMountPointSize);
    disk.mount_point = std::string(name.substr(0, name.find('\0')));
  }
  if (!reader.ok()) return absl::InvalidArgumentError("disk information is truncated");
  return disks;
}

std::string DiskInfoText(const std::vector<Disk>& disks) {
  std::string text;
  for (const Disk& disk : disks) {
    absl::StrAppend(&text, "disk: ", Printable(disk.mount_point), " ", Printable(disk.file_system),
                    disk.file_system.empty() ? "" : " ", Gibibytes(disk.free_bytes), " free of ",
                    Gibibytes(disk.total_bytes), "\n");
  }
  return text;
}

}  // namespace toolboxd::vmxsim
