// SPDX-License-Identifier: Apache-2.0

#include "session/receive.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <string>
#include <utility>

#include "base/wipe.h"

namespace toolboxd::session {
namespace {

using Clock = std::chrono::steady_clock;

// Whether there is something to read (or the peer has left) before `deadline`.
bool WaitReadable(int fd, Clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd item{fd, POLLIN, 0};
    const int ready = poll(&item, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// Bytes read: fewer than `size` where the peer left or the time ran out.
size_t ReadUntil(int fd, char* bytes, size_t size, Clock::time_point deadline) {
  size_t done = 0;
  while (done < size && WaitReadable(fd, deadline)) {
    const ssize_t got = recv(fd, bytes + done, size - done, MSG_DONTWAIT);
    if (got > 0) {
      done += got;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
      break;
    }
  }
  return done;
}

}  // namespace

std::optional<Request> ReceiveRequest(int connection, const ReceiveLimits& limits,
                                      ReceiveError& error) {
  error = ReceiveError::kIncomplete;
  if (!WaitReadable(connection, Clock::now() + limits.silence)) return std::nullopt;

  const Clock::time_point deadline = Clock::now() + limits.transfer;
  char prefix[kPrefixSize];
  const size_t got = ReadUntil(connection, prefix, sizeof prefix, deadline);
  if (got == 0) error = ReceiveError::kClosed;
  if (got < sizeof prefix) return std::nullopt;

  const uint32_t size = ReadPrefix(prefix);
  if (size > kMaxRequestSize) {
    error = ReceiveError::kMalformed;
    return std::nullopt;
  }
  std::string body(size, '\0');
  std::optional<Request> request;
  if (ReadUntil(connection, body.data(), body.size(), deadline) == body.size()) {
    if (std::optional<Request> decoded = DecodeRequest(body)) request.emplace(std::move(*decoded));
    error = request.has_value() ? ReceiveError::kNone : ReceiveError::kMalformed;
  }
  Wipe(body);
  return request;
}

}  // namespace toolboxd::session
