// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/netlink.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <cerrno>
#include <unordered_set>

#include "absl/strings/string_view.h"
#include "base/status.h"

namespace toolboxd::guestinfod {
namespace {

// The kernel fills up to 32 KiB if the reader's buffer is that large.
constexpr size_t kBufferSize = 32 * 1024;
constexpr int kDumpAttempts = 5;
// A dump is answered within the system calls; this only guards against a kernel that is not.
constexpr timeval kReceiveTimeout = {5, 0};

template <typename T>
std::string Bytes(const T& value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof(value));
}

absl::StatusOr<UniqueFd> OpenSocket(int flags, uint32_t groups) {
  UniqueFd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = groups;
  if (!fd.ok() || bind(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) {
    return ErrnoError(errno, "cannot open rtnetlink");
  }
  return fd;
}

}  // namespace

absl::StatusOr<Netlink> Netlink::Open() {
  absl::StatusOr<UniqueFd> notices =
      OpenSocket(SOCK_NONBLOCK, RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                                    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE);
  if (!notices.ok()) return notices.status();
  absl::StatusOr<UniqueFd> requests = OpenSocket(0, 0);
  if (!requests.ok()) return requests.status();
  // Lets the kernel do the selection of the main table; those before 4.20 send all of them.
  const int on = 1;
  setsockopt(requests->get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
  setsockopt(requests->get(), SOL_SOCKET, SO_RCVTIMEO, &kReceiveTimeout, sizeof(kReceiveTimeout));

  Netlink netlink;
  netlink.notices_ = *std::move(notices);
  netlink.requests_ = *std::move(requests);
  netlink.buffer_.resize(kBufferSize);
  return netlink;
}

bool Netlink::Drain() {
  bool changed = false;
  while (true) {
    const ssize_t n = recv(notices_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == ENOBUFS) {
      changed = true;
      continue;
    }
    if (n < 0) return changed;
    const auto size = static_cast<size_t>(n);
    changed = changed || size > buffer_.size() ||
              IsRelevantNotice(absl::string_view(buffer_.data(), size));
  }
}

absl::StatusOr<NetworkState> Netlink::Dump(const std::function<bool(const Link&)>& wants) {
  for (int attempt = 0; attempt < kDumpAttempts; ++attempt) {
    NetworkState state;
    state.wants = wants;
    if (absl::Status status = DumpAll(state); !status.ok()) return status;
    if (state.consistent) return state;
  }
  return absl::AbortedError("the network changed during every attempt to read it");
}

absl::Status Netlink::DumpAll(NetworkState& state) {
  // Counters make up most of a link's message.
  const rtattr no_counters = {RTA_LENGTH(sizeof(uint32_t)), IFLA_EXT_MASK};
  absl::Status status = DumpOne(
      RTM_GETLINK,
      Bytes(ifinfomsg{}) + Bytes(no_counters) + Bytes(uint32_t{RTEXT_FILTER_SKIP_STATS}), state);
  std::unordered_set<int32_t>& only = state.only.emplace();
  for (const Link& link : state.links) {
    if (link.flags & IFF_UP) only.insert(link.index);
  }
  if (status.ok()) status = DumpOne(RTM_GETADDR, Bytes(ifaddrmsg{}), state);
  for (const uint8_t family : {uint8_t{AF_INET}, uint8_t{AF_INET6}}) {
    rtmsg routes{};
    routes.rtm_family = family;
    routes.rtm_table = RT_TABLE_MAIN;
    if (status.ok()) status = DumpOne(RTM_GETROUTE, Bytes(routes), state);
  }
  return status;
}

absl::Status Netlink::DumpOne(uint16_t type, const std::string& body, NetworkState& state) {
  nlmsghdr request{};
  request.nlmsg_len = static_cast<uint32_t>(NLMSG_HDRLEN + body.size());
  request.nlmsg_type = type;
  request.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  request.nlmsg_seq = ++sequence_;
  const std::string message = Bytes(request) + body;
  if (send(requests_.get(), message.data(), message.size(), 0) < 0) {
    return ErrnoError(errno, "cannot send a request to rtnetlink");
  }
  while (true) {
    const ssize_t n = recv(requests_.get(), buffer_.data(), buffer_.size(), MSG_TRUNC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError(errno, "rtnetlink does not reply");
    if (static_cast<size_t>(n) > buffer_.size())
      return absl::InternalError("a datagram of rtnetlink is larger than 32 KiB");
    const absl::StatusOr<bool> done =
        AddDump(absl::string_view(buffer_.data(), static_cast<size_t>(n)), sequence_, state);
    if (!done.ok()) return done.status();
    if (*done) return absl::OkStatus();
  }
}

}  // namespace toolboxd::guestinfod
