// SPDX-License-Identifier: Apache-2.0

#include "guestinfod/statfs_client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/log.h"

namespace toolboxd::guestinfod {

StatfsClient::StatfsClient(std::string socket, absl::Duration patience)
    : socket_(std::move(socket)), patience_(patience) {}

void StatfsClient::BeginRound() {
  has_asked_ = false;
  has_failed_ = false;
}

void StatfsClient::EndRound() {
  if (!has_asked_) connection_.reset();
}

std::optional<statfs::Reply> StatfsClient::Ask(const std::string& path) {
  statfs::Request request;
  if (socket_.empty() || has_failed_ || path.size() >= statfs::kMaxPath) return std::nullopt;
  has_asked_ = true;
  std::memcpy(request.path, path.data(), path.size());
  // One that was kept may have ended since.
  const bool was_connected = connection_.ok();
  statfs::Reply reply;
  bool is_answered = (was_connected || Connect()) && Exchange(request, reply);
  if (!is_answered && was_connected && errno != EAGAIN) {
    is_answered = Connect() && Exchange(request, reply);
  }
  if (!is_answered) {
    const int error = errno;
    has_failed_ = true;
    connection_.reset();
    if (!std::exchange(was_reported_, true)) {
      LogWarning("toolboxd-statfs on ", socket_, " does not answer (", std::strerror(error),
                 "): disks below folders that are closed to this user are not reported");
    }
    return std::nullopt;
  }
  was_reported_ = false;
  if (reply.error != 0) return std::nullopt;
  return reply;
}

bool StatfsClient::Connect() {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof(address.sun_path)) {
    errno = ENAMETOOLONG;
    return false;
  }
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  connection_.reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const timeval limit = absl::ToTimeval(patience_);
  return connection_.ok() &&
         setsockopt(connection_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) == 0 &&
         setsockopt(connection_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) == 0 &&
         connect(connection_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) ==
             0;
}

bool StatfsClient::Exchange(const statfs::Request& request, statfs::Reply& reply) {
  ssize_t size;
  do {
    size = send(connection_.get(), &request, sizeof(request), MSG_NOSIGNAL);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return false;
  do {
    size = recv(connection_.get(), &reply, sizeof(reply), MSG_TRUNC);
  } while (size < 0 && errno == EINTR);
  if (size == static_cast<ssize_t>(sizeof(reply)) && reply.version == statfs::kVersion) return true;
  if (size >= 0) errno = size == 0 ? EPIPE : EPROTO;
  return false;
}

}  // namespace toolboxd::guestinfod
