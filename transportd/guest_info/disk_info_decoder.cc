// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/disk_info_decoder.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "google/protobuf/struct.pb.h"
#include "google/protobuf/util/json_util.h"
#include "transportd/wire/reader.h"

namespace toolboxd::guest_info {
namespace {

using ::google::protobuf::Struct;
using ::google::protobuf::Value;

// The string at `key`; empty if there is none or it is something else.
const std::string& Text(const Struct& object, const std::string& key) {
  static const std::string& empty = *new std::string;
  const auto found = object.fields().find(key);
  if (found == object.fields().end() || !found->second.has_string_value()) return empty;
  return found->second.string_value();
}

bool DecodeDisk(const Value& value, v1::Disk& disk) {
  if (!value.has_struct_value()) return false;
  const Struct& object = value.struct_value();
  std::string mount_point;
  uint64_t free_bytes = 0;
  uint64_t total_bytes = 0;
  if (!absl::Base64Unescape(Text(object, "name"), &mount_point) ||
      !absl::SimpleAtoi(Text(object, "free"), &free_bytes) ||
      !absl::SimpleAtoi(Text(object, "size"), &total_bytes)) {
    return false;
  }
  disk.set_mount_point(mount_point);
  disk.set_free_bytes(free_bytes);
  disk.set_total_bytes(total_bytes);
  disk.set_file_system(Text(object, "fstype"));
  const auto devices = object.fields().find("devices");
  if (devices == object.fields().end()) return true;
  for (const Value& device : devices->second.list_value().values()) {
    disk.add_devices(device.string_value());
  }
  return true;
}

}  // namespace

absl::StatusOr<Disks> DecodeDiskInfoJson(absl::string_view json) {
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
  Disks disks;
  for (const Value& value : list->second.list_value().values()) {
    if (!DecodeDisk(value, *disks.Add())) {
      return absl::InvalidArgumentError("disk information has a malformed disk");
    }
  }
  return disks;
}

absl::StatusOr<Disks> DecodeDiskInfoLegacy(absl::string_view value) {
  wire::Reader reader(value);
  Disks disks;
  for (int count = reader.U8(); count > 0 && reader.ok(); --count) {
    v1::Disk& disk = *disks.Add();
    disk.set_free_bytes(reader.U64());
    disk.set_total_bytes(reader.U64());
    wire::Reader name(reader.Bytes(kMaxMountPoint + 1));
    disk.set_mount_point(std::string(name.UntilNul()));
  }
  if (!reader.ok()) return absl::InvalidArgumentError("disk information is truncated");
  return disks;
}

}  // namespace toolboxd::guest_info
