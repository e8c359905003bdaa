// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/status_text.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace toolboxd {
namespace {

void Line(std::string& text, absl::string_view name, absl::string_view value) {
  absl::StrAppend(&text, absl::StrFormat("%-24s%s\n", name, value));
}

std::string ServiceText(const v1::ServiceStatus& service) {
  std::string text = service.connected() ? "connected" : "not connected";
  if (service.calls() > 0) absl::StrAppend(&text, ", ", service.calls(), " calls");
  if (service.failures() > 0) absl::StrAppend(&text, ", ", service.failures(), " failed");
  if (!service.connected() && !service.last_error().empty()) {
    absl::StrAppend(&text, " (last: ", service.last_error(), ")");
  }
  return text;
}

void ConfigurationLines(std::string& text, absl::string_view name,
                        const v1::ConfigurationStatus& status, absl::string_view absent,
                        absl::string_view broken) {
  switch (status.state()) {
    case v1::ConfigurationStatus::ABSENT:
      Line(text, name, absent);
      break;
    case v1::ConfigurationStatus::READ:
      Line(text, name, "read");
      break;
    case v1::ConfigurationStatus::BROKEN:
      for (const std::string& fault : status.faults()) {
        Line(text, name, absl::StrCat(broken, ": ", fault));
      }
      break;
    default:  // Not known: a transportd of another version.
      break;
  }
}

std::string SnapshotText(const v1::SnapshotStatus& snapshots) {
  std::string text = absl::StrCat(snapshots.running() ? "one is being taken, " : "",
                                  snapshots.ended(), " ended, ", snapshots.failed(), " failed");
  if (snapshots.last_frozen_us() > 0) {
    absl::StrAppend(&text, ", the last one froze for ",
                    absl::FormatDuration(absl::Microseconds(snapshots.last_frozen_us())));
  }
  return text;
}

}  // namespace

std::string StatusText(const v1::TransportStatus& status, absl::TimeZone zone) {
  const absl::Time since = absl::FromUnixSeconds(status.registered_time());
  std::string text;
  Line(text, "registered",
       status.registered()
           ? absl::StrCat("yes, since ", absl::FormatTime("%Y-%m-%d %H:%M:%S %Z", since, zone))
           : "no");
  Line(text, "channel", status.channel().empty() ? "none" : status.channel());
  for (const v1::ServiceStatus& service : status.services()) {
    Line(text, service.name(), ServiceText(service));
  }
  ConfigurationLines(text, "policy", status.policy(), "no file, everything is permitted",
                     "broken, guest operations are refused");
  ConfigurationLines(text, "routes", status.routes(), "none", "broken, skipped");
  if (status.has_snapshots()) Line(text, "snapshots", SnapshotText(status.snapshots()));
  // Protobuf's maps have no order.
  const std::map<std::string, uint64_t> counters(status.counters().begin(),
                                                 status.counters().end());
  for (const auto& [name, count] : counters) Line(text, name, absl::StrCat(count));
  return text;
}

}  // namespace toolboxd
