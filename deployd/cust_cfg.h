// SPDX-License-Identifier: Apache-2.0

// cust.cfg: what the host wants of this machine (docs/protocol/customization.md 9.4).

#ifndef TOOLBOXD_DEPLOYD_CUST_CFG_H_
#define TOOLBOXD_DEPLOYD_CUST_CFG_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace toolboxd::deployd {

inline constexpr size_t kMaxCustCfgBytes = 512 << 10;
inline constexpr size_t kMaxCustCfgKeys = 4096;

// A network adapter.
struct Adapter {
  // The section's name, such as "NIC1".
  std::string name;
  std::string mac_address;
  bool primary = false;
  bool on_boot = false;
  // BACKWARDS_COMPATIBLE, STATIC, DHCP, DISABLED, AS_IS; empty if not given.
  std::string ipv4_mode;
  // "dhcp" or "static"; used if the mode is BACKWARDS_COMPATIBLE.
  std::string boot_protocol;
  std::string ip_address;
  std::string netmask;
  std::vector<std::string> gateways;

  struct Ipv6 {
    std::string address;
    std::string prefix_length;
    std::string gateway;
  };
  // In the order of their numbers.
  std::vector<Ipv6> ipv6;
};

// Text is as written in the file, without blanks around it; missing values are empty or false.
struct CustCfg {
  std::string host_name;
  std::string domain_name;
  std::vector<Adapter> adapters;
  bool dns_from_dhcp = false;
  std::vector<std::string> dns_suffixes;
  std::vector<std::string> name_servers;
  std::string time_zone;
  // Whether the hardware clock is in UTC; "yes", "no" or empty.
  std::string utc;
  // Base64 of root's new password: a secret. Never in a log, an error or a message to the host.
  std::string password;
  bool expire_passwords = false;
  std::string script_name;
  std::string marker_id;
  bool post_status = false;
  bool run_default_script = false;
  std::string instance_id;
  // Names of files of the package, for raw data.
  std::string metadata;
  std::string userdata;
  std::string compatibility;
  std::string source;

  CustCfg() = default;
  CustCfg(CustCfg&&) = default;
  CustCfg& operator=(CustCfg&&) = default;
  // Overwrites the password.
  ~CustCfg();
};

// Parses sections in brackets, "KEY = VALUE" or "KEY: VALUE", and comments that begin with "#" or
// ";". Unknown sections and keys are skipped. INVALID_ARGUMENT names the line of the first fault,
// never its text: a key outside a section, a section or key that occurs twice (cloud-init refuses
// those), a line without "=" or ":", a name of NICS without its section, bytes that are not UTF-8,
// a zero byte, and what exceeds the limits above. Pure.
absl::StatusOr<CustCfg> ParseCustCfg(absl::string_view text);

// For the administrator's scripts: a JSON object with the fields of CustCfg by their names, without
// those that are empty, in one line. Contains the password. Pure.
std::string ToJson(const CustCfg& configuration);

}  // namespace toolboxd::deployd

#endif  // TOOLBOXD_DEPLOYD_CUST_CFG_H_
