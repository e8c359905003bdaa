// SPDX-License-Identifier: Apache-2.0

#include "toolboxctl/scrape_server.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "absl/strings/match.h"
#include "base/steady_time.h"
#include "daemon/sent_descriptors.h"

namespace toolboxd {
namespace {

constexpr size_t kMaxRequest = 8 << 10;

// 0 is root: whoever is not known gets no place of root's.
uid_t UserOf(int fd) {
  ucred peer = {};
  socklen_t size = sizeof peer;
  return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.uid
                                                                    : static_cast<uid_t>(-1);
}

}  // namespace

bool IsListening(int fd) {
  int listens = 0;
  socklen_t size = sizeof listens;
  return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && listens != 0;
}

void ScrapeServer::Run(int listener, absl::Duration idle) {
  LimitSentDescriptors();
  RefuseSentDescriptors(listener);
  // A caller that has left again must not have accept4() wait.
  fcntl(listener, F_SETFL, fcntl(listener, F_GETFL) | O_NONBLOCK);
  absl::Time last = SteadyNow();
  for (;;) {
    absl::Time until = last + idle;
    std::vector<pollfd> items = {{listener, POLLIN, 0}};
    for (const Caller& caller : callers_) {
      items.push_back(
          {caller.fd.get(), static_cast<short>(caller.answer.empty() ? POLLIN : POLLOUT), 0});
      until = std::min(until, caller.deadline);
    }
    const int64_t wait = absl::ToInt64Milliseconds(until - SteadyNow()) + 1;
    if (poll(items.data(), items.size(), static_cast<int>(std::max<int64_t>(wait, 0))) < 0)
      continue;
    const absl::Time now = SteadyNow();
    auto item = items.begin() + 1;
    for (auto caller = callers_.begin(); caller != callers_.end(); ++item) {
      const bool over = now >= caller->deadline || (item->revents != 0 && !Serve(*caller));
      caller = over ? callers_.erase(caller) : std::next(caller);
    }
    if (items[0].revents != 0) {
      Accept(listener);
      last = SteadyNow();
    } else if (callers_.empty() && now >= last + idle) {
      return;
    }
  }
}

void ScrapeServer::Accept(int listener) {
  // A caller whose descriptor there is no place for is waited for without haste.
  UniqueFd fd(accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.ok()) {
    if (errno != EAGAIN) poll(nullptr, 0, 100);
    return;
  }
  const uid_t uid = UserOf(fd.get());
  callers_.push_back({std::move(fd), uid, SteadyNow() + kPatience, "", ""});
  if (callers_.size() > kMaxCallers) MakePlace();
}

void ScrapeServer::MakePlace() {
  std::map<uid_t, size_t> counts;
  size_t most = 0;
  for (const Caller& caller : callers_) most = std::max(most, ++counts[caller.uid]);
  callers_.erase(std::find_if(callers_.begin(), callers_.end(),
                              [&](const Caller& caller) { return counts[caller.uid] == most; }));
}

bool ScrapeServer::Serve(Caller& caller) {
  if (caller.answer.empty() && !Read(caller)) return false;
  return caller.answer.empty() || Write(caller);
}

// Adds what has come to the request, and makes the answer when it is complete.
bool ScrapeServer::Read(Caller& caller) {
  char bytes[1024];
  const ssize_t got = ReceiveBytes(caller.fd.get(), bytes, sizeof bytes);
  if (got < 0) return errno == EAGAIN || errno == EINTR;
  caller.request.append(bytes, static_cast<size_t>(got));
  const bool whole = absl::StrContains(caller.request, "\r\n\r\n");
  // A connection that ends without a request asks nothing.
  if (got == 0 && caller.request.empty()) return false;
  if (whole || got == 0 || caller.request.size() >= kMaxRequest) {
    caller.answer = answer_(caller.request, Text());
  }
  return true;
}

bool ScrapeServer::Write(Caller& caller) {
  const ssize_t sent = send(caller.fd.get(), caller.answer.data(), caller.answer.size(),
                            MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent < 0) return errno == EAGAIN || errno == EINTR;
  caller.answer.erase(0, static_cast<size_t>(sent));
  return !caller.answer.empty();
}

const absl::StatusOr<std::string>& ScrapeServer::Text() {
  if (SteadyNow() - asked_ >= kFresh) {
    text_ = ask_();
    asked_ = SteadyNow();
  }
  return text_;
}

}  // namespace toolboxd
