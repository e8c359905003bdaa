// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/disk_info.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "transportd/wire/writer.h"

namespace toolboxd::guest_info {
namespace {

int Count(const Disks& disks) { return std::min(disks.size(), kMaxDisks); }

absl::string_view MountPoint(const v1::Disk& disk) {
  return absl::string_view(disk.mount_point()).substr(0, kMaxMountPoint);
}

std::string PlainName(absl::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (absl::ascii_isalnum(c) || absl::StrContains(":._-", absl::string_view(&c, 1))) {
      plain.push_back(c);
    }
  }
  return plain;
}

void AppendJson(const v1::Disk& disk, std::string& json) {
  absl::StrAppend(&json, "{\"name\":\"", absl::Base64Escape(MountPoint(disk)), "\",\"free\":\"",
                  disk.free_bytes(), "\",\"size\":\"", disk.total_bytes(), "\"");
  const std::string file_system = PlainName(disk.file_system());
  if (!file_system.empty()) absl::StrAppend(&json, ",\"fstype\":\"", file_system, "\"");
  if (!disk.devices().empty()) {
    absl::StrAppend(&json, ",\"devices\":[");
    for (int i = 0; i < disk.devices_size(); ++i) {
      absl::StrAppend(&json, i == 0 ? "" : ",", "\"", PlainName(disk.devices(i)), "\"");
    }
    json += "]";
  }
  json += "}";
}

}  // namespace

std::string EncodeDiskInfoJson(const Disks& disks) {
  std::string json = "{\n\"version\":\"1\",\n\"disks\":[\n";
  for (int i = 0; i < Count(disks); ++i) {
    AppendJson(disks.Get(i), json);
    json += i + 1 < Count(disks) ? ",\n" : "\n";
  }
  json += "]}";
  return json;
}

std::string EncodeDiskInfoLegacy(const Disks& disks) {
  wire::Writer writer;
  writer.U8(static_cast<uint8_t>(Count(disks)));
  for (int i = 0; i < Count(disks); ++i) {
    const v1::Disk& disk = disks.Get(i);
    const absl::string_view name = MountPoint(disk);
    writer.U64(disk.free_bytes()).U64(disk.total_bytes()).Bytes(name);
    writer.Zeros(kMaxMountPoint + 1 - name.size());
  }
  return writer.Take();
}

}  // namespace toolboxd::guest_info
