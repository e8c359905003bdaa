// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/nic_info.h"

#include <arpa/inet.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "transportd/wire/reader.h"
#include "vmxsim/printable.h"

namespace toolboxd::vmxsim {
namespace {

constexpr uint32_t kVersion2 = 2;
constexpr uint32_t kVersion3 = 3;
constexpr uint32_t kMaxNics = 16;
constexpr uint32_t kMaxAddresses = 2048;
constexpr uint32_t kMaxAddressesVersion2 = 64;
constexpr uint32_t kMaxRoutes = 100;
constexpr uint32_t kMaxServers = 16;
constexpr uint32_t kMaxSuffixes = 10;
// Characters of texts in version 2.
constexpr int kMacSize = 18;
constexpr int kAddressSize = 64;

// XDR on top of the bounded reader. Everything is a multiple of four bytes.
class XdrReader {
 public:
  explicit XdrReader(absl::string_view bytes) : reader_(bytes) {}

  uint32_t U32() { return reader_.U32Be(); }
  std::string Opaque(uint32_t limit) {
    const uint32_t size = U32();
    if (size > limit) {
      reader_.Fail();
      return "";
    }
    const std::string bytes(reader_.Bytes(size));
    for (const char pad : reader_.Bytes((4 - size % 4) % 4)) {
      if (pad != 0) reader_.Fail();
    }
    return bytes;
  }
  bool Optional() {
    const uint32_t present = U32();
    if (present > 1) reader_.Fail();
    return present == 1;
  }
  uint32_t Count(uint32_t limit) {
    const uint32_t count = U32();
    if (count > limit) reader_.Fail();
    return reader_.ok() ? count : 0;
  }
  // char[size], of which XDR makes one unit for each character.
  std::string CharArray(int size) {
    std::string text;
    for (int i = 0; i < size; ++i) text.push_back(static_cast<char>(U32()));
    return text.substr(0, text.find('\0'));
  }
  bool ok() const { return reader_.ok(); }
  bool AtEnd() const { return reader_.AtEnd(); }
  void Fail() { reader_.Fail(); }

