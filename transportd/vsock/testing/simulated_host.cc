// SPDX-License-Identifier: Apache-2.0

#include "transportd/vsock/testing/simulated_host.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "transportd/backdoor/constants.h"
#include "transportd/vsock/data_map.h"

namespace toolboxd::vsock {
namespace {

std::string Data(absl::string_view payload) {
  return EncodePacket({Packet::Type::kData, payload, false});
}

}  // namespace

SimulatedHost::SimulatedHost() {
  backdoor.on_rpci = [this](const std::string& request) { return Execute(request); };
  backdoor.on_open = [this](uint32_t protocol) {
    if (protocol == backdoor::kProtocolTclo) TcloOpened(-1);
  };
  backdoor.on_close = [this](uint32_t protocol) {
    if (protocol == backdoor::kProtocolTclo) TcloClosed(-1);
  };
  backdoor.on_fetched = [this](const std::string& command) {
    if (!outstanding_.empty()) faults.push_back("a command was fetched before an answer");
    outstanding_ = command;
  };
  backdoor.on_reply = [this](const std::string& reply) { TakeReply(-1, reply); };
}

bool SimulatedHost::Offers(uint32_t port) const {
  return port == kRpciPort ? offers_rpci : port == kTcloPort && offers_tclo;
}

int SimulatedHost::Socket() {
  connections_[next_fd_];
  return next_fd_++;
}

int SimulatedHost::Bind(int fd, uint32_t port) {
  for (const auto& [other, connection] : connections_) {
    if (connection.bound == port && other != fd) return -EADDRINUSE;
  }
  connections_.at(fd).bound = port;
  return 0;
}

int SimulatedHost::Connect(int fd, uint32_t port) {
  ++connects;
  connections_.at(fd).port = port;
  return -EINPROGRESS;
}

int SimulatedHost::ConnectResult(int fd) {
  Connection& connection = connections_.at(fd);
  if (undecided) return -EINPROGRESS;
  if (!Offers(connection.port)) return -ECONNRESET;
  if (!connection.decided && connection.port == kTcloPort) TcloOpened(fd);
  connection.decided = true;
  return 0;
}

ssize_t SimulatedHost::Send(int fd, absl::string_view first, absl::string_view second) {
  Connection& connection = connections_.at(fd);
  if (connection.ended) return -ECONNRESET;
  absl::StrAppend(&connection.from_guest, first, second);
  TakePackets(fd, connection);
  return static_cast<ssize_t>(first.size() + second.size());
}

ssize_t SimulatedHost::Receive(int fd, char* bytes, size_t size) {
  Connection& connection = connections_.at(fd);
  const size_t part = std::min(size, connection.to_guest.size());
  if (part == 0) return connection.ended ? 0 : -EAGAIN;
  connection.to_guest.copy(bytes, part);
  connection.to_guest.erase(0, part);
  return static_cast<ssize_t>(part);
}

bool SimulatedHost::Readable(int fd) const {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return false;
  return found->second.ended || !found->second.to_guest.empty();
}

bool SimulatedHost::Wait(int fd, short events, absl::Time deadline) {
  for (;;) {
    if (events & POLLIN && Readable(fd)) return true;
    if (events & POLLOUT && fd >= 0 && ConnectResult(fd) != -EINPROGRESS) return true;
    if (now_ >= deadline) return false;
    const bool due = !later_.empty() && later_.begin()->first < deadline;
    AdvanceTo(due ? later_.begin()->first : deadline);
  }
}

void SimulatedHost::AdvanceTo(absl::Time time) {
  while (!later_.empty() && later_.begin()->first <= time) {
    const auto task = std::move(later_.begin()->second);
    now_ = std::max(now_, later_.begin()->first);
    later_.erase(later_.begin());
    task();
  }
  now_ = std::max(now_, time);
}

void SimulatedHost::Close(int fd) {
  TcloClosed(fd);
  connections_.erase(fd);
}

void SimulatedHost::TakePackets(int fd, Connection& connection) {
  std::string& bytes = connection.from_guest;
  while (bytes.size() >= kLengthSize && !connection.ended) {
    const auto size = DecodeLength(absl::string_view(bytes).substr(0, kLengthSize));
    if (!size.ok()) return faults.push_back(std::string(size.status().message()));
    if (bytes.size() < kLengthSize + *size) return;
    const std::string body = bytes.substr(kLengthSize, *size);
    bytes.erase(0, kLengthSize + *size);
    const auto packet = DecodePacket(body);
    if (!packet.ok()) return faults.push_back(std::string(packet.status().message()));
    if (packet->type == Packet::Type::kPing) {
      ++pings;
      if (connection.port != kTcloPort) faults.push_back("a PING for RPCI");
    } else if (connection.port == kTcloPort) {
      TakeReply(fd, std::string(packet->payload));
    } else {
      TakeRequest(fd, connection, std::string(packet->payload));
    }
  }
}

void SimulatedHost::TakeRequest(int fd, Connection& connection, const std::string& request) {
  const Fate fate_now = mute ? Fate::kSilent : std::exchange(fate, Fate::kAnswered);
  if (fate_now == Fate::kDropped) return End(connection);
  const std::string answer = Data(Execute(request));
  switch (fate_now) {
    case Fate::kAnswered:
      connection.to_guest += answer;
      break;
    case Fate::kHalf:
      connection.to_guest += answer.substr(0, answer.size() / 2);
      break;
    case Fate::kGarbage:
      connection.to_guest += "\xff\xff\xff\xff";
      break;
    case Fate::kLate:
      later_.emplace(now_ + absl::Seconds(4), [this, fd, answer] {
        const auto found = connections_.find(fd);
        if (found != connections_.end()) found->second.to_guest += answer;
      });
      break;
    case Fate::kAnswerLost:
      End(connection);
      break;
    case Fate::kSilent:
    case Fate::kDropped:
      break;
  }
}

std::string SimulatedHost::Execute(const std::string& request) {
  executed.push_back(request);
  return absl::StrCat("1 ", request);
}

void SimulatedHost::End(Connection& connection) {
  connection.ended = true;
  // What the guest has not read is lost with a reset.
  connection.to_guest.clear();
}

void SimulatedHost::ResetVsock() {
  for (auto& [fd, connection] : connections_) {
    End(connection);
    TcloClosed(fd);
  }
}

void SimulatedHost::ForgetBackdoor() {
  backdoor.ForgetChannels();
  TcloClosed(-1);
}

void SimulatedHost::TcloOpened(int fd) {
  tclo_ = fd;
  registered_ = false;
  outstanding_.clear();
  commands_ = {"reset", "ping", "Capabilities_Register"};
  backdoor.tclo_queue.clear();
  Push();
}

void SimulatedHost::TcloClosed(int fd) {
  if (tclo_ != fd) return;
  tclo_ = kNone;
  registered_ = false;
  outstanding_.clear();
  commands_.clear();
  backdoor.tclo_queue.clear();
}

void SimulatedHost::Command(const std::string& command) {
  if (!registered_) return;
  commands_.push_back(command);
  if (outstanding_.empty()) Push();
}

void SimulatedHost::Speak() {
  mute = false;
  if (outstanding_.empty()) Push();
}

// The next command, to the guest's channel; over the backdoor the guest fetches it.
void SimulatedHost::Push() {
  if (commands_.empty() || tclo_ == kNone || (mute && tclo_ >= 0)) return;
  if (tclo_ < 0) {
    if (!backdoor.tclo_queue.empty()) return;
    backdoor.tclo_queue.push_back(commands_.front());
  } else {
    outstanding_ = commands_.front();
    connections_.at(tclo_).to_guest += Data(outstanding_);
  }
  commands_.pop_front();
}

void SimulatedHost::TakeReply(int fd, const std::string& reply) {
  // A channel that the host has left behind.
  if (fd != tclo_) return;
  if (outstanding_.empty()) return faults.push_back(absl::StrCat("nothing asked for: ", reply));
  const std::string command = std::exchange(outstanding_, std::string());
  if (reply != absl::StrCat("OK ", command)) {
    faults.push_back(absl::StrCat(command, " was answered: ", reply));
  }
  answered.push_back(command);
  if (command == "Capabilities_Register") registered_ = true;
  Push();
}

}  // namespace toolboxd::vsock
