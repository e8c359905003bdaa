// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/nic_info.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "transportd/guest_info/xdr.h"
#include "transportd/wire/writer.h"

namespace toolboxd::guest_info {
namespace {

using ::toolboxd::wire::Writer;

// InetAddressType.
constexpr uint32_t kIpv4 = 1;
constexpr uint32_t kIpv6 = 2;
// InetCidrRouteType: the network itself, or a network beyond a gateway.
constexpr uint32_t kLocalRoute = 3;
constexpr uint32_t kRemoteRoute = 4;

// An address as the format has it, 4 or 16 bytes, and the snapshot's entry it belongs to.
struct WireAddress {
  std::string bytes;
  const v1::InterfaceAddress* source;
};

struct WireRoute {
  std::string destination;
  // Empty for a directly connected network.
  std::string next_hop;
  const v1::Route* source;
};

// 4 or 16 bytes. Text that is not an address is logged, and the caller skips what it belongs to.
std::optional<std::string> AddressBytes(absl::string_view text, absl::string_view kind) {
  std::optional<std::string> bytes = ParseIpAddress(text);
  if (!bytes) {
    LogLimited(kind, "skipping the ", kind, " \"", text.substr(0, kMaxAddressText),
               "\" of guestinfod: it is not a valid IP address");
  }
  return bytes;
}

int NicCount(const v1::GuestInfoSnapshot& snapshot) {
  return std::min(snapshot.interfaces_size(), static_cast<int>(kMaxNics));
}

std::vector<WireAddress> Addresses(const v1::NetworkInterface& nic, size_t limit) {
  std::vector<WireAddress> addresses;
  for (const v1::InterfaceAddress& address : nic.addresses()) {
    if (addresses.size() == limit) break;
    std::optional<std::string> bytes = AddressBytes(address.address(), "interface address");
    if (bytes) addresses.push_back({*std::move(bytes), &address});
  }
  return addresses;
}

void WriteTypedAddress(absl::string_view address, Writer& writer) {
  writer.U32Be(address.size() == 4 ? kIpv4 : kIpv6);
  WriteXdrString(address, writer);
}

// Enumerations of which 0 means that nothing is known.
void WriteOptionalEnum(int value, Writer& writer) {
  WriteXdrBool(value != 0, writer);
  if (value != 0) writer.U32Be(static_cast<uint32_t>(value));
}

void WriteOptionalName(absl::string_view name, Writer& writer) {
  const bool present = !name.empty() && name.size() <= kMaxNameLength;
  WriteXdrBool(present, writer);
  if (present) WriteXdrString(name, writer);
}

void WriteDns(const v1::DnsConfiguration& dns, Writer& writer) {
  WriteOptionalName(dns.host_name(), writer);
  WriteOptionalName(dns.domain_name(), writer);

  std::vector<std::string> servers;
  for (const std::string& server : dns.servers()) {
    if (servers.size() == kMaxDnsServers) break;
    std::optional<std::string> bytes = AddressBytes(server, "DNS server");
    if (bytes) servers.push_back(*std::move(bytes));
  }
  writer.U32Be(static_cast<uint32_t>(servers.size()));
  for (const std::string& server : servers) WriteTypedAddress(server, writer);

  std::vector<absl::string_view> suffixes;
  for (const std::string& suffix : dns.search_suffixes()) {
    if (suffixes.size() < kMaxSearchSuffixes && suffix.size() <= kMaxNameLength) {
      suffixes.push_back(suffix);
    }
  }
  writer.U32Be(static_cast<uint32_t>(suffixes.size()));
  for (const absl::string_view suffix : suffixes) WriteXdrString(suffix, writer);
}

void WriteOptionalDns(bool present, const v1::DnsConfiguration& dns, Writer& writer) {
  WriteXdrBool(present, writer);
  if (present) WriteDns(dns, writer);
}

// The settings of the DHCP client are not known, only that there is one.
void WriteOptionalDhcp(bool present, Writer& writer) {
  WriteXdrBool(present, writer);
  if (!present) return;
  WriteXdrBool(true, writer);
  WriteXdrString("", writer);
}

void WriteNic(const v1::NetworkInterface& nic, size_t max_addresses, Writer& writer) {
  WriteXdrString(absl::string_view(nic.mac_address()).substr(0, kMaxMacLength), writer);
  const std::vector<WireAddress> addresses = Addresses(nic, max_addresses);
  writer.U32Be(static_cast<uint32_t>(addresses.size()));
  for (const WireAddress& address : addresses) {
    WriteTypedAddress(address.bytes, writer);
    writer.U32Be(address.source->prefix_length());
    WriteOptionalEnum(address.source->origin(), writer);
    WriteOptionalEnum(address.source->status(), writer);
  }
  WriteOptionalDns(nic.has_dns(), nic.dns(), writer);
  WriteXdrBool(false, writer);  // WINS
  WriteOptionalDhcp(nic.dhcp4(), writer);
  WriteOptionalDhcp(nic.dhcp6(), writer);
}

// Empty for a route with a malformed address: without its gateway it would be another route.
std::optional<WireRoute> ToWire(const v1::Route& route) {
  std::optional<std::string> destination = AddressBytes(route.destination(), "route");
  if (!destination) return std::nullopt;
  if (route.next_hop().empty()) return WireRoute{*std::move(destination), "", &route};
  std::optional<std::string> next_hop = AddressBytes(route.next_hop(), "next hop");
  if (!next_hop) return std::nullopt;
  return WireRoute{*std::move(destination), *std::move(next_hop), &route};
}

void WriteRoute(const WireRoute& route, Writer& writer) {
  WriteTypedAddress(route.destination, writer);
  writer.U32Be(route.source->prefix_length());
  const bool gateway = !route.next_hop.empty();
  WriteXdrBool(gateway, writer);
  if (gateway) WriteTypedAddress(route.next_hop, writer);
  writer.U32Be(route.source->interface_position());
  writer.U32Be(gateway ? kRemoteRoute : kLocalRoute);
  writer.U32Be(route.source->metric());
}

void WriteRoutes(const v1::GuestInfoSnapshot& snapshot, Writer& writer) {
  std::vector<WireRoute> routes;
  for (const v1::Route& route : snapshot.routes()) {
    if (routes.size() == kMaxRoutes) break;
    if (route.interface_position() >= static_cast<uint32_t>(NicCount(snapshot))) continue;
    std::optional<WireRoute> wire = ToWire(route);
    if (wire) routes.push_back(*std::move(wire));
  }
  writer.U32Be(static_cast<uint32_t>(routes.size()));
  for (const WireRoute& route : routes) WriteRoute(route, writer);
}

void WriteFixed(absl::string_view text, size_t size, Writer& writer) {
  text = text.substr(0, size - 1);
  writer.Bytes(text).Zeros(size - text.size());
}

}  // namespace

std::string EncodeNicInfoV3(const v1::GuestInfoSnapshot& snapshot, size_t max_addresses) {
  Writer writer;
  writer.U32Be(3);
  WriteXdrBool(true, writer);  // the pointer in the union
  writer.U32Be(static_cast<uint32_t>(NicCount(snapshot)));
  for (int i = 0; i < NicCount(snapshot); ++i) {
    WriteNic(snapshot.interfaces(i), std::min(max_addresses, kMaxAddresses), writer);
  }
  WriteRoutes(snapshot, writer);
  WriteOptionalDns(snapshot.has_dns(), snapshot.dns(), writer);
  WriteXdrBool(false, writer);  // WINS
  WriteXdrBool(false, writer);  // DHCP is per interface
  WriteXdrBool(false, writer);
  return writer.Take();
}

std::string EncodeNicInfoV2(const v1::GuestInfoSnapshot& snapshot, size_t max_addresses) {
  Writer writer;
  writer.U32Be(2);
  WriteXdrBool(true, writer);
  writer.U32Be(static_cast<uint32_t>(NicCount(snapshot)));
  for (int i = 0; i < NicCount(snapshot); ++i) {
    const v1::NetworkInterface& nic = snapshot.interfaces(i);
    WriteXdrCharArray(absl::string_view(nic.mac_address()).substr(0, kMaxMacLength - 1),
                      kMaxMacLength, writer);
    const std::vector<WireAddress> addresses =
        Addresses(nic, std::min(max_addresses, kMaxAddresses));
    writer.U32Be(static_cast<uint32_t>(addresses.size()));
    for (const WireAddress& address : addresses) {
      const bool ipv4 = address.bytes.size() == 4;
      writer.U32Be(ipv4 ? 0 : 1);
      WriteXdrBool(ipv4 ? nic.dhcp4() : nic.dhcp6(), writer);
      WriteXdrCharArray(IpAddressText(address.bytes), kMaxAddressText, writer);
      WriteXdrCharArray(absl::StrCat(address.source->prefix_length()), kMaxAddressText, writer);
    }
  }
  return writer.Take();
}

std::string EncodeNicInfoV1(const v1::GuestInfoSnapshot& snapshot) {
  constexpr size_t kAddresses = 8;
  constexpr size_t kAddressSize = 16;
  constexpr size_t kMacSize = 19;
  constexpr size_t kNicSize = 152;  // one byte of it is the compiler's padding

  Writer writer;
  writer.U32(static_cast<uint32_t>(NicCount(snapshot)));
  for (int i = 0; i < NicCount(snapshot); ++i) {
    std::vector<std::string> texts;
    for (const WireAddress& address : Addresses(snapshot.interfaces(i), kMaxAddresses)) {
      if (address.bytes.size() != 4 || texts.size() == kAddresses) continue;
      texts.push_back(IpAddressText(address.bytes));
    }
    writer.U32(static_cast<uint32_t>(texts.size()));
    WriteFixed(snapshot.interfaces(i).mac_address(), kMacSize, writer);
    texts.resize(kAddresses);
    for (const std::string& text : texts) WriteFixed(text, kAddressSize, writer);
    writer.Zeros(1);
  }
  writer.Zeros((kMaxNics - NicCount(snapshot)) * kNicSize);
  return writer.Take();
}

}  // namespace toolboxd::guest_info
