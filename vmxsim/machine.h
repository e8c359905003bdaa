// SPDX-License-Identifier: Apache-2.0

// The VMX at register level: what one `in`, `rep outsb` or `rep insb` does to the registers.
// Knows channels and bytes, not what the messages mean; a ChannelListener does.

#ifndef TOOLBOXD_VMXSIM_MACHINE_H_
#define TOOLBOXD_VMXSIM_MACHINE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "vmxsim/channel.h"
#include "vmxsim/faults.h"
#include "vmxsim/guest_clock.h"
#include "vmxsim/registers.h"

namespace toolboxd::vmxsim {

// Receives what happens on channels. Called inside the guest's instruction: must not block. May
// call Machine::Queue and Machine::CloseByHost.
class ChannelListener {
 public:
  virtual ~ChannelListener() = default;
  virtual void OnOpen(int channel, uint32_t protocol) = 0;
  // A whole message of the guest.
  virtual void OnMessage(int channel, uint32_t protocol, const std::string& message) = 0;
  // SENDSIZE 0: the guest has nothing to say and is about to ask for a message.
  virtual void OnPoll(int channel, uint32_t protocol) = 0;
  // The guest has acknowledged the oldest queued message; or, `accepted` false, given it up.
  virtual void OnFetched(int channel, uint32_t protocol, bool accepted) = 0;
  // The channel was closed by the guest, or by a fault.
  virtual void OnClose(int channel, uint32_t protocol, bool by_guest) = 0;
  // Something that no correct guest does.
  virtual void OnViolation(int channel, absl::string_view what) = 0;
};

struct MachineCounters {
  uint64_t low_bandwidth = 0;   // `in`
  uint64_t high_bandwidth = 0;  // `rep insb`, `rep outsb`
  uint64_t polls = 0;           // SENDSIZE 0 on TCLO
  uint64_t opens = 0;
  uint64_t messages_from_guest = 0;
  uint64_t messages_to_guest = 0;
  uint64_t bytes_from_guest = 0;
  uint64_t bytes_to_guest = 0;
  uint64_t checkpoints = 0;
  uint64_t wrong_cookies = 0;  // sent by the guest
  uint64_t violations = 0;
  uint64_t unknown_commands = 0;
};

// Not thread-safe.
class Machine {
 public:
  // `listener` is not owned and must outlive the machine. Faults are drawn from `faults`.
  Machine(ChannelListener* listener, const FaultOptions& faults)
      : listener_(listener), faults_(faults) {}

  // `in %dx,%eax` on port 0x5658 with the magic in EAX.
  void LowBandwidth(Registers& registers);
  // `rep outsb` on port 0x5659: `bytes` is what RSI points to, RCX bytes.
  void HighBandwidthOut(Registers& registers, absl::string_view bytes);
  // `rep insb`: returns what is to be stored at RDI (as it was before the call); empty on failure.
  // The view is valid until the next call.
  absl::string_view HighBandwidthIn(Registers& registers);

  // Offers a message to the guest. Ignored for a channel that is not open.
  void Queue(int channel, std::string message);
  // Drops what is queued and not fetched.
  void ClearQueue(int channel);
  // The host ends a channel: the guest's next call on it gets CLOSED without SUCCESS.
  void CloseByHost(int channel);
  // The host forgets every channel, as after a restart.
  void ForgetAll();
  bool IsOpen(int channel) const { return channels_[channel] != nullptr; }
  int OpenChannels() const;

  Faults& faults() { return faults_; }
  GuestClock& clock() { return clock_; }
  // Whether the host shows that it has the guest's clock synchronized.
  void set_sync_time(bool on) { sync_time_ = on; }
  const MachineCounters& counters() const { return counters_; }

 private:
  void MessageCommand(Registers& registers);
  void Open(Registers& registers);
  // The status of a step on an open channel whose cookie is right.
  uint16_t Step(MessageStep step, int id, Registers& registers);
  uint16_t SendSize(int id, Registers& registers);
  uint16_t SendPayload(int id, Registers& registers);
  uint16_t ReceiveSize(int id, Registers& registers);
  uint16_t ReceivePayload(int id, Registers& registers);
  uint16_t ReceiveStatus(int id, Registers& registers);
  // Finds the channel and checks the cookie and the faults common to all steps. If null, sets
  // `status` to what the guest sees.
  Channel* FindForStep(int id, uint32_t cookie_high, uint32_t cookie_low, uint16_t* status);
  void DeliverSent(int id);
  void Violation(int id, absl::string_view what);
  void Close(int id, bool by_guest);

  ChannelListener* listener_;
  Faults faults_;
  GuestClock clock_;
  bool sync_time_ = false;
  MachineCounters counters_;
  std::array<std::unique_ptr<Channel>, kMaxChannels> channels_;
  // Set while the guest has not yet noticed that the host closed the channel.
  std::array<bool, kMaxChannels> closed_by_host_ = {};
  uint32_t next_cookie_ = 0x10000001;
  std::string high_bandwidth_in_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_MACHINE_H_
