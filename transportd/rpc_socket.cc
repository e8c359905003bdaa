// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc_socket.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/steady_time.h"
#include "daemon/caller_share.h"
#include "daemon/sent_descriptors.h"
#include "rpctool/protocol.h"
#include "transportd/transport_readers.h"

namespace toolboxd {

using rpctool::Header;
using rpctool::Outcome;

namespace {

constexpr int kAcceptAgainMs = 100;

bool IsPacketSocket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

// A caller that has left has taken another way.
bool HasLeft(int fd) {
  char byte;
  return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}

void Reply(int fd, Outcome outcome, const std::string& text) {
  Header header;
  header.outcome = outcome;
  iovec parts[] = {{&header, sizeof header}, {const_cast<char*>(text.data()), text.size()}};
  msghdr message = {};
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  // A caller that has left does not matter, and there is one packet only.
  (void)!sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

// The outcome of a request without a correct answer.
Outcome OutcomeOf(const absl::Status& error) {
  if (absl::IsDataLoss(error)) return Outcome::kMalformed;
  return absl::IsAborted(error) ? Outcome::kNoAnswer : Outcome::kNoChannel;
}

}  // namespace

absl::StatusOr<Listener> RpcSocket::OpenListener(const ListenerOptions& control,
                                                 std::vector<InheritedSocket>& inherited) {
  const auto found =
      std::find_if(inherited.begin(), inherited.end(),
                   [](const InheritedSocket& socket) { return IsPacketSocket(socket.fd); });
  if (found != inherited.end()) {
    const int fd = found->fd;
    inherited.erase(found);
    return Listener::Inherit(fd, SOCK_SEQPACKET);
  }
  ListenerOptions options = control;
  options.path = absl::StrCat(control.path.substr(0, control.path.rfind('/')), "/rpc.sock");
  options.type = SOCK_SEQPACKET;
  return Listener::Bind(options);
}

RpcSocket::RpcSocket(Listener listener, RpcCallers callers, RpciSend send)
    : listener_(std::move(listener)),
      callers_(std::move(callers)),
      send_(std::move(send)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      thread_([this] {
        LimitSentDescriptors();
        Loop();
      }) {}

RpcSocket::~RpcSocket() {
  ending_ = true;
  const uint64_t one = 1;
  (void)!write(wake_.get(), &one, sizeof one);
  thread_.join();
}

void RpcSocket::Loop() {
  while (!ending_) {
    const bool full = static_cast<int>(waiting_.size()) >= kMaxConnections;
    std::vector<pollfd> items = {{wake_.get(), POLLIN, 0}, {full ? -1 : listener_.fd(), POLLIN, 0}};
    for (const Waiting& caller : waiting_) items.push_back({caller.fd.get(), POLLIN, 0});
    if (poll(items.data(), items.size(), TimeoutMs()) < 0) continue;
    const absl::Time now = SteadyNow();
    std::vector<Waiting> still;
    for (size_t i = 0; i < waiting_.size(); ++i) {
      const bool served = items[i + 2].revents != 0 && Serve(waiting_[i]);
      if (!served && now < waiting_[i].deadline) still.push_back(std::move(waiting_[i]));
    }
    waiting_ = std::move(still);
    if (items[1].revents != 0) Accept();
  }
}

int RpcSocket::TimeoutMs() const {
  // The first one to come is the first one whose time passes.
  if (waiting_.empty()) return -1;
  const absl::Duration rest = waiting_.front().deadline - SteadyNow();
  return static_cast<int>(std::max<int64_t>(0, absl::ToInt64Milliseconds(rest) + 1));
}

void RpcSocket::Accept() {
  UniqueFd fd(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!fd.ok()) {
    // No descriptor is free, perhaps. The end of this thread is not delayed.
    pollfd wake = {wake_.get(), POLLIN, 0};
    if (errno != EAGAIN) poll(&wake, 1, kAcceptAgainMs);
    return;
  }
  const absl::StatusOr<Peer> peer = PeerOf(fd.get());
  if (!peer.ok() || !callers_.allowed.Allows(*peer)) return;
  Waiting caller = {std::move(fd), peer->uid, callers_.full.Allows(*peer),
                    SteadyNow() + kRequestTime};
  // Most requests come with the connection.
  if (Serve(caller)) return;
  if (!caller.full && !MayWait(caller.user)) return;
  waiting_.push_back(std::move(caller));
}

bool RpcSocket::MayWait(uid_t user) const {
  size_t own = 0;
  size_t readers = 0;
  for (const Waiting& caller : waiting_) {
    if (caller.full) continue;
    ++readers;
    if (caller.user == user) ++own;
  }
  return CallerMayTake(own, readers, kMaxConnections / 2);
}

bool RpcSocket::Serve(const Waiting& caller) const {
  const int fd = caller.fd.get();
  // The size first, so that memory is taken for what came and for no more than the limit.
  const ssize_t size = recv(fd, nullptr, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return false;
  if (size <= static_cast<ssize_t>(sizeof(Header)) ||
      size > static_cast<ssize_t>(rpctool::kMaxPacket)) {
    return true;
  }
  std::string packet(size, '\0');
  if (ReceiveBytes(fd, packet.data(), packet.size()) != size) return true;
  Header header;
  memcpy(&header, packet.data(), sizeof header);
  if (header.version != rpctool::kProtocolVersion) return true;
  Answer(caller, absl::string_view(packet).substr(sizeof header));
  return true;
}

void RpcSocket::Answer(const Waiting& caller, absl::string_view request) const {
  const int fd = caller.fd.get();
  if (HasLeft(fd)) return;
  if (!caller.full && !OnlyReads(request)) return Reply(fd, Outcome::kNoChannel, "");
  const absl::StatusOr<RpciReply> reply = send_(request);
  if (reply.ok()) {
    Reply(fd, reply->success ? Outcome::kSuccess : Outcome::kRefused, reply->data);
  } else {
    Reply(fd, OutcomeOf(reply.status()), "");
  }
}

}  // namespace toolboxd
