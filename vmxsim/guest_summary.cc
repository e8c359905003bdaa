// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/guest_summary.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "vmxsim/disk_info.h"
#include "vmxsim/memory_info.h"
#include "vmxsim/nic_info.h"
#include "vmxsim/os_info.h"
#include "vmxsim/printable.h"

namespace toolboxd::vmxsim {
namespace {

// A text up to its NUL.
absl::string_view Text(absl::string_view bytes) { return bytes.substr(0, bytes.find('\0')); }

void AddVariable(std::string& text, RpciStore& rpci, absl::string_view label,
                 const std::string& name) {
  const auto found = rpci.variables().find(name);
  if (found == rpci.variables().end()) return;
  absl::StrAppend(&text, label, ": ", Printable(found->second), "\n");
}

void AddText(std::string& text, const RpciStore& rpci, absl::string_view label, int type) {
  const auto found = rpci.guest_info().find(type);
  if (found == rpci.guest_info().end()) return;
  absl::StrAppend(&text, label, ": ", Printable(Text(found->second)), "\n");
}

// Decoded information as its own lines; what is malformed as "LABEL: why".
template <typename T>
void Add(std::string& text, absl::string_view label, const absl::StatusOr<T>& decoded,
         std::string (*format)(const T&)) {
  absl::StrAppend(&text, decoded.ok()
                             ? format(*decoded)
                             : absl::StrCat(label, ": ", decoded.status().message(), "\n"));
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
    absl::StrAppend(&text, "capability: ", name, value.empty() ? "" : " ", value, "\n");
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

std::string GuestSummary(Vmx::View& view) {
  std::string text;
  AddTools(text, view);
  AddVariable(text, view.rpci, "ip", "ip");
  AddText(text, view.rpci, "host name", 1);
  const auto& info = view.rpci.guest_info();
  if (const auto os = info.find(11); os != info.end()) {
    Add(text, "os", DecodeOsInfo(os->second), OsInfoText);
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
    Add(text, "memory", DecodeMemoryInfo(memory->second), MemoryInfoText);
  }
  if (!view.rpci.disk_json().empty()) {
    Add(text, "disks", DecodeDiskInfoJson(view.rpci.disk_json()), DiskInfoText);
  } else if (const auto disks = info.find(3); disks != info.end()) {
    Add(text, "disks", DecodeDiskInfoLegacy(disks->second), DiskInfoText);
  }
  if (const auto nics = RawNicInfo(view.rpci); nics.ok()) {
    Add(text, "nics", DecodeNicInfo(*nics), NicInfoText);
  }
  return text;
}

}  // namespace toolboxd::vmxsim
