// SPDX-License-Identifier: Apache-2.0

#include "vixd/round_trip.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/host_port.h"
#include "base/status.h"
#include "base/steady_time.h"

namespace toolboxd::vixd {
namespace {

// For each address of the destination.
constexpr absl::Duration kConnectTimeout = absl::Seconds(10);

// Milliseconds between two checks whether the run was cancelled.
constexpr int kCancelPollMs = 200;

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

bool IsLoopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
  }
  if (address->sa_family != AF_INET6) return false;
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  return IN6_IS_ADDR_LOOPBACK(&v6) || (IN6_IS_ADDR_V4MAPPED(&v6) && v6.s6_addr[12] == 127);
}

// The address that stands for all of this machine's: to connect to it is to use the loopback
// interface.
bool IsUnspecified(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    return reinterpret_cast<const sockaddr_in*>(address)->sin_addr.s_addr == 0;
  }
  if (address->sa_family != AF_INET6) return false;
  const in6_addr& v6 = reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  const bool mapped = IN6_IS_ADDR_V4MAPPED(&v6) && memcmp(v6.s6_addr + 12, "\0\0\0\0", 4) == 0;
  return IN6_IS_ADDR_UNSPECIFIED(&v6) || mapped;
}

// The events that are ready, POLLIN and the like; 0 if the run was cancelled.
short Wait(int fd, short events, const RoundTripStreams& streams) {
  while (!streams.IsCancelled()) {
    pollfd item{fd, events, 0};
    if (poll(&item, 1, kCancelPollMs) > 0) return item.revents;
  }
  return 0;
}

absl::StatusOr<UniqueFd> ConnectTo(const addrinfo& address, const RoundTripStreams& streams) {
  UniqueFd connection(
      socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
  if (!connection.ok()) return ErrnoError(errno, "cannot make a socket");
  if (connect(connection.get(), address.ai_addr, address.ai_addrlen) == 0) return connection;
  if (errno != EINPROGRESS) return ErrnoError(errno, "cannot connect");
  const absl::Time deadline = SteadyNow() + kConnectTimeout;
  while (!streams.IsCancelled() && SteadyNow() < deadline) {
    pollfd item{connection.get(), POLLOUT, 0};
    if (poll(&item, 1, kCancelPollMs) <= 0) continue;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(connection.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0) return connection;
    return ErrnoError(error, "cannot connect");
  }
  return ErrnoError(ETIMEDOUT, "cannot connect");
}

// By address, not by name: a name may resolve to anything.
bool MayUse(const sockaddr* address, bool listed, const Reach& reach) {
  if (IsLoopback(address)) return reach.loopback;
  return listed && (reach.loopback || !IsUnspecified(address));
}

absl::StatusOr<UniqueFd> Connect(const std::string& text, const Reach& reach,
                                 const RoundTripStreams& streams) {
  const absl::StatusOr<Destination> destination = ParseDestination(text);
  if (!destination.ok()) return destination.status();
  const auto& listed = reach.destinations;
  const bool is_listed =
      std::find(listed.begin(), listed.end(), absl::StripAsciiWhitespace(text)) != listed.end();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(destination->host.c_str(), destination->port.c_str(), &hints, &found);
  if (error != 0) {
    return MakeError(v1::NOT_FOUND, absl::StrCat(text, ": ", gai_strerror(error)));
  }
  const Addresses addresses(found, freeaddrinfo);

  absl::Status last = MakeError(v1::PERMISSION_DENIED,
                                absl::StrCat(text,
                                             " has no address that the policy permits; its fields "
                                             "http_destinations and http_loopback_ports decide"));
  for (const addrinfo* address = found; address != nullptr; address = address->ai_next) {
    if (!MayUse(address->ai_addr, is_listed, reach)) continue;
    absl::StatusOr<UniqueFd> connection = ConnectTo(*address, streams);
    if (connection.ok()) return connection;
    last = connection.status();
  }
  return last;
}

// One exchange on a connected, non-blocking socket.
class Relay {
 public:
  Relay(int connection, RoundTripStreams& streams)
      : connection_(connection), streams_(streams), buffer_(64 * 1024, '\0') {}

  absl::Status Run() {
    std::string bytes;
    while (!done_ && streams_.ReadInput(bytes)) {
      if (absl::Status sent = Send(bytes); !sent.ok()) return sent;
    }
    while (!done_) {
      if (Wait(connection_, POLLIN, streams_) == 0)
        return absl::CancelledError("the caller cancelled the run");
      if (absl::Status received = Receive(); !received.ok()) return received;
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Send(absl::string_view bytes) {
    while (!bytes.empty() && !done_) {
      const ssize_t sent = send(connection_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        bytes.remove_prefix(sent);
      } else if (errno == EAGAIN) {
        // A server may answer before it has read everything: take what it sends in the meantime.
        const short ready = Wait(connection_, POLLIN | POLLOUT, streams_);
        if (ready == 0) return absl::CancelledError("the caller cancelled the run");
        if (ready & POLLIN) {
          if (absl::Status received = Receive(); !received.ok()) return received;
        }
      } else if (errno == EPIPE || errno == ECONNRESET) {
        // The server may have answered and closed early: its answer counts.
        return absl::OkStatus();
      } else if (errno != EINTR) {
        return ErrnoError(errno, "cannot send the request");
      }
    }
    return absl::OkStatus();
  }

  absl::Status Receive() {
    const ssize_t got = recv(connection_, buffer_.data(), buffer_.size(), 0);
    if (got < 0) {
      return errno == EAGAIN || errno == EINTR ? absl::OkStatus()
                                               : ErrnoError(errno, "cannot receive the response");
    }
    done_ = got == 0 || !streams_.WriteOutput(absl::string_view(buffer_.data(), got));
    return absl::OkStatus();
  }

  const int connection_;
  RoundTripStreams& streams_;
  std::string buffer_;
  bool done_ = false;
};

}  // namespace

absl::StatusOr<Destination> ParseDestination(absl::string_view text) {
  const std::optional<HostPort> parsed = ParseHostPort(text);
  if (!parsed) return MakeError(v1::INVALID_ARGUMENT, "the argument is not HOST:PORT");
  return Destination{std::string(parsed->host), absl::StrCat(parsed->port)};
}

absl::Status RoundTrip(const std::string& destination, const Reach& reach,
                       RoundTripStreams& streams) {
  const absl::StatusOr<UniqueFd> connection = Connect(destination, reach, streams);
  if (!connection.ok()) return connection.status();
  return Relay(connection->get(), streams).Run();
}

}  // namespace toolboxd::vixd
