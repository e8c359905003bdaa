// SPDX-License-Identifier: Apache-2.0

// MessageChannel: whole messages over the backdoor (GuestMsg, docs/protocol/transport.md 1.3
// and 1.4).

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_MESSAGE_CHANNEL_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_MESSAGE_CHANNEL_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/port.h"
#include "transportd/rpc/channel.h"

namespace toolboxd::backdoor {

// One channel to the host. After an error from Send or Receive the state of the host's side
// is unknown: close the channel and open it again. Errors are those of Channel; Unavailable: the
// host refused a step, or closed the channel.
// Not thread-safe. `port` must outlive the channel.
class MessageChannel final : public Channel {
 public:
  // A checkpoint taken during a message asks for that message again. After this many in a
  // row it is an error, so that no host can keep the guest busy forever.
  static constexpr int kMaxRestarts = 100;

  // `protocol` is kProtocolRpci or kProtocolTclo.
  MessageChannel(Port* port, uint32_t protocol) : port_(*port), protocol_(protocol) {}
  MessageChannel(const MessageChannel&) = delete;
  MessageChannel& operator=(const MessageChannel&) = delete;
  ~MessageChannel() override { Close(); }

  // Asks for a cookie first, and without one if the host does not know them. Closes the
  // channel first if it is open.
  absl::Status Open() override;
  // Sends CLOSE to the host; nothing happens on a closed channel.
  void Close() override;
  bool is_open() const override { return open_; }

  // Sends one message. An empty one is TCLO's poll: one step.
  absl::Status Send(absl::string_view message) override;

  // The next message; empty if none waits (or if the host sent an empty one).
  absl::StatusOr<std::string> Receive() override;

  // Names the bandwidth once there was a message.
  std::string Describe() const override;

  // Whether the last message that was not empty went with high bandwidth: the host offered it, and
  // the port can.
  bool high_bandwidth() const { return high_bandwidth_; }

 private:
  absl::Status SendOnce(absl::string_view message);
  absl::Status SendHighBandwidth(absl::string_view message);
  absl::Status SendWords(absl::string_view message);
  absl::Status ReceiveOnce(std::string& message);
  absl::Status ReceiveHighBandwidth(std::string& message, size_t size);
  absl::Status ReceiveWords(std::string& message, size_t size);

  // One low-bandwidth step of this channel.
  Registers Step(SubCommand sub_command, uint32_t bx);
  Registers HighBandwidthRegisters(size_t size) const;
  // Reports to the host that its message was not understood (receive step 7).
  absl::Status Refuse(size_t size, absl::string_view why);

  Port& port_;
  const uint32_t protocol_;
  bool open_ = false;
  bool high_bandwidth_ = false;
  // Whether a message that was not empty has passed since Open().
  bool used_ = false;
  uint16_t id_ = 0;
  uint32_t cookie_high_ = 0;
  uint32_t cookie_low_ = 0;
};

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_MESSAGE_CHANNEL_H_
