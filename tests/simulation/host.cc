// SPDX-License-Identifier: Apache-2.0

#include "tests/simulation/host.h"

#include <errno.h>
#include <poll.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "transportd/backdoor/constants.h"
#include "transportd/backdoor/registers.h"
#include "transportd/vsock/data_map.h"

namespace toolboxd::simulation {
namespace {

using backdoor::High16;
using backdoor::Join16;
using backdoor::Low16;
using backdoor::Registers;

// An instruction that the hypervisor traps.
constexpr int64_t kStep = 4 * kMicrosecond;
constexpr int64_t kHighBandwidthStep = 15 * kMicrosecond;
// What the host may take before it refuses a connect that nothing decides.
constexpr size_t kMaxSocket = 256 << 10;
// After this time a request is sent for the second time, if others may come between.
constexpr int64_t kLastDelay = 50 * kMillisecond;
// How many requests a host sends before it has an answer.
constexpr size_t kMostAhead = 4;

Scheduler& Clock() { return Scheduler::Get(); }

void SetHigh16(uint64_t& target, uint16_t value) { target = Join16(value, Low16(target)); }

}  // namespace

// --- Faults.

void Host::set_gone(bool gone) {
  gone_ = gone;
  NoteFault();
  if (gone) OnTcloLost("the host is gone");
  if (gone) ForgetChannels(true, true);
  if (gone) EndVsock();
}

void Host::ForgetChannels(bool tclo, bool rpci) {
  NoteFault();
  for (auto entry = channels_.begin(); entry != channels_.end();) {
    const bool is_tclo = entry->second.protocol == backdoor::kProtocolTclo;
    const bool forget = is_tclo ? tclo : rpci;
    if (forget && is_tclo && !tclo_is_vsock_ && entry->first == tclo_id_) OnTcloLost("forgotten");
    entry = forget ? channels_.erase(entry) : std::next(entry);
  }
}

void Host::ChangeCookies() {
  NoteFault();
  for (auto& [id, channel] : channels_) {
    if (channel.protocol == backdoor::kProtocolTclo && !tclo_is_vsock_) OnTcloLost("other cookie");
  }
  // What no guest can name any more is closed.
  channels_.clear();
}

void Host::Checkpoint(int after_steps, int times) {
  checkpoint_after_ = after_steps;
  checkpoints_ = times;
  NoteFault();
}

bool Host::AtCheckpoint() {
  if (checkpoints_ == 0) return false;
  if (checkpoint_after_ > 0) {
    --checkpoint_after_;
    return false;
  }
  --checkpoints_;
  NoteFault();
  return true;
}

void Host::set_silent(bool on) {
  silent_ = on;
  NoteFault();
  PushToVsock();
}

void Host::ResetGuest() {
  NoteFault();
  reset_again_ = true;
  if (registered_) events_.on_registered(false);
  registered_ = false;
  PushToVsock();
}

void Host::SendAgain(Again again, int64_t lost_after, bool takes_last) {
  next_again_.again = again;
  next_again_.lost_after = lost_after;
  next_again_.takes_last = takes_last;
}

void Host::Overtake(int64_t until) {
  overtake_until_ = until;
  Clock().At(until, [this] { PushToVsock(); });
}

void Host::set_sends_ahead(bool on) {
  sends_ahead_ = on;
  PushToVsock();
}

// --- Requests.

std::shared_ptr<HostRequest> Host::Send(std::string text, int operation, bool repeats) {
  auto request = std::make_shared<HostRequest>();
  if (repeats) *request = std::exchange(next_again_, HostRequest());
  request->text = std::move(text);
  request->operation = operation;
  request->takes_last &= absl::StartsWith(request->text, "Vix_1_Relayed_Command ");
  queue_.push_back(request);
  if (request->again == Again::kAtOnce) queue_.push_back(request);
  if (request->again == Again::kLast) {
    // Others come meanwhile.
    Clock().At(Clock().now() + kLastDelay, [this, request] {
      queue_.push_back(request);
      PushToVsock();
    });
  }
  if (request->again == Again::kAtOnce || request->again == Again::kLast) ++request->pending;
  PushToVsock();
  HostRequest* waiting = request.get();
  Clock().Wait([waiting] { return waiting->over; });
  return request;
}

void Host::OnTcloOpened(bool vsock, int id) {
  if (stage_ != Stage::kNone) OnTcloLost("another channel was opened");
  tclo_is_vsock_ = vsock;
  tclo_id_ = id;
  stage_ = Stage::kReset;
  waits_for_reply_ = false;
  reset_again_ = false;
  events_.trace(absl::StrCat("TCLO opened over ", vsock ? "vsock" : "backdoor"));
}

void Host::OnTcloLost(const std::string& why) {
  if (stage_ == Stage::kNone) return;
  NoteFault();
  events_.trace(absl::StrCat("TCLO lost: ", why));
  stage_ = Stage::kNone;
  tclo_id_ = -1;
  waits_for_reply_ = false;
  if (registered_) events_.on_registered(false);
  registered_ = false;
  for (const auto& lost : std::exchange(given_, {})) {
    if (lost->again == Again::kAfterLoss) {
      lost->again = Again::kNo;
      ++lost->pending;
      queue_.push_front(lost);
    }
    EndOne(lost, nullptr);
  }
}

bool Host::MayGive() const {
  if (silent_ || stage_ == Stage::kNone) return false;
  if (!waits_for_reply_) return true;
  return sends_ahead_ && tclo_is_vsock_ && stage_ == Stage::kReady && !reset_again_ &&
         !given_.empty() && given_.size() < kMostAhead;
}

bool Host::Overtaken() {
  if (overtake_until_ == 0) return false;
  if (queue_.size() < 2 && Clock().now() < overtake_until_) return true;
  overtake_until_ = 0;
  if (queue_.size() < 2 || queue_[0] == queue_[1]) return false;
  std::swap(queue_[0], queue_[1]);
  events_.trace("a request overtakes another one");
  return false;
}

bool Host::NextForGuest(std::string& message) {
  if (!MayGive()) return false;
  if (reset_again_) {
    reset_again_ = false;
    stage_ = Stage::kReset;
  }
  if (stage_ == Stage::kReset) {
    message = "reset";
  } else if (stage_ == Stage::kCapabilities) {
    message = "Capabilities_Register";
  } else if (!queue_.empty() && !Overtaken()) {
    given_.push_back(queue_.front());
    queue_.pop_front();
    message = given_.back()->text;
  } else {
    return false;
  }
  return true;
}

void Host::OnTaken() {
  ++messages_;
  waits_for_reply_ = true;
  if (given_.size() == 1) Take(given_.front());
}

void Host::Take(const std::shared_ptr<HostRequest>& request) {
  request->taken_at = Clock().now();
  if (++request->taken > 1) events_.on_sent_again(*request);
  if (request->again != Again::kAfterLoss) return;
  Clock().At(Clock().now() + request->lost_after, [this, request] {
    // It may have been answered, and another one may have the channel.
    if (given_.empty() || given_.front() != request) return;
    if (tclo_is_vsock_) {
      EndVsock();
    } else {
      ForgetChannels(true, false);
    }
  });
}

void Host::EndOne(const std::shared_ptr<HostRequest>& request, const std::string* answer) {
  if (answer != nullptr) events_.on_answer(*request, *answer);
  const bool success = request->answer.ok() && absl::StartsWith(*request->answer, "OK ");
  if (answer != nullptr && (request->takes_last || !success)) request->answer = *answer;
  if (request->taken_at != 0) {
    const int64_t time = Clock().now() - request->taken_at;
    request->busy += time;
    if (answer != nullptr) request->longest = std::max(request->longest, time);
  }
  request->taken_at = 0;
  request->over = --request->pending == 0;
}

void Host::OnReply(absl::string_view reply) {
  events_.trace(absl::StrCat("reply of ", reply.size(),
                             " bytes: ", reply.substr(0, std::min<size_t>(reply.size(), 12))));
  if (!waits_for_reply_) {
    return events_.violation(absl::StrCat("a reply to no request: ", reply.substr(0, 40)));
  }
  waits_for_reply_ = given_.size() > 1;
  if (!given_.empty()) {
    const std::string answer(reply);
    EndOne(given_.front(), &answer);
    given_.pop_front();
    if (waits_for_reply_) Take(given_.front());
  } else if (stage_ == Stage::kReset) {
    if (reply != "OK ATR toolbox") {
      events_.violation(absl::StrCat("the answer to reset is '", reply, "'"));
    }
    stage_ = Stage::kCapabilities;
  } else if (stage_ == Stage::kCapabilities) {
    if (!absl::StartsWith(reply, "OK ")) {
      events_.violation(absl::StrCat("the answer to Capabilities_Register is '", reply, "'"));
    }
    stage_ = Stage::kReady;
    registered_ = true;
    events_.on_registered(true);
  }
  PushToVsock();
}

std::string Host::AnswerRpci(absl::string_view request, AnswerFault& fault) {
  ++messages_;
  fault = std::exchange(answer_fault_, AnswerFault::kNone);
  if (fault != AnswerFault::kNone) NoteFault();
  if (fault != AnswerFault::kNone) events_.on_failed(request);
  std::string answer = events_.on_rpci(request);
  if (fault == AnswerFault::kRefused) return "0 Unknown command";
  if (fault == AnswerFault::kGarbage) return "\x7fnot an answer";
  if (fault == AnswerFault::kTooLong) return std::string(backdoor::kMaxMessageSize + 1, 'x');
  return answer;
}

// --- The backdoor.

void Host::Time(Registers& registers, bool with_lag) {
  const int64_t micros = (Clock().now() + 1796000000 * kSecond + 700 * kMillisecond) / kMicrosecond;
  registers.ax = backdoor::kMagic;
  registers.si = static_cast<uint64_t>(micros / 1000000) >> 32;
  registers.dx = static_cast<uint32_t>(micros / 1000000);
  registers.bx = micros % 1000000;
  registers.cx = 1000000;
  if (with_lag) registers.di = 0;
}

void Host::In(Registers& registers) {
  Clock().Work(kStep);
  if (const int64_t stun = std::exchange(stun_, 0)) {
    Clock().Work(stun);
    // The guest has not had this time.
    if (!given_.empty() && given_.front()->taken_at != 0) given_.front()->taken_at += stun;
    // Afterwards any thread may be the first.
    Clock().Sleep(kStep);
  }
  if (static_cast<uint32_t>(registers.ax) != backdoor::kMagic || gone_) {
    return SetHigh16(registers.cx, 0);
  }
  switch (Low16(registers.cx)) {
    case backdoor::kCommandGetVersion:
      registers.ax = backdoor::kVersion;
      registers.bx = backdoor::kMagic;
      registers.cx = 2;
      return;
    case backdoor::kCommandGetHardwareVersion:
      registers.ax = 21;
      return;
    case backdoor::kCommandGetTimeFullWithLag:
      return Time(registers, true);
    case backdoor::kCommandGetTimeFull:
      return Time(registers, false);
    case backdoor::kCommandMessage:
      break;
    default:
      registers.ax = 0xFFFFFFFF;
      return;
  }
  if (High16(registers.cx) == backdoor::kOpen) return Open(registers);
  Channel* channel = Find(High16(registers.dx), registers.si, registers.di);
  uint16_t status = 0;
  if (channel != nullptr) {
    status = AtCheckpoint() ? backdoor::kStatusCheckpoint : MessageStep(registers, *channel);
  }
  SetHigh16(registers.cx, status);
}

void Host::Open(Registers& registers) {
  if (AtCheckpoint()) return SetHigh16(registers.cx, backdoor::kStatusCheckpoint);
  Channel channel;
  channel.protocol = static_cast<uint32_t>(registers.bx) & ~backdoor::kCookieFlag;
  if (channels_.size() >= 8) {
    events_.violation("more than 8 channels are open on the backdoor");
    return SetHigh16(registers.cx, 0);
  }
  channel.cookie_high = 0xAAAA0000u + next_cookie_;
  channel.cookie_low = 0xBBBB0000u + next_cookie_++;
  registers.si = channel.cookie_high;
  registers.di = channel.cookie_low;
  const uint16_t id = next_id_++;
  channels_[id] = channel;
  SetHigh16(registers.dx, id);
  SetHigh16(registers.cx, backdoor::kStatusSuccess);
  if (channel.protocol == backdoor::kProtocolTclo) OnTcloOpened(false, id);
}

uint16_t Host::MessageStep(Registers& registers, Channel& channel) {
  const uint32_t bx = static_cast<uint32_t>(registers.bx);
  const uint16_t id = High16(registers.dx);
  switch (High16(registers.cx)) {
    case backdoor::kSendSize:
      channel.expected = bx;
      channel.incoming.clear();
      return backdoor::kStatusSuccess |
             (high_bandwidth_ && bx > 0 ? backdoor::kStatusHighBandwidth : 0);
    case backdoor::kSendPayload:
      if (channel.incoming.size() >= channel.expected) return 0;
      channel.incoming.append(reinterpret_cast<const char*>(&bx),
                              std::min<size_t>(4, channel.expected - channel.incoming.size()));
      if (channel.incoming.size() == channel.expected) Complete(id, channel);
      return backdoor::kStatusSuccess;
    case backdoor::kReceiveSize:
      return ReceiveSize(registers, channel);
    case backdoor::kReceivePayload:
      return ReceivePayload(registers, channel);
    case backdoor::kReceiveStatus:
      // 0: the guest has refused the message, and will close the channel.
      if (channel.has_outgoing && channel.protocol == backdoor::kProtocolTclo && bx == 1) OnTaken();
      channel.has_outgoing = false;
      return backdoor::kStatusSuccess;
    case backdoor::kClose:
      if (channel.protocol == backdoor::kProtocolTclo && !tclo_is_vsock_ && id == tclo_id_) {
        OnTcloLost("the guest closed it");
      }
      channels_.erase(id);
      return backdoor::kStatusSuccess;
    default:
      return 0;
  }
}

uint16_t Host::ReceiveSize(Registers& registers, Channel& channel) {
  const bool tclo = channel.protocol == backdoor::kProtocolTclo;
  if (!channel.has_outgoing && tclo && !tclo_is_vsock_ && High16(registers.dx) == tclo_id_) {
    channel.has_outgoing = NextForGuest(channel.outgoing);
    channel.fault = AnswerFault::kNone;
    if (channel.has_outgoing && std::exchange(break_message_, false)) {
      channel.fault = AnswerFault::kWrongType;
      NoteFault();
    }
  }
  if (!channel.has_outgoing) return backdoor::kStatusSuccess;
  if (channel.fault == AnswerFault::kLost) return 0;
  channel.handed_out = 0;
  registers.bx = channel.outgoing.size();
  SetHigh16(registers.dx, channel.fault == AnswerFault::kWrongType ? backdoor::kTypePayload
                                                                   : backdoor::kTypeSize);
  return backdoor::kStatusSuccess | backdoor::kStatusDoReceive |
         (high_bandwidth_ ? backdoor::kStatusHighBandwidth : 0);
}

uint16_t Host::ReceivePayload(Registers& registers, Channel& channel) {
  const size_t rest = channel.outgoing.size() - channel.handed_out;
  const bool cut = channel.fault == AnswerFault::kShort && channel.handed_out >= 4;
  if (rest == 0 || cut) return 0;
  uint32_t word = 0;
  std::memcpy(&word, channel.outgoing.data() + channel.handed_out, std::min<size_t>(4, rest));
  channel.handed_out += std::min<size_t>(4, rest);
  registers.bx = word;
  SetHigh16(registers.dx, backdoor::kTypePayload);
  return backdoor::kStatusSuccess;
}

void Host::Complete(uint16_t id, Channel& channel) {
  if (channel.protocol == backdoor::kProtocolTclo) {
    if (!tclo_is_vsock_ && id == tclo_id_) return OnReply(channel.incoming);
    return events_.trace("a reply on a channel that is not the guest's any more");
  }
  channel.outgoing = AnswerRpci(channel.incoming, channel.fault);
  channel.has_outgoing = true;
}

Host::Channel* Host::Find(uint16_t id, uint64_t cookie_high, uint64_t cookie_low) {
  const auto channel = channels_.find(id);
  if (channel == channels_.end()) return nullptr;
  if (channel->second.cookie_high != static_cast<uint32_t>(cookie_high)) return nullptr;
  if (channel->second.cookie_low != static_cast<uint32_t>(cookie_low)) return nullptr;
  return &channel->second;
}

void Host::HighBandwidthOut(Registers& registers) {
  Clock().Work(kHighBandwidthStep);
  const uint16_t id = High16(registers.dx);
  Channel* channel = gone_ ? nullptr : Find(id, registers.bp, registers.di);
  uint16_t status = 0;
  if (channel != nullptr && AtCheckpoint()) {
    status = backdoor::kStatusCheckpoint;
  } else if (channel != nullptr && registers.cx == channel->expected) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a register holds an address
    channel->incoming.assign(reinterpret_cast<const char*>(registers.si), registers.cx);
    registers.si += registers.cx;
    registers.cx = 0;
    Complete(id, *channel);
    status = backdoor::kStatusSuccess;
  }
  registers.bx = Join16(status, 0);
}

