// SPDX-License-Identifier: Apache-2.0

#include "rpctool/socket_client.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include <cstring>

#include "base/unique_fd.h"

namespace toolboxd::rpctool {
namespace {

// Does not wait: a full backlog is a transportd that has no time.
UniqueFd Connect(const char* path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const size_t size = strlen(path);
  if (size == 0 || size >= sizeof address.sun_path) return UniqueFd();
  memcpy(address.sun_path, path, size);
  UniqueFd fd(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.ok() ||
      connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return UniqueFd();
  }
  return fd;
}

bool SendRequest(int fd, std::string_view request) {
  Header header;
  iovec parts[] = {{&header, sizeof header}, {const_cast<char*>(request.data()), request.size()}};
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  return sendmsg(fd, &message, MSG_NOSIGNAL) ==
         static_cast<ssize_t>(sizeof header + request.size());
}

bool WaitForReply(int fd, int patience_ms) {
  pollfd item = {fd, POLLIN, 0};
  int ready;
  do {
    ready = poll(&item, 1, patience_ms);
  } while (ready < 0 && errno == EINTR);
  return ready == 1;
}

}  // namespace

bool AskTransportd(const char* path, std::string_view request, int patience_ms, Outcome& outcome,
                   std::string& text) {
  if (request.empty() || request.size() > kMaxText) return false;
  const UniqueFd fd = Connect(path);
  if (!fd.ok() || !SendRequest(fd.get(), request) || !WaitForReply(fd.get(), patience_ms)) {
    return false;
  }
  std::string packet(kMaxPacket, '\0');
  const ssize_t got = recv(fd.get(), packet.data(), packet.size(), MSG_TRUNC);
  Header header;
  if (got < static_cast<ssize_t>(sizeof header) || got > static_cast<ssize_t>(packet.size())) {
    return false;
  }
  memcpy(&header, packet.data(), sizeof header);
  if (header.version != kVersion || header.outcome > Outcome::kMalformed) return false;
  outcome = header.outcome;
  text.assign(packet, sizeof header, got - sizeof header);
  return true;
}

}  // namespace toolboxd::rpctool
