// SPDX-License-Identifier: Apache-2.0

#include "transportd/service_processes.h"

#include <unistd.h>

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "base/small_file.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxFile = 16 << 10;
constexpr char kOwnUnit[] = "toolboxd-transportd.service";

// In the order of a status. Groups are in system.slice, or in the root if they begin with '/':
// systemd has a slice for the instances of a template.
struct Service {
  const char* name;
  const char* group;
};
constexpr Service kServices[] = {
    {"transportd", kOwnUnit},
    {"guestinfod", "toolboxd-guestinfod.service"},
    {"powerd", "toolboxd-powerd.service"},
    {"snapshotd", "toolboxd-snapshotd.service"},
    {"deployd", "toolboxd-deployd.service"},
    {"clockd", "toolboxd-clockd.service"},
    {"hgfsd", "system-toolboxd\\x2dhgfsd.slice"},
    {"vixd", "/toolboxd.slice/toolboxd-programs.slice"},
};

// The value of a line "NAME VALUE".
std::optional<uint64_t> Field(absl::string_view text, absl::string_view name) {
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    uint64_t value = 0;
    if (absl::ConsumePrefix(&line, name) && absl::ConsumePrefix(&line, " ") &&
        absl::SimpleAtoi(line, &value)) {
      return value;
    }
  }
  return std::nullopt;
}

std::string SliceOf(const std::string& root, absl::string_view own_group) {
  if (!absl::ConsumeSuffix(&own_group, kOwnUnit)) return "";
  return absl::StrCat(root, own_group);
}

v1::ServiceStatus TakeService(const char* name,
                              google::protobuf::RepeatedPtrField<v1::ServiceStatus>& from) {
  for (v1::ServiceStatus& service : from) {
    if (service.name() == name) return std::exchange(service, v1::ServiceStatus());
  }
  v1::ServiceStatus service;
  service.set_name(name);
  return service;
}

}  // namespace

uint64_t OwnMemory() {
  const std::string text = ReadSmallFileOrEmpty("/proc/self/statm", kMaxFile);
  const std::vector<absl::string_view> pages = absl::StrSplit(text, ' ');
  uint64_t resident = 0;
  uint64_t of_files = 0;
  if (pages.size() < 3 || !absl::SimpleAtoi(pages[1], &resident) ||
      !absl::SimpleAtoi(pages[2], &of_files) || of_files > resident) {
    return 0;
  }
  return (resident - of_files) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

ServiceProcesses::ServiceProcesses(std::string root, std::string own_group)
    : root_(std::move(root)), slice_(SliceOf(root_, own_group)) {}

ServiceProcesses ServiceProcesses::OfThisMachine() {
  std::string group;
  const std::string text = ReadSmallFileOrEmpty("/proc/self/cgroup", kMaxFile);
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    if (absl::ConsumePrefix(&line, "0::")) group = std::string(line);
  }
  return ServiceProcesses("/sys/fs/cgroup", std::move(group));
}

void ServiceProcesses::AddTo(v1::TransportStatus& status) const {
  google::protobuf::RepeatedPtrField<v1::ServiceStatus> known;
  known.Swap(status.mutable_services());
  for (const Service& service : kServices) {
    v1::ServiceStatus one = TakeService(service.name, known);
    if (service.group == kOwnUnit) {
      one.set_state(v1::ServiceStatus::RUNNING);
      one.set_memory_bytes(OwnMemory());
    } else if (!slice_.empty()) {
      const std::string folder = *service.group == '/' ? absl::StrCat(root_, service.group)
                                                       : absl::StrCat(slice_, service.group);
      const bool runs =
          Field(ReadSmallFileOrEmpty(absl::StrCat(folder, "/cgroup.events"), kMaxFile),
                "populated") == 1;
      one.set_state(runs ? v1::ServiceStatus::RUNNING : v1::ServiceStatus::STOPPED);
      if (runs) {
        one.set_memory_bytes(
            Field(ReadSmallFileOrEmpty(absl::StrCat(folder, "/memory.stat"), kMaxFile), "anon")
                .value_or(0));
      }
    } else if (one.connected()) {
      one.set_state(v1::ServiceStatus::RUNNING);
    }
    *status.add_services() = std::move(one);
  }
  // Services that this list does not have.
  for (v1::ServiceStatus& service : known) {
    if (!service.name().empty()) *status.add_services() = std::move(service);
  }
}

}  // namespace toolboxd