void Host::HighBandwidthIn(Registers& registers) {
  Clock().Work(kHighBandwidthStep);
  Channel* channel = gone_ ? nullptr : Find(High16(registers.dx), registers.si, registers.bp);
  uint16_t status = 0;
  if (channel != nullptr && AtCheckpoint()) {
    status = backdoor::kStatusCheckpoint;
  } else if (channel != nullptr && channel->has_outgoing && channel->fault != AnswerFault::kShort &&
             registers.cx == channel->outgoing.size()) {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a register holds an address
    std::memcpy(reinterpret_cast<char*>(registers.di), channel->outgoing.data(), registers.cx);
    registers.di += registers.cx;
    registers.cx = 0;
    status = backdoor::kStatusSuccess;
  }
  registers.bx = Join16(status, 0);
}

// --- vsock.

void Host::set_offers_vsock(bool on) {
  offers_vsock_ = on;
  if (!on) EndVsock();
}

void Host::EndVsock() {
  for (auto& [fd, socket] : sockets_) {
    if (!socket.connected) continue;
    NoteFault();
    socket.broken = true;
    if (tclo_is_vsock_ && fd == tclo_id_) OnTcloLost("vsock ended");
  }
}

int Host::Socket() {
  sockets_[next_socket_] = {};
  return next_socket_++;
}

