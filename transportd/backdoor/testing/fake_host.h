// SPDX-License-Identifier: Apache-2.0

// FakeHost: a hypervisor behind a Port, for tests. It plays GuestMsg, RPCI and TCLO.

#ifndef TOOLBOXD_TRANSPORTD_BACKDOOR_TESTING_FAKE_HOST_H_
#define TOOLBOXD_TRANSPORTD_BACKDOOR_TESTING_FAKE_HOST_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "transportd/backdoor/port.h"

namespace toolboxd::backdoor {

// Wrong cookies, unknown channels and steps out of order are refused, as by a real host.
// Not thread-safe: set it up, then let one thread use the port.
class FakeHost final : public Port {
 public:
  // --- How it behaves.
  bool high_bandwidth = true;
  // Whether it understands the cookie flag at OPEN.
  bool cookies = true;
  // A host that is gone answers no step.
  bool gone = false;
  // Opens channels, but refuses every message on them.
  bool refuse_messages = false;
  // A checkpoint at this step of the host's life, counted from 1; 0 for never.
  int checkpoint_at_step = 0;
  // A checkpoint at every step of every message.
  bool checkpoint_always = false;
  // Answers an RPCI request, with the "1 " or "0 ".
  std::function<std::string(const std::string& request)> on_rpci = [](const std::string&) {
    return std::string("1 ");
  };
  // A channel of this protocol was opened, or closed by the guest; the guest has received a
  // command, or sent a reply.
  std::function<void(uint32_t protocol)> on_open = [](uint32_t) {};
  std::function<void(uint32_t protocol)> on_close = [](uint32_t) {};
  std::function<void(const std::string& command)> on_fetched = [](const std::string&) {};
  std::function<void(const std::string& reply)> on_reply = [](const std::string&) {};
  // What the guest gets at its next polls, in order.
  std::deque<std::string> tclo_queue;

  // --- What it saw.
  std::vector<std::string> rpci_requests;
  std::vector<std::string> tclo_replies;
  // Empty messages on a TCLO channel.
  int polls = 0;
  // Calls of any instruction.
  int steps = 0;
  int opens = 0;
  size_t open_channels() const { return channels_.size(); }

  // All channels vanish, as after a restore from a checkpoint or a lost cookie.
  void ForgetChannels() { channels_.clear(); }

  void In(Registers& registers) override;
  void HighBandwidthOut(Registers& registers) override;
  void HighBandwidthIn(Registers& registers) override;

 private:
  struct Channel {
    uint32_t protocol = 0;
    uint32_t cookie_high = 0;
    uint32_t cookie_low = 0;
    size_t expected = 0;
    std::string incoming;
    bool has_outgoing = false;
    std::string outgoing;
    size_t handed_out = 0;
  };

  bool Checkpoint();
  void Open(Registers& registers);
  uint16_t MessageStep(Registers& registers, Channel& channel);
  uint16_t ReceiveSize(Registers& registers, Channel& channel);
  void Complete(Channel& channel);
  Channel* Find(uint16_t id, uint64_t cookie_high, uint64_t cookie_low);

  std::map<uint16_t, Channel> channels_;
  uint16_t next_id_ = 0;
};

}  // namespace toolboxd::backdoor

#endif  // TOOLBOXD_TRANSPORTD_BACKDOOR_TESTING_FAKE_HOST_H_
