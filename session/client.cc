// SPDX-License-Identifier: Apache-2.0

#include "session/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/process_handle.h"
#include "base/status.h"
#include "base/steady_time.h"
#include "base/unique_fd.h"
#include "base/unix_socket.h"
#include "base/wipe.h"
#include "session/handshake.h"

namespace toolboxd::session {
namespace {

std::string_view View(absl::string_view text) { return {text.data(), text.size()}; }

absl::Status Unavailable(absl::string_view what, int error) {
  return absl::UnavailableError(ErrnoError(error, what).message());
}

// Waits until `events` or the connection's end.
absl::Status Wait(int fd, short events, absl::Time deadline) {
  for (;;) {
    const int64_t left = absl::ToInt64Milliseconds(deadline - SteadyNow());
    if (left <= 0) return absl::DeadlineExceededError("session did not answer in time");
    pollfd item{fd, events, 0};
    const int ready = poll(&item, 1, static_cast<int>(std::min<int64_t>(left, 1 << 30)));
    if (ready > 0) return absl::OkStatus();
    if (ready < 0 && errno != EINTR) return Unavailable("poll", errno);
  }
}

absl::Status SendAll(int fd, std::string_view bytes, absl::Time deadline) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(sent);
    } else if (errno == EAGAIN) {
      if (absl::Status waited = Wait(fd, POLLOUT, deadline); !waited.ok()) return waited;
    } else if (errno != EINTR) {
      return Unavailable("session refused the request", errno);
    }
  }
  return absl::OkStatus();
}

absl::Status ReceiveAll(int fd, char* bytes, size_t size, absl::Time deadline) {
  while (size > 0) {
    const ssize_t got = recv(fd, bytes, size, MSG_DONTWAIT);
    if (got > 0) {
      bytes += got;
      size -= got;
    } else if (got == 0) {
      return absl::UnavailableError("session closed the connection without a reply");
    } else if (errno == EAGAIN) {
      if (absl::Status waited = Wait(fd, POLLIN, deadline); !waited.ok()) return waited;
    } else if (errno != EINTR) {
      return Unavailable("session gave no reply", errno);
    }
  }
  return absl::OkStatus();
}

// Whether the kernel adds the sender's credentials to what is sent from now on.
void SetPassCredentials(int fd, int on) { setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on); }

struct Greeting {
  char version = 0;
  // Who sent it; 0: not known.
  pid_t sender = 0;
};

absl::StatusOr<Greeting> ReceiveGreeting(int fd, absl::Time deadline) {
  for (;;) {
    Greeting greeting;
    iovec bytes{&greeting.version, 1};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(ucred))] = {};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got > 0) {
      const cmsghdr* const header = CMSG_FIRSTHDR(&message);
      if (header != nullptr && header->cmsg_level == SOL_SOCKET &&
          header->cmsg_type == SCM_CREDENTIALS) {
        ucred sender;
        memcpy(&sender, CMSG_DATA(header), sizeof sender);
        greeting.sender = sender.pid;
      }
      return greeting;
    }
    if (got == 0) return absl::UnavailableError("session closed the connection without a greeting");
    if (errno == EAGAIN) {
      if (absl::Status waited = Wait(fd, POLLIN, deadline); !waited.ok()) return waited;
    } else if (errno != EINTR) {
      return Unavailable("session gave no greeting", errno);
    }
  }
}

absl::Status ToStatus(const Reply& reply) {
  switch (reply.result) {
    case Result::kOk:
      return absl::OkStatus();
    case Result::kBadLogin:
      return absl::UnauthenticatedError(reply.text);
    case Result::kAccountRefused:
      return absl::PermissionDeniedError(reply.text);
    case Result::kUnknownService:
      return absl::InvalidArgumentError(reply.text);
    case Result::kCannotStart:
      return absl::InternalError(reply.text);
    case Result::kOnlyOwnUser:
      return absl::FailedPreconditionError(reply.text);
  }
  return absl::InternalError("session gave an unknown result");
}

}  // namespace

absl::StatusOr<int> ConnectSession(const std::string& socket_path, absl::Time deadline) {
  absl::StatusOr<int> connection = ConnectUnixSocket(socket_path, deadline);
  // For the greeting. session has to be started first, so this comes before it.
  if (connection.ok()) SetPassCredentials(*connection, 1);
  return connection;
}

absl::StatusOr<UniqueFd> AwaitGreeting(int connection, absl::Time deadline) {
  const absl::StatusOr<Greeting> greeting = ReceiveGreeting(connection, deadline);
  // gRPC, which reads later, takes no control messages.
  SetPassCredentials(connection, 0);
  if (!greeting.ok()) return greeting.status();
  if (greeting->version != kGreeting) {
    return absl::InternalError("session is of another version than this program");
  }
  if (greeting->sender <= 0) return UniqueFd();
  // session waits for its request, so the number is still its own; if it has ended, the request
  // fails.
  return OpenProcess(greeting->sender);
}

absl::StatusOr<SessionUser> RequestSession(int connection, absl::string_view service,
                                           absl::string_view user, absl::string_view password,
                                           absl::Time deadline) {
  std::string frame = EncodeRequest({View(service), View(user), View(password)});
  if (frame.empty()) return absl::InvalidArgumentError("user name or password too long");
  absl::Status status = SendAll(connection, frame, deadline);
  Wipe(frame);
  if (!status.ok()) return status;

  char prefix[kPrefixSize];
  status = ReceiveAll(connection, prefix, sizeof prefix, deadline);
  if (!status.ok()) return status;
  const uint32_t size = ReadPrefix(prefix);
  if (size > kMaxReplySize) return absl::InternalError("session gave a malformed reply");
  std::string body(size, '\0');
  status = ReceiveAll(connection, body.data(), body.size(), deadline);
  if (!status.ok()) return status;
  const std::optional<Reply> reply = DecodeReply(body);
  if (!reply.has_value()) return absl::InternalError("session gave a malformed reply");
  if (absl::Status refused = ToStatus(*reply); !refused.ok()) return refused;
  if (reply->uid == kNoUid || reply->user.empty()) {
    return absl::InternalError("session did not name the user that it logged in");
  }
  return SessionUser{reply->uid, reply->user};
}

absl::StatusOr<int> OpenSession(const std::string& socket_path, absl::string_view service,
                                absl::string_view user, absl::string_view password,
                                absl::Time deadline) {
  absl::StatusOr<int> connection = ConnectSession(socket_path, deadline);
  if (!connection.ok()) return connection;
  absl::Status status = AwaitGreeting(*connection, deadline).status();
  if (status.ok()) {
    status = RequestSession(*connection, service, user, password, deadline).status();
  }
  if (!status.ok()) {
    close(*connection);
    return status;
  }
  return connection;
}

}  // namespace toolboxd::session