int Host::Bind(int fd, uint32_t port) {
  for (const auto& [other, socket] : sockets_) {
    if (other != fd && socket.bound == port) return -EADDRINUSE;
  }
  sockets_[fd].bound = port;
  return 0;
}

int Host::Connect(int fd, uint32_t port) {
  Connection& socket = sockets_[fd];
  socket.tclo = port == vsock::kTcloPort;
  if (gone_ || !offers_vsock_) return -ECONNREFUSED;
  socket.connecting = true;
  if (undecided_) return -EINPROGRESS;
  Clock().At(Clock().now() + 200 * kMicrosecond, [this, fd] {
    const auto found = sockets_.find(fd);
    if (found == sockets_.end() || !found->second.connecting) return;
    found->second.connecting = false;
    found->second.refused = gone_ || !offers_vsock_;
    found->second.connected = !found->second.refused;
    if (found->second.connected && found->second.tclo) {
      OnTcloOpened(true, fd);
      PushToVsock();
    }
  });
  return -EINPROGRESS;
}

int Host::ConnectResult(int fd) {
  const Connection& socket = sockets_[fd];
  if (socket.refused) return -ECONNREFUSED;
  return socket.connected ? 0 : -EINPROGRESS;
}

void Host::PushToVsock() {
  if (!tclo_is_vsock_ || stage_ == Stage::kNone) return;
  const auto found = sockets_.find(tclo_id_);
  if (found == sockets_.end() || found->second.broken) return;
  for (std::string message; NextForGuest(message); OnTaken()) {
    if (std::exchange(break_message_, false)) {
      NoteFault();
      // Never understood: as lost as the channel will be.
      found->second.to_guest += "\xff\xff\xff\xff garbage";
    } else {
      found->second.to_guest += vsock::EncodePacket({vsock::Packet::Type::kData, message, false});
    }
  }
}

