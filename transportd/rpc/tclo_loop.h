// SPDX-License-Identifier: Apache-2.0

// TcloLoop: fetches the host's commands, has them answered, and mends the channel.

#ifndef TOOLBOXD_TRANSPORTD_RPC_TCLO_LOOP_H_
#define TOOLBOXD_TRANSPORTD_RPC_TCLO_LOOP_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/backdoor/port.h"
#include "transportd/rpc/poll_policy.h"

namespace toolboxd {

// What is sent back for one command.
struct TcloAnswer {
  // As the host gets it: "OK …" or "ERROR …".
  std::string reply;
  Pace pace = Pace::kOrdinary;
  // Work that the reply need not wait for; may be null. It runs once, as soon as the reply has
  // been sent, or could not be, and before the next command is fetched.
  std::function<void()> behind;
};

struct TcloEvents {
  std::function<TcloAnswer(absl::string_view request)> answer;
  // The channel was opened.
  std::function<void()> on_open;
  // The channel broke and was closed, or could not be opened. A reply that was not sent is
  // lost with it. Called for every failed attempt.
  std::function<void(const absl::Status& error)> on_error;
};

// Owns the TCLO channel (docs/protocol/rpc.md 2.2, 2.4). Not thread-safe. `port` must outlive it.
class TcloLoop {
 public:
  TcloLoop(backdoor::Port* port, TcloEvents events)
      : channel_(port, backdoor::kProtocolTclo), events_(std::move(events)) {}

  // One poll: sends the last command's reply, or nothing; receives the next command, if one
  // waits, and has it answered. Opens the channel first where there is none. Returns how
  // long to wait before the next call; a broken channel is tried again after 100 ms, doubled
  // up to 5 s, for ever.
  absl::Duration Poll();

  bool high_bandwidth() const { return channel_.high_bandwidth(); }

 private:
  absl::Status Exchange(std::string& request);
  absl::Duration Broken(const absl::Status& error);

  backdoor::MessageChannel channel_;
  TcloEvents events_;
  PollPolicy policy_;
  std::string reply_;
  // The last command's.
  std::function<void()> behind_;
  Pace pace_ = Pace::kOrdinary;
  absl::Duration retry_delay_ = absl::ZeroDuration();
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_TCLO_LOOP_H_
