// SPDX-License-Identifier: Apache-2.0

// FallbackChannel: vsock where the host offers it, the backdoor where not, and back.

#ifndef TOOLBOXD_TRANSPORTD_RPC_FALLBACK_CHANNEL_H_
#define TOOLBOXD_TRANSPORTD_RPC_FALLBACK_CHANNEL_H_

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/steady_time.h"
#include "transportd/rpc/channel.h"

namespace toolboxd {

// One channel that is carried by one of two (docs/protocol/transport.md 1.6, "Falling back"). An
// answer is sent on the channel on which its request came, or not at all: the carrier changes only
// where no answer is due.
//
//   vsock breaks or is refused     the next Open() takes the backdoor; vsock is tried again after
//                                  2 s, doubled up to 60 s
//   vsock that has proven itself   the next Open() tries it once more before the backdoor
//   the backdoor is broken too     each Open() tries both
//   vsock is due again             connected beside the backdoor, which is closed once the host has
//                                  taken the connection
//
// Not thread-safe.
class FallbackChannel final : public Channel {
 public:
  static constexpr absl::Duration kFirstDelay = absl::Seconds(2);
  static constexpr absl::Duration kLastDelay = absl::Seconds(60);
  // A connection that lives this long clears the memory of failures.
  static constexpr absl::Duration kProven = absl::Seconds(10);
  // After the host's last command: how long a TCLO channel stays where it is. No transfer and no
  // chain of operations is interrupted by the way back to vsock.
  static constexpr absl::Duration kQuiet = absl::Milliseconds(500);
  // After ExpectChange().
  static constexpr absl::Duration kChangeDelay = absl::Seconds(1);

  // Either may be null, if the other one is the only permitted one. Both must outlive the channel.
  FallbackChannel(Protocol protocol, PushChannel* vsock, Channel* backdoor,
                  std::function<absl::Time()> clock = SteadyNow)
      : protocol_(protocol), vsock_(vsock), backdoor_(backdoor), clock_(std::move(clock)) {}

  // Called within Send() or Receive() when an open channel has got another carrier.
  void set_on_change(std::function<void()> on_change) { on_change_ = std::move(on_change); }
  // Whether the way back to vsock may be taken now.
  void set_may_change(std::function<bool()> may_change) { may_change_ = std::move(may_change); }

  // Errors name both carriers.
  absl::Status Open() override;
  void Close() override;
  bool is_open() const override { return current_ != nullptr && current_->is_open(); }
  absl::Status Send(absl::string_view message) override;
  absl::StatusOr<std::string> Receive() override;
  Arrival arrival() const override;
  std::string Describe() const override;

  // Why vsock is not in use; empty while it is, or where it is not permitted.
  std::string Reason() const override { return reason_; }
  // RPCI: vsock is tried with the next request. TCLO: after a second.
  void ExpectChange() override;

 private:
  absl::Status OpenVsock();
  void Use(Channel* carrier);
  void VsockFailed(const absl::Status& error);
  void VsockBroke(const absl::Status& error);
  void ReturnToVsock();

  const Protocol protocol_;
  PushChannel* const vsock_;
  Channel* const backdoor_;
  const std::function<absl::Time()> clock_;
  std::function<void()> on_change_ = [] {};
  std::function<bool()> may_change_ = [] { return true; };

  // Null while closed.
  Channel* current_ = nullptr;
  absl::Time opened_at_ = absl::InfinitePast();
  absl::Time last_command_ = absl::InfinitePast();
  // When vsock is tried next, and the delay after that; 0 if it has not failed.
  absl::Time next_try_ = absl::InfinitePast();
  absl::Duration delay_ = absl::ZeroDuration();
  std::string reason_;
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_RPC_FALLBACK_CHANNEL_H_
