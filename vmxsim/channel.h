// SPDX-License-Identifier: Apache-2.0

// One GuestMsg channel as the host sees it: a message being sent by the guest, piece by piece, and
// the messages that wait for the guest (docs/protocol/transport.md 1.4).

#ifndef TOOLBOXD_VMXSIM_CHANNEL_H_
#define TOOLBOXD_VMXSIM_CHANNEL_H_

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"

namespace toolboxd::vmxsim {

// Not thread-safe.
class Channel {
 public:
  // `protocol` without the cookie flag. Without cookies every caller may use the channel.
  Channel(uint32_t protocol, bool has_cookie, uint32_t cookie_high, uint32_t cookie_low)
      : protocol_(protocol),
        has_cookie_(has_cookie),
        cookie_high_(cookie_high),
        cookie_low_(cookie_low) {}

  uint32_t protocol() const { return protocol_; }
  uint32_t cookie_high() const { return cookie_high_; }
  uint32_t cookie_low() const { return cookie_low_; }
  bool CookieMatches(uint32_t high, uint32_t low) const {
    return !has_cookie_ || (high == cookie_high_ && low == cookie_low_);
  }

  // --- guest to host ---

  // Starts a message of `size` bytes, dropping an unfinished one. False: larger than 64 KiB.
  bool BeginSend(uint32_t size);
  // Bytes still to come of the message being sent.
  size_t SendMissing() const { return send_size_ - send_buffer_.size(); }
  bool sending() const { return sending_; }
  // Adds at most SendMissing() bytes; True when the message is complete.
  bool AddPayload(absl::string_view bytes);
  // Ends sending and gives the bytes that arrived.
  std::string TakeSent();
  void AbortSend();

  // --- host to guest ---

  void Queue(std::string message) { outgoing_.push_back(std::move(message)); }
  void ClearQueue();
  bool HasMessage() const { return !outgoing_.empty(); }
  // The message that is offered; HasMessage() must hold.
  const std::string& Message() const { return outgoing_.front(); }
  // Offers the first message from its beginning.
  void BeginReceive();
  bool receiving() const { return receiving_; }
  bool ReceiveComplete() const { return receiving_ && receive_offset_ == Message().size(); }
  // The next 1 to 4 bytes as the guest wants them: first byte in bits 7:0, rest zero.
  uint32_t NextWord();
  // All that is left, for one `rep insb`.
  absl::string_view TakeRest();
  // A checkpoint: the guest starts again at RECVSIZE and the message stays.
  void AbortReceive();
  // RECVSTATUS, or a guest that gave up: the message is gone.
  void EndReceive();

 private:
  uint32_t protocol_;
  bool has_cookie_;
  uint32_t cookie_high_;
  uint32_t cookie_low_;

  bool sending_ = false;
  size_t send_size_ = 0;
  std::string send_buffer_;

  std::deque<std::string> outgoing_;
  bool receiving_ = false;
  size_t receive_offset_ = 0;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_CHANNEL_H_
