// SPDX-License-Identifier: Apache-2.0

#include "transportd/guest_info/nic_info_decoder.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "base/ip_address.h"
#include "transportd/guest_info/nic_info.h"
#include "transportd/guest_info/xdr.h"
#include "transportd/wire/reader.h"

namespace toolboxd::guest_info {
namespace {

using ::toolboxd::wire::Reader;

// An array's length.
uint32_t ReadCount(size_t max, Reader& reader) {
  const uint32_t count = reader.U32Be();
  if (count > max) reader.Fail();
  return reader.ok() ? count : 0;
}

// As text; empty if the length is neither of IPv4 nor of IPv6.
std::string ReadTypedAddress(Reader& reader) {
  reader.U32Be();  // the type; the length says the same
  return IpAddressText(ReadXdrString(kMaxAddressLength, reader));
}

int ReadOptionalEnum(int max, Reader& reader) {
  if (!ReadXdrBool(reader)) return 0;
  const uint32_t value = reader.U32Be();
  if (value == 0 || value > static_cast<uint32_t>(max)) reader.Fail();
  return reader.ok() ? static_cast<int>(value) : 0;
}

std::string ReadOptionalName(Reader& reader) {
  return ReadXdrBool(reader) ? std::string(ReadXdrString(kMaxNameLength, reader)) : std::string();
}

void ReadDns(Reader& reader, v1::DnsConfiguration& dns) {
  dns.set_host_name(ReadOptionalName(reader));
  dns.set_domain_name(ReadOptionalName(reader));
  for (uint32_t n = ReadCount(kMaxDnsServers, reader); n > 0 && reader.ok(); --n) {
    dns.add_servers(ReadTypedAddress(reader));
  }
  for (uint32_t n = ReadCount(kMaxSearchSuffixes, reader); n > 0 && reader.ok(); --n) {
    dns.add_search_suffixes(std::string(ReadXdrString(kMaxNameLength, reader)));
  }
}

void SkipOptionalWins(Reader& reader) {
  if (!ReadXdrBool(reader)) return;
  ReadTypedAddress(reader);
  ReadTypedAddress(reader);
}

bool ReadOptionalDhcp(Reader& reader) {
  if (!ReadXdrBool(reader)) return false;
  const bool enabled = ReadXdrBool(reader);
  ReadXdrString(kMaxDhcpSettings, reader);
  return enabled;
}

void ReadNic(Reader& reader, v1::NetworkInterface& nic) {
  nic.set_mac_address(std::string(ReadXdrString(kMaxMacLength, reader)));
  for (uint32_t n = ReadCount(kMaxAddresses, reader); n > 0 && reader.ok(); --n) {
    v1::InterfaceAddress& address = *nic.add_addresses();
    address.set_address(ReadTypedAddress(reader));
    address.set_prefix_length(reader.U32Be());
    address.set_origin(static_cast<v1::InterfaceAddress::Origin>(
        ReadOptionalEnum(v1::InterfaceAddress::RANDOM, reader)));
    address.set_status(static_cast<v1::InterfaceAddress::Status>(
        ReadOptionalEnum(v1::InterfaceAddress::OPTIMISTIC, reader)));
  }
  if (ReadXdrBool(reader)) ReadDns(reader, *nic.mutable_dns());
  SkipOptionalWins(reader);
  nic.set_dhcp4(ReadOptionalDhcp(reader));
  nic.set_dhcp6(ReadOptionalDhcp(reader));
}

void ReadRoute(Reader& reader, v1::Route& route) {
  route.set_destination(ReadTypedAddress(reader));
  route.set_prefix_length(reader.U32Be());
  if (ReadXdrBool(reader)) route.set_next_hop(ReadTypedAddress(reader));
  route.set_interface_position(reader.U32Be());
  reader.U32Be();  // the type; whether there is a gateway says the same
  route.set_metric(reader.U32Be());
}

void ReadVersion3(Reader& reader, v1::GuestInfoSnapshot& info) {
  for (uint32_t n = ReadCount(kMaxNics, reader); n > 0 && reader.ok(); --n) {
    ReadNic(reader, *info.add_interfaces());
  }
  for (uint32_t n = ReadCount(kMaxRoutes, reader); n > 0 && reader.ok(); --n) {
    ReadRoute(reader, *info.add_routes());
  }
  if (ReadXdrBool(reader)) ReadDns(reader, *info.mutable_dns());
  SkipOptionalWins(reader);
  ReadOptionalDhcp(reader);
  ReadOptionalDhcp(reader);
}

// char[size], up to its NUL.
std::string ReadCharArray(size_t size, Reader& reader) {
  std::string text;
  bool ended = false;
  for (size_t i = 0; i < size; ++i) {
    const uint32_t unit = reader.U32Be();
    ended = ended || unit == 0;
    if (!ended) text.push_back(static_cast<char>(unit));
  }
  return text;
}

void ReadVersion2(Reader& reader, v1::GuestInfoSnapshot& info) {
  for (uint32_t n = ReadCount(kMaxNics, reader); n > 0 && reader.ok(); --n) {
    v1::NetworkInterface& nic = *info.add_interfaces();
    nic.set_mac_address(ReadCharArray(kMaxMacLength, reader));
    for (uint32_t k = ReadCount(kMaxAddresses, reader); k > 0 && reader.ok(); --k) {
      const bool ipv4 = reader.U32Be() == 0;
      const bool dhcp = ReadXdrBool(reader);
      if (ipv4 && dhcp) nic.set_dhcp4(true);
      if (!ipv4 && dhcp) nic.set_dhcp6(true);
      v1::InterfaceAddress& address = *nic.add_addresses();
      address.set_address(ReadCharArray(kMaxAddressText, reader));
      uint32_t prefix_length = 0;
      if (absl::SimpleAtoi(ReadCharArray(kMaxAddressText, reader), &prefix_length)) {
        address.set_prefix_length(prefix_length);
      }
    }
  }
}

}  // namespace

absl::StatusOr<NicInfo> DecodeNicInfo(absl::string_view xdr) {
  Reader reader(xdr);
  NicInfo result;
  result.version = reader.U32Be();
  if (result.version != 2 && result.version != 3) {
    return absl::InvalidArgumentError("NIC information is of neither version 2 nor 3");
  }
  if (ReadXdrBool(reader)) {
    if (result.version == 3) {
      ReadVersion3(reader, result.info);
    } else {
      ReadVersion2(reader, result.info);
    }
  }
  if (!reader.AtEnd()) return absl::InvalidArgumentError("NIC information is malformed");
  return result;
}

}  // namespace toolboxd::guest_info
