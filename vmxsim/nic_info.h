// SPDX-License-Identifier: Apache-2.0

// Decodes a guest's network information, independently of the encoder that is under test
// (docs/protocol/guest-info.md 3.4).

#ifndef TOOLBOXD_VMXSIM_NIC_INFO_H_
#define TOOLBOXD_VMXSIM_NIC_INFO_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

struct NicAddress {
  std::string address;  // "192.0.2.10"
  uint32_t prefix = 0;
  // 0 where the guest does not say; see docs/protocol/guest-info.md 3.4.
  uint32_t origin = 0;
  uint32_t status = 0;
};

struct DnsInfo {
  std::string host;
  std::string domain;
  std::vector<std::string> servers;
  std::vector<std::string> suffixes;
};

struct Nic {
  std::string mac;
  std::vector<NicAddress> addresses;
  DnsInfo dns;
  bool dhcp4 = false;
  bool dhcp6 = false;
};

struct NicRoute {
  std::string destination;
  uint32_t prefix = 0;
  std::string gateway;  // empty without one
  // Index into NicInfo::nics.
  uint32_t interface = 0;
  uint32_t type = 0;
  uint32_t metric = 0;
};

struct NicInfo {
  // 3; or 2, which has only addresses and whether they are from DHCP.
  uint32_t version = 0;
  std::vector<Nic> nics;
  std::vector<NicRoute> routes;
  DnsInfo dns;
};

// Decodes SetGuestInfo type 9 or 10. INVALID_ARGUMENT: malformed, another version than 2 and 3, a
// limit is exceeded, or bytes are left over.
absl::StatusOr<NicInfo> DecodeNicInfo(absl::string_view bytes);

// For people: one interface, address or route a line.
std::string NicInfoText(const NicInfo& info);

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_NIC_INFO_H_