 private:
  wire::Reader reader_;
};

std::string TypedAddress(XdrReader& reader) {
  const uint32_t kind = reader.U32();
  const std::string bytes = reader.Opaque(255);
  char text[INET6_ADDRSTRLEN] = "";
  // 1 and 3: IPv4; 2 and 4: IPv6; 16: a name.
  if (kind == 16) return bytes;
  const bool is_v4 = kind == 1 || kind == 3;
  const bool is_v6 = kind == 2 || kind == 4;
  if ((!is_v4 && !is_v6) || bytes.size() != (is_v4 ? 4 : 16)) {
    reader.Fail();
    return "";
  }
  inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof(text));
  return text;
}

DnsInfo Dns(XdrReader& reader) {
  DnsInfo dns;
  if (reader.Optional()) dns.host = reader.Opaque(255);
  if (reader.Optional()) dns.domain = reader.Opaque(255);
  for (uint32_t n = reader.Count(kMaxServers); n > 0; --n) {
    dns.servers.push_back(TypedAddress(reader));
  }
  for (uint32_t n = reader.Count(kMaxSuffixes); n > 0; --n) {
    dns.suffixes.push_back(reader.Opaque(255));
  }
  return dns;
}

void SkipWins(XdrReader& reader) {
  if (!reader.Optional()) return;
  TypedAddress(reader);
  TypedAddress(reader);
}

// Whether DHCP is enabled; its settings are skipped.
bool Dhcp(XdrReader& reader) {
  if (!reader.Optional()) return false;
  const bool enabled = reader.Optional();
  reader.Opaque(16384);
  return enabled;
}

NicAddress Address(XdrReader& reader) {
  NicAddress address;
  address.address = TypedAddress(reader);
  address.prefix = reader.U32();
  if (reader.Optional()) address.origin = reader.U32();
  if (reader.Optional()) address.status = reader.U32();
  return address;
}

Nic OneNic(XdrReader& reader) {
  Nic nic;
  nic.mac = reader.Opaque(18);
  for (uint32_t n = reader.Count(kMaxAddresses); n > 0; --n) {
    nic.addresses.push_back(Address(reader));
  }
  if (reader.Optional()) nic.dns = Dns(reader);
  SkipWins(reader);
  nic.dhcp4 = Dhcp(reader);
  nic.dhcp6 = Dhcp(reader);
  return nic;
}

NicRoute Route(XdrReader& reader) {
  NicRoute route;
  route.destination = TypedAddress(reader);
  route.prefix = reader.U32();
  if (reader.Optional()) route.gateway = TypedAddress(reader);
  route.interface = reader.U32();
  route.type = reader.U32();
  route.metric = reader.U32();
  return route;
}

void ReadVersion3(XdrReader& reader, NicInfo& info) {
  for (uint32_t n = reader.Count(kMaxNics); n > 0; --n) info.nics.push_back(OneNic(reader));
  for (uint32_t n = reader.Count(kMaxRoutes); n > 0; --n) info.routes.push_back(Route(reader));
  if (reader.Optional()) info.dns = Dns(reader);
  SkipWins(reader);
  Dhcp(reader);
  Dhcp(reader);
  for (const NicRoute& route : info.routes) {
    if (route.interface >= info.nics.size()) reader.Fail();
  }
}

NicAddress AddressVersion2(XdrReader& reader, Nic& nic) {
  const bool is_v4 = reader.U32() == 0;
  if (reader.Optional()) (is_v4 ? nic.dhcp4 : nic.dhcp6) = true;
  NicAddress address;
  address.address = reader.CharArray(kAddressSize);
  unsigned char bytes[16];
  const int family = is_v4 ? AF_INET : AF_INET6;
  if (inet_pton(family, address.address.c_str(), bytes) != 1 ||
      !absl::SimpleAtoi(reader.CharArray(kAddressSize), &address.prefix)) {
    reader.Fail();
  }
  return address;
}

void ReadVersion2(XdrReader& reader, NicInfo& info) {
  for (uint32_t n = reader.Count(kMaxNics); n > 0; --n) {
    Nic& nic = info.nics.emplace_back();
    nic.mac = reader.CharArray(kMacSize);
    for (uint32_t k = reader.Count(kMaxAddressesVersion2); k > 0; --k) {
      nic.addresses.push_back(AddressVersion2(reader, nic));
    }
  }
}

std::string DnsText(const DnsInfo& dns) {
  std::string text;
  if (!dns.host.empty()) absl::StrAppend(&text, " host=", dns.host);
  if (!dns.domain.empty()) absl::StrAppend(&text, " domain=", dns.domain);
  if (!dns.servers.empty()) absl::StrAppend(&text, " servers=", absl::StrJoin(dns.servers, ","));
  if (!dns.suffixes.empty()) absl::StrAppend(&text, " search=", absl::StrJoin(dns.suffixes, ","));
  return Printable(text);
}

}  // namespace

absl::StatusOr<NicInfo> DecodeNicInfo(absl::string_view bytes) {
  XdrReader reader(bytes);
  NicInfo info;
  info.version = reader.U32();
  if (reader.ok() && info.version != kVersion2 && info.version != kVersion3) {
    return absl::InvalidArgumentError(
        absl::StrCat("NIC information has the unknown version ", info.version));
  }
  if (reader.Optional()) {
    info.version == kVersion3 ? ReadVersion3(reader, info) : ReadVersion2(reader, info);
  }
  if (!reader.AtEnd()) return absl::InvalidArgumentError("malformed NIC information");
  return info;
}

std::string NicInfoText(const NicInfo& info) {
  std::string text;
  for (size_t i = 0; i < info.nics.size(); ++i) {
    const Nic& nic = info.nics[i];
    absl::StrAppend(&text, "nic ", i, " ", Printable(nic.mac), "\n");
    for (const NicAddress& address : nic.addresses) {
      absl::StrAppend(&text, "  address ", address.address, "/", address.prefix);
      if (address.origin != 0) absl::StrAppend(&text, " origin=", address.origin);
      if (address.status != 0) absl::StrAppend(&text, " status=", address.status);
      absl::StrAppend(&text, "\n");
    }
    const std::string dns = DnsText(nic.dns);
    if (!dns.empty()) absl::StrAppend(&text, "  dns", dns, "\n");
  }
  for (const NicRoute& route : info.routes) {
    absl::StrAppend(&text, "route ", route.destination, "/", route.prefix,
                    route.gateway.empty() ? "" : absl::StrCat(" via ", route.gateway), " nic ",
                    route.interface, " type=", route.type, " metric=", route.metric, "\n");
  }
  const std::string dns = DnsText(info.dns);
  if (!dns.empty()) absl::StrAppend(&text, "dns", dns, "\n");
  return text;
}

}  // namespace toolboxd::vmxsim
