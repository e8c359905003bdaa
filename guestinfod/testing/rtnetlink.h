// SPDX-License-Identifier: Apache-2.0

// Records of rtnetlink(7) as the kernel writes them, for networks that a test's kernel has no
// devices for.

#ifndef TOOLBOXD_GUESTINFOD_TESTING_RTNETLINK_H_
#define TOOLBOXD_GUESTINFOD_TESTING_RTNETLINK_H_

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/socket.h>

#include <cstdint>
#include <string>

namespace toolboxd::guestinfod {

inline constexpr uint32_t kRecordSequence = 7;
inline constexpr uint32_t kRunning = IFF_UP | IFF_RUNNING;

template <typename T>
std::string Bytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

inline std::string Padded(std::string bytes) {
  bytes.resize(NLMSG_ALIGN(bytes.size()));
  return bytes;
}

inline std::string Attribute(uint16_t type, const std::string& value) {
  return Padded(Bytes(rtattr{static_cast<uint16_t>(4 + value.size()), type}) + value);
}

inline std::string Message(uint16_t type, const std::string& payload, uint16_t flags = NLM_F_MULTI,
                           uint32_t sequence = kRecordSequence) {
  return Padded(Bytes(nlmsghdr{static_cast<uint32_t>(sizeof(nlmsghdr) + payload.size()), type,
                               flags, sequence, 0}) +
                payload);
}

struct LinkRecord {
  int32_t index = 0;
  std::string name;
  // Empty for hardware.
  std::string kind = {};
  uint32_t flags = kRunning;
  int32_t master = 0;
  int32_t lower = 0;
  uint16_t type = ARPHRD_ETHER;
  // The last byte of its MAC address 00:50:56:00:00:XX and of its permanent one; 0: its index.
  uint8_t mac = 0;
  uint8_t permanent = 0;
};

inline std::string MacBytes(int32_t last) {
  return std::string("\0\x50\x56\0\0", 5) + static_cast<char>(last);
}

inline std::string Record(const LinkRecord& link) {
  ifinfomsg header{};
  header.ifi_index = link.index;
  header.ifi_type = link.type;
  header.ifi_flags = link.flags;
  std::string payload = Bytes(header) + Attribute(IFLA_IFNAME, link.name + '\0');
  if (link.type == ARPHRD_ETHER) {
    payload += Attribute(IFLA_ADDRESS, MacBytes(link.mac != 0 ? link.mac : link.index));
    payload +=
        Attribute(IFLA_PERM_ADDRESS, MacBytes(link.permanent != 0 ? link.permanent : link.index));
  }
  if (link.master != 0) payload += Attribute(IFLA_MASTER, Bytes(link.master));
  if (link.lower != 0) payload += Attribute(IFLA_LINK, Bytes(link.lower));
  if (!link.kind.empty()) {
    payload += Attribute(IFLA_LINKINFO | NLA_F_NESTED, Attribute(IFLA_INFO_KIND, link.kind));
  }
  return Message(RTM_NEWLINK, payload);
}

// An address of 4 or 16 bytes, with IFA_F_ flags.
inline std::string AddressRecord(int32_t index, const std::string& bytes, uint32_t flags,
                                 uint8_t prefix_length) {
  ifaddrmsg header{};
  header.ifa_family = bytes.size() == 4 ? AF_INET : AF_INET6;
  header.ifa_prefixlen = prefix_length;
  header.ifa_index = static_cast<uint32_t>(index);
  return Message(RTM_NEWADDR, Bytes(header) + Attribute(IFA_ADDRESS, bytes) +
                                  Attribute(IFA_FLAGS, Bytes(flags)));
}

// A default route by a gateway of 4 or 16 bytes.
inline std::string DefaultRouteRecord(int32_t index, const std::string& gateway, uint32_t metric) {
  rtmsg header{};
  header.rtm_family = gateway.size() == 4 ? AF_INET : AF_INET6;
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_type = RTN_UNICAST;
  return Message(RTM_NEWROUTE, Bytes(header) + Attribute(RTA_GATEWAY, gateway) +
                                   Attribute(RTA_OIF, Bytes(index)) +
                                   Attribute(RTA_PRIORITY, Bytes(metric)));
}

}  // namespace toolboxd::guestinfod

#endif  // TOOLBOXD_GUESTINFOD_TESTING_RTNETLINK_H_
