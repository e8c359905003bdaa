// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest_summary.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "transportd/wire/reader.h"
#include "vmxsim/nic_info.h"

namespace toolboxd::vmxsim {
namespace {

constexpr size_t kShortNameSize = 129;
constexpr size_t kFullNameSize = 513;
constexpr size_t kDiskNameSize = 100;
constexpr size_t kMemoryLegacySize = 112;

absl::string_view Text(absl::string_view bytes) { return bytes.substr(0, bytes.find('\0')); }

std::string Gibibytes(uint64_t bytes) {
  return absl::StrFormat("%.1f GiB", static_cast<double>(bytes) / (1 << 30));
}

// The value of "name":"…" in an object of the one JSON shape that guests send; empty without.
std::string JsonString(absl::string_view object, absl::string_view name) {
  const std::string key = absl::StrCat("\"", name, "\"");
  const size_t at = object.find(key);
  if (at == absl::string_view::npos) return "";
  const size_t begin = object.find('"', object.find(':', at + key.size()));
  const size_t end = begin == absl::string_view::npos ? begin : object.find('"', begin + 1);
  if (end == absl::string_view::npos) return "";
  return std::string(object.substr(begin + 1, end - begin - 1));
}

std::string DiskLine(absl::string_view name, uint64_t free, uint64_t size, absl::string_view type) {
  return absl::StrCat("disk: ", name, " ", type, type.empty() ? "" : " ", Gibibytes(free),
                      " free of ", Gibibytes(size), "\n");
}

void AddVariable(std::string& text, RpciStore& rpci, absl::string_view label,
                 const std::string& name) {
  const auto found = rpci.variables().find(name);
  if (found == rpci.variables().end()) return;
  absl::StrAppend(&text, label, ": ", absl::CHexEscape(found->second), "\n");
}

void AddText(std::string& text, const RpciStore& rpci, absl::string_view label, int type) {
  const auto found = rpci.guest_info().find(type);
  if (found == rpci.guest_info().end()) return;
  absl::StrAppend(&text, label, ": ", absl::CHexEscape(Text(found->second)), "\n");
}

void AddTools(std::string& text, const Vmx::View& view) {
  const absl::Time now = absl::Now();
  const char* state = !view.tclo.registered()     ? "not registered"
                      : view.tclo.Responding(now) ? "running"
                                                  : "registered, not responding";
  absl::StrAppend(&text, "tools: ", state, "\n");
  if (!view.rpci.tools_version().empty()) {
    // 2147483647 is what vSphere shows as guestToolsUnmanaged, and so is type 4.
    const bool unmanaged =
        view.rpci.tools_version() == "2147483647" || view.rpci.tools_version_type() == "4";
    absl::StrAppend(&text, "tools version: ", view.rpci.tools_version(),
                    view.rpci.tools_version_type().empty() ? "" : ", type ",
                    view.rpci.tools_version_type(), unmanaged ? " (unmanaged)" : "", "\n");
  }
  for (const auto& [name, value] : view.rpci.capabilities()) {
    absl::StrAppend(&text, "capability: ", name, " ", value, "\n");
  }
}

}  // namespace

absl::StatusOr<std::string> RawNicInfo(const RpciStore& rpci) {
  for (const int type : {10, 9}) {
    const auto found = rpci.guest_info().find(type);
    if (found != rpci.guest_info().end()) return found->second;
  }
  return absl::NotFoundError("the guest has not sent its network information");
}

std::string OsDetailsText(absl::string_view bytes) {
  wire::Reader reader(bytes);
  const uint32_t version = reader.U32();
  const absl::string_view short_name = Text(reader.Bytes(kShortNameSize));
  const absl::string_view full_name = Text(reader.Bytes(kFullNameSize));
  reader.Skip(2);
  const absl::string_view details = Text(reader.Rest());
  if (!reader.ok() || version != 1) return "malformed";
  return absl::StrCat(short_name, ": ", full_name, "; ", details);
}

std::string MemoryText(absl::string_view bytes) {
  wire::Reader reader(bytes);
  reader.Skip(8);
  const uint64_t total = reader.U64();
  reader.Skip(kMemoryLegacySize - 16);
  if (!reader.ok()) return "malformed";
  size_t statistics = 0;
  while (reader.ok() && reader.remaining() > 0) {
    const uint32_t flags = reader.U32();
    for (uint32_t bit = 1; bit <= 0x80; bit <<= 1) {
      if ((flags & bit) != 0) reader.Skip(reader.U16());
    }
    if (reader.ok()) ++statistics;
  }
  return absl::StrCat("total ", total, ", ", statistics, " statistics",
                      reader.AtEnd() ? "" : ", malformed list");
}

std::string DiskJsonText(absl::string_view json) {
  std::string text;
  const size_t list = json.find('[');
  if (list == absl::string_view::npos) return "disk: malformed\n";
  json.remove_prefix(list + 1);
  for (size_t begin = json.find('{'); begin != absl::string_view::npos; begin = json.find('{')) {
    const size_t end = json.find('}', begin);
    if (end == absl::string_view::npos) return text + "disk: malformed\n";
    const absl::string_view object = json.substr(begin, end - begin);
    json.remove_prefix(end + 1);
    std::string name;
    uint64_t free = 0;
    uint64_t size = 0;
    if (!absl::Base64Unescape(JsonString(object, "name"), &name) ||
        !absl::SimpleAtoi(JsonString(object, "free"), &free) ||
        !absl::SimpleAtoi(JsonString(object, "size"), &size)) {
      absl::StrAppend(&text, "disk: malformed\n");
      continue;
    }
    absl::StrAppend(&text, DiskLine(Text(name), free, size, JsonString(object, "fstype")));
  }
  return text;
}

std::string DiskListText(absl::string_view bytes) {
  wire::Reader reader(bytes);
  std::string text;
  const int count = reader.U8();
  for (int i = 0; i < count && reader.ok(); ++i) {
    const uint64_t free = reader.U64();
    const uint64_t size = reader.U64();
    const absl::string_view name = Text(reader.Bytes(kDiskNameSize));
    absl::StrAppend(&text, reader.ok() ? DiskLine(name, free, size, "") : "disk: malformed\n");
  }
  return text;
}

std::string GuestSummary(Vmx::View& view) {
  std::string text;
  AddTools(text, view);
  AddVariable(text, view.rpci, "ip", "ip");
  AddText(text, view.rpci, "host name", 1);
  const auto& info = view.rpci.guest_info();
  if (const auto os = info.find(11); os != info.end()) {
    absl::StrAppend(&text, "os: ", absl::CHexEscape(OsDetailsText(os->second)), "\n");
  }
  AddText(text, view.rpci, "os full name", 5);
  AddText(text, view.rpci, "os name", 6);
  if (const auto uptime = info.find(7); uptime != info.end()) {
    double hundredths = 0;
    if (absl::SimpleAtod(Text(uptime->second), &hundredths)) {
      absl::StrAppend(&text, absl::StrFormat("uptime: %.2f s\n", hundredths / 100));
    }
  }
  if (const auto memory = info.find(8); memory != info.end()) {
    absl::StrAppend(&text, "memory: ", MemoryText(memory->second), "\n");
  }
  if (!view.rpci.disk_json().empty()) {
    absl::StrAppend(&text, DiskJsonText(view.rpci.disk_json()));
  } else if (const auto disks = info.find(3); disks != info.end()) {
    absl::StrAppend(&text, DiskListText(disks->second));
  }
  if (const auto nics = RawNicInfo(view.rpci); nics.ok()) {
    const auto decoded = DecodeNicInfo(*nics);
    absl::StrAppend(&text, decoded.ok() ? NicInfoText(*decoded)
                                        : absl::StrCat("nics: ", decoded.status().message(), "\n"));
  }
  return text;
}

}  // namespace toolboxd::vmxsim
