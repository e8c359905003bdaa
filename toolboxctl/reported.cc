// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/reported.h"

#include <vector>

#include "absl/flags/flag.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "toolboxctl/control_flag.h"
#include "toolboxctl/show.h"
#include "toolboxctl/status_text.h"
#include "toolboxctl/table.h"
#include "toolboxctl/transport_client.h"

namespace toolboxd {
namespace {

constexpr char kNothing[] =
    "guestinfod has sent nothing yet; 'toolboxctl status' shows whether it is connected\n";

std::string TimeText(int64_t seconds, absl::TimeZone zone) {
  if (seconds == 0) return "never";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S %Z", absl::FromUnixSeconds(seconds), zone);
}

const char* StateText(const v1::ReportedItem& item) {
  switch (item.state()) {
    case v1::ReportedItem::CURRENT:
      return "has this";
    case v1::ReportedItem::OUTDATED:
      return "has an earlier value";
    case v1::ReportedItem::REFUSED:
      return "refuses it";
    case v1::ReportedItem::NOT_SENT:
      return "does not have it";
    default:
      return "not known";
  }
}

Colour ColourOf(const v1::ReportedItem& item) {
  return item.state() == v1::ReportedItem::CURRENT   ? Colour::kGood
         : item.state() == v1::ReportedItem::REFUSED ? Colour::kBad
                                                     : Colour::kNone;
}

// "the host has this, since 2026-01-31 12:00:00 UTC".
std::string HostLine(const v1::ReportedInfo& info, absl::string_view name, absl::TimeZone zone,
                     const Terminal& terminal) {
  for (const v1::ReportedItem& item : info.items()) {
    if (item.name() != name) continue;
    const std::string text = absl::StrCat("the host ", StateText(item));
    return absl::StrCat("\n", Coloured(text, ColourOf(item), terminal),
                        "; it last took a value: ", TimeText(item.time(), zone), "\n");
  }
  return "";
}

const char* OriginText(const v1::InterfaceAddress& address) {
  switch (address.origin()) {
    case v1::InterfaceAddress::MANUAL:
      return "static";
    case v1::InterfaceAddress::DHCP:
      return "DHCP";
    case v1::InterfaceAddress::LINK_LAYER:
      return "autoconf";
    case v1::InterfaceAddress::RANDOM:
      return "temporary";
    default:
      return "";
  }
}

const char* StatusWord(const v1::InterfaceAddress& address) {
  switch (address.status()) {
    case v1::InterfaceAddress::DEPRECATED:
      return "deprecated";
    case v1::InterfaceAddress::TENTATIVE:
      return "tentative";
    case v1::InterfaceAddress::DUPLICATE:
      return "duplicate";
    case v1::InterfaceAddress::INVALID:
      return "invalid";
    case v1::InterfaceAddress::INACCESSIBLE:
      return "inaccessible";
    default:
      return "";
  }
}

// The words that are there, with commas.
std::string Words(std::vector<std::string> words) {
  std::vector<std::string> present;
  for (std::string& word : words) {
    if (!word.empty()) present.push_back(std::move(word));
  }
  return absl::StrJoin(present, ", ");
}

void AddInterface(const v1::NetworkInterface& nic, const std::string& primary, Table& table) {
  table.AddRow({nic.name(), nic.mac_address(),
                Words({nic.dhcp4() ? "DHCP" : "", nic.dhcp6() ? "DHCPv6" : ""})});
  for (const v1::InterfaceAddress& address : nic.addresses()) {
    table.AddRow({"", absl::StrCat(address.address(), "/", address.prefix_length()),
                  Words({address.address() == primary ? "primary" : "", OriginText(address),
                         StatusWord(address)})});
  }
}

void AddDns(const std::string& where, const v1::DnsConfiguration& dns, Table& table) {
  for (const std::string& server : dns.servers()) table.AddRow({where, "server", server});
  if (!dns.search_suffixes().empty()) {
    table.AddRow({where, "search", absl::StrJoin(dns.search_suffixes(), " ")});
  }
}

std::string DnsText(const v1::GuestInfoSnapshot& snapshot, const Terminal& terminal) {
  Table table;
  AddDns("DNS", snapshot.dns(), table);
  for (const v1::NetworkInterface& nic : snapshot.interfaces()) {
    AddDns(absl::StrCat("DNS of ", nic.name()), nic.dns(), table);
  }
  return table.empty() ? "" : absl::StrCat("\n", table.Text(terminal));
}

std::string RoutesText(const v1::GuestInfoSnapshot& snapshot, const Terminal& terminal) {
  if (snapshot.routes().empty()) return "";
  Table table("llrl");
  table.AddRow({"route", "dev", "metric", "via"});
  for (const v1::Route& route : snapshot.routes()) {
    const bool known =
        route.interface_position() < static_cast<uint32_t>(snapshot.interfaces_size());
    table.AddRow({absl::StrCat(route.destination(), "/", route.prefix_length()),
                  known ? snapshot.interfaces(route.interface_position()).name() : "?",
                  absl::StrCat(route.metric()), route.next_hop()});
  }
  return absl::StrCat("\n", table.Text(terminal));
}

std::string UptimeText(uint64_t centiseconds) {
  const uint64_t minutes = centiseconds / 6000;
  return absl::StrFormat("%d d %d h %d min", minutes / 1440, minutes / 60 % 24, minutes % 60);
}

std::string ItemsText(const v1::ReportedInfo& info, absl::TimeZone zone, const Terminal& terminal) {
  Table table;
  table.AddRow({"sent as", "the host", "it last took a value"});
  for (const v1::ReportedItem& item : info.items()) {
    table.AddRow({item.name(), Cell(StateText(item), ColourOf(item)), TimeText(item.time(), zone)});
  }
  return absl::StrCat("\n", table.Text(terminal));
}

}  // namespace

std::string NicsText(const v1::ReportedInfo& info, absl::TimeZone zone, const Terminal& terminal) {
  if (!info.has_snapshot()) return kNothing;
  const v1::GuestInfoSnapshot& snapshot = info.snapshot();
  Table table;
  for (const v1::NetworkInterface& nic : snapshot.interfaces()) {
    AddInterface(nic, snapshot.primary_address(), table);
  }
  const std::string nics = table.empty() ? "no interfaces\n" : table.Text(terminal);
  return absl::StrCat(nics, DnsText(snapshot, terminal), RoutesText(snapshot, terminal),
                      HostLine(info, "nics", zone, terminal));
}

std::string DisksText(const v1::ReportedInfo& info, absl::TimeZone zone, const Terminal& terminal) {
  if (!info.has_snapshot()) return kNothing;
  Table table("rrrlll");
  table.AddRow({"size", "free", "used", "type", "devices", "mounted on"});
  for (const v1::Disk& disk : info.snapshot().disks()) {
    const double used = disk.total_bytes() == 0
                            ? 0
                            : 100.0 - 100.0 * static_cast<double>(disk.free_bytes()) /
                                          static_cast<double>(disk.total_bytes());
    table.AddRow({SizeText(disk.total_bytes()), SizeText(disk.free_bytes()),
                  absl::StrFormat("%.0f%%", used), disk.file_system(),
                  absl::StrJoin(disk.devices(), " "), disk.mount_point()});
  }
  return absl::StrCat(table.Text(terminal), HostLine(info, "disks", zone, terminal));
}

std::string InfoText(const v1::ReportedInfo& info, absl::TimeZone zone, const Terminal& terminal) {
  if (!info.has_snapshot()) return absl::StrCat(kNothing, ItemsText(info, zone, terminal));
  const v1::GuestInfoSnapshot& snapshot = info.snapshot();
  const v1::OperatingSystem& system = snapshot.operating_system();
  const v1::Memory& memory = snapshot.memory();
  Table table;
  table.AddRow({"name", snapshot.host_name()});
  table.AddRow(
      {"address", snapshot.primary_address().empty() ? "none" : snapshot.primary_address()});
  table.AddRow({"system", system.full_name()});
  table.AddRow({"short name", system.short_name()});
  table.AddRow({"kernel", absl::StrCat(system.kernel_version(), ", ", system.bits(), " bits, ",
                                       system.architecture())});
  table.AddRow({"uptime", UptimeText(snapshot.uptime_centiseconds())});
  table.AddRow({"memory", absl::StrCat(SizeText(memory.total_bytes()), ", ",
                                       SizeText(memory.available_bytes()), " available")});
  table.AddRow({"swap", absl::StrCat(SizeText(memory.swap_total_bytes()), ", ",
                                     SizeText(memory.swap_free_bytes()), " free")});
  return absl::StrCat(table.Text(terminal), ItemsText(info, zone, terminal));
}

int ReportedMain(const std::string& verb) {
  TransportClient client(absl::GetFlag(FLAGS_control));
  const auto text = verb == "nics" ? NicsText : verb == "disks" ? DisksText : InfoText;
  return Show<v1::ReportedInfo>(
      ShowOptionsFromFlags(), {.fetch =
                                   [&client] {
                                     return client.Call(&v1::Transport::Stub::GetReportedInfo,
                                                        v1::GetReportedInfoRequest());
                                   },
                               .text =
                                   [text](const v1::ReportedInfo& info, const Terminal& terminal) {
                                     return text(info, absl::LocalTimeZone(), terminal);
                                   }});
}

}  // namespace toolboxd
