// SPDX-License-Identifier: Apache-2.0

#include "vmxsim/netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/status.h"

namespace toolboxd::vmxsim {
namespace {

// A netlink message under construction.
class Message {
 public:
  template <typename Header>
  Message(uint16_t type, uint16_t flags, const Header& header) {
    nlmsghdr base = {};
    base.nlmsg_type = type;
    base.nlmsg_flags = static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
    base.nlmsg_seq = 1;
    Append(&base, sizeof(base));
    Append(&header, sizeof(header));
  }

  void Attribute(uint16_t type, const void* data, size_t size) {
    const size_t begin = Begin(type);
    Append(data, size);
    End(begin);
  }
  void Attribute(uint16_t type, const std::string& text) {
    Attribute(type, text.c_str(), text.size() + 1);
  }
  void Attribute(uint16_t type, uint32_t value) { Attribute(type, &value, sizeof(value)); }

  // A nested attribute lasts from Begin to End; a plain structure may follow Begin.
  size_t Begin(uint16_t type) {
    rtattr attribute = {};
    attribute.rta_type = type;
    const size_t begin = bytes_.size();
    Append(&attribute, sizeof(attribute));
    return begin;
  }
  void End(size_t begin) {
    const uint16_t size = static_cast<uint16_t>(bytes_.size() - begin);
    memcpy(&bytes_[begin], &size, sizeof(size));
    bytes_.resize((bytes_.size() + 3) & ~size_t{3});
  }
  void Append(const void* data, size_t size) {
    bytes_.append(static_cast<const char*>(data), size);
  }

  std::string Finish() {
    const uint32_t size = static_cast<uint32_t>(bytes_.size());
    memcpy(&bytes_[0], &size, sizeof(size));
    return bytes_;
  }

 private:
  std::string bytes_;
};

// The address in network order; its family in `family`, which is AF_UNSPEC for malformed text.
std::string ParseAddress(const std::string& text, uint8_t* family) {
  char bytes[16];
  for (const int candidate : {AF_INET, AF_INET6}) {
    if (inet_pton(candidate, text.c_str(), bytes) == 1) {
      *family = static_cast<uint8_t>(candidate);
      return std::string(bytes, candidate == AF_INET ? 4 : 16);
    }
  }
  *family = AF_UNSPEC;
  return "";
}

}  // namespace

absl::StatusOr<Netlink> Netlink::Open() {
  const int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) return ErrnoError(errno, "rtnetlink socket");
  return Netlink(fd);
}

Netlink::~Netlink() {
  if (fd_ >= 0) close(fd_);
}

absl::Status Netlink::Request(const std::string& message, const std::string& what) {
  if (send(fd_, message.data(), message.size(), 0) < 0) return ErrnoError(errno, what);
  char buffer[8192];
  const ssize_t size = recv(fd_, buffer, sizeof(buffer), 0);
  const auto* header = reinterpret_cast<const nlmsghdr*>(buffer);
  if (size < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(nlmsgerr))) ||
      header->nlmsg_type != NLMSG_ERROR) {
    return absl::InternalError(absl::StrCat(what, ": unexpected rtnetlink answer"));
  }
  const int error = static_cast<const nlmsgerr*>(NLMSG_DATA(header))->error;
  return error == 0 ? absl::OkStatus() : ErrnoError(-error, what);
}

absl::Status Netlink::AddVethPair(const std::string& name, absl::string_view mac,
                                  const std::string& peer_name, int peer_namespace) {
  unsigned octets[6];
  if (sscanf(std::string(mac).c_str(), "%x:%x:%x:%x:%x:%x", &octets[0], &octets[1], &octets[2],
             &octets[3], &octets[4], &octets[5]) != 6) {
    return absl::InvalidArgumentError(absl::StrCat("MAC address ", mac));
  }
  char hardware[6];
  for (int i = 0; i < 6; ++i) hardware[i] = static_cast<char>(octets[i]);

  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, ifinfomsg{});
  message.Attribute(IFLA_IFNAME, name);
  message.Attribute(IFLA_ADDRESS, hardware, sizeof(hardware));
  const size_t info = message.Begin(IFLA_LINKINFO);
  message.Attribute(IFLA_INFO_KIND, std::string("veth"));
  const size_t data = message.Begin(IFLA_INFO_DATA);
  const size_t peer = message.Begin(VETH_INFO_PEER);
  const ifinfomsg peer_header = {};
  message.Append(&peer_header, sizeof(peer_header));
  message.Attribute(IFLA_IFNAME, peer_name);
  message.Attribute(IFLA_NET_NS_FD, static_cast<uint32_t>(peer_namespace));
  message.End(peer);
  message.End(data);
  message.End(info);
  return Request(message.Finish(), absl::StrCat("adding interface ", name));
}

absl::Status Netlink::SetUp(const std::string& name) {
  ifinfomsg header = {};
  header.ifi_index = static_cast<int>(if_nametoindex(name.c_str()));
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  return Request(Message(RTM_NEWLINK, 0, header).Finish(), absl::StrCat("starting ", name));
}

absl::Status Netlink::AddAddress(const std::string& name, const std::string& address, int prefix) {
  ifaddrmsg header = {};
  const std::string bytes = ParseAddress(address, &header.ifa_family);
  header.ifa_prefixlen = static_cast<uint8_t>(prefix);
  header.ifa_index = if_nametoindex(name.c_str());
  header.ifa_flags = header.ifa_family == AF_INET6 ? IFA_F_NODAD : 0;
  Message message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, header);
  message.Attribute(IFA_LOCAL, bytes.data(), bytes.size());
  message.Attribute(IFA_ADDRESS, bytes.data(), bytes.size());
  return Request(message.Finish(), absl::StrCat("adding address ", address));
}

absl::Status Netlink::AddDefaultRoute(const std::string& gateway) {
  rtmsg header = {};
  const std::string bytes = ParseAddress(gateway, &header.rtm_family);
  header.rtm_table = RT_TABLE_MAIN;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RTN_UNICAST;
  Message message(RTM_NEWROUTE, NLM_F_CREATE, header);
  message.Attribute(RTA_GATEWAY, bytes.data(), bytes.size());
  return Request(message.Finish(), absl::StrCat("adding a route by ", gateway));
}

}  // namespace toolboxd::vmxsim