ssize_t Host::Send(int fd, absl::string_view first, absl::string_view second) {
  Clock().Work(kStep);
  Connection& socket = sockets_[fd];
  if (socket.broken) return -EPIPE;
  if (socket.from_guest.size() > kMaxSocket) return -EAGAIN;
  absl::StrAppend(&socket.from_guest, first, second);
  for (;;) {
    const auto found = sockets_.find(fd);
    if (found == sockets_.end()) break;
    std::string& bytes = found->second.from_guest;
    if (bytes.size() < vsock::kLengthSize) break;
    const auto size = vsock::DecodeLength(absl::string_view(bytes).substr(0, vsock::kLengthSize));
    if (!size.ok()) {
      events_.violation("the guest sent a packet of no valid length");
      break;
    }
    if (bytes.size() < vsock::kLengthSize + *size) break;
    const std::string body = bytes.substr(vsock::kLengthSize, *size);
    bytes.erase(0, vsock::kLengthSize + *size);
    const absl::StatusOr<vsock::Packet> packet = vsock::DecodePacket(body);
    if (!packet.ok()) {
      events_.violation("the guest sent a malformed packet");
    } else if (packet->type == vsock::Packet::Type::kData) {
      OnVsockPacket(fd, found->second, packet->payload);
    }
  }
  return static_cast<ssize_t>(first.size() + second.size());
}

