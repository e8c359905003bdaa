// SPDX-License-Identifier: Apache-2.0

// Host: a hypervisor as its guest sees it over the backdoor and over vsock, with its faults.

#ifndef TOOLBOXD_TESTS_SIMULATION_HOST_H_
#define TOOLBOXD_TESTS_SIMULATION_HOST_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/simulation/grpc/scheduler.h"
#include "transportd/backdoor/port.h"
#include "transportd/vsock/system.h"

namespace toolboxd::simulation {

// What goes wrong with the next answer to an RPCI request, after the host has acted on it.
enum class AnswerFault { kNone, kLost, kShort, kGarbage, kTooLong, kWrongType, kRefused, kLate };
constexpr int kAnswerFaults = 8;

// How a host sends one of its requests again, byte by byte the same.
enum class Again {
  kNo,
  // Twice, one directly after the other.
  kAtOnce,
  // Twice, the second time after whatever else waits.
  kLast,
  // Once more if its channel ends, which it does while the guest has the request.
  kAfterLoss,
};
constexpr int kAgainWays = 4;

struct HostRequest;

// What a host reports to its owner.
struct HostEvents {
  // A request of the guest; returns the answer, with "1 " or "0 ".
  std::function<std::string(absl::string_view request)> on_rpci;
  // The answer to it fails.
  std::function<void(absl::string_view request)> on_failed;
  // A line for the trace.
  std::function<void(const std::string& text)> trace;
  // Something that no guest may do.
  std::function<void(const std::string& text)> violation;
  // The guest is registered, or not any more.
  std::function<void(bool registered)> on_registered;
  // The guest takes a request once more than its owner knows.
  std::function<void(const HostRequest& request)> on_sent_again;
  // Each answer of the guest, also one that no owner receives.
  std::function<void(const HostRequest& request, absl::string_view answer)> on_answer;
};

// A request of the host on its way.
struct HostRequest {
  std::string text;
  // The operation of the world that it belongs to; 0 for none.
  int operation = 0;
  Again again = Again::kNo;
  // How long its channel lives after the guest has taken it.
  int64_t lost_after = 0;
  // Of several answers the owner receives the last one. Only where a guest user asks: who begins a
  // dialogue must know that it has begun, and receives the first success.
  bool takes_last = false;

  // How often it is still to be sent or answered, and was taken.
  int pending = 1;
  int taken = 0;
  // When the guest took it, the last time; 0 before.
  int64_t taken_at = 0;
  // What the guest took for it: the longest, and all together.
  int64_t longest = 0;
  int64_t busy = 0;
  bool over = false;
  // UNAVAILABLE if the channel ended first: the guest may have acted on it.
  absl::StatusOr<std::string> answer = absl::UnavailableError("not answered");
};

// The newest TCLO channel is the guest's, whatever carries it. Not thread-safe: it has none.
class Host final : public backdoor::Port, public vsock::System {
 public:
  explicit Host(HostEvents events) : events_(std::move(events)) {}

  // --- Faults.
  // Answers nothing.
  void set_gone(bool gone);
  bool gone() const { return gone_; }
  // The backdoor knows no channels any more.
  void ForgetChannels(bool tclo, bool rpci);
  // Every cookie becomes another one.
  void ChangeCookies();
  // The next steps that are asked for as a message, counted from now on, find a checkpoint.
  void Checkpoint(int after_steps, int times);
  void FailNextAnswer(AnswerFault fault) { answer_fault_ = fault; }
  // The type or the size of the next TCLO message is wrong.
  void BreakNextMessage() { break_message_ = true; }
  void set_high_bandwidth(bool on) { high_bandwidth_ = on; }
  void set_offers_vsock(bool on);
  // Whether vsock decides on connects.
  void set_vsock_undecided(bool on) { undecided_ = on; }
  void EndVsock();
  // The TCLO channel is silent although the host has requests.
  void set_silent(bool on);
  // The machine stands still at its next step, as for a move to another host.
  void Stun(int64_t nanoseconds) { stun_ = nanoseconds; }
  // Sends `reset` again, in the middle of whatever there is.
  void ResetGuest();
  // The next request that allows it is sent again.
  void SendAgain(Again again, int64_t lost_after, bool takes_last);
  // The next request waits until another one has gone before it, or until this time.
  void Overtake(int64_t until);
  // Over vsock, does not wait for the answer to one request before it sends the next.
  void set_sends_ahead(bool on);

