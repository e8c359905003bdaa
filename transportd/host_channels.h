// SPDX-License-Identifier: Apache-2.0

// HostChannels: the two channels to the host, and by which transports they may go.

#ifndef TOOLBOXD_TRANSPORTD_HOST_CHANNELS_H_
#define TOOLBOXD_TRANSPORTD_HOST_CHANNELS_H_

#include <functional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "transportd/backdoor/message_channel.h"
#include "transportd/backdoor/port.h"
#include "transportd/rpc/channel.h"
#include "transportd/rpc/fallback_channel.h"
#include "transportd/vsock/socket_channel.h"
#include "transportd/vsock/system.h"

namespace toolboxd {

enum class TransportChoice {
  // vsock where the host offers it, else the backdoor.
  kAuto,
  kVsock,
  kBackdoor,
};

// Parses "auto", "vsock" or "backdoor"; InvalidArgument for anything else.
absl::StatusOr<TransportChoice> ParseTransportChoice(absl::string_view name);

// The ways to the host. The pointers must outlive their users.
struct Ways {
  backdoor::Port* port;
  vsock::System* system;
  TransportChoice choice;
};

// Whether CPUID must show VMware: simulators that cannot change it have only a backdoor.
enum class CpuCheck { kMade, kSkipped };

// Whether this is a VMware guest with a way to the host; NotFound if not. Where the backdoor cannot
// be used and the host offers vsock, as to encrypted machines, `ways` has an AbsentPort and kVsock
// afterwards. AF_VSOCK is not touched where the processor does not show VMware. To be called before
// other threads exist.
absl::Status CheckForVmware(CpuCheck check, Ways& ways);

// Not thread-safe; each of the two channels may have a thread of its own.
class HostChannels {
 public:
  explicit HostChannels(const Ways& ways);

  Channel* rpci() { return &rpci_; }
  Channel* tclo() { return &tclo_; }

  // Called on the TCLO channel's thread when another transport carries it, without an error.
  void set_on_change(std::function<void()> on_change) { tclo_.set_on_change(std::move(on_change)); }
  // Called on the TCLO channel's thread: whether the channel may change its transport now.
  void set_may_change(std::function<bool()> may_change) {
    tclo_.set_may_change(std::move(may_change));
  }

 private:
  vsock::SocketChannel rpci_vsock_;
  vsock::SocketChannel tclo_vsock_;
  backdoor::MessageChannel rpci_backdoor_;
  backdoor::MessageChannel tclo_backdoor_;
  FallbackChannel rpci_;
  FallbackChannel tclo_;
};

// Where the backdoor cannot be used and vsock can: every call fails as if the host were gone.
class AbsentPort final : public backdoor::Port {
 public:
  void In(backdoor::Registers& registers) override { Fail(registers); }
  void HighBandwidthOut(backdoor::Registers& registers) override { Fail(registers); }
  void HighBandwidthIn(backdoor::Registers& registers) override { Fail(registers); }

 private:
  static void Fail(backdoor::Registers& registers) {
    registers = backdoor::Registers();
    registers.ax = 0xFFFFFFFF;
  }
};

}  // namespace toolboxd

#endif  // TOOLBOXD_TRANSPORTD_HOST_CHANNELS_H_
