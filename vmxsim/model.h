// SPDX-License-Identifier: Apache-2.0

// The whole simulated VMX behind one lock: machine, RPCI, TCLO, log. The tracer plays the guest's
// instructions on it while clients ask and command it.

#ifndef TOOLBOXD_VMXSIM_MODEL_H_
#define TOOLBOXD_VMXSIM_MODEL_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "vmxsim/event_log.h"
#include "vmxsim/machine.h"
#include "vmxsim/rpci_store.h"
#include "vmxsim/tclo_host.h"

namespace toolboxd::vmxsim {

struct VmxOptions {
  FaultOptions faults;
  TcloOptions tclo;
  RpciStoreOptions rpci;
};

// A call of one of the programs that would end or reconfigure a real machine.
struct RecordedCall {
  absl::Time time;
  std::string text;
};

// Where the Vmx sends what belongs to a connection over vsock. Called with the lock of the Vmx
// held: must not call it.
class VsockOutlet {
 public:
  virtual ~VsockOutlet() = default;
  // Whether all of it was handed to the guest; else Vmx::VsockSent() follows.
  virtual bool Send(int channel, const std::string& message) = 0;
  // The host ends the connection. Vmx::VsockClosed() does not follow.
  virtual void End(int channel) = 0;
};

// Thread-safe.
class Vmx : private ChannelListener {
 public:
  explicit Vmx(const VmxOptions& options);

  // --- the guest's instructions. `exec` is when the calling program was started. ---
  void LowBandwidth(Registers& registers, absl::Time exec);
  void HighBandwidthOut(Registers& registers, absl::string_view bytes);
  std::string HighBandwidthIn(Registers& registers);

  // --- connections over vsock, whose channels are those of event_log.h from kVsockChannel on ---
  // `outlet` must outlive the Vmx, or be replaced by null.
  void AttachVsock(VsockOutlet* outlet);
  void VsockOpened(int channel, uint32_t protocol, bool privileged, absl::Time exec);
  void VsockMessage(int channel, const std::string& message);
  void VsockSent(int channel);
  void VsockClosed(int channel, bool by_guest);
  // Ends those for which `selects` holds; all where it is null.
  void EndVsock(const std::function<bool(uint32_t protocol)>& selects);
  void Violation(int channel, absl::string_view what);
  // Whether the host does not answer at all for now.
  bool Vanished();

  // --- the host's user ---
  // Sends a TCLO request to the main channel and waits for the reply.
  // UNAVAILABLE: no tools; DEADLINE_EXCEEDED: no reply in time; otherwise why it was not answered.
  absl::StatusOr<TcloRequest> Send(absl::string_view request, absl::Duration timeout);
  // Several at once, so that they queue up; waits for all.
  std::vector<TcloRequest> SendAll(const std::vector<std::string>& requests,
                                   absl::Duration timeout);
  // Waits until `condition` holds. Called with the lock held, after every change.
  struct View {
    Machine& machine;
    RpciStore& rpci;
    TcloHost& tclo;
    EventLog& log;
    std::vector<RecordedCall>& recorded;
  };
  bool WaitFor(absl::Duration timeout, const std::function<bool(View&)>& condition);
  // Runs `use` with the lock held.
  void With(const std::function<void(View&)>& use);

  void CloseMainChannel();
  void Vanish(absl::Duration duration);
  void Log(absl::string_view kind, absl::string_view text);
  void Record(absl::string_view text);
  // Ping timer and log file; call several times a second.
  void Tick();

 private:
  void OnOpen(int channel, uint32_t protocol) override;
  void OnMessage(int channel, uint32_t protocol, const std::string& message) override;
  void OnPoll(int channel, uint32_t protocol) override;
  void OnFetched(int channel, uint32_t protocol, bool accepted) override;
  void OnClose(int channel, uint32_t protocol, bool by_guest) override;
  void OnViolation(int channel, absl::string_view what) override;

  // With the lock held.
  void VanishLocked(absl::Duration duration);
  // Sends a message to the guest, on either transport.
  void Deliver(int channel, const std::string& message);
  void CloseChannel(int channel);
  bool IsPrivileged(int channel) const;

  // A message on a TCLO channel, and one on an RPCI channel.
  void OnReply(int channel, const std::string& message);
  void OnRpci(int channel, const std::string& message);
  void OnSetOption(absl::string_view message);

  // Listener functions run inside machine_'s calls, with the lock held.
  absl::Mutex mutex_;
  EventLog log_;
  Machine machine_;
  RpciStore rpci_;
  TcloHost tclo_;
  std::vector<RecordedCall> recorded_;
  View view_;
  absl::Time caller_exec_;
  VsockOutlet* vsock_ = nullptr;
  struct VsockChannel {
    uint32_t protocol;
    bool privileged;
  };
  std::map<int, VsockChannel> vsock_channels_;
};

}  // namespace toolboxd::vmxsim

#endif  // TOOLBOXD_VMXSIM_MODEL_H_
