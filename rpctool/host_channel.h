// SPDX-License-Identifier: Apache-2.0

// One RPCI request over the backdoor (docs/protocol/transport.md 1.4, docs/protocol/rpc.md 2.1), by
// a channel that lives as long as the request. transportd/backdoor has a channel that is kept, and
// Abseil with it.

#ifndef TOOLBOXD_RPCTOOL_HOST_CHANNEL_H_
#define TOOLBOXD_RPCTOOL_HOST_CHANNEL_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/port.h"

namespace toolboxd::rpctool {

// Where an exchange ended.
enum class Step { kDone, kOpen, kSend, kReceive };

// Not thread-safe. `port` must outlive it.
class HostChannel {
 public:
  // A checkpoint asks for a message again; after this many in a row it has failed.
  static constexpr int kMaxRestarts = 100;

  explicit HostChannel(backdoor::Port* port) : port_(*port) {}
  HostChannel(const HostChannel&) = delete;
  HostChannel& operator=(const HostChannel&) = delete;
  ~HostChannel() { Close(); }

  // Opens the channel, sends the request, receives the reply with its first two bytes, and closes
  // the channel. `reply` has kMaxMessageSize bytes, of which `size` are the reply's: 0 if the host
  // sent none, or after a failure. A request over kMaxMessageSize fails at kSend.
  Step Exchange(std::string_view request, char* reply, size_t& size);

 private:
  // What one attempt to move a message has come to.
  enum class Attempt { kDone, kRestart, kFailed };

  bool Open();
  void Close();
  bool Send(std::string_view message);
  Attempt SendOnce(std::string_view message);
  bool Receive(char* message, size_t& size);
  Attempt ReceiveOnce(char* message, size_t& size);
  Attempt ReceivePayload(char* message, size_t size, bool high_bandwidth);
  Attempt ReceiveWords(char* message, size_t size);
  // Reports to the host that its message was not understood.
  Attempt Refuse(size_t size);

  backdoor::Registers Call(backdoor::SubCommand sub_command, uint32_t bx);
  backdoor::Registers HighBandwidthRegisters(size_t size) const;

  backdoor::Port& port_;
  bool open_ = false;
  uint16_t id_ = 0;
  uint32_t cookie_high_ = 0;
  uint32_t cookie_low_ = 0;
};

}  // namespace toolboxd::rpctool

#endif  // TOOLBOXD_RPCTOOL_HOST_CHANNEL_H_
