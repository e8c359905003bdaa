// SPDX-License-Identifier: Apache-2.0

#include "rpctool/socket_client.h"

#include <asm/ioctls.h>
#include <linux/sockios.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>

#include "rpctool/system_calls.h"

namespace toolboxd::rpctool {
namespace {

// Does not wait: a full backlog is a transportd that has no time.
bool Connect(const Descriptor& fd, std::string_view path) {
  sockaddr_un address;
  if (path.empty() || path.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, path.data(), path.size());
  address.sun_path[path.size()] = '\0';
  const size_t size = offsetof(sockaddr_un, sun_path) + path.size() + 1;
  return SystemCall(SYS_connect, fd.get(), Address(&address), static_cast<long>(size)) == 0;
}

bool SendRequest(const Descriptor& fd, std::string_view request) {
  Header header;
  iovec parts[] = {{&header, sizeof header}, {const_cast<char*>(request.data()), request.size()}};
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  return SystemCall(SYS_sendmsg, fd.get(), Address(&message), MSG_NOSIGNAL) ==
         static_cast<long>(sizeof header + request.size());
}

bool WaitForReply(const Descriptor& fd, int patience_ms) {
  pollfd item = {static_cast<int>(fd.get()), POLLIN, 0};
  long ready;
  do {
    ready = PollOne(item, patience_ms);
  } while (ready == -EINTR);
  return ready == 1;
}

// Whether transportd has taken the request, after a time without a reply. It does not send it from
// now on if it has not (transportd/rpc_socket.cc).
bool IsTaken(const Descriptor& fd) {
  SystemCall(SYS_shutdown, fd.get(), SHUT_WR);
  int unread = 0;
  return SystemCall(SYS_ioctl, fd.get(), SIOCOUTQ, Address(&unread)) == 0 && unread == 0;
}

}  // namespace

bool AskTransportd(const char* path, std::string_view request, int patience_ms,
                   SocketReply& reply) {
  if (request.empty() || request.size() > kMaxText) return false;
  const Descriptor fd(
      SystemCall(SYS_socket, AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.ok() || !Connect(fd, path) || !SendRequest(fd, request)) return false;
  reply.outcome = Outcome::kNoAnswer;
  reply.text = {};
  const bool in_time = WaitForReply(fd, patience_ms);
  if (!in_time && !IsTaken(fd)) return false;
  if (!in_time && !WaitForReply(fd, kTakenPatienceMs)) return true;
  const long got = SystemCall(SYS_recvfrom, fd.get(), Address(reply.packet),
                              static_cast<long>(sizeof reply.packet), MSG_TRUNC);
  // It has ended meanwhile.
  if (!in_time && got <= 0) return true;
  Header header;
  if (got < static_cast<long>(sizeof header) || got > static_cast<long>(sizeof reply.packet)) {
    return false;
  }
  memcpy(&header, reply.packet, sizeof header);
  if (header.version != kProtocolVersion || header.outcome > Outcome::kNoAnswer ||
      header.outcome == Outcome::kNoChannel) {
    return false;
  }
  reply.outcome = header.outcome;
  reply.text = {reply.packet + sizeof header, static_cast<size_t>(got) - sizeof header};
  return true;
}

}  // namespace toolboxd::rpctool