void Host::OnVsockPacket(int fd, Connection& socket, absl::string_view payload) {
  if (socket.tclo) {
    if (tclo_is_vsock_ && fd == tclo_id_) return OnReply(payload);
    return events_.trace("a reply on a channel that is not the guest's any more");
  }
  AnswerFault fault;
  const std::string answer = AnswerRpci(payload, fault);
  switch (fault) {
    case AnswerFault::kLost:
      socket.broken = true;
      return;
    case AnswerFault::kTooLong:
    case AnswerFault::kWrongType:
      socket.to_guest += "\xff\xff\xff\xff garbage";
      return;
    case AnswerFault::kShort:
      socket.to_guest +=
          vsock::EncodePacket({vsock::Packet::Type::kData, answer, false}).substr(0, 7);
      return;
    case AnswerFault::kLate:
      Clock().At(Clock().now() + 4 * kSecond, [this, fd, answer] {
        const auto found = sockets_.find(fd);
        if (found == sockets_.end()) return;
        found->second.to_guest += vsock::EncodePacket({vsock::Packet::Type::kData, answer, false});
      });
      return;
    default:
      socket.to_guest += vsock::EncodePacket({vsock::Packet::Type::kData, answer, false});
  }
}

ssize_t Host::Receive(int fd, char* bytes, size_t size) {
  Clock().Work(kMicrosecond);
  Connection& socket = sockets_[fd];
  if (socket.to_guest.empty()) return socket.broken ? 0 : -EAGAIN;
  const size_t count = std::min(size, socket.to_guest.size());
  std::memcpy(bytes, socket.to_guest.data(), count);
  socket.to_guest.erase(0, count);
  return static_cast<ssize_t>(count);
}

short Host::Ready(int fd) const {
  const auto found = sockets_.find(fd);
  if (found == sockets_.end()) return POLLNVAL;
  const Connection& socket = found->second;
  short events = 0;
  if (!socket.to_guest.empty() || socket.broken) events |= POLLIN;
  if (socket.connected || socket.refused || socket.broken) events |= POLLOUT;
  return events;
}

bool Host::Wait(int fd, short events, absl::Time deadline) {
  const int64_t until = absl::ToUnixNanos(deadline);
  return Clock().Wait([this, fd, events] { return fd >= 0 && (Ready(fd) & events) != 0; },
                      std::max(until, Clock().now() + 1));
}

void Host::Close(int fd) {
  if (tclo_is_vsock_ && fd == tclo_id_) OnTcloLost("the guest closed it");
  sockets_.erase(fd);
}

absl::Time Host::Now() { return absl::FromUnixNanos(Clock().now()); }

}  // namespace toolboxd::simulation
