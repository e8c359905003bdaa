// SPDX-License-Identifier: Apache-2.0

#include "transportd/rpc/tclo_loop.h"

#include <string.h>

#include <algorithm>
#include <utility>

#include "base/steady_time.h"

namespace toolboxd {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(100);
constexpr absl::Duration kLastRetry = absl::Seconds(5);

}  // namespace

absl::Duration TcloLoop::Poll() {
  if (!channel_.is_open()) {
    if (absl::Status status = channel_.Open(); !status.ok()) return Broken(status);
    policy_ = PollPolicy();
    events_.on_open();
  }
  std::string request;
  if (absl::Status status = Exchange(request); !status.ok()) return Broken(status);
  // Only a poll that worked proves the channel: a host that opens channels and then refuses
  // them must not be asked in a tight loop.
  retry_delay_ = absl::ZeroDuration();
  if (request.empty()) return policy_.AfterEmptyPoll(SteadyNow());

  TcloAnswer answer = events_.answer(request);
  // It may have brought a password.
  explicit_bzero(request.data(), request.size());
  reply_ = std::move(answer.reply);
  behind_ = std::move(answer.behind);
  pace_ = answer.pace;
  if (reply_.size() > backdoor::kMaxMessageSize) reply_ = "ERROR Reply too long";
  return policy_.AfterCommand(answer.pace, SteadyNow());
}

// The reply's message and the poll's are the same one.
absl::Status TcloLoop::Exchange(std::string& request) {
  const std::string reply = std::exchange(reply_, std::string());
  const absl::Status sent = channel_.Send(reply);
  // While the host works on the reply.
  if (const auto behind = std::exchange(behind_, nullptr)) {
    behind();
    // Close polling begins now; some of it is over already.
    policy_.AfterCommand(pace_, SteadyNow());
  }
  if (!sent.ok()) return sent;
  absl::StatusOr<std::string> received = channel_.Receive();
  if (!received.ok()) return received.status();
  request = *std::move(received);
  return absl::OkStatus();
}

absl::Duration TcloLoop::Broken(const absl::Status& error) {
  channel_.Close();
  retry_delay_ = std::clamp(retry_delay_ * 2, kFirstRetry, kLastRetry);
  events_.on_error(error);
  return retry_delay_;
}

}  // namespace toolboxd
