// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/network_state.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"

namespace toolboxd::guestinfod {
namespace {

// The kernel's own bound of error numbers.
constexpr int kMaxErrno = 4095;

// A structure in the machine's byte order; nothing if there are too few bytes.
template <typename T>
std::optional<T> Read(absl::string_view bytes) {
  T value;
  if (bytes.size() < sizeof(T)) return std::nullopt;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

absl::string_view After(absl::string_view bytes, size_t size) {
  const size_t aligned = NLMSG_ALIGN(size);
  return bytes.substr(std::min(aligned, bytes.size()));
}

struct Message {
  uint16_t type;
  uint16_t flags;
  uint32_t sequence;
  absl::string_view payload;
};

// Takes the next message of a datagram; nothing at its end or where it is malformed.
std::optional<Message> TakeMessage(absl::string_view& datagram) {
  const auto header = Read<nlmsghdr>(datagram);
  if (!header || header->nlmsg_len < sizeof(nlmsghdr) || header->nlmsg_len > datagram.size()) {
    return std::nullopt;
  }
  const Message message = {header->nlmsg_type, header->nlmsg_flags, header->nlmsg_seq,
                           datagram.substr(0, header->nlmsg_len).substr(NLMSG_HDRLEN)};
  datagram = After(datagram, header->nlmsg_len);
  return message;
}

struct Attribute {
  uint16_t type;
  absl::string_view value;
};

std::optional<Attribute> TakeAttribute(absl::string_view& attributes) {
  const auto header = Read<rtattr>(attributes);
  if (!header || header->rta_len < sizeof(rtattr) || header->rta_len > attributes.size()) {
    return std::nullopt;
  }
  const Attribute attribute = {static_cast<uint16_t>(header->rta_type & NLA_TYPE_MASK),
                               attributes.substr(0, header->rta_len).substr(sizeof(rtattr))};
  attributes = After(attributes, header->rta_len);
  return attribute;
}

size_t AddressSize(uint8_t family) { return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0; }

// A name in the kernel's form, which may end with a NUL.
std::string Name(absl::string_view value) { return std::string(value.substr(0, value.find('\0'))); }

std::string KindOf(absl::string_view information) {
  while (const auto attribute = TakeAttribute(information)) {
    if (attribute->type == IFLA_INFO_KIND) return Name(attribute->value);
  }
  return std::string();
}

void Keep(Link link, NetworkState& state) {
  if (state.wants && !state.wants(link)) return;
  const bool is_virtual = !link.kind.empty();
  const size_t hardware_links = state.links.size() - state.virtual_links;
  if ((is_virtual ? state.virtual_links : hardware_links) >= kMaxLinks) return;
  if (is_virtual) ++state.virtual_links;
  state.links.push_back(std::move(link));
}

void AddLink(absl::string_view payload, NetworkState& state) {
  const auto header = Read<ifinfomsg>(payload);
  if (!header) return;
  Link link;
  link.index = header->ifi_index;
  link.flags = header->ifi_flags;
  link.type = header->ifi_type;
  bool is_elsewhere = false;
  absl::string_view rest = After(payload, sizeof(ifinfomsg));
  while (const auto attribute = TakeAttribute(rest)) {
    const absl::string_view value = attribute->value;
    if (attribute->type == IFLA_ADDRESS) link.hardware_address = std::string(value);
    if (attribute->type == IFLA_PERM_ADDRESS) link.permanent_address = std::string(value);
    if (attribute->type == IFLA_IFNAME) link.name = Name(value);
    if (attribute->type == IFLA_LINKINFO) link.kind = KindOf(value);
    if (attribute->type == IFLA_MASTER) link.master = Read<int32_t>(value).value_or(0);
    if (attribute->type == IFLA_LINK) link.lower = Read<int32_t>(value).value_or(0);
    // The index is another namespace's.
    if (attribute->type == IFLA_LINK_NETNSID) is_elsewhere = true;
  }
  if (is_elsewhere) link.lower = 0;
  Keep(std::move(link), state);
}

bool IsLeftOut(int32_t index, const NetworkState& state) {
  return state.only && state.only->count(index) == 0;
}

void AddAddress(absl::string_view payload, NetworkState& state) {
  const auto header = Read<ifaddrmsg>(payload);
  if (!header || state.addresses.size() >= kMaxAddresses) return;
  Address address;
  address.index = static_cast<int32_t>(header->ifa_index);
  if (IsLeftOut(address.index, state)) return;
  address.prefix_length = header->ifa_prefixlen;
  address.scope = header->ifa_scope;
  address.flags = header->ifa_flags;
  std::string local;
  absl::string_view rest = After(payload, sizeof(ifaddrmsg));
  while (const auto attribute = TakeAttribute(rest)) {
    if (attribute->type == IFA_ADDRESS) address.bytes = std::string(attribute->value);
    if (attribute->type == IFA_LOCAL) local = std::string(attribute->value);
    // The same flags and those that do not fit into the header.
    if (attribute->type == IFA_FLAGS) {
      address.flags = Read<uint32_t>(attribute->value).value_or(address.flags);
    }
  }
  // On point-to-point links IFA_ADDRESS is the other end.
  if (!local.empty()) address.bytes = local;
  const size_t size = AddressSize(header->ifa_family);
  if (size != 0 && address.bytes.size() == size) state.addresses.push_back(std::move(address));
}

void Keep(RouteEntry route, NetworkState& state) {
  if (IsLeftOut(route.index, state) || state.routes.size() >= kMaxRouteEntries) return;
  state.routes.push_back(std::move(route));
}

// One of several gateways of a route (RTA_MULTIPATH).
void AddNextHops(absl::string_view hops, const RouteEntry& route, NetworkState& state) {
  while (const auto header = Read<rtnexthop>(hops)) {
    if (header->rtnh_len < sizeof(rtnexthop) || header->rtnh_len > hops.size()) return;
    RouteEntry one = route;
    one.index = header->rtnh_ifindex;
    absl::string_view rest = hops.substr(0, header->rtnh_len).substr(sizeof(rtnexthop));
    while (const auto attribute = TakeAttribute(rest)) {
      if (attribute->type == RTA_GATEWAY && attribute->value.size() == route.destination.size()) {
        one.gateway = std::string(attribute->value);
      }
    }
    Keep(std::move(one), state);
    hops = After(hops, header->rtnh_len);
  }
}

bool IsMainRoute(const rtmsg& header, uint32_t table) {
  return table == RT_TABLE_MAIN && header.rtm_type == RTN_UNICAST &&
         (header.rtm_flags & RTM_F_CLONED) == 0;
}

uint32_t TableOf(const rtmsg& header, absl::string_view attributes) {
  while (const auto attribute = TakeAttribute(attributes)) {
    if (attribute->type == RTA_TABLE) {
      return Read<uint32_t>(attribute->value).value_or(header.rtm_table);
    }
  }
  return header.rtm_table;
}

void AddRoute(absl::string_view payload, NetworkState& state) {
  const auto header = Read<rtmsg>(payload);
  if (!header || state.routes.size() >= kMaxRouteEntries) return;
  absl::string_view rest = After(payload, sizeof(rtmsg));
  if (!IsMainRoute(*header, TableOf(*header, rest))) return;
  const size_t size = AddressSize(header->rtm_family);
  if (size == 0) return;

  RouteEntry route;
  route.destination.assign(size, '\0');  // a default route has no RTA_DST
  route.prefix_length = header->rtm_dst_len;
  absl::string_view hops;
  while (const auto attribute = TakeAttribute(rest)) {
    const absl::string_view value = attribute->value;
    const bool is_address = value.size() == size;
    if (attribute->type == RTA_DST && is_address) route.destination = std::string(value);
    if (attribute->type == RTA_GATEWAY && is_address) route.gateway = std::string(value);
    if (attribute->type == RTA_PREFSRC && is_address) route.preferred_source = std::string(value);
    if (attribute->type == RTA_OIF) route.index = Read<int32_t>(value).value_or(0);
    if (attribute->type == RTA_PRIORITY) route.metric = Read<uint32_t>(value).value_or(0);
    if (attribute->type == RTA_MULTIPATH) hops = value;
  }
  if (hops.empty()) {
    Keep(std::move(route), state);
  } else {
    AddNextHops(hops, route, state);
  }
}

}  // namespace

absl::StatusOr<bool> AddDump(absl::string_view datagram, uint32_t sequence, NetworkState& state) {
  while (const auto message = TakeMessage(datagram)) {
    if (message->sequence != sequence) continue;
    if ((message->flags & NLM_F_DUMP_INTR) != 0) state.consistent = false;
    switch (message->type) {
      case NLMSG_DONE:
        return true;
      case NLMSG_ERROR: {
        const auto error = Read<nlmsgerr>(message->payload);
        // The number is a negated errno; 0 would be an acknowledgement, which no dump has.
        const bool is_errno = error && error->error < 0 && error->error >= -kMaxErrno;
        return ErrnoError(is_errno ? -error->error : EPROTO, "rtnetlink");
      }
      case RTM_NEWLINK:
        AddLink(message->payload, state);
        break;
      case RTM_NEWADDR:
        AddAddress(message->payload, state);
        break;
      case RTM_NEWROUTE:
        AddRoute(message->payload, state);
        break;
    }
  }
  return false;
}

bool IsRelevantNotice(absl::string_view datagram) {
  while (const auto message = TakeMessage(datagram)) {
    switch (message->type) {
      case RTM_NEWLINK:
      case RTM_DELLINK:
      case RTM_NEWADDR:
      case RTM_DELADDR:
        return true;
      case RTM_NEWROUTE:
      case RTM_DELROUTE: {
        const auto header = Read<rtmsg>(message->payload);
        if (!header) break;
        const absl::string_view attributes = After(message->payload, sizeof(rtmsg));
        if (IsMainRoute(*header, TableOf(*header, attributes))) return true;
      }
    }
  }
  return false;
}

}  // namespace toolboxd::guestinfod
