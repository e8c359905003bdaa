// SPDX-License-Identifier: Apache-2.0

// SimulatedHost: a host with vsock and a backdoor in virtual time, for tests of what happens
// between the two.

#ifndef TOOLBOXD_TRANSPORTD_VSOCK_TESTING_SIMULATED_HOST_H_
#define TOOLBOXD_TRANSPORTD_VSOCK_TESTING_SIMULATED_HOST_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "transportd/backdoor/testing/fake_host.h"
#include "transportd/vsock/system.h"

namespace toolboxd::vsock {

// The host's side of RPCI and TCLO on both transports. It serves one guest: the newest TCLO channel
// is the guest's, gets `reset`, and is registered once Capabilities_Register is answered. A command
// whose channel ends has failed; it is not given to another channel. Not thread-safe.
class SimulatedHost final : public System {
 public:
  // What becomes of the next request over vsock.
  enum class Fate {
    kAnswered,
    // Acted on, and then the connection ends, nothing comes, half a packet or garbage comes, or the
    // answer comes after four seconds.
    kAnswerLost,
    kSilent,
    kHalf,
    kGarbage,
    kLate,
    // The connection ends before the host acts.
    kDropped,
  };

  SimulatedHost();

  // --- How it behaves.
  bool offers_rpci = true;
  bool offers_tclo = true;
  // Decides on no connect; takes connections and never says anything.
  bool undecided = false;
  bool mute = false;
  Fate fate = Fate::kAnswered;
  backdoor::FakeHost backdoor;

  // No longer mute: says what it had to say.
  void Speak();
  // Ends all connections over vsock.
  void ResetVsock();
  // The backdoor forgets its channels.
  void ForgetBackdoor();
  // Gives the guest a command, if it is registered.
  void Command(const std::string& command);
  // Moves the clock to a time, and does what is due until then.
  void AdvanceTo(absl::Time time);

  // --- What it saw.
  // Requests that the host has acted on, in order.
  std::vector<std::string> executed;
  // Answers to commands, in order, without "OK ".
  std::vector<std::string> answered;
  // Breaches of the protocol by the guest.
  std::vector<std::string> faults;
  bool registered() const { return registered_; }
  int connects = 0;
  int pings = 0;
  size_t connections() const { return connections_.size(); }

  int Socket() override;
  int Bind(int fd, uint32_t port) override;
  int Connect(int fd, uint32_t port) override;
  int ConnectResult(int fd) override;
  ssize_t Send(int fd, absl::string_view first, absl::string_view second) override;
  ssize_t Receive(int fd, char* bytes, size_t size) override;
  bool Wait(int fd, short events, absl::Time deadline) override;
  void Close(int fd) override;
  absl::Time Now() override { return now_; }

 private:
  struct Connection {
    uint32_t bound = 0;
    uint32_t port = 0;
    bool decided = false;
    bool ended = false;
    std::string to_guest;
    std::string from_guest;
  };

  bool Offers(uint32_t port) const;
  bool Readable(int fd) const;
  void TakePackets(int fd, Connection& connection);
  void TakeRequest(int fd, Connection& connection, const std::string& request);
  std::string Execute(const std::string& request);
  void End(Connection& connection);
  // `fd` is -1 for the backdoor.
  void TcloOpened(int fd);
  void TcloClosed(int fd);
  void TakeReply(int fd, const std::string& reply);
  void Push();

  absl::Time now_ = absl::FromUnixSeconds(1000);
  std::multimap<absl::Time, std::function<void()>> later_;
  std::map<int, Connection> connections_;
  int next_fd_ = 1000;

  // The guest's TCLO channel; kNone, or -1 for the backdoor's.
  static constexpr int kNone = -2;
  int tclo_ = kNone;
  bool registered_ = false;
  std::deque<std::string> commands_;
  // Pushed or fetched, and not answered.
  std::string outstanding_;
};

}  // namespace toolboxd::vsock

#endif  // TOOLBOXD_TRANSPORTD_VSOCK_TESTING_SIMULATED_HOST_H_
