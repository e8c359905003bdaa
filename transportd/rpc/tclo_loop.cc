// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/tclo_loop.h"

#include <algorithm>
#include <utility>

#include "base/wipe.h"
#include "transportd/backdoor/constants.h"

namespace toolboxd {

absl::Duration TcloLoop::Poll() {
  if (!channel_.is_open()) {
    if (absl::Status status = channel_.Open(); !status.ok()) return Broken(status);
    opened_at_ = clock_();
    policy_ = PollPolicy();
    // A reply that is left belongs to another connection.
    reply_.clear();
    events_.on_open();
  }
  std::string request;
  if (absl::Status status = Exchange(request); !status.ok()) return Broken(status);
  // Only a poll that worked proves the channel: a host that opens channels and then refuses
  // them must not be asked in a tight loop. Where the host pushes, an empty poll asks it nothing.
  if (channel_.arrival().fd < 0) retry_delay_ = absl::ZeroDuration();
  if (request.empty()) return Wait();

  TcloReply reply = events_.answer(request);
  // The request may contain a password.
  Wipe(request);
  reply_ = reply.Encode();
  after_reply_ = std::move(reply.after_reply);
  pace_ = reply.pace;
  if (reply_.size() > backdoor::kMaxMessageSize) reply_ = "ERROR Reply too long";
  policy_.OnCommand(pace_, clock_());
  // The next poll carries the reply.
  return absl::ZeroDuration();
}

absl::Duration TcloLoop::Wait() {
  const Arrival arrival = channel_.arrival();
  if (arrival.fd < 0) return policy_.AfterEmptyPoll(clock_());
  return std::max(absl::ZeroDuration(), arrival.by - clock_());
}

// One message is the reply and the poll.
absl::Status TcloLoop::Exchange(std::string& request) {
  const std::string reply = std::exchange(reply_, std::string());
  const absl::Status sent = channel_.Send(reply);
  // The host works on the reply meanwhile.
  if (const auto after_reply = std::exchange(after_reply_, nullptr)) {
    after_reply();
    // Close polling begins now: some of its time is over already.
    policy_.OnCommand(pace_, clock_());
  }
  if (!sent.ok()) return sent;
  absl::StatusOr<std::string> received = channel_.Receive();
  if (!received.ok()) return received.status();
  request = *std::move(received);
  return absl::OkStatus();
}

absl::Duration TcloLoop::Broken(const absl::Status& error) {
  channel_.Close();
  const absl::Time opened_at = std::exchange(opened_at_, absl::InfiniteFuture());
  if (clock_() - opened_at >= kLastRetry) retry_delay_ = absl::ZeroDuration();
  retry_delay_ = std::clamp(retry_delay_ * 2, kFirstRetry, kLastRetry);
  events_.on_error(error);
  return retry_delay_;
}

}  // namespace toolboxd
