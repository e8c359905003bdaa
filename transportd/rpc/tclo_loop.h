// SPDX-License-Identifier: Apache-2.0

// TcloLoop: fetches the host's commands, has them answered, and reopens a broken channel.

#ifndef TOOLBOXD_TRANSPORTD_RPC_TCLO_LOOP_H_
#define TOOLBOXD_TRANSPORTD_RPC_TCLO_LOOP_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "transportd/rpc/channel.h"
#include "transportd/rpc/poll_policy.h"
#include "transportd/rpc/tclo_reply.h"

namespace toolboxd {

struct TcloEvents {
  // Answers one command, as received.
  std::function<TcloReply(absl::string_view request)> answer;
  // The channel was opened.
  std::function<void()> on_open;
  // The channel broke and was closed, or could not be opened. A reply that was not sent is
  // lost with it. Called for every failed attempt.
  std::function<void(const absl::Status& error)> on_error;
};

// Uses the TCLO channel (docs/protocol/rpc.md 2.2, 2.4). A reply goes to the connection on which
// its command came, or is dropped with it. Not thread-safe. The channel must outlive it.
class TcloLoop {
 public:
  // A broken channel is opened again after the first delay, which doubles up to the last one. It
  // starts over after a poll that worked, and after a channel that lived as long as the last one.
  static constexpr absl::Duration kFirstRetry = absl::Milliseconds(100);
  static constexpr absl::Duration kLastRetry = absl::Seconds(4);

  TcloLoop(Channel* channel, TcloEvents events, std::function<absl::Time()> clock = SteadyNow)
      : channel_(*channel), events_(std::move(events)), clock_(std::move(clock)) {}

  // One poll: sends the last command's reply, or nothing; receives the next command, if one
  // waits, and has it answered. Opens the channel first if it is not open. Returns how long to
  // wait before the next call, unless fd() becomes readable before. Attempts to reopen a broken
  // channel are not limited in number.
  absl::Duration Poll();

  // The descriptor of a host that pushes; -1 if there is none.
  int fd() const { return channel_.arrival().fd; }

 private:
  absl::Status Exchange(std::string& request);
  absl::Duration Broken(const absl::Status& error);

  // After a poll that brought nothing.
  absl::Duration Wait();

  Channel& channel_;
  TcloEvents events_;
  const std::function<absl::Time()> clock_;
  PollPolicy policy_;
  // The last command's reply, until it is sent: its bytes, and what follows them.
  std::string reply_;
  std::function<void()> after_reply_;
  Pace pace_ = Pace::kOrdinary;
  absl::Duration retry_delay_ = absl::ZeroDuration();
  // Infinite while the channel is closed.
  absl::Time opened_at_ = absl::InfiniteFuture();
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_TCLO_LOOP_H_