  // --- Requests. Waits its turn, and then for the answer, or for each of them; for a fiber.
  // `repeats` is false for one that means another thing the second time.
  std::shared_ptr<HostRequest> Send(std::string text, int operation = 0, bool repeats = true);
  bool registered() const { return registered_; }
  // Since when the guest could register: the last fault is over.
  int64_t sane_since() const { return sane_since_; }
  void NoteFault() { sane_since_ = Scheduler::Get().now(); }
  size_t open_channels() const { return channels_.size() + sockets_.size(); }
  bool over_vsock() const { return tclo_is_vsock_; }
  uint64_t messages() const { return messages_; }

  // --- backdoor::Port
  void In(backdoor::Registers& registers) override;
  void HighBandwidthOut(backdoor::Registers& registers) override;
  void HighBandwidthIn(backdoor::Registers& registers) override;

  // --- vsock::System
  int Socket() override;
  int Bind(int fd, uint32_t port) override;
  int Connect(int fd, uint32_t port) override;
  int ConnectResult(int fd) override;
  ssize_t Send(int fd, absl::string_view first, absl::string_view second) override;
  ssize_t Receive(int fd, char* bytes, size_t size) override;
  bool Wait(int fd, short events, absl::Time deadline) override;
  void Close(int fd) override;
  absl::Time Now() override;
  // The events of a descriptor (Scheduler::set_ready).
  short Ready(int fd) const;

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
    AnswerFault fault = AnswerFault::kNone;
  };
  struct Connection {
    uint32_t bound = 0;
    bool connecting = false;
    bool connected = false;
    bool refused = false;
    bool broken = false;
    bool tclo = false;
    std::string to_guest;
    std::string from_guest;
  };

  bool AtCheckpoint();
  void Open(backdoor::Registers& registers);
  uint16_t MessageStep(backdoor::Registers& registers, Channel& channel);
  uint16_t ReceiveSize(backdoor::Registers& registers, Channel& channel);
  uint16_t ReceivePayload(backdoor::Registers& registers, Channel& channel);
  Channel* Find(uint16_t id, uint64_t cookie_high, uint64_t cookie_low);
  void Time(backdoor::Registers& registers, bool with_lag);
  // The guest has sent a whole message.
  void Complete(uint16_t id, Channel& channel);
  std::string AnswerRpci(absl::string_view request, AnswerFault& fault);

  void OnTcloOpened(bool vsock, int id);
  void OnTcloLost(const std::string& why);
  // The next message for the guest; nothing if there is none.
  bool NextForGuest(std::string& message);
  bool MayGive() const;
  // Whether the next request waits for one that overtakes it.
  bool Overtaken();
  void OnTaken();
  void Take(const std::shared_ptr<HostRequest>& request);
  // A request was answered, or lost without an answer.
  void EndOne(const std::shared_ptr<HostRequest>& request, const std::string* answer);
  void OnReply(absl::string_view reply);
  void PushToVsock();
  void OnVsockPacket(int fd, Connection& socket, absl::string_view payload);

  const HostEvents events_;
  bool gone_ = false;
  bool high_bandwidth_ = true;
  bool silent_ = false;
  bool break_message_ = false;
  int checkpoint_after_ = 0;
  int checkpoints_ = 0;
  AnswerFault answer_fault_ = AnswerFault::kNone;
  int64_t sane_since_ = 0;
  int64_t stun_ = 0;

  std::map<uint16_t, Channel> channels_;
  uint16_t next_id_ = 0;
  uint32_t next_cookie_ = 1;

  bool offers_vsock_ = false;
  bool undecided_ = false;
  std::map<int, Connection> sockets_;
  int next_socket_ = Scheduler::kFirstDescriptor;

  // --- TCLO
  enum class Stage { kNone, kReset, kCapabilities, kReady };
  bool tclo_is_vsock_ = false;
  int tclo_id_ = -1;
  Stage stage_ = Stage::kNone;
  bool reset_again_ = false;
  bool registered_ = false;
  // The guest was given something and has not answered: a message of the host itself, or the
  // requests in `given_`, of which it works on the first.
  bool waits_for_reply_ = false;
  std::deque<std::shared_ptr<HostRequest>> given_;
  std::deque<std::shared_ptr<HostRequest>> queue_;
  HostRequest next_again_;
  int64_t overtake_until_ = 0;
  bool sends_ahead_ = false;
  uint64_t messages_ = 0;
};

}  // namespace toolboxd::simulation

#endif  // TOOLBOXD_TESTS_SIMULATION_HOST_H_
