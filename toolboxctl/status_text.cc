// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/status_text.h"

#include <iterator>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "toolboxctl/table.h"

namespace toolboxd {
namespace {

constexpr char kTime[] = "%Y-%m-%d %H:%M:%S %Z";

std::string TimeText(int64_t seconds, absl::TimeZone zone) {
  return absl::FormatTime(kTime, absl::FromUnixSeconds(seconds), zone);
}

std::string HostText(const v1::Host& host) {
  std::string text = host.product().empty() ? "not known" : host.product();
  if (host.hardware_version() != 0) {
    absl::StrAppend(&text, ", virtual hardware ", host.hardware_version());
  }
  return text;
}

Cell RegisteredCell(const v1::TransportStatus& status, absl::TimeZone zone) {
  if (!status.registered()) return Cell("no", Colour::kBad);
  return Cell(absl::StrCat("yes, since ", TimeText(status.registered_time(), zone)), Colour::kGood);
}

Cell StateCell(const v1::ServiceStatus& service) {
  if (service.connected()) return Cell("connected", Colour::kGood);
  // The one whose stream is always open.
  if (service.name() == "guestinfod") return Cell("not connected", Colour::kBad);
  return service.state() == v1::ServiceStatus::RUNNING ? "running" : "on demand";
}

// What transportd has of a user's processes alone: their calls are guest operations.
bool IsOfUsers(const v1::ServiceStatus& service) {
  return service.name() == "hgfsd" || service.name() == "vixd";
}

void AddService(const v1::ServiceStatus& service, Table& table) {
  if (IsOfUsers(service)) {
    table.AddRow(
        {service.name(), StateCell(service), SizeText(service.memory_bytes()), "-", "-", "-"});
    return;
  }
  table.AddRow({service.name(), StateCell(service), SizeText(service.memory_bytes()),
                absl::StrCat(service.calls()),
                Cell(absl::StrCat(service.failures()),
                     service.failures() > 0 ? Colour::kBad : Colour::kNone),
                absl::StrCat(service.restarts())});
}

void AddFailures(const v1::ServiceStatus& service, absl::TimeZone zone, Table& table) {
  for (const v1::Failure& failure : service.last_failures()) {
    const absl::Time time = absl::FromUnixSeconds(failure.time());
    table.AddRow(
        {service.name(), absl::FormatTime("%m-%d %H:%M:%S", time, zone), failure.reason()});
  }
}

std::string ServiceTables(const v1::TransportStatus& status, absl::TimeZone zone,
                          const Terminal& terminal) {
  if (status.services().empty()) return "";
  Table services("llrrrr");
  Table failures;
  services.AddRow({"service", "state", "memory", "calls", "errors", "restarts"});
  for (const v1::ServiceStatus& service : status.services()) {
    AddService(service, services);
    AddFailures(service, zone, failures);
  }
  const std::string text = absl::StrCat("\n", services.Text(terminal));
  if (failures.empty()) return text;
  return absl::StrCat(text, "\nlast errors\n", failures.Text(terminal));
}

void AddConfiguration(const std::string& name, const v1::ConfigurationStatus& status,
                      const std::string& absent, absl::string_view broken, Table& table) {
  switch (status.state()) {
    case v1::ConfigurationStatus::ABSENT:
      table.AddRow({name, absent});
      break;
    case v1::ConfigurationStatus::READ:
      table.AddRow({name, Cell("read", Colour::kGood)});
      break;
    case v1::ConfigurationStatus::BROKEN:
      for (const std::string& fault : status.faults()) {
        table.AddRow({name, Cell(absl::StrCat(broken, ": ", fault), Colour::kBad)});
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

std::string ConfigurationTable(const v1::TransportStatus& status, const Terminal& terminal) {
  Table table;
  AddConfiguration("policy", status.policy(), "no file, everything is permitted",
                   "broken, guest operations are refused", table);
  AddConfiguration("routes", status.routes(), "none", "broken, skipped", table);
  for (const v1::ExtensionStatus& extension : status.extensions()) {
    table.AddRow({"extension", absl::StrCat(extension.binding(), " at ", extension.socket())});
  }
  if (status.has_snapshots()) table.AddRow({"snapshots", SnapshotText(status.snapshots())});
  const std::string text = table.Text(terminal);
  return text.empty() ? "" : absl::StrCat("\n", text);
}

std::string CounterTable(const v1::TransportStatus& status, const Terminal& terminal) {
  // Protobuf's maps have no order.
  const std::map<std::string, uint64_t> counters(status.counters().begin(),
                                                 status.counters().end());
  Table table("lr");
  for (const auto& [name, count] : counters) table.AddRow({name, absl::StrCat(count)});
  const std::string text = table.Text(terminal);
  return text.empty() ? "" : absl::StrCat("\n", text);
}

}  // namespace

std::string SizeText(uint64_t bytes) {
  if (bytes == 0) return "-";
  constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  double size = static_cast<double>(bytes);
  size_t unit = 0;
  while (size >= 1024 && unit + 1 < std::size(kUnits)) {
    size /= 1024;
    ++unit;
  }
  return unit == 0 ? absl::StrCat(bytes, " B") : absl::StrFormat("%.1f %s", size, kUnits[unit]);
}

namespace {

// "backdoor" of "backdoor, high bandwidth".
std::string TransportName(const std::string& channel) {
  return channel.substr(0, channel.find(','));
}

}  // namespace

std::string StatusText(const v1::TransportStatus& status, absl::TimeZone zone,
                       const Terminal& terminal) {
  Table table;
  if (!status.version().empty()) {
    table.AddRow({"toolboxd", absl::StrCat(status.version(), ", since ",
                                           TimeText(status.started_time(), zone))});
  }
  if (status.has_host()) table.AddRow({"host", HostText(status.host())});
  table.AddRow({"registered", RegisteredCell(status, zone)});
  table.AddRow(
      {"channel", status.channel().empty() ? Cell("none", Colour::kBad) : Cell(status.channel())});
  if (!status.channel_reason().empty()) table.AddRow({"no vsock", status.channel_reason()});
  if (!status.rpci_channel().empty() && !status.channel().empty() &&
      TransportName(status.rpci_channel()) != TransportName(status.channel())) {
    table.AddRow({"requests", absl::StrCat("over ", status.rpci_channel())});
  }
  return absl::StrCat(table.Text(terminal), ServiceTables(status, zone, terminal),
                      ConfigurationTable(status, terminal), CounterTable(status, terminal));
}

}  // namespace toolboxd
